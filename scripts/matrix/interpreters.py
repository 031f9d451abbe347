"""The interpreters of this machine, and how each is run."""

import os
import pathlib
import re
import subprocess
import tempfile

VERSIONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]
PATIENCE = 300
HOST = pathlib.Path("/usr/lib/x86_64-linux-gnu")


class Interpreter:
    def __init__(self, name, command, environment, packages, scratch):
        self.name, self.command, self.environment = name, command, environment
        code = "import sys; print(*sys.version_info[:3]); print(sys.base_prefix)"
        output = subprocess.run(command + ["-c", code], capture_output=True, text=True, check=True,
                                env=os.environ | environment, timeout=PATIENCE)
        version, self.prefix = output.stdout.splitlines()
        self.version = tuple(int(number) for number in version.split())
        self.short = f"{self.version[0]}.{self.version[1]}"
        self.packages = pathlib.Path(packages) / self.short / "site-packages"
        self.executable = command[0]
        if len(command) > 1:
            # what a program starts that starts its own interpreter
            wrapper = pathlib.Path(scratch) / f"python-{len(os.listdir(scratch))}"
            wrapper.write_text("#!/bin/sh\nexec " + " ".join(command) + ' "$@"\n')
            wrapper.chmod(0o755)
            self.executable = str(wrapper)

    def has(self, package):
        return (self.packages / package).is_dir()

    @property
    def title(self):
        version = ".".join(map(str, self.version))
        return self.name.replace(" ", "<br>") if version in self.name else f"{self.name}<br>{version}"


def of_root(root, scratch):
    """The command and the environment of each interpreter of a Debian tree."""
    loaders = [root / folder / "ld-linux-x86-64.so.2" for folder in ["lib64", "usr/lib64"]]
    # where the name is a link from the root of the file system
    loaders += root.glob("lib/x86_64-linux-gnu/ld-[0-9]*.so")
    loader = next((it for it in loaders if it.exists()), None)
    libraries = [root / "usr/lib/x86_64-linux-gnu", root / "lib/x86_64-linux-gnu"]
    if not (libraries[0] / "libstdc++.so.6").exists():
        # packages of C++ want it, and it asks for no newer C library than this machine's
        borrowed = pathlib.Path(tempfile.mkdtemp(dir=scratch))
        for name in ["libstdc++.so.6", "libgcc_s.so.1"]:
            if (HOST / name).exists():
                (borrowed / name).symlink_to((HOST / name).resolve())
        libraries.append(borrowed)
    for python in sorted(root.glob("usr/bin/python3.*")):
        if re.fullmatch(r"python3\.\d+", python.name) and loader:
            path = ":".join(map(str, libraries))
            yield ([str(loader), "--library-path", path, str(python)], {"PYTHONHOME": str(root / "usr")})


def find(roots, packages, scratch):
    """All that are here, by version. `scratch` is a folder that stays while they are used."""
    found = []
    for version in sorted((pathlib.Path.home() / ".pyenv" / "versions").glob("3.*")):
        if ".".join(version.name.split(".")[:2]) in VERSIONS:
            command = [str(version / "bin" / "python3")]
            found.append(Interpreter(f"pyenv {version.name}", command, {}, packages, scratch))
    if pathlib.Path("/usr/bin/python3").exists():
        found.append(Interpreter("system", ["/usr/bin/python3"], {}, packages, scratch))
    for root in sorted(pathlib.Path(roots).iterdir()) if roots else []:
        if root.is_dir():
            for command, environment in of_root(root, scratch):
                found.append(Interpreter(f"Debian {root.name}", command, environment, packages, scratch))
    found.sort(key=lambda it: (it.version, it.name))
    return found
