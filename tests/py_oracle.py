#!/usr/bin/env python3
"""Compares lib/py/scan with CPython's own ast, import by import.

    python3 tests/py_oracle.py --tool build/dev/lib/py/py_scan_dump [--roots DIR...] [--all-pythons]

For every file that the interpreter accepts, the records (line, kind, level, module, name, alias, and
the kinds of block around it) must be the same, and nothing may be reported as damaged. The files are
the standard library of the interpreter (with --all-pythons: of every Python 3.8 to 3.15 found), the
folders given, and tests/data/py, the syntax set: corpora hardly see f-strings, lambda or walrus
headers, tabs and form feeds, which is what that set is for.
"""

import argparse
import ast
import glob
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
FUNCTION, CLASS, TRY, HANDLER, TYPING, IF, ELSE, LOOP, WITH, FINALLY = (1 << i for i in range(10))
MASK = (1 << 10) - 1
PLAIN = re.compile(r"""[rRuU]?("[^"\\]*"|'[^'\\]*')$""")


class Imports(ast.NodeVisitor):
    def __init__(self, source):
        self.lines = source.split(b"\n")
        self.flags = 0
        self.records = []
        self.calls = set()
        self.plain_calls = set()  # whose argument is one literal, seen for certain
        self.text = source.decode("utf-8", "replace")

    def within(self, flag, nodes):
        before = self.flags
        self.flags |= flag
        for node in nodes:
            self.visit(node)
        self.flags = before

    def visit_Import(self, node):
        for a in node.names:
            self.records.append((node.lineno, "I", 0, a.name, "", a.asname or "", self.flags))

    def visit_ImportFrom(self, node):
        for a in node.names:
            self.records.append((node.lineno, "F", node.level, node.module or "", a.name,
                                 a.asname or "", self.flags))

    def visit_FunctionDef(self, node):
        self.within(0, node.decorator_list + [node.args])
        self.within(FUNCTION, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        self.within(0, node.decorator_list + node.bases + node.keywords)
        self.within(CLASS, node.body)

    def visit_If(self, node):
        test = node.test
        name = test.id if isinstance(test, ast.Name) else getattr(test, "attr", "")
        typing = name == "TYPE_CHECKING" and isinstance(test, (ast.Name, ast.Attribute))
        self.visit(test)
        self.within(TYPING if typing else IF, node.body)
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and self.is_elif(node.orelse[0]):
            self.visit(node.orelse[0])
        else:
            self.within(ELSE, node.orelse)

    def is_elif(self, node):
        return self.lines[node.lineno - 1][node.col_offset:].startswith(b"elif")

    def visit_For(self, node):
        self.visit(node.iter)
        self.within(LOOP, node.body)
        self.within(ELSE, node.orelse)

    visit_AsyncFor = visit_For

    def visit_While(self, node):
        self.visit(node.test)
        self.within(LOOP, node.body)
        self.within(ELSE, node.orelse)

    def visit_With(self, node):
        self.within(0, node.items)
        self.within(WITH, node.body)

    visit_AsyncWith = visit_With

    def visit_Try(self, node):
        self.within(TRY, node.body)
        for handler in node.handlers:
            self.within(HANDLER, handler.body)
        self.within(ELSE, node.orelse)
        self.within(FINALLY, node.finalbody)

    visit_TryStar = visit_Try

    def visit_Match(self, node):
        self.visit(node.subject)
        self.within(IF, [n for case in node.cases for n in case.body])

    def visit_JoinedStr(self, node):
        pass  # calls inside f-strings are not looked for

    def visit_Call(self, node):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in ("import_module", "__import__") and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                self.calls.add(first.value)
                if PLAIN.match(ast.get_source_segment(self.text, first) or ""):
                    self.plain_calls.add(first.value)
        self.generic_visit(node)


def expected(path):
    with open(path, "rb") as f:
        source = f.read()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    visitor = Imports(source.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    visitor.visit(tree)
    return visitor


def python_files(roots):
    for root in roots:
        for folder, below, names in os.walk(root):
            # What somebody installed beside a standard library is not part of it.
            below[:] = [n for n in sorted(below) if n not in ("site-packages", "dist-packages")]
            for name in sorted(names):
                if name.endswith(".py"):
                    yield os.path.join(folder, name)


def scan(tool, paths):
    found = {p: ([], [], []) for p in paths}
    run = subprocess.run([tool], input="\n".join(paths).encode(), stdout=subprocess.PIPE, check=True,
                         stderr=subprocess.PIPE)
    for line in run.stdout.decode("utf-8", "surrogateescape").split("\n"):
        part = line.split("\t")
        if len(part) == 4:
            found[part[0]][2].append(part[1] + " " + part[3])
        elif len(part) == 8 and part[2] in "IF":
            found[part[0]][0].append((int(part[1]), part[2], int(part[3]), part[4], part[5], part[6],
                                      int(part[7]) & MASK))
        elif len(part) == 8 and part[2] == "C":
            found[part[0]][1].append("." * int(part[3]) + part[4])
    return found


def own_package(calls):
    """Those written `__package__ + ".x"`, which are no literals to ast."""
    return {name for name in calls if name.startswith(".")}


def compare(tool, roots):
    paths = list(python_files(roots))
    found = scan(tool, paths)
    wrong = accepted = records = 0
    for path in paths:
        try:
            want = expected(path)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        accepted += 1
        records += len(want.records)
        got, calls, damage = found[path]
        problem = damage and "damage: " + damage[0]
        if not problem and sorted(want.records) != sorted(got):
            missing = sorted(set(want.records) - set(got))[:2]
            problem = "missing %s, extra %s" % (missing, sorted(set(got) - set(want.records))[:2])
        if not problem and not want.plain_calls <= set(calls):
            problem = "calls missed %s" % sorted(want.plain_calls - set(calls))[:2]
        if not problem and not set(calls) <= want.calls | own_package(calls):
            problem = "calls %s" % sorted(set(calls) - want.calls)[:2]
        if problem:
            wrong += 1
            print("%s: %s" % (path, problem))
    print("python %d.%d: %d files accepted of %d, %d imports, %d files disagree"
          % (sys.version_info[0], sys.version_info[1], accepted, len(paths), records, wrong))
    return wrong == 0 and accepted > 0 and records > 0


def others():
    """One interpreter of each other minor version, on PATH or pyenv's; shims that cannot run are passed over."""
    for minor in range(8, 16):
        name = "python3.%d" % minor
        places = [shutil.which(name)] + sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/" + name)))
        for exe in filter(None, places if minor != sys.version_info[1] else []):
            if subprocess.run([exe, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0:
                yield exe
                break


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--roots", nargs="*", default=[])
    parser.add_argument("--all-pythons", action="store_true")
    args = parser.parse_args()
    sys.setrecursionlimit(5000)
    syntax_set = os.path.join(HERE, "data", "py")
    good = compare(args.tool, [syntax_set])
    good &= compare(args.tool, [sysconfig.get_path("stdlib")] + args.roots)
    if args.all_pythons:
        for exe in others():
            good &= subprocess.run([exe, "-B", os.path.abspath(__file__), "--tool", args.tool]).returncode == 0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
