"""run.py - the runtime's tests on every Python from 3.10 to 3.13 that is found on the machine.

    python3 runtime/tests/run.py [pytest arguments]

A virtual environment with pytest per Python is kept below $CP_WORK (default: .work beside the runtime folder). Pythons
are real binaries: those on PATH, in the usual folders and pyenv's; one per minor version, the newest patch release.
Ends with one line `N passed, N failed, N skipped` over all of them; 0 only if nothing failed and a Python was found.
"""

import fcntl
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join(os.environ.get("CP_WORK") or os.path.join(TOP, ".work"), "runtime")
VERSIONS = ("3.10", "3.11", "3.12", "3.13")
TOOLS = ["pytest>=8,<10", "setuptools<80"]
WHEELS = ["numpy", "jinja2", "markupsafe"]


def pythons():
    """{minor version: path} of the interpreters found; shims that only forward are not taken."""
    found = {}
    for version in VERSIONS:
        name = "python" + version
        places = glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/" + name))
        places += [os.path.join(folder, name) for folder in os.environ.get("PATH", "").split(":") + ["/usr/bin",
                                                                                              "/usr/local/bin"]
                   if "/shims" not in folder]
        best = None
        for place in places:
            answer = ask(place)
            if answer and answer[:2] == [int(x) for x in version.split(".")] and (best is None or answer > best[0]):
                best = (answer, place)
        if best:
            found[version] = best[1]
    return found


def ask(path):
    """The version of an interpreter as a list of three numbers, or None."""
    if not os.path.exists(path):
        return None
    try:
        done = subprocess.run([path, "-I", "-c", "import sys; print(*sys.version_info[:3])"], capture_output=True,
                              text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return [int(x) for x in done.stdout.split()] if done.returncode == 0 else None


def pip(python, *arguments):
    """Runs pip for a virtual environment; whether it succeeded."""
    done = subprocess.run([python, "-m", "pip", "--version"], capture_output=True)
    command = [python, "-m", "pip"] if done.returncode == 0 else [sys.executable, "-m", "pip", "--python", python]
    return subprocess.run(command + ["install", "-q", "--disable-pip-version-check"] + list(arguments)).returncode == 0


def environment(version, python):
    """The virtual environment's interpreter and the folder of wheels, made when they are not there."""
    folder = os.path.join(WORK, "venv-" + version)
    inside = os.path.join(folder, "bin", "python")
    if ask(inside) is None:
        done = subprocess.run([python, "-m", "venv", "--clear", folder], capture_output=True)
        if done.returncode:
            subprocess.run([python, "-m", "venv", "--clear", "--without-pip", folder], check=True)
    if subprocess.run([inside, "-c", "import pytest, pkg_resources"], capture_output=True).returncode:
        if not pip(inside, *TOOLS):
            raise RuntimeError("pytest cannot be installed for Python %s" % version)
    missing = subprocess.run([inside, "-c", "import botocore"], capture_output=True).returncode
    if missing and not pip(inside, "botocore"):
        print("WARNING: botocore cannot be installed: signatures are not checked by AWS's code", flush=True)
    wheels = os.path.join(WORK, "wheels-" + version)
    if not os.path.exists(wheels + "/done"):
        if pip(inside, "--only-binary=:all:", "--no-compile", "--upgrade", "--target", wheels, *WHEELS):
            with open(wheels + "/done", "w", encoding="utf-8"):
                pass
        else:
            print("WARNING: no wheels of %s" % ", ".join(WHEELS), flush=True)
    return inside, wheels


def test(version, python, arguments):
    """Runs the suite under one Python; returns (passed, failed, skipped)."""
    print("== Python %s (%s)" % (version, python), flush=True)
    try:
        with open(os.path.join(WORK, "lock"), "w", encoding="utf-8") as lock:
            # Two runs at once may share the environments, not their making.
            fcntl.flock(lock, fcntl.LOCK_EX)
            inside, wheels = environment(version, python)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print("FAILED: %s" % error, flush=True)
        return 0, 1, 0
    # A folder of its own: pytest empties its base folder, also under the feet of another run.
    folder = tempfile.mkdtemp(prefix="tmp-%s-" % version, dir=WORK)
    report = os.path.join(folder, "report.xml")
    # The suite's own closing line would look like ours: -qq leaves only dots, failures and reasons of skips.
    done = subprocess.run([inside, "-B", "-m", "pytest", "-qq", "-rs", "-p", "no:cacheprovider", "--no-header",
                           "--basetemp", folder + "/t", "--junitxml", report, HERE] + arguments,
                          env=dict(os.environ, CP_WHEELS=wheels), cwd=WORK)
    try:
        suite = xml.parse(report).getroot().find("testsuite")
        total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
        failed = int(suite.get("failures")) + int(suite.get("errors"))
        passed = total - failed - skipped
    except (OSError, xml.ParseError, AttributeError, TypeError):
        passed, failed, skipped = 0, 1, 0
    if done.returncode and not failed:
        failed = 1
    if not failed:
        shutil.rmtree(folder, ignore_errors=True)
    print("== Python %s: %d tests passed, %d failed%s" % (
        version, passed, failed, ", %d SKIPPED (reasons above)" % skipped if skipped else ""), flush=True)
    return passed, failed, skipped


def main():
    """Tests all Pythons and prints the closing line."""
    os.makedirs(WORK, exist_ok=True)
    found = pythons()
    for version in VERSIONS:
        if version not in found:
            print("WARNING: there is no Python %s on this machine: NOT TESTED with it" % version, flush=True)
    totals = [0, 0, 0]
    for version, python in found.items():
        for i, count in enumerate(test(version, python, sys.argv[1:])):
            totals[i] += count
    if not found:
        print("no Python from 3.10 to 3.13 was found", file=sys.stderr)
    print("%d passed, %d failed, %d skipped" % tuple(totals))
    return 1 if totals[1] or not found else 0


if __name__ == "__main__":
    sys.exit(main())
