def drop_repeats(values):
    return [value for i, value in enumerate(values) if i == 0 or value != values[i - 1]]
