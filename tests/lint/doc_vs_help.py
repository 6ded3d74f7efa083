#!/usr/bin/env python3
"""doc_vs_help.py CLOUDPACK - a page of man/ names exactly the options that the program takes, and the other way round.

`cloudpack CMD --help` is printed from the option tables; man/cloudpack-CMD.1 is written by hand in mdoc, where an
option is `.It Fl -max-latency` in a list or `.Fl -json` in the synopsis. Common options may be left to cloudpack.1.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def commands():
    with open(os.path.join(ROOT, "cli/commands.def"), encoding="utf-8") as f:
        return re.findall(r"^CP_CMD\((\w+)\)", f.read(), re.MULTILINE)


def in_help(text):
    """Long options that start a line of the option list: `  -n, --runs N   ...`."""
    return set(re.findall(r"^\s+(?:-\w, |-\w )?\s*--([a-z][a-z0-9-]*)", text, re.MULTILINE))


def in_page(text):
    return set(re.findall(r"(?:^\.It|\bOc|^\.|,)?\s*\bFl -([a-z][a-z0-9-]*)", text))


def main():
    program = os.path.abspath(sys.argv[1])
    if not os.path.exists(program):
        print("no program yet")
        return 77
    bad, pages, options = [], 0, 0
    with open(os.path.join(ROOT, "man/cloudpack.1"), encoding="utf-8") as f:
        common = in_page(f.read())
    for command in commands():
        page = os.path.join(ROOT, f"man/cloudpack-{command}.1")
        if not os.path.exists(page):
            bad.append(f"man/cloudpack-{command}.1 is missing")
            continue
        with open(page, encoding="utf-8") as f:
            written = in_page(f.read())
        done = subprocess.run([program, command, "--help"], text=True, capture_output=True, check=False)
        told = in_help(done.stdout)
        if done.returncode or not done.stdout:
            bad.append(f"cloudpack {command} --help ended with {done.returncode}")
        bad += [f"cloudpack-{command}.1 lacks --{name}" for name in sorted(told - written - common)]
        bad += [f"cloudpack-{command}.1 names --{name}, which the program does not take"
                for name in sorted(written - told - common)]
        pages, options = pages + 1, options + len(told)
    print("\n".join(bad))
    print(f"= {pages} pages, {options} options")
    return 1 if bad or not options else 0


if __name__ == "__main__":
    sys.exit(main())
