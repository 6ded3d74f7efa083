#!/usr/bin/env python3
"""Writes stdlib.def: the top-level modules of the standard library, for CPython 3.10 to 3.14.

    python3 lib/py/data/gen_stdlib.py > lib/py/data/stdlib.def

Asks sys.stdlib_module_names of every interpreter on PATH; a version that is not installed is taken
from the PyPI package stdlib-list (0.12.0 or later), which must then be importable.
"""

import datetime
import shutil
import subprocess

FIRST, LAST = 10, 14
ASK = "import sys; print(*sys.stdlib_module_names)"


def from_interpreter(minor):
    exe = shutil.which("python3.%d" % minor)
    run = exe and subprocess.run([exe, "-I", "-c", ASK], capture_output=True, text=True)
    return set(run.stdout.split()) if run and run.returncode == 0 else None


def from_package(minor):
    import stdlib_list

    return {name.split(".")[0] for name in stdlib_list.stdlib_list("3.%d" % minor)}


def main():
    versions, sources = {}, []
    for minor in range(FIRST, LAST + 1):
        names = from_interpreter(minor)
        sources.append("3.%d: %s" % (minor, "interpreter" if names else "stdlib-list"))
        versions[minor] = (names or from_package(minor)) | {"__main__"}
    print("// stdlib.def - CP_STDLIB(name, first minor version, last minor version) of CPython 3.")
    print("//")
    print("// Written by gen_stdlib.py on %s. Sources: %s." % (datetime.date.today(), ", ".join(sources)))
    print("// %d in the last column means: still there in the newest version listed." % LAST)
    for name in sorted(set().union(*versions.values())):
        have = [minor for minor in versions if name in versions[minor]]
        assert have == list(range(have[0], have[-1] + 1)), name
        print("CP_STDLIB(%s, %d, %d)" % (name, have[0], have[-1]))


if __name__ == "__main__":
    main()
