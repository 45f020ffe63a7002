def merge_counts(a, b):
    total = {}
    for counts in (a, b):
        for name, count in counts.items():
            key = name.lower()
            total[key] = total.get(key, 0) + count
    return {name: count for name, count in total.items() if count != 0}
