def ragged_columns(rows):
    columns = []
    for index in range(max((len(row) for row in rows), default=0)):
        columns.append([row[index] if index < len(row) else None for row in rows])
    return columns
