"""Holds a known number of objects of twelve kinds, each made on a line of its own, in two threads.

With an argument it leaves without the interpreter's shutdown.
"""

import array
import dataclasses
import gc
import os
import sys
import threading


class Plain:
    def __init__(self, number):
        self.number = number
        self.twice = 2 * number


class Slots:
    __slots__ = ("number",)


@dataclasses.dataclass
class Data:
    number: int


held = []


def make(count):
    # objects that died before lie in free lists; what is made from those keeps its first line
    gc.collect()
    held.append([number + 0.25 for number in range(count + 11)])  # float
    held.append([Plain(number) for number in range(count + 1)])  # Plain
    held.append([Slots() for _ in range(count + 2)])  # Slots
    held.append([Data(number) for number in range(count + 3)])  # Data
    held.append([{number: number} for number in range(count + 4)])  # dict
    held.append({number: [number] for number in range(count + 5)})  # list
    held.append([(number, held) for number in range(count + 6)])  # tuple
    held.append(["ascii %d" % number for number in range(count + 7)])  # ascii
    held.append(["\u2603 %d" % number for number in range(count + 8)])  # wide
    held.append([b"%d bytes" % number for number in range(count + 9)])  # bytes
    held.append([complex(number, 1.5) for number in range(count + 10)])  # complex
    held.append([{number, -number - 1} for number in range(count + 12)])  # set
    held.append([array.array("d", [1.5] * 100) for _ in range(count + 13)])  # array
    for plain in held[-12][:100]:
        plain.__dict__


make(400)
thread = threading.Thread(target=make, args=(300,))
thread.start()
thread.join()
# what dies before the end is not there, whatever free list it waits in
passing = [float(number) for number in range(70)], [(number,) for number in range(70)]
del passing
# the peak is here
held.append(bytes(32 << 20))
if len(sys.argv) > 1:
    os._exit(0)
