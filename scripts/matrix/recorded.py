"""A program that was recorded, and what was recorded of it."""

import collections
import json
import os
import pathlib
import re
import subprocess
import tempfile

from .interpreters import PATIENCE

# blocks of these programs are known by their sizes, which nothing else has
EVENT = re.compile(rb'"size":([2-9]\d{5})\b.*"stack":(\d+)')
STACK = re.compile(rb'"stack":(\d+)')
# what stands at the outer end of a stack whose callers are not known
CUT = "<unknown callers>"


class Failed(Exception):
    """What was recorded is not what happened."""


class NotRun(Exception):
    """This machine lacks something, or there is no such thing in this version."""


def expect(got, wanted, what):
    if got != wanted:
        raise Failed(f"{what}: {got} for {wanted}")


class Run:
    def __init__(self, memprof, interpreter, arguments, options=("--no-native",), environment=None, command=None):
        self.memprof = memprof
        # from 3.15 on the bytes of a bytearray are an object with a header
        self.header = 32 if interpreter.version >= (3, 15) else 0
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.scratch.name)
        self.file = self.folder / "recording.bin"
        environment = os.environ | interpreter.environment | (environment or {})
        if interpreter.packages.is_dir():
            paths = [environment.get("PYTHONPATH"), str(interpreter.packages)]
            environment["PYTHONPATH"] = ":".join(filter(None, paths))
        line = [memprof, "run", "-q", "-o", self.file, *options, "--", *(command or interpreter.command), *arguments]
        self.output = subprocess.run(line, capture_output=True, text=True, env=environment,
                                     cwd=self.folder, timeout=PATIENCE)
        if self.output.returncode:
            last = (self.output.stderr.strip().splitlines() or ["?"])[-1]
            raise Failed(f"status {self.output.returncode}: {last[:100]}")
        self.stats = self.json("stats")
        if not self.stats["complete"] or self.stats["lost"]:
            raise Failed(f"incomplete: {self.stats.get('reason')}")

    def report(self, *words):
        output = subprocess.run([self.memprof, *words, self.file], capture_output=True, timeout=PATIENCE)
        if output.returncode:
            raise Failed(f"{words[0]}: {output.stderr.decode().strip()[:100]}")
        return output.stdout

    def json(self, *words):
        return json.loads(self.report(*words, "--json"))

    def blocks(self, *options):
        """The stacks of each large allocation by its size, as numbers; and those stacks, innermost
        first, as functions, files and lines."""
        sizes, stacks, wanted = collections.defaultdict(list), {}, set()
        for line in self.report("events", "--stacks", "--least", "200000", *options).splitlines():
            if b'"frames"' in line:
                # these come behind the last event
                if int(STACK.search(line)[1]) in wanted:
                    stack = json.loads(line)
                    frames = [(it["function"], it["file"], it["line"]) for it in reversed(stack["frames"])]
                    stacks[stack["stack"]] = frames
            elif found := EVENT.search(line):
                sizes[int(found[1]) - self.header].append(int(found[2]))
                wanted.add(int(found[2]))
        return sizes, stacks

    def functions(self, size, *options):
        """The functions of the stack of each allocation of a size."""
        sizes, stacks = self.blocks(*options)
        if not sizes[size]:
            raise Failed(f"no block of {size} bytes")
        return [[frame[0] for frame in stacks.get(stack, [])] for stack in sizes[size]]


def is_python(frame):
    """Whether a frame is no machine code, which is between the others with --native."""
    return frame[1].endswith(".py") or frame[1].startswith("<")


def compare_stacks(memprof, interpreter, script, arguments=(), before=(), options=("--no-native",), environment=None):
    """Runs a program that tells its stacks, and holds them against the recorded ones."""
    run = Run(memprof, interpreter, [*before, script, "told", *arguments], options,
              {"PYTHONPATH": str(pathlib.Path(script).parent)} | (environment or {}))
    told = json.loads((run.folder / "told").read_text())
    sizes, stacks = run.blocks()
    wrong = 0
    for size, numbers in told["samples"]:
        wanted = [tuple(told["frames"][str(number)]) for number in numbers]
        found = sizes[size - run.header]
        if any(it[0] == CUT for number in found for it in stacks.get(number, [])):
            raise Failed("a stack is cut")
        if len(found) != 1 or [it for it in stacks.get(found[0], []) if is_python(it)] != wanted:
            wrong += 1
    number = len(told["samples"])
    if wrong or not number:
        raise Failed(f"{wrong} of {number} stacks differ")
    return f"{number:,} stacks equal"
