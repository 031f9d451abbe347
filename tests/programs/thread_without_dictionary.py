"""Threads whose outermost function is called as that of `threading` is, and whose first argument has no
attributes yet, so no dictionary."""
import _thread
import time


class Empty:
    pass


class List(list):
    pass


def _bootstrap(one):
    for _ in range(40):
        [object() for _ in range(100)]
        time.sleep(0.001)
    done.append(one)


done = []
for kind in (Empty, List):
    _thread.start_new_thread(_bootstrap, (kind(),))
while len(done) < 2:
    time.sleep(0.001)
print("alive")
