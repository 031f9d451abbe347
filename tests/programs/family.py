"""Forks two workers. What the parent made before counts once; each worker keeps something of its own
until all three have it."""

import os


def inherited():
    return bytearray(4_000_000)


def keeps_of_first():
    return bytearray(3_000_000)


def keeps_of_second():
    return bytearray(2_000_000)


def work(keep, ready, go):
    kept = keep()
    os.write(ready, b"r")
    os.read(go, 1)
    return len(kept)


def main():
    kept = inherited()
    ready, say_ready = os.pipe()
    go, say_go = os.pipe()
    children = []
    for keep in (keeps_of_first, keeps_of_second):
        child = os.fork()
        if not child:
            work(keep, say_ready, go)
            os._exit(0)
        children.append(child)
    for _ in children:
        os.read(ready, 1)
    os.write(say_go, b"gg")
    for child in children:
        os.waitpid(child, 0)
    print(len(kept))


main()
