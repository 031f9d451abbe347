"""Starts children in every way, and prints what they say. Each does some work of its own.

usage: children.py WAY
"""

import multiprocessing
import os
import subprocess
import sys

SEE = "import os; print('child', sorted(k for k in os.environ if 'PRELOAD' in k or 'MEMPROF' in k)," \
      " 'memprof' in open('/proc/self/maps').read(), sum(len(bytearray(700001)) for _ in range(9)))"


def work(number):
    return sum(len(bytearray(700001)) for _ in range(9)) + number


def in_child(function):
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        try:
            function()
            sys.stdout.flush()
        finally:
            os._exit(5)
    print("ended with", os.waitpid(pid, 0)[1])


def way_fork():
    in_child(lambda: print("child", work(1), [work(n) for n in range(3)][-1]))
    in_child(lambda: in_child(lambda: print("grandchild", work(2))))


def way_fork_exec():
    in_child(lambda: os.execv(sys.executable, [sys.executable, "-c", SEE]))


def way_subprocess():
    print(subprocess.run([sys.executable, "-c", SEE], capture_output=True, text=True))
    print(subprocess.run(["sh", "-c", "env | grep -c MEMPROF"], capture_output=True, text=True))
    print(subprocess.run(["env"], env={"A": "b"}, capture_output=True, text=True))
    try:
        subprocess.run(["/nowhere/to/be/found"])
    except FileNotFoundError as error:
        print(error)


def way_system():
    sys.stdout.flush()
    print(os.system("echo \"child $LD_PRELOAD $MEMPROF_SESSION\"; exit 3"))
    print(os.popen("echo popen").read())


def way_spawn():
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", SEE], os.environ)
    print("ended with", os.waitpid(pid, 0)[1])
    print(os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", SEE]))


def way_multiprocessing():
    for method in ["fork", "spawn"]:
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(work, range(6)))


def main():
    before = bytearray(600011)
    globals()["way_" + sys.argv[1]]()
    after = bytearray(600023)
    print("parent", len(before) + len(after))


if __name__ == "__main__":
    main()
