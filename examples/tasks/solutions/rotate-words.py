def rotate_words(text, steps):
    words = text.split()
    if not words:
        return ''
    steps %= len(words)
    return ' '.join(words[len(words) - steps:] + words[:len(words) - steps])
