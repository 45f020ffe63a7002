def second_choice(items):
    order = []
    for item in items:
        if item not in order:
            order.append(item)
    order.sort(key=lambda item: -items.count(item))
    return order[1] if len(order) > 1 else None
