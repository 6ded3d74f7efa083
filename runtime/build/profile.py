"""profile.py - stands in for the handler and records what it loads; cloudpack's profiler runs it.

AWS's runtime client imports this file as `cloudpack_profile` and calls `handler`. Settings come from the environment:

    CLOUDPACK_PROFILE_HANDLER   mod.func, the real handler
    CLOUDPACK_PROFILE_OUT       where the JSON goes; replaced after init and after each invocation
    CLOUDPACK_PROFILE_ROOTS     colon-separated folders: modules and files below them count
    CLOUDPACK_PROFILE_CALLS     1: also find the modules whose functions run after their import (slow)

    {"modules": [{"name", "file", "self_ms", "order", "phase", "used"}], "opened": [...], "mapped": [...],
     "peak_memory_bytes": N}

`self_ms` is the time of a module's own code: inclusive time less that of the imports inside of it. `phase` is "init"
or the number of the invocation (from 0). `used` is null without CLOUDPACK_PROFILE_CALLS. Files are absolute in
`modules`; in `opened` and `mapped` they are relative to the innermost root that they are below.
"""

import importlib
import os
import resource
import sys
import threading
from _thread import get_ident
from importlib.machinery import PathFinder
from time import perf_counter

_CALLS = os.environ.get("CLOUDPACK_PROFILE_CALLS") == "1"
_OUT = os.environ.get("CLOUDPACK_PROFILE_OUT", "")
# Longest first, so that a root inside of another one is found before it.
_ROOTS = sorted({form.rstrip("/") + "/" for root in os.environ.get("CLOUDPACK_PROFILE_ROOTS", "").split(":") if root
                 for form in (os.path.abspath(root), os.path.realpath(root))}, key=len, reverse=True)


def below(path):
    """The path relative to its root, or None when it does not count."""
    for root in _ROOTS:
        if path.startswith(root):
            return path[len(root):]
    return None


class Recorder:
    """Everything seen so far."""

    def __init__(self):
        self.modules = {}
        self.opened = {}
        self.phase = "init"
        self.stacks = {}
        self.finished = set()
        self.used = set()
        self.order = 0

    def timed(self, name, file, call):
        """Runs one step of a module's import and books its own time."""
        stack = self.stacks.setdefault(get_ident(), [])
        entry = self.modules.get(name)
        if entry is None:
            self.order += 1
            entry = self.modules[name] = {"name": name, "file": file, "self_ms": 0.0, "order": self.order,
                                          "phase": self.phase}
        stack.append(0.0)
        began = perf_counter()
        try:
            return call()
        finally:
            spent = perf_counter() - began
            entry["self_ms"] += (spent - stack.pop()) * 1000
            if stack:
                stack[-1] += spent

    def audit(self, event, arguments):
        """The audit hook: notes files that are opened below the roots. Never raises."""
        if event == "open":
            path = arguments[0]
            if isinstance(path, bytes):
                path = os.fsdecode(path)
            if isinstance(path, str):
                if not path.startswith("/"):
                    path = os.path.abspath(path)
                relative = below(path)
                if relative is not None:
                    self.opened.setdefault(relative, None)

    def call(self, frame, event, _argument):
        """The profile function: notes the module of a function that runs when its import is over."""
        if event == "call":
            name = frame.f_globals.get("__name__")
            if name in self.finished:
                self.used.add(name)

    def write(self):
        """Writes the JSON beside its place and renames it there."""
        import json
        modules = []
        for entry in sorted(self.modules.values(), key=lambda e: e["order"]):
            if entry["file"] and below(entry["file"]) is not None:
                modules.append(dict(entry, self_ms=round(entry["self_ms"], 4),
                                    used=entry["name"] in self.used if _CALLS else None))
        document = {"modules": modules, "opened": list(self.opened), "mapped": mapped(),
                    "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        beside = "%s.%d.tmp" % (_OUT, os.getpid())
        with open(beside, "w", encoding="utf-8") as file:
            json.dump(document, file)
        os.replace(beside, _OUT)


def mapped():
    """The files below the roots that are mapped into memory: libraries above all."""
    found = {}
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                parts = line.rstrip("\n").split(None, 5)
                if len(parts) == 6:
                    relative = below(parts[5])
                    if relative is not None:
                        found.setdefault(relative, None)
    except OSError:
        pass
    return list(found)


class TimingFinder:
    """A meta-path finder before all others that finds what PathFinder finds, with loaders that are timed."""

    def __init__(self, recorder):
        self.recorder = recorder

    def find_spec(self, fullname, path=None, target=None):
        """PathFinder's spec with a timed loader; None for built-in and frozen modules and for namespaces."""
        if fullname in sys.builtin_module_names or sys.modules["_imp"].is_frozen(fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
            return spec
        self.wrap(spec)
        return spec

    def wrap(self, spec):
        """Puts timers around create_module and exec_module of this one loader object."""
        recorder, loader, name, file = self.recorder, spec.loader, spec.name, spec.origin
        create, execute = loader.create_module, loader.exec_module

        def create_module(spec):
            return recorder.timed(name, file, lambda: create(spec))

        def exec_module(module):
            # Gone before the module runs: it may look at its loader.
            for attribute in ("create_module", "exec_module"):
                loader.__dict__.pop(attribute, None)
            recorder.timed(name, file, lambda: execute(module))
            recorder.finished.add(name)

        try:
            loader.create_module = create_module
            loader.exec_module = exec_module
        except AttributeError:  # a loader without room for attributes is left alone
            pass


recorder = Recorder()


def _start():
    """Hooks in, imports the real handler and returns it; writes what was seen even when the import fails."""
    module, _, function = os.environ["CLOUDPACK_PROFILE_HANDLER"].rpartition(".")
    import json  # what recording itself needs must not count as the handler's
    assert json
    sys.meta_path.insert(0, TimingFinder(recorder))
    sys.addaudithook(recorder.audit)
    if _CALLS:
        threading.setprofile(recorder.call)
        sys.setprofile(recorder.call)
    try:
        real = getattr(importlib.import_module(module.replace("/", ".")), function)
    finally:
        _write()
    recorder.phase = 0
    return real


def _write():
    """Writes the record with the profile function off."""
    if _CALLS:
        sys.setprofile(None)
    recorder.write()
    if _CALLS:
        sys.setprofile(recorder.call)


_real = _start()


def handler(event, context):
    """The real handler, recorded."""
    try:
        return _real(event, context)
    finally:
        _write()
        recorder.phase += 1
