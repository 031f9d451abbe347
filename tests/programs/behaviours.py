"""Allocations whose sizes, threads and names the tests know."""

import ctypes
import mmap
import os
import sys
import threading


def leaks_ten():
    return [bytearray(610_007) for _ in range(10)]


def in_thread(size):
    return bytearray(size)


def started():
    kept.append(in_thread(620_003))
    # CPython tells the kernel only from 3.14 on, so does a program that cares
    threading.current_thread().name = "renamed"
    kept.append(in_thread(620_005))


def outlives(ready, go):
    kept.append(in_thread(630_001))
    ready.set()
    go.wait()


kept = [leaks_ten()]
thread = threading.Thread(target=started, name="first name")
thread.start()
thread.join()
ready, go = threading.Event(), threading.Event()
thread = threading.Thread(target=outlives, args=(ready, go), name="outlives", daemon=True)
thread.start()
ready.wait()
kept.append(bytearray(640_001)); kept.append(bytearray(640_003))
kept.append(bytearray(640_005))
for _ in range(300):  # more frames come and go than any counter holds
    (lambda: (lambda: (lambda: None)())())()
kept.append(in_thread(640_007))
kept.append(in_thread(640_009))
sys.setprofile(lambda *_: None)
kept.append(in_thread(650_001))
sys.setprofile(None)
sys.settrace(lambda *_: None)
kept.append(in_thread(650_003))
sys.settrace(None)
kept.append(mmap.mmap(-1, 1 << 20))
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc(660_001)  # looked up by dlsym
print("done", flush=True)
os._exit(0)
