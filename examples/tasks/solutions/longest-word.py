def longest_word(text):
    return max(text.split(), key=len, default='')
