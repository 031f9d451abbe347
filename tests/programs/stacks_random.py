"""A random program: calls, generators, exceptions, callbacks, coroutines and threads.

usage: stacks_random.py FILE SEED SAMPLES. What FILE holds is said in telling.py.
"""

import functools
import random
import sys
import threading

import telling


class Walk:
    def __init__(self, seed, wanted):
        self.random = random.Random(seed)
        self.left = wanted
        self.suspended = []

    def sample(self):
        self.left -= 1
        telling.sample()

    def step(self, depth):
        if self.left <= 0:
            return
        if self.random.random() < 0.3:
            self.sample()
        if depth <= 0:
            return
        choice = self.random.choice(self.choices)
        choice(self, depth - 1 - self.random.randrange(2))
        if self.random.random() < 0.2:
            self.sample()

    def call(self, depth):
        self.step(depth)
        self.step(
            depth,
        )

    def raising(self, depth):
        try:
            self.step(depth)
            if self.random.random() < 0.5:
                raise ValueError
        except ValueError:
            self.step(depth)
        finally:
            self.sample()

    def escaping(self, depth):
        def down(levels):
            if levels:
                down(levels - 1)
            self.step(depth)
            raise KeyError

        try:
            down(self.random.randrange(12))
        except KeyError:
            self.step(depth)

    def plain_generator(self, depth):
        self.step(depth)
        yield 1
        self.step(depth)
        yield from self.inner_generator(depth)
        self.step(depth)

    def inner_generator(self, depth):
        for _ in range(self.random.randrange(4)):
            self.step(depth)
            try:
                yield 2
            except ValueError:
                self.sample()

    def generating(self, depth):
        for _ in self.plain_generator(depth):
            self.step(depth)

    def suspending(self, depth):
        it = self.plain_generator(depth)
        next(it, None)
        self.suspended.append(it)

    def resuming(self, depth):
        if not self.suspended:
            return self.step(depth)
        it = self.suspended.pop(self.random.randrange(len(self.suspended)))
        try:
            if self.random.random() < 0.3:
                it.throw(ValueError())
            else:
                next(it, None)
        except (ValueError, StopIteration):
            self.sample()

    def calling_back(self, depth):
        sorted(range(3), key=lambda _: self.step(depth) or 0)
        functools.reduce(lambda _, __: self.step(depth), [1, 2])

    def comprehending(self, depth):
        [self.step(depth) for _ in range(2)]
        {self.step(depth): 1 for _ in range(1)}
        list(self.step(depth) for _ in range(2))

    def deep(self, depth):
        def down(levels):
            if levels % 40 == 0:
                self.sample()
            if levels:
                down(levels - 1)
            if levels % 60 == 0:
                self.step(depth)

        down(self.random.randrange(200))

    def awaiting(self, depth):
        async def leaf():
            self.step(depth)

        async def middle():
            await leaf()
            self.sample()

        try:
            middle().send(None)
        except StopIteration:
            pass

    def compiling(self, depth):
        name = f"made_{self.random.randrange(10**6)}"
        scope = {"step": self.step}
        exec(f"def {name}(depth):\n    step(depth)\n    return {name}", scope)
        scope[name](depth)

    choices = [call, call, raising, escaping, generating, suspending, resuming,
               calling_back, comprehending, deep, awaiting, compiling]

    def run(self):
        while self.left > 0:
            self.step(self.random.randrange(2, 9))


def main():
    seed, wanted = int(sys.argv[2]), int(sys.argv[3])
    walks = [Walk(seed + number, wanted // 4) for number in range(4)]
    threads = [threading.Thread(target=walk.run) for walk in walks[1:]]
    for thread in threads:
        thread.start()
    walks[0].run()
    for thread in threads:
        thread.join()


main()
telling.write(sys.argv[1])
