"""record.py - what one runtime process loaded, from where, and what that cost.

Counters only: they are a few integer additions per import. Two outlets, both off by default: a JSON file
(CLOUDPACK_RECORD=/path, replaced atomically) for local runs, and log lines in CloudWatch's embedded metric
format (setting "record": "log"), one per cold start and one per miss after it.
"""

import posix
from time import perf_counter, time

from .catalog import ROOT_NAMES

_NAMED_MISSES = 200


class Record:
    """Counters of this process; `loaded` and `bytes_fetched` may be changed by several threads (see `fetched`)."""

    def __init__(self, env, settings):
        self.started = perf_counter()
        self.loaded = [0, 0, 0, 0]
        self.loaded_bytes = [0, 0, 0, 0]
        self.misses = []
        self.miss_count = 0
        self.bytes_fetched = 0
        self.requests = 0
        self.retries = 0
        self.wait_ms = 0.0
        self.init_ms = None
        self.boot_ms = None
        self.invocations = 0
        self.catalog = ""
        self.env = env
        self.path = env.get("CLOUDPACK_RECORD") or None
        self.log = settings.get("record") == "log"
        self._reported = 0

    @property
    def wanted(self):
        """Whether anybody reads the record."""
        return self.path is not None or self.log

    def miss(self, name, why, root):
        """Counts something that the plan thought would not be needed, with its reason."""
        self.miss_count += 1
        if len(self.misses) < _NAMED_MISSES:
            self.misses.append({"name": name, "why": why, "root": ROOT_NAMES[root],
                                "invocation": self.invocations})

    def as_dict(self):
        """The record as plain values, ready for JSON."""
        return {
            "format": "cloudpack.record/1",
            "function": self.env.get("AWS_LAMBDA_FUNCTION_NAME", ""),
            "version": self.env.get("AWS_LAMBDA_FUNCTION_VERSION", ""),
            "catalog": self.catalog,
            "loaded": dict(zip(ROOT_NAMES, self.loaded)),
            "loaded_bytes": dict(zip(ROOT_NAMES, self.loaded_bytes)),
            "misses": self.misses,
            "miss_count": self.miss_count,
            "bytes_fetched": self.bytes_fetched,
            "requests": self.requests,
            "retries": self.retries,
            "wait_ms": round(self.wait_ms, 3),
            "boot_ms": self.boot_ms,
            "init_ms": self.init_ms,
            "invocations": self.invocations,
        }

    def line(self):
        """The record as one line of JSON."""
        import json
        return json.dumps(self.as_dict(), separators=(",", ":"), sort_keys=True)

    def publish(self):
        """Brings the outlets up to date. Never raises: a full disk must not fail an invocation."""
        if self.path is not None:
            try:
                replace_file(self.path, self.line().encode() + b"\n")
            except OSError:
                pass
        if self.log:
            self._log_lines()

    def _log_lines(self):
        """One metric line for the cold start, one for each miss not told yet."""
        import json
        lines = []
        if self.init_ms is not None and self._reported == 0:
            metrics = {"InitMs": self.init_ms, "WaitMs": round(self.wait_ms, 3), "BytesFetched": self.bytes_fetched,
                       "Misses": self.miss_count}
            lines.append(dict(self.as_dict(), _aws=self._emf(metrics), **metrics))
            self._reported = 1 + len(self.misses)
        elif self._reported:
            for miss in self.misses[self._reported - 1:]:
                lines.append(dict(miss, format="cloudpack.miss/1", catalog=self.catalog, Miss=1,
                                  function=self.env.get("AWS_LAMBDA_FUNCTION_NAME", ""),
                                  _aws=self._emf({"Miss": 1})))
            self._reported = 1 + len(self.misses)
        for value in lines:
            try:
                posix.write(1, json.dumps(value, separators=(",", ":"), sort_keys=True).encode() + b"\n")
            except OSError:
                return

    @staticmethod
    def _emf(metrics):
        """The embedded-metric-format header for these metrics (AWS specification version 0)."""
        return {"Timestamp": int(time() * 1000), "CloudWatchMetrics": [
            {"Namespace": "cloudpack", "Dimensions": [["function"]], "Metrics": [{"Name": n} for n in metrics]}]}


def replace_file(path, data):
    """Writes `data` beside `path` and renames it over it, so that no reader sees half of it; OSError on failure."""
    beside = "%s.%d.%s.tmp" % (path, posix.getpid(), posix.urandom(4).hex())
    fd = posix.open(beside, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, 0o644)
    try:
        try:
            write_all(fd, data)
        finally:
            posix.close(fd)
        posix.rename(beside, path)
    except BaseException:
        try:
            posix.unlink(beside)
        except OSError:
            pass
        raise


def write_all(fd, data):
    """Writes every byte of `data` to `fd`; OSError on failure."""
    view = memoryview(data)
    while view:
        view = view[posix.write(fd, view):]
