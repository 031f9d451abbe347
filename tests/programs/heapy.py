"""Asks heapy what there is, and memprof for a census, at the same moment.

Prints what heapy counts as JSON, `{kind: [count, bytes]}`.
"""

import collections
import gc
import json
import sys

import memprof
from guppy import hpy


class Thing:
    def __init__(self, number):
        self.number = number
        self.name = "thing %d" % number


class Slots:
    __slots__ = ("number",)


held = [
    [Thing(number) for number in range(3000)],
    [Slots() for _ in range(2500)],
    [{number: number} for number in range(45000)],
    [[number] for number in range(11000)],
    [(number, 1) for number in range(90000)],
    ["text %d" % number for number in range(90000)],
    [b"%d bytes" % number for number in range(50000)],
    [complex(number, 1) for number in range(1200)],
    [number + 0.5 for number in range(8000)],
    [{number, -1} for number in range(1500)],
    [collections.deque() for _ in range(1100)],
    [1000 + number for number in range(30000)],
]
heapy = hpy()
heapy.heap()
gc.collect()
memprof.census("heapy")
rows = heapy.heap().stat.get_rows()
json.dump({row.name: [row.count, row.size] for row in rows}, sys.stdout)
