"""Names moments of a program for memprof, the memory profiler.

    import memprof

    memprof.mark("loaded")
    with memprof.span("request"):
        ...

Reports are then about such a moment (``--at mark:loaded``), what was allocated between two of them
(``--between loaded end``), or within a span (``--filter 'mark==request'``). Spans nest.

The module is this one file and imports nothing but ``os``. When the program is not recorded, marks
and spans do nothing.
"""

import os

__all__ = ["mark", "span", "census", "listens"]


def _ask(what, name):
    # No file system has attributes of this namespace; memprof's own library answers instead.
    try:
        os.getxattr(name, what)
    except (AttributeError, OSError, ValueError):
        return False
    return True


#: Whether the program is being recorded.
listens = _ask("memprof.listens", "/")


def mark(name):
    """Names this moment."""
    if listens:
        _ask("memprof.mark", name)


def census(name):
    """Names this moment, and has the type and the owner of everything alive looked at."""
    if listens:
        _ask("memprof.census", name)


class span:
    """Names what happens within a ``with`` block."""

    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        if listens:
            _ask("memprof.begin", self.name)
        return self

    def __exit__(self, *error):
        if listens:
            _ask("memprof.end", self.name)
        return False
