"""Objects with finalizers that know one another, in a program that turned the collector off."""

import gc

gc.disable()


class Node:
    def __init__(self):
        self.partner = None

    def __del__(self):
        self.partner = None


def pair():
    first, second = Node(), Node()  # only the collector could free these
    first.partner, second.partner = second, first


for _ in range(10000):
    pair()
