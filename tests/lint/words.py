#!/usr/bin/env python3
"""words.py - a public header is read more often than its code: one third of its lines are words.

Counts the lines of lib/*/*.h and solvers/*.h that hold a comment against all that are not blank. The third is asked of
all headers together; a single header with functions must have a quarter.
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def share(path):
    words = lines = 0
    inside = False
    with open(path, encoding="utf-8") as f:
        for line in f:
            if not line.strip():
                continue
            lines += 1
            words += inside or "//" in line or "/*" in line
            inside = ("/*" in line or inside) and "*/" not in line
    return words, lines


def main():
    words = lines = 0
    bad = []
    for path in sorted(glob.glob(os.path.join(ROOT, "lib/*/*.h")) + glob.glob(os.path.join(ROOT, "solvers/*.h"))):
        w, n = share(path)
        words, lines = words + w, lines + n
        with open(path, encoding="utf-8") as f:
            functions = re.search(r"\);\s*$", f.read(), re.MULTILINE)
        if functions and w * 4 < n:
            bad.append(f"{os.path.relpath(path, ROOT)}: {w} of {n} lines hold words ({100 * w // n} %), 25 % are asked")
    print("\n".join(bad))
    print(f"= {words} of {lines} lines, {100 * words / max(lines, 1):.0f} %")
    if words * 3 < lines:
        print("one third is asked of all headers together")
    return 1 if bad or words * 3 < lines else 0


if __name__ == "__main__":
    sys.exit(main())
