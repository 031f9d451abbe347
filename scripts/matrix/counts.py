"""Programs that say behind each line what it makes, held against what was recorded."""

import pathlib
import re

from .recorded import Failed, NotRun, Run

PROMISE = re.compile(r"(.*?) (\d+)(?: of (\d+))?")


def promises(program):
    """Line, kind, number and, if only blocks of one size are meant, their bytes."""
    for number, line in enumerate(pathlib.Path(program).read_text().splitlines(), 1):
        if "  # counts: " in line:
            for said in line.split("  # counts: ")[1].split("; "):
                kind, count, size = PROMISE.fullmatch(said).groups()
                yield number, kind, int(count), size


def check(run, program, moment):
    tables, count = {}, 0
    for line, kind, number, size in promises(program):
        if size not in tables:
            filtered = ["--filter", f"size=={size}"] if size else []
            words = ["--at", moment, "--by", "type,site", "--top", "1000000", *filtered]
            tables[size] = run.json("partition", *words)["rows"]
        got = sum(row["count"] for row in tables[size]
                  if row.get("line") == line and row.get("file") == program and row["kind"] == kind)
        if got != number:
            raise Failed(f"{moment}, line {line}: {got} {kind} for {number}")
        count += number
    return count


def counted(program, package=None, environment=None):
    """A scenario: at the peak and where the program's own code ends; and, if it leaves without the
    interpreter's shutdown, at the peak and at the end."""
    def scenario(memprof, interpreter):
        if package and not interpreter.has(package):
            raise NotRun(f"no {package}")
        count = 0
        for arguments, moments in [([], ["peak", "main-end"]), (["leave"], ["peak", "end"])]:
            run = Run(memprof, interpreter, [program, *arguments], environment=environment)
            for moment in moments:
                count = check(run, program, moment)
        return f"{count:,} of their kinds"
    return scenario
