"""Prints code objects of the standard library with the line and column of each instruction.

One line of JSON each: the kind of table (as the wire numbers it), the first line, the table in
hexadecimal, and for each instruction its place in code units, its line and its column.
"""
import dis
import importlib
import json
import sys
import types

MODULES = ["argparse", "ast", "asyncio.base_events", "collections", "dataclasses", "decimal",
           "difflib", "email.message", "enum", "http.client", "inspect", "json.decoder", "logging",
           "pathlib", "pickle", "re", "socket", "subprocess", "tarfile", "textwrap", "threading",
           "typing", "unittest.case", "urllib.parse", "xml.dom.minidom", "zipfile"]


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def places(code):
    """(unit, line, column) of each instruction, None where there is none."""
    if hasattr(code, "co_positions"):
        for unit, (line, _, column, _) in enumerate(code.co_positions()):
            yield unit, line, column
    elif hasattr(code, "co_lines"):
        for start, end, line in code.co_lines():
            for offset in range(start, end, 2):
                yield offset // 2, line, None
    else:
        starts = dict(dis.findlinestarts(code))
        line = code.co_firstlineno
        for offset in range(0, len(code.co_code), 2):
            line = starts.get(offset, line)
            yield offset // 2, line, None


def main():
    version = sys.version_info[:2]
    kind = 0 if version < (3, 10) else 1 if version == (3, 10) else 2
    for name in MODULES:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        with open(module.__file__, encoding="utf-8") as file:
            source = file.read()
        for code in codes(compile(source, module.__file__, "exec")):
            table = code.co_linetable if kind else code.co_lnotab
            print(json.dumps({"kind": kind, "first": code.co_firstlineno, "table": table.hex(),
                              "places": list(places(code))}))


main()
