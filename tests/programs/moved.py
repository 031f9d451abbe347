"""Two lines of a function that hold a block each; how large the second one is, the command line says."""

import sys


def load(size):
    first = bytearray(1_000_000)
    second = bytearray(size)
    return first, second


kept = load(int(sys.argv[1]))
