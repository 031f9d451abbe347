"""Hundreds of functions, each of which makes a block, called by Python and by a function of C.

Run with `-X perf`, for which the interpreter makes a trampoline for each of them.
"""

import os


def make(number):
    name = f"maker_{number}"
    scope = {}
    exec(f"def {name}(_):\n    return bytearray(200_000)\n", scope)
    return scope[name]


def every_caller(functions):
    for function in functions:
        function(0)
        sorted([0], key=function)


every_caller([make(number) for number in range(500)])
# the interpreter leaves a list of the trampolines there
os.unlink(f"/tmp/perf-{os.getpid()}.map")
