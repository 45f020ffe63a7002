def overlap_length(a, b):
    a, b = sorted(a), sorted(b)
    if (a[0] == a[1] and b[0] < a[0] < b[1]) or (b[0] == b[1] and a[0] < b[0] < a[1]):
        return -1
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))
