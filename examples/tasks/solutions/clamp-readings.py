def clamp_readings(values, low, high):
    return [min(max(value, low), high) for value in values]
