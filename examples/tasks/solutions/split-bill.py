def split_bill(cents, people):
    if people <= 0:
        return []
    share, rest = divmod(cents, people)
    return [share] * (people - rest) + [share + 1] * rest
