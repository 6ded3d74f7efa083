#!/usr/bin/env python3
"""run.py - the command line as users see it: one folder a case.

    tests/cli/<command>/<case>/cmd           shell script, run by sh in a copy of tree/
    tests/cli/<command>/<case>/stdout        expected text (or stdout.glob: one shell pattern a line)
    tests/cli/<command>/<case>/stderr        the same for standard error
    tests/cli/<command>/<case>/exit          expected exit code (default 0)
    tests/cli/<command>/<case>/tree/         files the case starts with (optional)
    tests/cli/<command>/<case>/base          names of tests/cli/trees/* that are copied before tree/ (optional)

`run.py PROGRAM [CASE...]` runs them; `--update` rewrites stdout, stderr and exit from what came out (never what has a
.glob file). A case without any expectation fails. The temporary folder is shown as $TMP, the program's as $PROGRAM.
A script finds helpers in $LIB (lib.sh). One that cannot run here says why on standard error and exits with 77.
"""
import concurrent.futures
import fnmatch
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SKIP = 77
SANITIZER = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "WARNING: ThreadSanitizer")


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return None


def find_cases(names):
    cases = []
    for folder, dirs, files in os.walk(HERE):
        dirs.sort()
        if "cmd" in files:
            name = os.path.relpath(folder, HERE)
            if not names or any(name.startswith(n) for n in names):
                cases.append(name)
            dirs[:] = []
    return cases


def matches(pattern, text):
    want, got = pattern.splitlines(), text.splitlines()
    return len(want) == len(got) and all(fnmatch.fnmatchcase(g, w) for w, g in zip(want, got))


def run_case(name, program):
    case = os.path.join(HERE, name)
    with tempfile.TemporaryDirectory(prefix="cp-cli-") as tmp:
        tmp = os.path.realpath(tmp)
        bases = [os.path.join(HERE, "trees", base) for base in (read(os.path.join(case, "base")) or "").split()]
        for tree in (*bases, os.path.join(case, "tree")):
            if os.path.isdir(tree):
                shutil.copytree(tree, tmp, dirs_exist_ok=True, symlinks=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDPACK_", "AWS_"))}
        env.update(PATH=os.path.dirname(program) + os.pathsep + env["PATH"], TERM="dumb", LC_ALL="C.UTF-8", HOME=tmp,
                   LIB=os.path.join(HERE, "lib.sh"), TESTS=os.path.dirname(HERE), PYTHONDONTWRITEBYTECODE="1")
        done = subprocess.run(["sh", os.path.join(case, "cmd")], cwd=tmp, env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=300)
        texts = {}
        for key, raw in (("stdout", done.stdout), ("stderr", done.stderr)):
            text = raw.decode("utf-8", "replace")
            texts[key] = text.replace(tmp, "$TMP").replace(os.path.dirname(program), "$PROGRAM")
        return texts, done.returncode


def compare(name, texts, code):
    case, problems, expectations = os.path.join(HERE, name), [], 0
    for key in ("stdout", "stderr"):
        exact, pattern = read(os.path.join(case, key)), read(os.path.join(case, key + ".glob"))
        if exact is not None:
            expectations += 1
            if exact != texts[key]:
                problems.append(f"{key} differs\n--- expected\n{exact}--- got\n{texts[key]}")
        if pattern is not None:
            expectations += 1
            if not matches(pattern, texts[key]):
                problems.append(f"{key} does not match\n--- pattern\n{pattern}--- got\n{texts[key]}")
        if any(s in texts[key] for s in SANITIZER):
            problems.append(f"sanitizer report in {key}:\n{texts[key]}")
    want = int(read(os.path.join(case, "exit")) or 0)
    if want != code:
        problems.append(f"exit code {code}, expected {want}\n{texts['stderr']}")
    if expectations == 0:
        problems.append("the case expects nothing")
    return problems


def update(name, texts, code):
    case = os.path.join(HERE, name)
    for key in ("stdout", "stderr"):
        if not os.path.exists(os.path.join(case, key + ".glob")):
            with open(os.path.join(case, key), "w", encoding="utf-8") as f:
                f.write(texts[key])
    with open(os.path.join(case, "exit"), "w", encoding="utf-8") as f:
        f.write(f"{code}\n")


def one(name, program, updating):
    """The lines to print, and whether the case passed (None: it could not run here)."""
    texts, code = run_case(name, program)
    if code == SKIP:
        return [f"SKIP {name}: {texts['stderr'].strip()}"], None
    if updating:
        update(name, texts, code)
        return [f"new  {name}"], True
    problems = compare(name, texts, code)
    lines = [f"{'FAIL' if problems else 'ok  '} {name}"]
    return lines + ["     " + p.replace("\n", "\n     ") for p in problems], not problems


def main():
    args = [a for a in sys.argv[1:] if a != "--update"]
    if not args:
        sys.exit(__doc__)
    program, updating, results = os.path.realpath(args[0]), "--update" in sys.argv, []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines, passed in pool.map(lambda name: one(name, program, updating), find_cases(args[1:])):
            results.append(passed)
            print("\n".join(lines), flush=True)
    print(f"{results.count(True)} passed, {results.count(False)} failed, {results.count(None)} skipped")
    sys.exit(1 if False in results or not results else 0)


if __name__ == "__main__":
    main()
