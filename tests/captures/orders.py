"""Reads orders in two threads and keeps a part of them: the program of the recordings beside it. The test knows its
lines and sizes, so nothing here may move."""

import _thread


class Order:
    def __init__(self, number):
        self.note = bytearray(2_000 + number % 2)


def read(count):
    return [Order(number) for number in range(count)]


def index(count):
    table = bytearray(300_000)
    for _ in range(count):
        dropped = bytearray(5_000)
        del dropped
    return table


def work(kept, count, done):
    orders = read(count)
    kept.append(index(count))
    kept.append(orders[: count // 4])
    del orders
    done.release()


def main():
    kept = []
    # one after the other, so that the peak is the same each time
    for count in (100, 200):
        done = _thread.allocate_lock()
        done.acquire()
        _thread.start_new_thread(work, (kept, count, done))
        done.acquire()
    report = bytearray(1_000_000)
    return len(report) + len(kept)


main()
