"""start.py - what happens before the user's handler: importer, prefetch, recording; then the handler itself.

The handler module is imported under its own name with the import system's ordinary rules, and what it raises goes
through unchanged. Without recording the function is handed out as it is, so that calls cost nothing.
"""

import gc
import sys
from os import environ, listdir
from time import perf_counter

from .catalog import CatalogError, open_catalog
from .record import Record

# Kept for tests and for curious users: what this process runs on.
state = {}


def run(handler_module, handler_function, catalog, catalog_sha256, settings, boot_file):
    """Starts the runtime and returns the user's handler function.

    `catalog` is relative to the task root (LAMBDA_TASK_ROOT, or else the boot file's folder). Raises what the
    handler's import raises; AttributeError when the module has no such function.
    """
    env = environ
    task = (env.get("LAMBDA_TASK_ROOT") or boot_file.rpartition("/")[0] or ".").rstrip("/") or "/"
    collector = _pause_gc() if settings.get("gc") == "init-off" else None
    record = Record(env, settings)
    broken = None
    try:
        try:
            _install("%s/%s" % (task, catalog), catalog_sha256, env, settings, record, task)
        except CatalogError as error:
            broken = error
            _fall_back(task, catalog, env)
        record.boot_ms = round((perf_counter() - record.started) * 1000, 3)
        function = _handler(handler_module.replace("/", "."), handler_function, broken)
    finally:
        if collector is not None:
            _resume_gc(collector)
    record.init_ms = round((perf_counter() - record.started) * 1000, 3)
    if not record.wanted:
        return function
    return _recorded(function, record)


def _install(path, digest, env, settings, record, task):
    """Opens the catalog, installs the finder and starts the prefetch; CatalogError when the catalog is no good."""
    catalog = open_catalog(path, digest)
    from .finder import CatalogFinder
    from .store import Store
    record.catalog = catalog.digest
    store = Store(catalog, env, settings, record, task)
    finder = CatalogFinder(store)
    finder.install()
    store.start_prefetch()
    state.update(store=store, finder=finder, record=record)


def _fall_back(task, catalog, env):
    """Without a catalog: plain site folders, if there are any, may have what is needed."""
    opt = env.get("CLOUDPACK_OPT") or "/opt"
    folders = ["%s/%s" % (task, catalog.rpartition("/")[0]), task, opt, opt + "/cloudpack"]
    try:
        folders += ["%s/cloudpack/%s" % (opt, name) for name in sorted(listdir(opt + "/cloudpack"))]
    except OSError:
        pass
    at = sys.path.index(task) + 1 if task in sys.path else 0
    for folder in folders:
        site = folder.rstrip("/") + "/site"
        if site not in sys.path:
            sys.path.insert(at, site)
            at += 1


def _handler(module, function, broken):
    """Imports the handler's module; `broken` is the catalog's error when there is no catalog."""
    try:
        # The built-in function, as in an import statement, hides the import system's frames in tracebacks.
        __import__(module)
    except ModuleNotFoundError as error:
        if broken is None:
            raise
        raise CatalogError("%s; without it %s" % (broken, error), name=error.name, path=broken.path) from error
    try:
        return getattr(sys.modules[module], function)
    except AttributeError:
        raise AttributeError("Handler '%s' missing on module '%s'" % (function, module)) from None


def _pause_gc():
    """Stops automatic collections; returns the thresholds to restore.

    The threshold is used instead of gc.disable, so that a handler which itself switches the collector off or on
    during its import is not overruled afterwards.
    """
    thresholds = gc.get_threshold()
    if thresholds[0] == 0 or not gc.isenabled():
        return None
    gc.set_threshold(0, *thresholds[1:])
    return thresholds


def _resume_gc(thresholds):
    """Restores the thresholds, unless they were changed meanwhile, and takes all that is alive out of collections."""
    if gc.get_threshold() != (0,) + thresholds[1:]:
        return
    gc.set_threshold(*thresholds)
    if gc.isenabled() and gc.get_freeze_count() == 0:
        gc.freeze()


def _recorded(function, record):
    """The handler with the record brought up to date after each call and at exit."""
    import atexit
    from functools import wraps

    @wraps(function)
    def handler(event, context):
        try:
            return function(event, context)
        finally:
            record.invocations += 1
            record.publish()

    atexit.register(record.publish)
    record.publish()
    return handler
