"""Comes to the same functions from many callers: C code that runs Python code that runs C code."""
import functools
import itertools
import json
import re


def key(number):
    return number % 7, str(number)


def below(depth):
    if depth == 0:
        return [object()]
    return sorted(map(lambda it: it, below(depth - 1) + [object()]), key=id)


class Thing:
    def __init__(self, value):
        self.value = [value]

    def __eq__(self, other):
        return [self.value] == [other.value]

    def __hash__(self):
        return hash(tuple(self.value))

    def __repr__(self):
        return f"Thing({self.value!r})"

    def __getattr__(self, name):
        return [name]

    def __iter__(self):
        yield from ([number] for number in range(3))


def every_caller(rounds):
    for number in range(rounds):
        # two functions that are called by the same instruction
        either = sorted if number % 2 else (lambda items, key: [key(item) for item in items])
        either(range(number % 40), key=key)
        below(number % 6)
        things = {Thing(value): value for value in range(number % 9)}
        repr(things)
        list(map(list, things))
        things.get(Thing(3))
        functools.reduce(lambda one, other: [one, other], range(1 + number % 20))
        re.sub("[ab]", lambda match: match.group(0) * 2, "xaybz" * (number % 5))
        json.dumps([{"a": [number]}] * (number % 4), default=repr, indent=1 if number % 3 else None)
        json.loads("[" * (number % 30) + "]" * (number % 30) or "1")
        exec("def down(depth):\n return [depth] if depth == 0 else [down(depth - 1), depth]\ndown(%d)" % (number % 12), {})
        max([Thing(1), Thing(2)], key=lambda thing: len(str([thing])))
        "".join(str(item) for item in itertools.islice(itertools.chain(Thing(1), Thing(2)), 4))
        compile("(" * (number % 20) + "1" + ")" * (number % 20), "text", "eval")


if __name__ == "__main__":
    every_caller(120)
