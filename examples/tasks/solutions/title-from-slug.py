import re

def title_from_slug(slug):
    words = [word.lower() for word in re.split(r'[-_]+', slug) if word]
    small = {'a', 'of', 'the', 'and'}
    last = len(words) - 1
    return ' '.join(w if w in small and 0 < i < last else w.capitalize() for i, w in enumerate(words))
