"""Ends in the way that is asked for, after an allocation of 500,009 bytes.

usage: endings.py WAY
"""

import ctypes
import os
import signal
import sys

block = bytearray(500009)
print("before", flush=True)
way = sys.argv[1]
if way.startswith("SIG"):
    number = getattr(signal, way)
    signal.signal(number, signal.SIG_DFL) if way != "SIGKILL" else None
    os.kill(os.getpid(), number)
    signal.pause()
elif way == "segfault":
    ctypes.string_at(8)
elif way == "abort":
    os.abort()
elif way == "_exit":
    os._exit(5)
elif way == "exit_from_c":
    ctypes.CDLL(None).exit(11)
elif way == "exception":
    raise ValueError("it ends here")
elif way == "sys_exit":
    sys.exit(7)
elif way == "message":
    sys.exit("it ends here")
