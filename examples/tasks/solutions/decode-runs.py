def decode_runs(text):
    result = ''
    number = ''
    for char in text:
        if char.isdigit():
            number += char
        else:
            result += char * (int(number) if number else 1)
            number = ''
    return result
