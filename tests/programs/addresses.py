"""Limits its addresses (as its argument says) and then takes most of what the limit leaves, untouched."""

import mmap
import os
import resource
import sys

GIB = 1 << 30


def take(count):
    return len([mmap.mmap(-1, 1 << 20) for _ in range(count)])


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (GIB, GIB))


def limit_by_its_number():
    resource.prlimit(os.getpid(), resource.RLIMIT_AS, (GIB, GIB))


def in_a_child():
    child = os.fork()
    if child == 0:
        limit()
        os._exit(take(700) != 700)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


how = sys.argv[1]
if how == "child":
    print(in_a_child(), take(700))
elif how == "before":
    print(take(int(sys.argv[2])))
else:
    limit() if how == "itself" else limit_by_its_number()
    print(take(700))
