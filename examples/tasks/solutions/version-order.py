def version_order(a, b):
    def key(text):
        parts = [int(part) for part in text.split('.')]
        while parts and parts[-1] == 0:
            parts.pop()
        return parts
    left, right = key(a), key(b)
    return (left > right) - (left < right)
