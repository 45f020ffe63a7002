def mask_digits(text):
    total = sum(char.isdigit() for char in text)
    keep_from = total - 4 if total > 4 else total
    result = ''
    seen = 0
    for char in text:
        if char.isdigit():
            result += char if seen >= keep_from else '*'
            seen += 1
        else:
            result += char
    return result
