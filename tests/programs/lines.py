"""Keeps more than 100,000 objects, made at lines of their own, all alive at the end."""


class Point:
    def __init__(self, x, y):
        self.x = float(x)
        self.y = [x, y]


def strings(count):
    return [str(number) * 3 for number in range(count)]


def tuples(count):
    return [
        (number + 1000.5, number)
        for number in range(1000, count)
    ]


def dictionaries(count):
    made = []
    for number in range(count):
        made.append({"name": number, number: "value"})
    return made


def points(count):
    return [Point(number, number + 1) for number in range(count)]


def buffers(count):
    return [bytearray(10_000 + number) for number in range(count)]


kept = [strings(30_000), tuples(30_000), dictionaries(15_000), points(15_000), buffers(500)]
