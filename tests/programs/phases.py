"""Phases with marks between them. Each makes code and kinds of its own, keeps some objects, and makes and drops
many more. Arguments: `threads`, `fork`, `census`, `numpy`."""

import os
import sys
import threading

import memprof

PHASES = 5
ROUNDS = 50


def churn(rounds, size):
    for _ in range(rounds):
        dropped = [(number, float(number), str(number)) for number in range(size)]
        del dropped


def own_code(number):
    """A function and a class that nobody has met before."""
    names = {}
    text = f"class Of{number}:\n    pass\ndef make{number}(count):\n    return [Of{number}() for _ in range(count)]\n"
    exec(compile(text, f"phase{number}.py", "exec"), names)
    return names[f"make{number}"]


def phase(number, kept, size):
    kept.append(own_code(number)(50))
    # what an earlier phase kept is partly given back, and a table of it grows
    kept[0] = [str(number) * 40] + kept[0][: 40 + number]
    churn(ROUNDS, size)
    kept.append(bytearray(100_000 * (number + 1)))
    if "numpy" in sys.argv:
        import numpy

        kept.append(numpy.ones(20_000 + number) * 2)


def work(size):
    kept = []
    for number in range(PHASES):
        phase(number, kept, size)


def main():
    kept = []
    others = []
    if "threads" in sys.argv:
        others = [threading.Thread(target=work, args=(500,)) for _ in range(2)]
        for other in others:
            other.start()
    child = 0
    for number in range(PHASES):
        memprof.mark(f"phase{number}")
        if number == 3 and "census" in sys.argv:
            memprof.census("looked")
        if number == 2 and "fork" in sys.argv:
            child = os.fork()
            if not child:
                work(500)
                os._exit(0)
        phase(number, kept, 2000)
    for other in others:
        other.join()
    if child:
        os.waitpid(child, 0)


main()
