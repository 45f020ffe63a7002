import re

def title_from_slug(slug):
    words = [word.lower() for word in re.split(r'[-_]+', slug) if word]
    small = {'a', 'of', 'the', 'and'}
    return ' '.join(w if w in small and i > 0 else w.capitalize() for i, w in enumerate(words))
