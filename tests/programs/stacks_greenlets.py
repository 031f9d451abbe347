"""A random program of greenlets, in two threads: each goes down and up by itself, and hands over to
another one in the middle of it.

usage: stacks_greenlets.py FILE SEED SAMPLES. What FILE holds is said in telling.py.
"""

import random
import sys

import greenlet
import telling


class Switching:
    def __init__(self, seed, wanted):
        self.random = random.Random(seed)
        self.left = wanted
        self.alive = []

    def sample(self):
        self.left -= 1
        telling.sample()

    def work(self):
        self.down(self.random.randrange(3, 150))

    def down(self, levels):
        if levels:
            if self.random.random() < 0.5:
                self.down(levels - 1)
            else:
                list(map(self.down, [levels - 1]))
        if self.random.random() < 0.05:
            self.sample()
        if self.random.random() < 0.05:
            self.hand_over()
            self.sample()
        if self.random.random() < 0.01:
            self.down(self.random.randrange(40))

    def hand_over(self):
        others = [it for it in self.alive if not it.dead and it is not greenlet.getcurrent()]
        if others and self.left > 0:
            self.random.choice(others).switch()

    def run(self):
        while self.left > 0:
            self.alive = [it for it in self.alive if not it.dead]
            if len(self.alive) < 8:
                self.alive.append(greenlet.greenlet(self.work))
            self.random.choice(self.alive).switch()
            self.sample()
        # those that are left are thrown an exception when they go
        self.alive.clear()


def main():
    seed, wanted = int(sys.argv[2]), int(sys.argv[3])
    both = [Switching(seed + number, wanted // 2) for number in range(2)]
    telling.at_once(it.run for it in both)


main()
telling.write(sys.argv[1])
