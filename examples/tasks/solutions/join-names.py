def join_names(names, limit):
    if not names:
        return 'nobody'
    shown = list(names[:limit])
    left = len(names) - len(shown)
    if left > 0:
        shown.append(f'{left} other' + ('s' if left > 1 else ''))
    if len(shown) == 1:
        return shown[0]
    return ', '.join(shown[:-1]) + ' and ' + shown[-1]
