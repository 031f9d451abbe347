"""Lets a pool do some work, and prints which process did each piece.

usage: pool.py METHOD
"""

import multiprocessing
import os
import sys

from work import work


def piece(_):
    work()
    return os.getpid()


if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(3) as pool:
        processes = pool.map(piece, range(24), chunksize=1)
        pool.close()
        pool.join()
    print(*processes)
