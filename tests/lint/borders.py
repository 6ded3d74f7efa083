#!/usr/bin/env python3
"""borders.py BUILD - the table of rooms in ARCHITECTURE.md is what the compiler enforces.

For every folder that is built, a file is compiled with the folder's own flags that includes one header of each other
folder. What the table allows must compile; what it does not name must fail because the header is not found. Both
directions, so that a check that always says "no" would be seen.
"""
import glob
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def allowed_includes():
    """{folder: set of folders} from the table's rows `| lib/elf | one job | core |`."""
    table = {}
    with open(os.path.join(ROOT, "ARCHITECTURE.md"), encoding="utf-8") as f:
        for line in f:
            row = re.match(r"\|\s*(?:lib/)?(\w+)\s*\|[^|]*\|\s*([^|]*?)\s*\|", line)
            if row and row.group(2) and row.group(1) != "folder":
                words = row.group(2)
                table[row.group(1)] = None if words == "everything" else set(re.findall(r"\w+", words))
    return table


def folder_flags(build):
    """{folder: command that compiles one of its files, without -o, -c and the file}."""
    flags = {}
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        for entry in json.load(f):
            found = re.match(re.escape(ROOT) + r"/(?:lib/)?(\w+)/[^/]+\.c$", os.path.normpath(entry["file"]))
            if found:
                words = shlex.split(entry["command"])
                cut = words.index("-o")
                flags[found.group(1)] = words[:cut] + ["-fsyntax-only", "-Wno-error", "-x", "c", "-"]
    return flags


def one_header(folder):
    for pattern in (f"lib/{folder}/*.h", f"{folder}/*.h"):
        found = sorted(glob.glob(os.path.join(ROOT, pattern)))
        if found:
            return f"{folder}/{os.path.basename(found[0])}"
    return None


def compiles(flags, header):
    done = subprocess.run(flags, input=f'#include "{header}"\n', text=True, stderr=subprocess.PIPE, check=False,
                          stdout=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
    return done.returncode == 0, done.stderr


def check(flags, folder, other, allowed, header):
    good, text = compiles(flags, header)
    if good and not allowed:
        return f"{folder} can include \"{header}\", which ARCHITECTURE.md does not allow"
    if not good and allowed:
        return f"{folder} cannot include \"{header}\", which ARCHITECTURE.md allows: {text.splitlines()[0]}"
    if not good and "file not found" not in text and "No such file" not in text:
        return f"{folder} with \"{header}\" fails for another reason: {text.splitlines()[0]}"
    return None


def main():
    table, flags = allowed_includes(), folder_flags(sys.argv[1])
    work = []
    for folder, command in sorted(flags.items()):
        if table.get(folder, None) is None:
            continue  # cli: everything; a folder without a row is told below
        for other in sorted(table):
            header = one_header(other)
            if other not in (folder, "cli", "runtime") and header:
                work.append((command, folder, other, other in table[folder], header))
    unknown = sorted(f for f in flags if f not in table and f not in ("tests", "alone", "build"))
    with ThreadPoolExecutor(2) as pool:
        bad = [text for text in pool.map(lambda w: check(*w), work) if text]
    bad += [f"{folder} has no row in the table of ARCHITECTURE.md" for folder in unknown]
    refused = sum(not w[3] for w in work)
    if not refused:
        bad.append("nothing was tried")
    print("\n".join(bad))
    print(f"= {refused} refused, {len(work) - refused} allowed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
