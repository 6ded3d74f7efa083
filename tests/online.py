#!/usr/bin/env python3
"""online.py PROGRAM [NAME...] - what goes wrong when the function really runs, and when packages are really installed.

These need the package index (AWS's runtime client, wheels), so they are no cases of tests/cli. All of them use one
small project, whose .cloudpack keeps the runtime client from case to case. Each case is a function below; its name
says what holds. Prints one line a case, then `N passed, N failed, N skipped`.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TINY = os.path.join(HERE, "cli", "trees", "tiny")
SANITIZER = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:")


class Wrong(Exception):
    """The program did something else than the case expects."""


class Skip(Exception):
    """The case cannot run here."""


class Project:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDPACK_", "AWS_"))}

    def reset(self):
        """The tiny function again, without facts, plan and build."""
        for name in os.listdir(self.folder):
            if name != ".cloudpack":
                self.remove(name)
        for name in ("store.db", "store.db-wal", "store.db-shm", "plan.json", "build", "stage"):
            self.remove(os.path.join(".cloudpack", name))
        shutil.copytree(TINY, self.folder, dirs_exist_ok=True)

    def remove(self, name):
        path = os.path.join(self.folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.remove(path)

    def write(self, name, text, mode="w"):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, mode) as f:
            f.write(text)

    def app(self, *lines):
        self.write("app.py", "\n".join(lines) + "\n")

    def setting(self, line):
        self.write("cloudpack.yml", line + "\n", "a")

    def start(self, *arguments):
        return subprocess.Popen([self.program, *arguments], cwd=self.folder, env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments, code=0, says=(), env=None):
        """Runs a command; checks its exit code and that stderr contains every text of `says`; returns stdout."""
        done = subprocess.run([self.program, *arguments], cwd=self.folder, env={**self.environment, **(env or {})},
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=300)
        check(done, arguments, code, [says] if isinstance(says, str) else says)
        if "-v" in sys.argv:
            print(f"  $ cloudpack {' '.join(arguments)}  => {done.returncode}\n{done.stderr}{done.stdout[:1500]}")
        return done.stdout

    def ready(self, *upto):
        for command in upto or ("analyze", "optimize", "build"):
            self.run(command, "-q")

    def leftovers(self):
        """Temporary files and folders that nobody will use again."""
        found = []
        for folder, dirs, files in os.walk(os.path.join(self.folder, ".cloudpack")):
            found += [os.path.join(folder, n) for n in dirs + files if ".tmp-" in n or n.startswith((".new", "record-"))]
            if os.path.basename(folder) == "scratch":
                found += [os.path.join(folder, n) for n in dirs]
        return [os.path.relpath(path, self.folder) for path in found]


def check(done, arguments, code, says):
    what = f"cloudpack {' '.join(arguments)}"
    if any(text in done.stderr for text in SANITIZER):
        raise Wrong(f"{what}: {done.stderr}")
    if done.returncode != code:
        raise Wrong(f"{what} ended with {done.returncode}, not {code}: {done.stderr}")
    for text in says:
        if text not in done.stderr:
            raise Wrong(f"{what} does not say {text!r}: {done.stderr}")


# The handler ---------------------------------------------------------------------------------------------------------


def a_good_handler_is_profiled(p):
    p.ready("analyze")
    p.run("profile", "--runs", "1", "--json")


def a_handler_that_raises_at_import_is_named_with_its_line(p):
    p.app("import tinylib", "raise RuntimeError('no database')", "def handler(event, context):", "    return 1")
    p.ready("analyze")
    p.run("profile", "--runs", "1", code=1, says=["failed while it was imported", "RuntimeError: no database", "app.py:2"])
    p.ready("optimize")  # the static path goes on working


def a_missing_module_is_named(p):
    p.app("import tinylibb", "def handler(event, context):", "    return 1")
    p.run("analyze", says="app.py:1: warning: tinylibb is neither in the project nor among the packages")
    p.run("profile", "--runs", "1", code=1, says="No module named 'tinylibb'")


def a_handler_over_its_time_is_stopped(p):
    p.setting("timeout_s: 1")
    p.app("import time", "def handler(event, context):", "    time.sleep(60)")
    p.ready("analyze")
    started = time.monotonic()
    p.run("profile", "--runs", "1", code=1, says=["timed out after 1.00 seconds", "timeout_s"])
    if time.monotonic() - started > 20:
        raise Wrong("it took far longer than the time limit")


def a_handler_that_ends_the_process_is_reported(p):
    for line, says in (("sys.exit(3)", "exit status 3"), ("os.kill(os.getpid(), 11)", "signal 11"),
                       ("os._exit(0)", "exit status 0")):
        p.app("import os, sys", "def handler(event, context):", "    " + line)
        p.ready("analyze")
        p.run("profile", "--runs", "1", code=1, says=["on the first event", says])
    p.app("import os", "os._exit(0)", "def handler(event, context):", "    pass")
    p.ready("analyze")
    p.run("profile", "--runs", "1", code=1, says=["while it was imported", "exit status 0"])


def an_event_that_raises_is_a_warning(p):
    p.app("def handler(event, context):", "    raise ValueError('bad event')")
    p.ready("analyze")
    p.run("profile", "--runs", "1", says="warning: event one: ValueError: bad event (app.py:2)")


def an_answer_that_is_no_json_is_a_warning(p):
    p.app("def handler(event, context):", "    return {1, 2}")
    p.ready("analyze")
    p.run("profile", "--runs", "1", says="Runtime.MarshalError")


def code_written_since_the_analysis_is_not_measured(p):
    p.ready("analyze")
    p.app("def handler(event, context):", "    return 2")
    p.run("profile", "--runs", "1", code=1, says=["app.py was written since it was analyzed", "cloudpack analyze"])


def an_interrupted_profile_leaves_nothing(p):
    p.app("import time", "def handler(event, context):", "    time.sleep(20)")
    p.ready("analyze")
    running = p.start("profile", "--runs", "1")
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=20)
    if running.returncode != 130 or "interrupted" not in stderr:
        raise Wrong(f"exit {running.returncode}: {stderr}")
    if p.leftovers():
        raise Wrong(f"left behind: {p.leftovers()}")


# Events --------------------------------------------------------------------------------------------------------------


def events_that_are_not_there_or_not_json_are_refused_with_their_place(p):
    p.ready("analyze")
    p.run("profile", "--events", "nope", code=1, says="nope")
    os.makedirs(os.path.join(p.folder, "bad"))
    p.run("profile", "--events", "bad", code=1, says="bad")
    for text, says in (('{"n": 1,}', "bad/a.json:1:9"), ("", "bad/a.json:1:1"), ("[1, 2", "bad/a.json:1:6"),
                       ('{"event": 1, "tolerance": "x"}', "tolerance"), (" " * 7_000_000, "bad/a.json: 7000000 bytes")):
        p.write("bad/a.json", text)
        p.run("profile", "--events", "bad", code=1, says=says)
    p.remove("bad/a.json")
    os.mkfifo(os.path.join(p.folder, "bad", "b.json"))
    p.run("profile", "--events", "bad", code=1, says="bad")
    p.run("profile", "--events", "app.py", code=1, says="app.py")
    p.run("profile", "--runs", "0", code=2, says="profile.runs")


# Built functions -----------------------------------------------------------------------------------------------------


def a_built_function_answers_like_the_original(p):
    p.ready()
    seen = json.loads(p.run("verify", "--runs", "1", "--json"))
    if (seen["events"], seen["equal"], seen["different"]) != (1, 1, []):
        raise Wrong(f"verify says {seen}")
    if json.loads(p.run("invoke", "--local", "events/one.json")) != {"n": 42}:
        raise Wrong("invoke has another answer")


def an_exception_of_the_built_function_is_printed_as_json(p):
    p.app("def handler(event, context):", "    raise KeyError('x')")
    p.ready()
    raised = json.loads(p.run("invoke", "--local", "events/one.json", code=1))
    if raised["errorType"] != "KeyError" or "stackTrace" not in raised:
        raise Wrong(f"invoke printed {raised}")


def another_answer_is_exit_6(p):
    p.app("import random", "def handler(event, context):", "    return {'n': random.random()}")
    p.ready()
    shown = json.loads(p.run("verify", "--runs", "1", "--json", code=6, says=["1 of 1 events", "ignore"]))
    if shown["different"][0]["event"] != "one":
        raise Wrong(f"verify says {shown['different']}")


def verify_and_invoke_want_a_whole_build(p):
    p.run("verify", code=1, says="cloudpack analyze")
    p.ready("analyze")
    p.run("verify", code=1, says="cloudpack optimize")
    p.ready("optimize")
    for command in (["verify"], ["invoke", "--local", "events/one.json"]):
        p.run(*command, code=1, says="cloudpack build")
    p.ready("build")
    package = os.path.join(p.folder, ".cloudpack", "build", "function.zip")
    whole = open(package, "rb").read()
    for broken in (b"", whole[:1000], whole[:-30], b"x" * 5000, whole[:2000] + b"x" * 500 + whole[2500:]):
        p.write(".cloudpack/build/function.zip", broken, "wb")
        p.run("invoke", "--local", "events/one.json", code=1, says="function.zip")
    p.run("invoke", "--local", "nope.json", code=1, says="nope.json")
    p.run("invoke", "--local", code=2, says="event")
    p.run("invoke", "events/one.json", code=2, says="--local")


# Packages ------------------------------------------------------------------------------------------------------------


def installers():
    return ["pip"] + (["uv"] if shutil.which("uv") else [])


def check_no_site(p):
    site = os.path.join(p.folder, ".cloudpack", "site")
    if os.path.isdir(site) and os.listdir(site):
        raise Wrong(f"left behind: {os.listdir(site)}")


def a_requirement_without_a_wheel_is_named_with_the_tags_that_there_are(p):
    for installer in installers():
        p.remove(".cloudpack/site")
        p.write("r.txt", "pywin32==306\n")
        p.run("analyze", "--requirements", "r.txt", code=1, env={"CLOUDPACK_INSTALLER": installer},
              says=["pywin32", "win_amd64", "x86_64"])
        p.write("r.txt", "six==99.0\n")
        p.run("analyze", "--requirements", "r.txt", code=1, env={"CLOUDPACK_INSTALLER": installer}, says="six==99.0")
        check_no_site(p)


def a_file_that_lists_nonsense_is_refused(p):
    for installer in installers():
        p.write("r.txt", "six ==== 1\n")
        p.run("analyze", "--requirements", "r.txt", code=1, env={"CLOUDPACK_INSTALLER": installer}, says="six")
    p.write("pyproject.toml", "[project\nname = 1\n")
    p.run("analyze", "--requirements", "pyproject.toml", code=1, says="pyproject.toml")
    check_no_site(p)


def requirements_are_installed_once(p):
    p.app("import six", "def handler(event, context):", "    return six.PY3")
    p.write("r.txt", "six==1.16.0\n")
    for _ in range(2):
        facts = json.loads(p.run("analyze", "--requirements", "r.txt", "--json"))
        if not any(m["name"] == "six" and m["initial"] for m in facts["modules"]):
            raise Wrong("six is not reached")


CASES = [f for name, f in list(globals().items()) if name.startswith(("a_", "an_", "another_", "code_", "events_",
                                                                      "verify_", "requirements_"))]


def main():
    arguments = [a for a in sys.argv[1:] if a != "-v"]
    if not arguments:
        sys.exit(__doc__)
    results = []
    with tempfile.TemporaryDirectory(prefix="cp-online-") as folder:
        project = Project(os.path.abspath(arguments[0]), os.path.realpath(folder))
        os.makedirs(os.path.join(folder, ".cloudpack"))
        for case in CASES:
            if arguments[1:] and case.__name__ not in arguments[1:]:
                continue
            started = time.monotonic()
            try:
                project.reset()
                case(project)
                verdict, passed = "ok  ", True
            except Skip as why:
                verdict, passed = f"SKIP ({why})", None
            except (Wrong, OSError, ValueError, KeyError, IndexError, subprocess.SubprocessError) as error:
                verdict, passed = f"FAIL {type(error).__name__}: {error}\n    ", False
            results.append(passed)
            print(f"{verdict} {case.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{results.count(True)} passed, {results.count(False)} failed, {results.count(None)} skipped")
    return 1 if False in results or not results else 0


if __name__ == "__main__":
    sys.exit(main())
