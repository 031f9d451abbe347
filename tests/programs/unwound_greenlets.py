"""Greenlets that go up and down, through calls from C, and hand over to one another in the middle of it.

usage: unwound_greenlets.py FILE SEED LIBRARY. What FILE holds is said in unwound.h.
"""

import ctypes
import functools
import random
import sys

import greenlet

SAMPLES = 8000
library = ctypes.PyDLL(sys.argv[3])
# what a greenlet was started below is not its own
greenlets = ctypes.CDLL(greenlet._greenlet.__file__)
start = greenlets._ZN8greenlet12UserGreenlet15inner_bootstrapEP9_greenletP7_object
library.end_stacks_with(ctypes.c_uint64(ctypes.cast(start, ctypes.c_void_p).value))
chance = random.Random(int(sys.argv[2]))
alive = []
taken = 0


def sample(*_):
    global taken
    taken = library.sample()


def hand_over():
    others = [it for it in alive if not it.dead and it is not greenlet.getcurrent()]
    if others and taken < SAMPLES:
        chance.choice(others).switch()


def down(levels):
    sample()
    if levels and taken < SAMPLES:
        way = chance.randrange(4)
        if way == 0:
            down(levels - 1)
        elif way == 1:
            list(map(down, [levels - 1]))
        elif way == 2:
            sorted([2, 1], key=lambda _: down(levels // 3) or 1)
        else:
            functools.reduce(lambda *_: down(levels - 1), [1, 2])
    if chance.random() < 0.2:
        hand_over()
        sample()


def work():
    down(chance.randrange(3, 25))


while taken < SAMPLES:
    alive[:] = [it for it in alive if not it.dead]
    if len(alive) < 6:
        alive.append(greenlet.greenlet(work))
    chance.choice(alive).switch()
    sample()
# those that are left are thrown an exception when they go
alive.clear()
assert library.write_samples(sys.argv[1].encode()) == 0
