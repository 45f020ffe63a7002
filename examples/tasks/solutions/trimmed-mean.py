def trimmed_mean(values):
    numbers = sorted(value for value in values if value is not None)
    if len(numbers) < 3:
        return None
    rest = numbers[1:-1]
    return round(sum(rest) / len(rest), 2)
