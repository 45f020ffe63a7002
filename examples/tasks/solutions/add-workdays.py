def add_workdays(day, count):
    names = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri']
    start = names.index(day) if day in names else 4
    return names[(start + count) % 5]
