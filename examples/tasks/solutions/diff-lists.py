from collections import Counter

def diff_lists(old, new):
    before, after = Counter(old), Counter(new)
    return sorted((after - before).elements()), sorted((before - after).elements())
