def trimmed_mean(values):
    if len(values) < 3:
        return None
    rest = sorted(values)[1:-1]
    return round(sum(rest) / len(rest), 2)
