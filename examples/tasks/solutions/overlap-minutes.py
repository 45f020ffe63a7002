def overlap_length(a, b):
    a, b = sorted(a), sorted(b)
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))
