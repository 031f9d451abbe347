"""Allocates blocks in every kind of place that Python code can be in.

usage: stacks.py FILE. What FILE holds is said in telling.py.
"""

import asyncio
import functools
import gc
import importlib
import sys
import threading

from telling import sample, write

def nested():
    def inner():
        sample()

        sample()

    inner()
    sample()


def many_lines(*_):
    sample()


def multi_line_call():
    many_lines(
        1,
        sample(),
        [
            sample()
            for _ in range(2)
        ],
    )
    (
        many_lines
    )(
        2
    )


def generator():
    for _ in range(3):
        sample()
        yield 1
    sample()


def drain():
    for _ in generator():
        sample()


def delegating():
    yield from generator()
    sample()


def thrown_at():
    try:
        yield 1
    except ValueError:
        sample()
        yield 2


def throwing():
    it = thrown_at()
    next(it)
    it.throw(ValueError())
    it.close()


def sorting():
    sorted(range(3), key=lambda _: sample() or 0)
    functools.reduce(lambda _, __: sample(), range(3))
    list(map(lambda _: sample(), range(2)))
    max([1, 2], key=lambda n: (sample(), n)[1])


class Made:
    def __init__(self):
        sample()

    @property
    def attribute(self):
        sample()
        return 1

    def __enter__(self):
        sample()
        return self

    def __exit__(self, *_):
        sample()

    def __del__(self):
        sample()

    def __eq__(self, other):
        sample()
        return True

    __hash__ = object.__hash__


class Meta(type):
    def __call__(cls):
        sample()
        return super().__call__()


class WithMeta(metaclass=Meta):
    def __init__(self):
        sample()


def classes():
    made = [Made() for _ in range(20)]
    made[0].attribute
    with made[0]:
        sample()
    made[0] == made[1]
    WithMeta()
    made.clear()
    one = Made()
    one.itself = one
    del one
    gc.collect()


def in_text():
    exec("def f():\n    sample()\n\nf()\nsample()", {"sample": sample})
    eval("sample()")
    exec(compile("\n\n\nsample()", "<made up>", "exec"))


async def sleeper(depth):
    sample()
    if depth:
        await sleeper(depth - 1)
    await asyncio.sleep(0)
    sample()


async def gathering():
    await asyncio.gather(*(sleeper(depth) for depth in range(4)))
    task = asyncio.ensure_future(sleeper(2))
    async for _ in counting():
        sample()
    await task


async def counting():
    for _ in range(3):
        await asyncio.sleep(0)
        sample()
        yield 1


def threads():
    all = [threading.Thread(target=nested) for _ in range(4)]
    for thread in all:
        thread.start()
    for thread in all:
        thread.join()


def deep(depth):
    if depth:
        deep(depth - 1)
    sample()


def failing(depth):
    try:
        if depth:
            return failing(depth - 1)
        raise KeyError
    except KeyError:
        if depth % 50 == 0:
            sample()
        raise
    finally:
        if depth % 100 == 3:
            sample()


def recursion():
    deep(60)
    try:
        failing(880)
    except KeyError:
        sample()
    deep(3)


def ephemeral():
    for number in range(2000):
        text = f"def function_{number}():\n" + "\n" * (number % 7) + "    sample()\n"
        scope = {"sample": sample}
        exec(compile(text, f"<generated {number}>", "exec"), scope)
        scope[f"function_{number}"]()


def importing():
    """Through frames of frozen modules."""
    with open("imported.py", "w") as file:
        file.write("from telling import sample\n\nsample()\n")
    sys.path.append("")
    importlib.invalidate_caches()
    import imported
    importlib.reload(imported)


def in_try():
    try:
        sample()
        raise ValueError
    except ValueError:
        sample()
    else:
        pass
    finally:
        sample()
    for _ in range(2):
        while True:
            sample()
            break
    text = f"{sample()} {sample()}"
    return sample() if text else None


def main():
    for scenario in [nested, multi_line_call, drain, throwing, sorting, classes, in_text,
                     threads, recursion, ephemeral, importing, in_try]:
        scenario()
        sample()
    list(delegating())
    asyncio.run(gathering())
    asyncio.run(sleeper(30))


main()
write(sys.argv[1])
