def seat_label(index, seats_per_row):
    letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
    return f'{letters[index // seats_per_row]}{index % seats_per_row + 1:02d}'
