"""Holds a known number of objects of fifteen kinds, each made on a line of its own, in two threads.

Behind each line stands what it makes in both threads together: "# counts: KIND NUMBER".

With an argument it leaves without the interpreter's shutdown.
"""

import array
import dataclasses
import decimal
import gc
import os
import sys
import threading
from xml.etree.ElementTree import Element


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
    held.append([number + 0.25 for number in range(count + 11)])  # counts: float 722
    held.append([Plain(number) for number in range(count + 1)])  # counts: __main__.Plain 702
    held.append([Slots() for _ in range(count + 2)])  # counts: __main__.Slots 704
    held.append([Data(number) for number in range(count + 3)])  # counts: __main__.Data 706
    held.append([{number: number} for number in range(count + 4)])  # counts: dict (no owner) 708
    held.append({number: [number] for number in range(count + 5)})  # counts: list 710
    held.append([(number, held) for number in range(count + 6)])  # counts: tuple 712
    held.append(["ascii %d" % number for number in range(count + 7)])  # counts: str 714
    held.append(["\u2603 %d" % number for number in range(count + 8)])  # counts: str 716
    held.append([b"%d bytes" % number for number in range(count + 9)])  # counts: bytes 718
    held.append([complex(number, 1.5) for number in range(count + 10)])  # counts: complex 720
    held.append([{number, -number - 1} for number in range(count + 12)])  # counts: set 724
    held.append([array.array("d", [1.5] * 100) for _ in range(count + 13)])  # counts: array.array 726
    held.append([decimal.Decimal(number) for number in range(count + 14)])  # counts: decimal.Decimal 728
    held.append([Element("a") for _ in range(count + 15)])  # counts: xml.etree.ElementTree.Element 730
    for plain in held[-14][:100]:
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
