"""Holds a known number of objects of each of many kinds, made by a thread, too."""

import collections
import dataclasses
import threading


class Plain:
    def __init__(self, number):
        self.number = number


class Slots:
    __slots__ = ("number",)


@dataclasses.dataclass
class Data:
    number: int


class Texts(str):
    pass


class Deque(collections.deque):
    pass


held = []


def make(count):
    def keep(objects):
        held.append(objects)

    keep([Plain(number) for number in range(count * 1)])
    keep([Slots() for _ in range(count * 2)])
    keep([Data(number) for number in range(count * 3)])
    keep([collections.OrderedDict() for _ in range(count * 4)])
    keep([Deque() for _ in range(count * 5)])
    keep([complex(number, 1.5) for number in range(count * 6)])
    keep([bytearray(number) for number in range(count * 7)])
    keep([Texts("abc") for _ in range(count * 8)])
    keep([collections.Counter() for _ in range(count * 9)])


make(100)
thread = threading.Thread(target=make, args=(100,))
thread.start()
thread.join()
# the peak is here, and there is something to free behind it
held.append(bytes(32 << 20))
