def bulk_price(unit_cents, quantity):
    if quantity <= 0:
        return 0
    percent = 80 if quantity >= 50 else 90 if quantity >= 10 else 100
    return unit_cents * quantity * percent // 100
