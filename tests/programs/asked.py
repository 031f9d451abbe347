"""Does what lines of its input say, and answers each: `hold N` holds one block of N bytes more, `spin`
runs Python code until there is another line."""

import os
import select


class Kept:
    def __init__(self, number):
        self.number = number


kept = [Kept(number) for number in range(321)]
held = []
os.write(1, b"ready %d\n" % os.getpid())
while True:
    line = os.read(0, 100).split()
    if not line:
        break
    if line[0] == b"hold":
        # its buffer is one byte longer
        held.append(bytearray(int(line[1]) - 1))
    os.write(1, b"done\n")
    if line[0] == b"spin":
        while not select.select([0], [], [], 0.002)[0]:
            passing = [Kept(number) for number in range(3)]
