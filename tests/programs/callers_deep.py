"""What callers.py does, far from the outer end: below ever other callers that have most in common."""
import functools
import itertools

# a generator of numbers of its own, as that of the library differs between versions
state = 12345


def draw(limit):
    global state
    state = (state * 1103515245 + 12345) % (1 << 31)
    return (state >> 16) % limit


class Callable:
    def __init__(self, function):
        self.function = function

    def __call__(self, *arguments):
        return self.function(*arguments)

    def __getattr__(self, name):
        return self.function(int(name[1:]))

    def __lt__(self, other):
        return self.function(other)


def delegate(function, depth):
    yield function(depth)


def function_of(depth):
    return [depth, down(depth - 1)]


def either(depth, function):
    """Calls it from one of several places, through C code or not."""
    way = draw(9)
    if way == 0:
        return Callable(function)(depth)
    if way == 1:
        return list(map(function, [depth]))
    if way == 2:
        return sorted([depth], key=lambda it: [function(it)])
    if way == 3:
        return functools.reduce(lambda one, other: [function(other)], [0, depth])
    if way == 4:
        return next(delegate(function, depth))
    if way == 5:
        return getattr(Callable(function), f"_{depth}")
    if way == 6:
        return functools.partial(function, depth)()
    if way == 7:
        return Callable(function) < depth
    return function(depth)


def down(depth):
    result = [object()]
    if depth <= 0:
        if draw(8) == 0:
            raise KeyError(depth)
        nested(draw(5) * 25)
        return result
    # far out one way in, near the end some of them
    for _ in range(1 + (depth < 12 and draw(3) == 0)):
        result.append(either(depth, function_of))
    return result


# some of their C functions have frames of the same size
kinds = filter, itertools.filterfalse, itertools.dropwhile, itertools.takewhile


class Shown:
    def __repr__(self):
        return str([object()])


def nested(depth):
    """C code that calls itself, and Python at the end."""
    inner = Shown()
    for _ in range(depth):
        inner = [inner]
    return repr(inner)


def leaf():
    return [object()]


def same(depth, far, choices):
    """The same Python frames each time: what differs is which C function called some, far from both ends."""
    if depth == 0:
        return [leaf(), leaf()]
    kind = kinds[choices >> far * 2 & 3 if 0 <= far < 2 else 0]
    return list(kind(lambda depth: same(depth - 1, far - 1, choices), [depth]))


def every_caller(rounds):
    for choices in range(16):
        for _ in range(3):
            same(90, 23, choices)
    for number in range(rounds):
        nested(number * 9)
        try:
            down(20 + number % 7 * 12)
        except KeyError:
            pass


if __name__ == "__main__":
    every_caller(16)
