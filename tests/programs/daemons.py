"""Ends while daemon threads allocate in C code, below Python frames: daemons.py LIBRARY"""

import ctypes
import sys
import threading
import time

library = ctypes.CDLL(sys.argv[1])


def below(depth):
    if depth:
        below(depth - 1)
    else:
        library.spin()


for number in range(6):
    threading.Thread(target=below, args=(5 * number,), daemon=True).start()
while library.spinning() < 6:
    time.sleep(0.001)
