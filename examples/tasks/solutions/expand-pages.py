def expand_pages(text):
    pages = []
    for part in text.split(','):
        part = part.strip()
        if not part:
            continue
        ends = [int(end) for end in part.split('-')]
        first, last = ends[0], ends[-1]
        step = 1 if last >= first else -1
        for page in range(first, last + step, step):
            if page not in pages:
                pages.append(page)
    return pages
