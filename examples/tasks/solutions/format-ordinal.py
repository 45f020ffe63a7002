def format_ordinal(number):
    size = abs(number)
    ending = 'th'
    if size % 100 not in (11, 12, 13):
        ending = {1: 'st', 2: 'nd', 3: 'rd'}.get(size % 10, 'th')
    return f'{number:,}{ending}'
