"""Runs a command on a terminal of its own, does as a person would, and prints how it ended as JSON.

usage: terminal.py WAY COMMAND...
"""

import json
import os
import pty
import re
import select
import shlex
import signal
import sys
import time

PATIENCE = 100


class Terminal:
    def __init__(self, command):
        self.process, self.side = pty.fork()
        if not self.process:
            # whoever runs the tests may ignore these, and it would be inherited
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
                signal.signal(number, signal.SIG_DFL)
            os.execvp(command[0], command)
        self.text, self.place = "", 0

    def expect(self, pattern):
        """Reads on until something new matches."""
        deadline = time.monotonic() + PATIENCE
        while not (match := re.compile(pattern).search(self.text, self.place)):
            ready, _, _ = select.select([self.side], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no {pattern} in {self.text!r}"
            self.text += os.read(self.side, 4096).decode()
        self.place = match.end()
        return match

    def type(self, keys):
        os.write(self.side, keys.encode())

    def end(self):
        """The exit status, or a signal as a negative number."""
        try:
            while data := os.read(self.side, 4096):
                self.text += data.decode()
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


def state(process):
    with open(f"/proc/{process}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def parent(process):
    with open(f"/proc/{process}/stat") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


def way_interrupt(command):
    """Ctrl-C, which the program handles, then the end of its input."""
    terminal = Terminal(command)
    terminal.expect(r"ready \d+")
    terminal.type("\x03")
    terminal.expect("got 2")
    terminal.type("\x04")
    terminal.expect("done")
    return terminal.end(), terminal.text.count("got 2")


def way_interrupted(command):
    """Ctrl-C, which the program does not handle."""
    terminal = Terminal(command)
    terminal.expect("ready")
    terminal.type("\x03")
    return terminal.end(), terminal.text.count("KeyboardInterrupt")


def way_quit(command):
    """Ctrl-backslash."""
    terminal = Terminal(command)
    terminal.expect("ready")
    terminal.type("\x1c")
    return terminal.end(), 0


def way_close(command):
    """The window is closed."""
    terminal = Terminal(command)
    terminal.expect("ready")
    os.close(terminal.side)
    return os.waitstatus_to_exitcode(os.waitpid(terminal.process, 0)[1]), 0


def way_close_shell(command):
    """The window is closed, and the command is the job of a shell in it."""
    terminal = Terminal(["bash", "--norc", "--noprofile", "-i"])
    terminal.type(shlex.join(command) + "\n")
    program = int(terminal.expect(r"ready (\d+)")[1])
    recorder = os.pidfd_open(parent(program))
    os.close(terminal.side)
    ended, _, _ = select.select([recorder], [], [], PATIENCE)
    os.waitpid(terminal.process, 0)
    return 0 if ended else "the recorder has not ended", 0


def way_job(command):
    """Ctrl-Z, fg, Ctrl-C, the end of the input."""
    terminal = Terminal(["bash", "--norc", "--noprofile", "-i"])
    terminal.type(shlex.join(command) + "; echo status=$?\n")
    program = int(terminal.expect(r"ready (\d+)")[1])
    recorder = parent(program)
    terminal.type("\x1a")
    terminal.expect("Stopped")
    states = state(program) + state(recorder)
    terminal.type("fg\n")
    terminal.expect("memprof")
    while "T" in state(program) + state(recorder):
        time.sleep(0.01)
    terminal.type("\x03")
    terminal.expect("got 2")
    terminal.type("\x04")
    terminal.expect("done")
    terminal.type("exit 0\n")
    return terminal.end(), states


ended, detail = globals()["way_" + sys.argv[1]](sys.argv[2:])
print(json.dumps([ended, detail]))
