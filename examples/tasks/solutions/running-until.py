def running_until(values, limit):
    sums = []
    total = 0
    for value in values:
        if value is None:
            continue
        total += value
        if total > limit:
            break
        sums.append(total)
    return sums
