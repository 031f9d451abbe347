"""Holds a known number of numpy's arrays and scalars, each made on a line of its own, in two threads.

Behind each line stands what it makes in both threads together: "# counts: KIND NUMBER [of BYTES]".
With an argument it leaves without the interpreter's shutdown.
"""

import os
import sys
import threading

import numpy

held = []


def make(count):
    held.append([numpy.full(200, 1.5) for _ in range(count + 1)])  # counts: numpy.ndarray 702; <buffer of numpy.ndarray> 702 of 1600
    held.append([array[1:] for array in held[-1]])  # counts: numpy.ndarray 702; <buffer of numpy.ndarray> 0 of 1600
    held.append([numpy.zeros((30, 40), "int32") for _ in range(count + 2)])  # counts: numpy.ndarray 704; <buffer of numpy.ndarray> 704 of 4800
    held.append([numpy.arange(300_000, dtype="int64") for _ in range(5)])  # counts: numpy.ndarray 10; <buffer of numpy.ndarray> 10 of 2400000
    held.append([numpy.float64(number) for number in range(count + 3)])  # counts: numpy.float64 706
    held.append([numpy.datetime64(number, "s") for number in range(count + 4)])  # counts: numpy.datetime64 708
    held.append([numpy.random.Generator(numpy.random.PCG64(1)) for _ in range(6)])  # counts: numpy.random._generator.Generator 12


make(400)
thread = threading.Thread(target=make, args=(300,))
thread.start()
thread.join()
# what dies before the end is not there
passing = [numpy.full(200, 2.5) for _ in range(70)]
del passing
# the peak is here
held.append(bytes(32 << 20))
if len(sys.argv) > 1:
    os._exit(0)
