def is_valid_handle(text):
    if not 3 <= len(text) <= 12:
        return False
    if any(char not in 'abcdefghijklmnopqrstuvwxyz0123456789_' for char in text):
        return False
    return text[0] not in '0123456789_' and not text.endswith('_') and '__' not in text
