"""Says that it is ready, then what signals it gets, until its input ends."""

import os
import signal
import sys

for name in ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT"]:
    signal.signal(getattr(signal, name), lambda number, _: os.write(1, b"got %d\n" % number))
block = bytearray(500009)
os.write(1, b"ready %d\n" % os.getpid())
while os.read(0, 1):
    pass
later = bytearray(500029)
os.write(1, b"done\n")
