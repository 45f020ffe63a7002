def quarter_end(date):
    year, month = date[:4], int(date[5:7])
    ends = ['03-31', '06-30', '09-30', '12-31']
    return f'{year}-{ends[(month - 1) // 3]}'
