def seat_label(index, seats_per_row):
    letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
    row = index // seats_per_row
    if index < 0 or row >= len(letters):
        return ''
    return f'{letters[row]}{index % seats_per_row + 1:02d}'
