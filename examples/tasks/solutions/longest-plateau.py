def longest_plateau(values):
    best = (-1, 0)
    start = 0
    for index in range(len(values)):
        if values[index] != values[start]:
            start = index
        if index - start + 1 >= best[1]:
            best = (start, index - start + 1)
    return best
