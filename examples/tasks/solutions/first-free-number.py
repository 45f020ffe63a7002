def first_free_number(used):
    number = 1
    while number in used:
        number += 1
    return number
