"""Many functions, each of which makes a block, called by Python, by a function of C, and by each other.

Run with `-X perf`, for which the interpreter makes a trampoline for each of them.
"""

import os
import random


def make(number):
    name = f"maker_{number}"
    scope = {}
    exec(f"def {name}(rest):\n    return rest[-1](rest[:-1]) if rest else bytearray(200_000)\n", scope)
    return scope[name]


def every_caller(functions):
    for function in functions:
        function(())
        sorted([()], key=function)


def chains(functions):
    chance = random.Random(20261124)
    for _ in range(60):
        first, *rest = chance.sample(functions, 200)
        first(tuple(rest))


makers = [make(number) for number in range(4000)]
every_caller(makers[:500])
chains(makers)
# the interpreter leaves a list of the trampolines there
os.unlink(f"/tmp/perf-{os.getpid()}.map")
