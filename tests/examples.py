#!/usr/bin/env python3
"""examples.py - every folder of examples/, from handler to verified package, with the real program and real wheels.

    tests/examples.py PROGRAM [NAME...]        end to end, each in a fresh copy, .work/examples/NAME/project
    tests/examples.py --plain [NAME...]        only the handlers, without cloudpack: do they answer as expect.json says?
    tests/examples.py --plain --update NAME    write those answers into expect.json

`expect.json` of an example:

    answers           event file -> the function's answer, or {errorType, errorMessage}
    installed_bytes   [least, most] of what analyze counts
    modules           modules that analyze must reach
    case              the case optimize must name (design: fits locally, local + asynchronous S3, mount)
    gap               most that the plan's cost may be above the proved bound; without it the plan must be optimal
    package_ratio     most that the built packages may be of the original ones
    shelf             bucket/prefix: its objects go to a real S3 server, and everything runs through 20 ms and 78 MB/s

Times are printed, never asserted: they belong to the machine. One line an example, then `N passed, N failed, N skipped`.
"""
import argparse
import contextlib
import hashlib
import json
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)
import schema  # noqa: E402
from rig.shelf import Shelf  # noqa: E402

LAMBDA_LOCAL_BYTES = 262_144_000  # unzipped code and layers together (Lambda quotas, 2025-11)
STEP_TIMEOUT_S = 900
SCHEMAS = {"analyze": "analysis", "optimize": "plan"}  # where the schema's name is not the command's


class Wrong(Exception):
    """The program did not do what the example expects."""


def check(condition, what):
    if not condition:
        raise Wrong(what)


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def events_of(folder):
    return sorted(n for n in os.listdir(os.path.join(folder, "events")) if n.endswith(".json"))


def same(expected, got):
    """Equal as JSON; decimal numbers to 1e-9, as verify compares them."""
    if isinstance(expected, float) or isinstance(got, float):
        numbers = all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in (expected, got))
        return numbers and math.isclose(expected, got, rel_tol=1e-9, abs_tol=1e-12)
    if type(expected) is not type(got):
        return False
    if isinstance(expected, dict):
        return expected.keys() == got.keys() and all(same(v, got[k]) for k, v in expected.items())
    if isinstance(expected, list):
        return len(expected) == len(got) and all(map(same, expected, got))
    return expected == got


def same_answer(expected, got):
    if isinstance(expected, dict) and "errorType" in expected:
        return isinstance(got, dict) and all(got.get(k) == v for k, v in expected.items())
    return same(expected, got)


class Run:
    """One example on its way through the commands."""

    def __init__(self, program, name):
        self.name, self.program = name, program
        # Nothing of ours lies in the project: every file there is the function's, and a changed one stops the build.
        self.base = os.path.join(ROOT, ".work", "examples", name)
        self.folder = os.path.join(self.base, "project")
        shutil.rmtree(self.base, ignore_errors=True)
        ignore = shutil.ignore_patterns("__pycache__", ".cloudpack")
        shutil.copytree(os.path.join(ROOT, "examples", name), self.folder, ignore=ignore)
        self.expect = load(os.path.join(self.folder, "expect.json"))
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDPACK_", "AWS_"))}
        self.log = open(os.path.join(self.base, "test.log"), "w", encoding="utf-8")

    def command(self, *arguments, expect=0, folder=None, zone=None):
        """Runs `cloudpack ARGUMENTS` in a folder and time zone and returns its stdout as JSON."""
        self.log.write(f"$ cloudpack {' '.join(arguments)}\n")
        self.log.flush()
        started = time.monotonic()
        environment = {**self.environment, "TZ": zone} if zone else self.environment
        done = subprocess.run([self.program, *arguments], cwd=folder or self.folder, env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=STEP_TIMEOUT_S)
        self.log.write(f"{done.stderr}{done.stdout}\n# {time.monotonic() - started:.1f} s\n")
        tail = "\n".join(done.stderr.strip().splitlines()[-6:])
        check(done.returncode == expect, f"{arguments[0]} ended with {done.returncode}, not {expect}: {tail}")
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise Wrong(f"{' '.join(arguments)} printed no JSON: {done.stdout[:200]!r}") from None

    def stage(self, name, *arguments, **where):
        """A command whose --json keeps its published schema."""
        document = self.command(name, *arguments, "--json", **where)
        published = load(os.path.join(ROOT, "schemas", f"{SCHEMAS.get(name, name)}.schema.json"))
        wrong = schema.faults(document, published)
        check(not wrong, f"{name} --json breaks its schema: {'; '.join(wrong[:5])}")
        return document


def analyze(run):
    facts = run.stage("analyze")
    least, most = run.expect["installed_bytes"]
    check(least <= facts["totals"]["bytes"] <= most,
          f"analyze counts {facts['totals']['bytes']} bytes, expected {least} to {most}")
    reached = {m["name"] for m in facts["modules"]}
    for module in run.expect["modules"]:
        check(module in reached, f"analyze does not reach {module}")


def profile(run):
    seen = run.stage("profile")
    check(seen["runs"] >= 1 and seen["init_ms"]["median"] > 0, "profile measured no run")
    check(seen["modules"], "profile saw no module")


def optimize(run):
    plan = run.stage("optimize")
    most = run.expect.get("gap", 0)
    check(plan["status"] in ("optimal", "feasible" if most else "optimal"), f"optimize says {plan['status']}, not optimal")
    check(plan["gap"] == 0 if plan["status"] == "optimal" else 0 < plan["gap"] <= most,
          f"the plan is {plan['status']} with a gap of {plan['gap']}; {most} is allowed")
    check(plan["case"] == run.expect["case"], f"optimize names the case {plan['case']!r}, not {run.expect['case']!r}")


def digests(folder, built):
    for artifact in built["artifacts"]:
        path = os.path.join(folder, artifact["path"])
        if os.path.isfile(path):
            with open(path, "rb") as f:
                content = f.read()
            check(len(content) == artifact["bytes"], f"{path} is not {artifact['bytes']} bytes long")
            check(hashlib.sha256(content).hexdigest() == artifact["sha256"], f"{path} has another sha256")
    return sorted((a["kind"], os.path.basename(a["path"]), a["sha256"]) for a in built["artifacts"])


def build(run):
    """Builds twice: the second time nothing may be compiled, and every artefact must be the same; and once elsewhere."""
    first = run.stage("build", "--jobs", "2", zone="UTC")
    check(first["artifacts"], "build made nothing")
    local = sum(a["unzipped_bytes"] for a in first["artifacts"] if a["kind"] in ("bundle", "layer"))
    check(0 < local <= LAMBDA_LOCAL_BYTES, f"{local} bytes unzipped are local; Lambda accepts {LAMBDA_LOCAL_BYTES}")
    before = digests(run.folder, first)
    again = run.stage("build")
    check(again["compiled"] == 0, f"an unchanged build compiled {again['compiled']} modules")
    check(digests(run.folder, again) == before, "an unchanged build gave other artefacts")
    build_elsewhere(run, first["compiled"], before)
    return first, local


def build_elsewhere(run, compiled, expected):
    """Plan and sources in another folder, files with other dates, no cache, another time zone, one process: same bytes."""
    folder = os.path.join(run.base, "other place", "copy")
    shutil.copytree(run.folder, folder, copy_function=shutil.copy, ignore=shutil.ignore_patterns(".cloudpack"))
    state, copied = os.path.join(run.folder, ".cloudpack"), os.path.join(folder, ".cloudpack")
    shutil.copytree(os.path.join(state, "site"), os.path.join(copied, "site"), copy_function=shutil.copy, symlinks=True)
    shutil.copy(os.path.join(state, "store.db"), copied)
    with contextlib.closing(sqlite3.connect(os.path.join(copied, "store.db"))) as store, store:
        for column in ("project_root", "site_root"):
            store.execute(f"UPDATE facts SET {column} = replace({column}, ?, ?)", (run.folder, folder))
        roots = store.execute("SELECT project_root, site_root FROM facts").fetchone()
    check(all(path.startswith(folder) for path in roots), f"the store has roots outside of its project: {roots}")
    built = run.stage("build", "--jobs", "1", "--out", "out", folder=folder, zone="Asia/Tokyo")
    check(built["compiled"] == compiled, f"{built['compiled']} modules compiled elsewhere, {compiled} here")
    got = digests(folder, built)
    different = [f"{kind} {name}" for kind, name, digest in got if (kind, name, digest) not in expected]
    check(got == expected, f"built elsewhere, other bytes in {', '.join(different[:5]) or 'a missing artefact'}")
    shutil.rmtree(os.path.dirname(folder))


def verify(run):
    seen = run.stage("verify")
    count = len(events_of(run.folder))
    check(seen["events"] == count, f"verify ran {seen['events']} events of {count}")
    check(seen["different"] == [], f"answers differ: {json.dumps(seen['different'])[:400]}")
    check(seen["equal"] == count, f"{seen['equal']} of {count} answers are equal")
    ratio = seen["package_bytes"]["after"] / seen["package_bytes"]["before"]
    check(ratio <= run.expect["package_ratio"], f"the packages are {ratio:.2f} of the original ones")
    return seen


def invoke(run):
    """What verify says is compared with answers that were written down beforehand."""
    for event in events_of(run.folder):
        expected = run.expect["answers"][event]
        raised = isinstance(expected, dict) and "errorType" in expected
        got = run.command("invoke", "--local", os.path.join("events", event), expect=1 if raised else 0)
        check(same_answer(expected, got), f"{event} gives {json.dumps(got)[:300]}")


def upload(run, shelf, built):
    """The objects of the build folder, under the shelf's prefix."""
    count, prefix = 0, run.expect["shelf"].partition("/")[2]
    for artifact in built["artifacts"]:
        if artifact["kind"] == "object":
            path = os.path.join(run.folder, artifact["path"])
            key = path.split(os.sep + "objects" + os.sep, 1)[1].replace(os.sep, "/")
            shelf.client.put_file(shelf.bucket, f"{prefix}/{key}", path)
            count += 1
    check(count > 0, "nothing is on the shelf")


@contextlib.contextmanager
def far_shelf(run, built, versitygw):
    """The S3 server that the function reads from, 20 ms and 78 MB/s away."""
    folder = os.path.join(run.base, "shelf")
    with Shelf(versitygw, folder, run.expect["shelf"].partition("/")[0]) as shelf:
        upload(run, shelf, built)
        with shelf.shaped() as far:
            run.environment.update(shelf.environment(), AWS_ENDPOINT_URL_S3=far.url)
            yield far
        check(far.seen["bytes_down"] > 0, "nothing was read from the shelf")


def end_to_end(run, versitygw):
    analyze(run)
    profile(run)
    optimize(run)
    built, local = build(run)
    if run.expect.get("shelf"):
        check(versitygw, "this example needs --versitygw")
        with far_shelf(run, built, versitygw) as far:
            seen = verify(run)
            invoke(run)
        note = f", {far.seen['requests']} reads and {far.seen['bytes_down'] / 1e6:.0f} MB from the shelf"
    else:
        seen, note = verify(run), ""
        invoke(run)
    cpu = seen["cpu_ms"]
    ratios = (cpu["built"] / cpu["shipped"], cpu["built"] / cpu["bytecode"])
    text = (f"{seen['equal']}/{seen['events']} answers equal, {local / 1e6:.1f} MB local{note}; CPU {cpu['built']:.0f} ms, "
            f"{ratios[0]:.2f} of shipped, {ratios[1]:.2f} of bytecode; init {seen['init_ms']['built']:.0f} ms")
    return text, ratios


RUNNER = """
import importlib, json, sys
sys.path.insert(0, ".")
event = json.load(open(sys.argv[1]))
if isinstance(event, dict) and "event" in event and set(event) <= {"event", "context"}:
    event = event["event"]
try:
    answer = importlib.import_module("app").handler(event, None)
except Exception as error:
    answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
print(json.dumps(answer))
"""


def plain(name, update):
    folder, site = os.path.join(ROOT, "examples", name), os.path.join(ROOT, ".work", "site", name)
    if not os.path.isdir(site):
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:",
                        "--target", site, "-r", os.path.join(folder, "requirements.txt")], check=True)
    answers = {}
    for event in events_of(folder):
        done = subprocess.run([sys.executable, "-B", "-c", RUNNER, os.path.join("events", event)], cwd=folder, text=True,
                              env={**os.environ, "PYTHONPATH": site}, stdout=subprocess.PIPE, check=True)
        answers[event] = json.loads(done.stdout)
    path = os.path.join(folder, "expect.json")
    expect = load(path)
    if update:
        with open(path, "w", encoding="utf-8") as f:
            json.dump({**expect, "answers": answers}, f, indent=2, ensure_ascii=False)
            f.write("\n")
    else:
        for event, answer in answers.items():
            check(same_answer(expect["answers"].get(event), answer), f"{event} gives {json.dumps(answer)[:300]}")
    return f"{len(answers)} answers as expected"


def one(args, name):
    if args.plain:
        return plain(name, args.update), None
    run = Run(os.path.abspath(args.program), name)
    with run.log:
        return end_to_end(run, args.versitygw)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--versitygw", help="the S3 server's program, for examples with a shelf")
    parser.add_argument("names", nargs="*", metavar="PROGRAM NAME")
    args = parser.parse_args()
    if not args.plain:
        if not args.names:
            parser.error("which program?")
        args.program = args.names.pop(0)
    everything = sorted(n for n in os.listdir(os.path.join(ROOT, "examples"))
                        if os.path.isfile(os.path.join(ROOT, "examples", n, "expect.json")))
    passed, failed, ratios = 0, 0, []
    for name in args.names or everything:
        started = time.monotonic()
        try:
            text, ratio = one(args, name)
            passed += 1
            ratios += [ratio] if ratio and name != "oversize" else []
            print(f"ok   {name}: {text} ({time.monotonic() - started:.0f} s)", flush=True)
        except (Wrong, OSError, KeyError, TypeError, subprocess.SubprocessError, RuntimeError) as error:
            failed += 1
            what = f"no {error} in the answer" if isinstance(error, KeyError) else error
            print(f"FAIL {name}: {what}\n     log: .work/examples/{name}/test.log", flush=True)
    if ratios:
        shipped, bytecode = (math.exp(sum(map(math.log, column)) / len(ratios)) for column in zip(*ratios))
        print(f"CPU from start to first answer, geometric mean of {len(ratios)}: {shipped:.2f} of shipped, "
              f"{bytecode:.2f} of bytecode")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
