def window_sums(values, size):
    if size < 1:
        return []
    return [sum(values[i : i + size]) for i in range(len(values) - size + 1)]
