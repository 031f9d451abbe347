"""`lru_cache` on a method keeps every object that the method was called on."""

from functools import lru_cache


class Report:
    def __init__(self, number):
        self.lines = ["line %d" % (number + line) for line in range(5)]

    @lru_cache(maxsize=None)
    def width(self):
        return max(map(len, self.lines))


def show(number):
    report = Report(number)  # the cache holds on to it
    return report.width()


for number in range(8000):
    show(number)
