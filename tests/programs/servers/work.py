"""Work of known sizes, for whatever runs it: a server, a pool, a test. Run as a program, it does it once."""

import time

HELD = []


def hold():
    HELD.append((bytearray(100_003), bytes(50_021), "x" * 70_001))


def pass_by():
    return sum(len(bytearray(40_009 + more)) for more in range(5))


def work():
    hold()
    pass_by()
    # others shall have a turn
    time.sleep(0.003)


if __name__ == "__main__":
    work()
