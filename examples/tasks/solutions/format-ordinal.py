def format_ordinal(number):
    ending = 'th'
    if number % 100 not in (11, 12, 13):
        ending = {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')
    return f'{number}{ending}'
