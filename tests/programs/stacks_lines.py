"""The same calls each time, but one of the callers is at another line, or else the generator that makes the block has one more or
less above it. Nothing allocates on the way down, and all else on the way is as it was: that is the only change there is to see.

usage: stacks_lines.py FILE SEED SAMPLES CALLS. What FILE holds is said in telling.py.
"""

import random
import sys

import telling


def leaf():
    while True:
        size = yield
        bytearray(size)


def through(size):
    return send(size)


def down(turns, left, send, size):
    if left == 0:
        send(size)
    elif turns[left]:
        down(turns, left - 1, send, size)
    else:
        down(turns, left - 1, send, size)


def main(plan, turns):
    calls = len(turns) - 1
    for change, send, size in plan:
        turns[change] = not turns[change]
        down(turns, calls, send, size)


def told(plan, turns):
    """What `main` did, for telling.write; no frame was asked, as that makes frames look otherwise."""

    def frame(function, line):
        return telling.frames.setdefault((function, __file__, line), next(telling.numbers))

    lines = {function: function.__code__.co_firstlineno for function in (leaf, through, down, main)}
    outer = [frame("main", lines[main] + 4), frame("<module>", CALLED)]
    for change, send, size in plan:
        turns[change] = not turns[change]
        stack = [frame("leaf", lines[leaf] + 3)]
        if send is through:
            stack.append(frame("through", lines[through] + 1))
        stack.append(frame("down", lines[down] + 2))
        stack.extend(frame("down", lines[down] + (4 if turn else 6)) for turn in turns[1:])
        telling.samples.append([size + telling.MORE, stack + outer])


seed, wanted, calls = map(int, sys.argv[2:])
chance = random.Random(seed)
send = leaf().send
send(None)
plan = []
way, other = send, through
for number in range(wanted):
    change = chance.choice((0, chance.randrange(1, calls + 1)))
    if change == 0:
        way, other = other, way
    plan.append((change, way, 300_007 + number))
CALLED = sys._getframe().f_lineno + 1
main(plan, [False] * (calls + 1))
told(plan, [False] * (calls + 1))
telling.write(sys.argv[1])
