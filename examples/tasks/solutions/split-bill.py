def split_bill(cents, people):
    if people <= 0:
        return []
    sign = -1 if cents < 0 else 1
    share, rest = divmod(abs(cents), people)
    return [sign * share] * (people - rest) + [sign * (share + 1)] * rest
