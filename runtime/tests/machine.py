"""machine.py - runs a built function in a fresh process, the way AWS's runtime client does.

The process imports `cloudpack_boot` (made from boot.py.in), calls its handler with each event and prints one JSON
document: results, the record, or the exception with its traceback.
"""

import json
import os
import shutil
import subprocess
import sys

RUNTIME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_DRIVER = r'''
import importlib, json, sys, traceback
out = {"results": []}
sys.path.insert(0, TASK)
try:
    module = importlib.import_module("cloudpack_boot")
    out["same"] = module.handler is getattr(sys.modules[HANDLER[0]], HANDLER[1], None)
    for event in EVENTS:
        out["results"].append(module.handler(event, None))
except BaseException as error:
    out["error"] = {"type": type(error).__name__, "message": str(error), "name": getattr(error, "name", None),
                    "stack": traceback.format_exc()}
state = getattr(sys.modules.get("cloudpack_runtime.start"), "state", {})
if "record" in state:
    out["record"] = state["record"].as_dict()
print("\n@@" + json.dumps(out, default=repr))
'''


class Answer(dict):
    """What the process printed: `results`, `error`, `record`; `stdout` and `stderr` as text."""

    @property
    def result(self):
        """The only result; the error as an AssertionError when there is none."""
        assert "error" not in self, self["error"]["stack"] + self.stderr
        return self["results"][0]

    @property
    def error(self):
        """The exception; an AssertionError when there was none."""
        assert "error" in self, "no error, results %r" % self["results"]
        return self["error"]


def boot(site, handler="app.handler", settings=None, catalog="cloudpack.catalog", digest=None):
    """Writes the boot module and the runtime into the task root."""
    task = site.base + "/task"
    module, _, function = handler.rpartition(".")
    with open(RUNTIME + "/boot.py.in", encoding="utf-8") as file:
        text = file.read()
    values = {"HANDLER_MODULE": module, "HANDLER_FUNCTION": function, "CATALOG": catalog,
              "CATALOG_SHA256": digest or site.digest,
              "SETTINGS": repr(dict({"gc": "init-off", "record": "off", "connections": 4, "chunk_bytes": 2097152},
                                    **(settings or {})))}
    for name, value in values.items():
        assert "@%s@" % name in text
        text = text.replace("@%s@" % name, value)
    with open(task + "/cloudpack_boot.py", "w", encoding="utf-8") as file:
        file.write(text)
    if not os.path.exists(task + "/cloudpack_runtime"):
        shutil.copytree(RUNTIME + "/cloudpack_runtime", task + "/cloudpack_runtime",
                        ignore=shutil.ignore_patterns("__pycache__"))


def environment(site, **extra):
    """The variables of a local run."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLOUDPACK_", "PYTHON", "SSL_"))}
    env.update(LAMBDA_TASK_ROOT=site.base + "/task", CLOUDPACK_OPT=site.base + "/opt",
               CLOUDPACK_MOUNT=site.base + "/mnt", CLOUDPACK_SCRATCH=site.base + "/scratch",
               CLOUDPACK_SHELF="dir:" + site.base + "/shelf", PYTHONDONTWRITEBYTECODE="1", CLOUDPACK_DEADLINE="8")
    env.update(extra)
    return {k: v for k, v in env.items() if v is not None}


def run(site, handler="app.handler", events=({},), settings=None, digest=None, env=None, timeout=60, prelude=""):
    """Boots the function in a new process, invokes it with each event, and returns the Answer."""
    boot(site, handler, settings, digest=digest)
    module, _, function = handler.rpartition(".")
    script = "TASK=%r; HANDLER=%r; EVENTS=%r\n%s\n%s" % (
        site.base + "/task", (module.replace("/", "."), function), list(events), prelude, _DRIVER)
    done = subprocess.run([sys.executable, "-c", script], env=environment(site, **(env or {})), cwd=site.base,
                          capture_output=True, text=True, timeout=timeout)
    assert "\n@@" in done.stdout, "exit %d\n%s\n%s" % (done.returncode, done.stdout[-2000:], done.stderr[-4000:])
    answer = Answer(json.loads(done.stdout.rpartition("\n@@")[2]))
    answer.stdout, answer.stderr, answer.code = done.stdout, done.stderr, done.returncode
    return answer
