"""A random program below many frames of calls.

usage: stacks_below.py FILE SEED SAMPLES FRAMES. What FILE holds is said in stacks.py.
"""

import os
import runpy
import sys

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stacks_random.py")
frames = int(sys.argv.pop())
sys.setrecursionlimit(frames + 2000)


def down(left):
    if left:
        return down(left - 1)
    return runpy.run_path(SCRIPT, run_name="__main__")


down(frames)
