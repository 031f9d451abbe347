"""Calls itself 100,000 times, twice, and allocates at the innermost call."""

import sys
import threading

DEPTH = 100_000


def down(left):
    if left:
        return down(left - 1)
    return len(bytearray(333_333))


def work():
    print(down(DEPTH), down(DEPTH))


sys.setrecursionlimit(2 * DEPTH)
threading.stack_size(1 << 30)
thread = threading.Thread(target=work)
thread.start()
thread.join()
