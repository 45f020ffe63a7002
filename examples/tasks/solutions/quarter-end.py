def quarter_end(date):
    year, month, day = (int(part) for part in date.split('-'))
    ends = [(3, 31), (6, 30), (9, 30), (12, 31)]
    index = (month - 1) // 3
    if (month, day) == ends[index]:
        index += 1
        if index == 4:
            index, year = 0, year + 1
    return f'{year:04d}-{ends[index][0]:02d}-{ends[index][1]:02d}'
