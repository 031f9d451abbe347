"""Two marks, between which one function's memory goes, another's comes, and a third one's stays."""

import memprof


def goes():
    return bytearray(3_000_000)


def comes():
    return bytearray(2_000_000)


def stays():
    return bytearray(1_000_000)


kept = [goes(), stays()]
memprof.mark("before")
kept[0] = comes()
memprof.mark("after")
