def join_names(names):
    shown = [name for name in dict.fromkeys(names) if name]
    if not shown:
        return 'nobody'
    if len(shown) == 1:
        return shown[0]
    return ', '.join(shown[:-1]) + ' and ' + shown[-1]
