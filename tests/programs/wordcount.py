"""Counts the words of Python's own library and builds an index of where each one stands.

A small program with an honest memory profile: texts that come and go, an index that grows and
stays, and a copy of it, made for sorting, that makes the peak.
"""

import collections
import pathlib
import re
import sysconfig

WORD = re.compile(r"[A-Za-z_]{3,}")


def read_sources(limit):
    folder = pathlib.Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(folder.glob("*.py"))[:limit]:
        yield path.name, path.read_text(encoding="utf-8", errors="replace")


def build_index(limit=120):
    index = collections.defaultdict(list)
    for name, text in read_sources(limit):
        for number, line in enumerate(text.splitlines(), 1):
            for word in WORD.findall(line):
                index[word].append((name, number))
    return index


def most_common(index, count):
    ranked = sorted(((len(places), word) for word, places in index.items()), reverse=True)
    copies = [(word, list(index[word])) for _, word in ranked]
    return [(word, len(places)) for word, places in copies[:count]]


def main():
    index = build_index()
    for word, count in most_common(index, 5):
        print(f"{count:7}  {word}")


if __name__ == "__main__":
    main()
