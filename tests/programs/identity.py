"""Everything that a program can see of itself and that must not change when it is recorded."""

import os
import resource
import signal
import sys

print("arguments", sys.argv)
print("original arguments", getattr(sys, "orig_argv", None))
print("command line", open("/proc/self/cmdline", "rb").read())
print("executable", sys.executable, os.readlink("/proc/self/exe"))
print("path", sys.path)
print("flags", sys.flags)
print("prefix", sys.prefix, sys.base_prefix)
print("modules", sorted(sys.modules))
for name, value in sorted(os.environ.items()):
    print("environment", name, value)
print("environment of the kernel", sorted(
    line for line in open("/proc/self/environ", "rb").read().split(b"\0")
    if not line.startswith((b"LD_PRELOAD=", b"MEMPROF_"))))
for name in sorted(os.listdir("/proc/self/fd"), key=int):
    try:
        kind = os.readlink(f"/proc/self/fd/{name}").split(":")[0]
    except FileNotFoundError:  # that of the listing itself
        continue
    print("descriptor", name, kind)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
for name in ["Name", "Umask", "Threads", "SigPnd", "SigBlk", "SigIgn", "SigCgt", "NoNewPrivs", "Seccomp"]:
    value = status[name].strip()
    if name.startswith("Sig"):
        # Signals 32 and 33 are the C library's own, and depend on how it starts a process.
        value = hex(int(value, 16) & ~(3 << 31))
    print(name, value)
print("handlers", [(number, str(signal.getsignal(number))) for number in range(1, 32)])
print("terminal", [os.isatty(number) for number in range(3)])
print("group", os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid())
print("limits", [resource.getrlimit(which) for which in range(10)])
print("nice", os.nice(0), os.sched_getaffinity(0))
print("hash", type(hash("x")), sys.getrecursionlimit(), sys.getswitchinterval())
print("input", sys.stdin.read())
print("on the standard error", file=sys.stderr)
sys.exit(7)
