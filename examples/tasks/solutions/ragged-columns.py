def ragged_columns(rows):
    columns = []
    for index in range(max((len(row) for row in rows), default=0)):
        column = [row[index] if index < len(row) else None for row in rows]
        while column and column[-1] is None:
            column.pop()
        columns.append(column)
    return columns
