"""Programs that scenarios run by -c. Their blocks have sizes that nothing else has."""

CHAIN = """
import asyncio
async def leaf():
    await asyncio.sleep(0)
    return bytearray(333333)
async def middle():
    return await leaf()
async def main():
    return len(await asyncio.create_task(middle()))
print(asyncio.run(main()))
"""
SUBINTERPRETER = """
for name in ["_interpreters", "_xxsubinterpreters"]:
    try:
        module = __import__(name)
        break
    except ImportError:
        pass
number = module.create()
number = number[0] if isinstance(number, tuple) else number
result = module.run_string(number, "def inside(): return bytearray(333333)\\nblock = inside()\\ndel block")
assert result is None, result
module.destroy(number)
def inside(): return bytearray(444444)
print(len(inside()))
"""
GEVENT = """
from gevent import monkey; monkey.patch_all()
import threading, time
def inside():
    time.sleep(0.01)
    block = bytearray(333333)
threads = [threading.Thread(target=inside) for _ in range(5)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("done")
"""
RECURSION = """
import sys, threading
sys.setrecursionlimit(200_000)
threading.stack_size(1 << 30)
def down(n):
    if n:
        return down(n - 1)
    return len(bytearray(333333))
thread = threading.Thread(target=lambda: print(down(100_000)))
thread.start()
thread.join()
"""
MALLOC = "def inside(): return [bytearray(333333 + n) for n in range(5)]\nprint(len(inside()))"
POOL = """
import multiprocessing, sys
def work(n): return sum(len(bytearray(333333)) for _ in range(10)) + n
if __name__ == "__main__":
    multiprocessing.set_executable(sys.argv[2])
    with multiprocessing.get_context(sys.argv[1]).Pool(3) as pool:
        print(len(pool.map(work, range(12), chunksize=1)))
"""
TWICE = """
import os, sys
if len(sys.argv) < 3:
    block = bytearray(333333)
    os.execv(sys.argv[1], [sys.argv[1], __file__, "again", "now"])
block = bytearray(444444)
print("done")
"""
# a thread that C made: it has no state of the interpreter until it calls back
C_THREADS = """
import ctypes
libc = ctypes.CDLL(None)
def inside(): return bytearray(333333)
@ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
def thread(_):
    block = inside()
    return None
threads = [ctypes.c_ulong() for _ in range(4)]
for one in threads:
    assert libc.pthread_create(ctypes.byref(one), None, thread, None) == 0
for one in threads:
    libc.pthread_join(one, None)
print("done")
"""
# Python, machine code, Python: a callback of the C library's
NATIVE = """
import ctypes
libc = ctypes.CDLL(None)
@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def compare(a, b):
    block = bytearray(333333)
    return 0
def caller():
    libc.qsort((ctypes.c_int * 2)(2, 1), 2, 4, compare)
caller()
"""
# runs a script while sys.monitoring calls back for every line and call
MONITORED = """
import runpy, sys
tool, events = sys.monitoring, sys.monitoring.events
tool.use_tool_id(3, "lines")
seen = [0]
def count(*_): seen[0] += 1
tool.register_callback(3, events.LINE, count)
tool.register_callback(3, events.PY_START, count)
tool.set_events(3, events.LINE | events.PY_START)
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
assert seen[0] > 1000, seen
"""
# loops long enough to be compiled, with calls and callbacks
COMPILED = """
import sys
def inside(size):
    return bytearray(size)
def loop():
    active = 0
    for number in range(10000):
        bytearray(333333)
        bytearray(333334)
        block = bytearray(333335)
        inside(333336)
        sorted([333337], key=inside)
        active += sys._jit.is_active()
    return active
jit = getattr(sys, "_jit", None)
print("compiled" if jit and jit.is_available() and loop() > 2000 else "not compiled")
"""
