def alternating_sum(values):
    return sum(values[::2]) - sum(values[1::2])
