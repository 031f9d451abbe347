"""Blocks of sizes that nothing else has, and where the interpreter itself says each was made.

`sample()` makes one and forgets it; `write(FILE)` writes JSON down: every frame once, as
{"frames": {NUMBER: [function, file, line], ...}, and for each block its bytes, as they are asked
for, and its stack, innermost first: "samples": [[bytes, [NUMBER, ...]], ...]}. `at_once(WORKS)`
does works in threads of their own.
"""

import itertools
import json
import sys
import threading

sizes = itertools.count(300_007)
numbers = itertools.count()
frames = {}
samples = []

# a bytearray has room for a byte behind its end; from 3.15 on its bytes are an object
MORE = 33 if sys.version_info >= (3, 15) else 1


def tell(size, frame):
    stack = []
    while frame is not None:
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        key = name, code.co_filename, frame.f_lineno
        number = frames.get(key)
        if number is None:
            # two threads may do this at once: the first one's number counts
            number = frames.setdefault(key, next(numbers))
        stack.append(number)
        frame = frame.f_back
    samples.append([size + MORE, stack])


def sample():
    size = next(sizes)
    block = bytearray(size); tell(size, sys._getframe())
    del block


def at_once(works):
    """Runs each in a thread of its own, and waits for all."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def write(path):
    with open(path, "w") as file:
        json.dump({"frames": {number: key for key, number in frames.items()}, "samples": samples}, file)
