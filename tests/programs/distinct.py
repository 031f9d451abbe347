"""Allocates at each of many stacks, no two of them equal: 2 to the power of DEPTH. usage: distinct.py DEPTH"""

import sys


def left(depth):
    return down(depth)


def right(depth):
    return down(depth)


def down(depth):
    if depth:
        left(depth - 1)
        right(depth - 1)
    else:
        bytes(777)


down(int(sys.argv[1]))
with open("/proc/self/status") as file:
    print(*[line.split()[1] for line in file if line.startswith("VmHWM")])
