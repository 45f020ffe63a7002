def version_order(a, b):
    def key(text):
        is_pre = text.endswith('-pre')
        parts = [int(part) for part in text.removesuffix('-pre').split('.')]
        while parts and parts[-1] == 0:
            parts.pop()
        return parts, 0 if is_pre else 1
    left, right = key(a), key(b)
    return (left > right) - (left < right)
