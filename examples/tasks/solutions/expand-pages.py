def expand_pages(text):
    pages = []
    for part in text.split(','):
        part = part.strip()
        if not part:
            continue
        ends = [int(end) for end in part.split('-')]
        for page in range(ends[0], ends[-1] + 1):
            if page not in pages:
                pages.append(page)
    return pages
