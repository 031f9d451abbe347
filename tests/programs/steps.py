"""Says that it is ready, then makes as many blocks as each line of its input asks for."""

import os
import sys

print("ready", os.getpid(), flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        block = bytearray(70_001)
    print("made", int(line), flush=True)
print("done", flush=True)
