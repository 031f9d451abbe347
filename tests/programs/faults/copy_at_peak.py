"""A copy is made of the largest list just to sort it: the peak is twice as high as it need be."""


class Row:
    __slots__ = ("number",)

    def __init__(self, number):
        self.number = number


def load():
    return [Row(number * 7919 % 100003) for number in range(60000)]


def largest(rows):
    ordered = sorted(list(rows) + list(rows), key=lambda row: row.number)  # the copy
    return ordered[-1].number


rows = load()
print(largest(rows))
