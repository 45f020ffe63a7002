def even_digit_sum(number):
    return sum(int(digit) for digit in str(abs(number)) if int(digit) % 2 == 0)
