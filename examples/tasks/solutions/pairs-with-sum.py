def pairs_with_sum(values, target):
    n = len(values)
    return sum(values[i] + values[j] == target for i in range(n) for j in range(i + 1, n))
