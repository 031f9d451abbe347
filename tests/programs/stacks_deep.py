"""A random program that is hundreds of frames deep, comes up a little or nearly to the top, and
goes down again: by calls of several sizes of frames, callbacks from C, exceptions through hundreds
of frames, and generators that are made at one depth and resumed at another, by another thread, too.

usage: stacks_deep.py FILE SEED SAMPLES. What FILE holds is said in telling.py.
"""

import random
import sys
import threading

import telling

DEEPEST = 900
suspended = []


class Unwinding(Exception):
    """Goes up to a depth."""

    def __init__(self, depth):
        super().__init__()
        self.depth = depth


class Walk:
    def __init__(self, seed, wanted):
        self.random = random.Random(seed)
        self.left = wanted

    def chance(self, of):
        return self.left > 0 and self.random.random() < of

    def sample(self):
        self.left -= 1
        telling.sample()

    def down(self, depth, to):
        """Calls itself by one of several ways, and does this or that at each depth twice."""
        if depth < to:
            way = self.random.choice(self.ways)
            try:
                way(self, depth + 1, to)
            except Unwinding as unwinding:
                if unwinding.depth < depth:
                    raise
                self.sample()
        if self.chance(0.02):
            self.sample()
        if self.chance(0.004):
            # and down again, from wherever this is
            self.down(depth + 1, min(depth + self.random.randrange(5, 300), DEEPEST))
        if self.chance(0.01):
            self.resume(depth)
        if depth > 30 and self.chance(0.001):
            raise Unwinding(self.random.randrange(depth - 30, depth))

    def plain(self, depth, to):
        self.down(depth, to)

    def with_many_variables(self, depth, to):
        a = b = c = d = e = f = g = h = i = j = depth
        self.down(
            j,
            to,
        )
        if self.chance(0.01):
            self.sample()
        return a, b, c, d, e, f, g, h, i

    def with_a_large_frame(self, depth, to):
        def inner(a, b, c, d, e):
            return [self.down(a, b), [c, [d, [e]]]]

        inner(depth, to, 3, 4, 5)

    def by_callback(self, depth, to):
        if self.random.random() < 0.2:
            sorted([1], key=lambda _: self.down(depth, to) or 0)
        else:
            self.down(depth, to)

    def by_generator(self, depth, to):
        for _ in self.delegating(3, depth, to):
            if self.chance(0.1):
                self.sample()

    def delegating(self, levels, depth, to):
        if levels:
            yield from self.delegating(levels - 1, depth, to)
        else:
            self.down(depth, to)
            yield 1
        if self.chance(0.1):
            self.sample()

    def suspend(self, depth, to):
        it = self.resumable()
        next(it)
        suspended.append(it)
        self.down(depth, to)

    def resumable(self):
        """Each time it goes on it is deeper by itself."""
        for levels in range(0, 60, 6):
            yield from self.nested(levels)

    def nested(self, levels):
        if levels:
            yield from self.nested(levels - 1)
        else:
            self.sample()
            yield 1

    def resume(self, depth):
        try:
            it = suspended.pop()
        except IndexError:
            return
        if next(it, None):
            suspended.append(it)
        self.sample()

    ways = [plain, plain, plain, plain, with_many_variables, with_many_variables, with_a_large_frame,
            by_callback, by_generator, suspend]

    def run(self):
        while self.left > 0:
            try:
                self.down(1, self.random.randrange(200, DEEPEST))
            except Unwinding:
                self.sample()


def main():
    seed, wanted = int(sys.argv[2]), int(sys.argv[3])
    sys.setrecursionlimit(20_000)
    threading.stack_size(256 << 20)
    walks = [Walk(seed + number, wanted // 3) for number in range(3)]
    telling.at_once(walk.run for walk in walks)


main()
telling.write(sys.argv[1])
