"""A shop that never forgets an order: something to look at in the live screen.

Stock is loaded once, orders come and go, and every receipt is kept.
"""

import time


def load_stock(count):
    return {f"item {number}": {"price": number, "left": 100} for number in range(count)}


def take_order(stock, number):
    names = [f"item {(number * 7 + step) % len(stock)}" for step in range(40)]
    return [{"name": name, "price": stock[name]["price"]} for name in names]


def print_receipt(order):
    return "\n".join(f"{line['name']:<20}{line['price']:>8}" for line in order)


def serve(stock, seconds):
    receipts = []
    recent = []
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        for _ in range(40):
            order = take_order(stock, number)
            recent.append(order)
            receipts.append(print_receipt(order))
            number += 1
        del recent[: len(recent) * (number // 4000 % 2) // 2]
        time.sleep(0.01)
    return receipts


serve(load_stock(20_000), 30)
