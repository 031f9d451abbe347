"""The scenarios: each takes memprof and an interpreter, and returns what it has shown."""

import os
import pathlib
import subprocess
import tempfile

from . import programs
from .counts import counted
from .recorded import CUT, Failed, NotRun, Run, compare_stacks, expect, is_python

PROGRAMS = pathlib.Path(__file__).resolve().parent.parent.parent / "tests" / "programs"


def code(text, check, **more):
    return lambda memprof, interpreter: check(Run(memprof, interpreter, ["-c", text], **more))


def needs(package, scenario):
    def checked(memprof, interpreter):
        if not interpreter.has(package):
            raise NotRun(f"no {package}")
        return scenario(memprof, interpreter)
    return checked


def from_version(version, scenario):
    def checked(memprof, interpreter):
        if interpreter.version < version:
            raise NotRun(f"from {version[0]}.{version[1]} on")
        return scenario(memprof, interpreter)
    return checked


def stacks(script, *arguments, before=(), native=False, environment=None):
    """A program that tells its stacks, perhaps run by a module of the interpreter's own."""
    options = ["--native"] if native else ["--no-native"]
    return lambda memprof, interpreter: compare_stacks(
        memprof, interpreter, str(PROGRAMS / script), arguments, before, options, environment)


def innermost(size, *functions):
    def check(run):
        for stack in run.functions(size):
            expect(stack[:len(functions)], list(functions), "functions")
        return "ok"
    return check


def chain(run):
    (stack,) = run.functions(333334)
    expect([name.split(".")[-1] for name in stack][:2], ["leaf", "middle"], "await chain")
    return "ok"


def c_threads(run):
    stacks = run.functions(333334)
    expect(stacks, [["inside", "thread"]] * 4, "stacks of C's threads")
    return "ok"


def callback(run):
    sizes, stacks = run.blocks()
    (stack,) = {tuple(stacks[number]) for number in sizes[333334]}
    names = [frame[0] for frame in stack]
    expect([frame[0] for frame in stack if is_python(frame)], ["compare", "caller", "<module>"], "Python's frames")
    between = names[names.index("compare") + 1:names.index("caller")]
    if not any("sort" in name for name in between):
        raise Failed(f"no sorting between the frames: {between}")
    return f"ok, {len(between)} frames of machine code between Python's"


def compiled(run):
    """Loops that the interpreter compiles are the same with and without it."""
    if run.output.stdout != "compiled\n":
        raise NotRun("built without a compiler")
    sizes, stacks = run.blocks()
    wanted = [["loop", "<module>"]] * 3 + [["inside", "loop", "<module>"]] * 2
    for size, functions in zip(range(333334, 333339), wanted):
        seen = {tuple(stacks[number]) for number in sizes[size]}
        for stack in seen:
            expect([frame[0] for frame in stack if is_python(frame)], functions, f"functions of {size} bytes")
            if any(frame[0] == CUT or frame[0].startswith("0x") and " in " not in frame[0] for frame in stack):
                raise Failed(f"cut, or of no file: {stack}")
        expect(len(sizes[size]), 10000, f"blocks of {size} bytes")
    return f"ok, {len(wanted)} lines"


def pool(method):
    def scenario(memprof, interpreter):
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write(programs.POOL)
            file.flush()
            run = Run(memprof, interpreter, [file.name, method, interpreter.executable],
                      ["--follow-children", "--no-native"])
        sizes, _ = run.blocks()
        expect(len(sizes[333334]), 120, "blocks of the children")
        expect(run.stats["unknown_frees"], 0, "unknown frees")
        return "ok"
    return scenario


def executed_again(memprof, interpreter):
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(programs.TWICE)
        file.flush()
        run = Run(memprof, interpreter, [file.name, interpreter.executable])
    sizes, _ = run.blocks()
    expect([len(sizes[333334]), len(sizes[444445])], [1, 1], "blocks of both programs")
    return "ok"


def embedded(memprof, interpreter):
    libraries = sorted(pathlib.Path(interpreter.prefix).glob(f"lib/libpython{interpreter.short}.so.1.0"))
    if not libraries:
        raise NotRun("a static interpreter")
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/embed"
        subprocess.run(["cc", "-O1", "-g", "-fno-builtin", "-D_GNU_SOURCE", "-pthread", "-o", program,
                        PROGRAMS / "embed.c", "-ldl"], check=True)
        run = Run(memprof, interpreter, [str(libraries[0])], environment={"PYTHONHOME": interpreter.prefix},
                  command=[program])
    expect(run.output.stdout.count("1000"), 2, "rounds")
    for size, functions in [(234568, ["<module>"]), (234569, ["<module>"]),
                            (345679, ["in_thread", "<module>"]), (345680, ["in_thread", "<module>"])]:
        for stack in run.functions(size - run.header):
            expect(stack, functions, f"stack of {size} bytes")
    return "ok"


def outlived(native):
    def scenario(memprof, interpreter):
        with tempfile.TemporaryDirectory() as folder:
            library = f"{folder}/daemons.so"
            subprocess.run(["cc", "-O1", "-fno-builtin", "-shared", "-fPIC", "-o", library,
                            PROGRAMS / "daemons.c"], check=True)
            run = Run(memprof, interpreter, [str(PROGRAMS / "daemons.py"), library], [native],
                      {"MALLOC_PERTURB_": "165"})
        expect(run.output.stdout, "6 went on\n", "threads")
        return "ok"
    return scenario


def malloc(choice):
    def scenario(memprof, interpreter):
        run = Run(memprof, interpreter, ["-c", programs.MALLOC], environment={"PYTHONMALLOC": choice})
        names = ["inside", "<module>"]
        if interpreter.version < (3, 12):
            # a comprehension is a function of its own, with a qualified name from 3.11 on
            names.insert(0, "inside.<locals>.<listcomp>" if interpreter.version >= (3, 11) else "<listcomp>")
        for size in range(333334, 333339):
            expect(run.functions(size), [names], "functions")
        expect(run.stats["unknown_frees"], 0, "unknown frees")
        return "ok"
    return scenario


def deep(run):
    (stack,) = run.functions(333334)
    expect(stack.count("down"), 100_001, "frames")
    return "ok"


KINDS, ARRAYS = str(PROGRAMS / "kinds_and_lines.py"), str(PROGRAMS / "arrays.py")
WALK = "stacks_random.py"

SCENARIOS = {
    "stacks of every kind": stacks("stacks.py"),
    "random stacks": stacks(WALK, "20261122", "4000"),
    "random stacks, hundreds of frames": stacks("stacks_deep.py", "20261122", "1500"),
    "random stacks of greenlets": needs("greenlet", stacks("stacks_greenlets.py", "20261122", "4000")),
    "recursion of 100,000 frames": code(programs.RECURSION, deep),
    "asyncio: await chain": code(programs.CHAIN, chain),
    "gevent, threads patched": needs("gevent", code(programs.GEVENT, innermost(333334, "inside"))),
    "subinterpreter": code(programs.SUBINTERPRETER, innermost(333334, "inside", "<module>")),
    "threads of C": code(programs.C_THREADS, c_threads),
    "dlopen, twice initialised, C threads": embedded,
    "--native: machine code between frames": code(programs.NATIVE, callback, options=["--native"]),
    "--native: random stacks": stacks(WALK, "11", "1000", native=True),
    "threads that outlive the interpreter": outlived("--no-native"),
    "--native: threads that outlive it": outlived("--native"),
    "kinds by line": counted(KINDS),
    "kinds by line, PYTHONMALLOC=debug": counted(KINDS, environment={"PYTHONMALLOC": "debug"}),
    "numpy's arrays and their buffers": counted(ARRAYS, "numpy"),
    **{f"PYTHONMALLOC={choice}": malloc(choice) for choice in ["debug", "malloc", "pymalloc", "default"]},
    "PYTHONMALLOC=mimalloc": from_version((3, 13), malloc("mimalloc")),
    "-X dev": stacks(WALK, "4", "1000", before=["-X", "dev"]),
    "with tracemalloc": stacks(WALK, "1", "1000", before=["-X", "tracemalloc"]),
    "with cProfile": stacks(WALK, "2", "1000", before=["-m", "cProfile", "-o", os.devnull]),
    "with sys.settrace (trace)": stacks(WALK, "3", "300", before=["-m", "trace", "--count", "-C", "."]),
    "with sys.monitoring": from_version((3, 12), stacks(WALK, "5", "1000", before=["-c", programs.MONITORED])),
    "with coverage": needs("coverage", stacks(WALK, "7", "1000", before=["-m", "coverage", "run"])),
    "with -X perf": from_version((3, 12), stacks(WALK, "8", "1000", before=["-X", "perf"])),
    "--native: with -X perf": from_version((3, 12), stacks(WALK, "9", "1000", before=["-X", "perf"], native=True)),
    "PYTHON_JIT=1": from_version((3, 14), stacks(WALK, "10", "1000", environment={"PYTHON_JIT": "1"})),
    "--native: loops, PYTHON_JIT=1": from_version((3, 14), code(
        programs.COMPILED, compiled, options=["--native"], environment={"PYTHON_JIT": "1"})),
    "--native: PYTHON_JIT=1": from_version((3, 14), stacks(WALK, "12", "1000", native=True,
                                                           environment={"PYTHON_JIT": "1"})),
    "executes itself again": executed_again,
    **{f"Pool, {method}": pool(method) for method in ["fork", "spawn", "forkserver"]},
}
