def spread_of(values):
    return max(values) - min(values) if len(values) > 1 else 0
