"""shelf.py - a real S3 server (versitygw) on loopback, as far away as one likes (shape.py): the shelf of the tests.

    with Shelf(binary, folder, "bucket") as shelf:  # a server over an empty folder, one bucket
        shelf.client.put_file(shelf.bucket, key, path)
        with shelf.shaped() as far:                 # far.url: the same server at 20 ms and 78 MB/s
            ...
"""
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

from rig import s3

HERE = os.path.dirname(os.path.abspath(__file__))


def end(process):
    process.send_signal(signal.SIGTERM)
    try:
        return process.communicate(timeout=10)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]


class Far:
    """A shaped way to the shelf. `seen` is what went through, once it is closed."""

    def __init__(self, upstream, first_byte_ms, mb_per_s):
        self.first_byte_ms, self.mb_per_s, self.seen = first_byte_ms, mb_per_s, None
        self._process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "shape.py"), "--upstream", upstream,
             "--first-byte-ms", str(first_byte_ms), "--mb-per-s", str(mb_per_s)], stdout=subprocess.PIPE, text=True)
        found = re.match(r"listening on (\S+)", self._process.stdout.readline())
        if not found:
            raise RuntimeError("shape.py did not start")
        self.url = f"http://{found.group(1)}"

    def close(self):
        lines = end(self._process).splitlines()
        self.seen = json.loads(lines[-1]) if lines else None


class Shelf:
    region = "us-east-1"
    access_key, secret_key = "AKIDSHELF", "shelf-secret-of-the-tests"

    def __init__(self, binary, folder, bucket):
        self.bucket = bucket
        with socket.socket() as probe:  # versitygw wants a number; nobody else takes it in between on loopback
            probe.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % probe.getsockname()[1]
        os.makedirs(folder, exist_ok=True)
        self._log = open(os.path.join(folder, os.pardir, "versitygw.log"), "wb")
        self._process = subprocess.Popen(
            [binary, "--access", self.access_key, "--secret", self.secret_key, "--region", self.region,
             "--port", self.address, "posix", folder], stdout=self._log, stderr=subprocess.STDOUT)
        self.url = f"http://{self.address}"
        self.client = s3.Client(self.url, self.access_key, self.secret_key, self.region)

    def __enter__(self):
        try:
            for _ in range(200):
                with contextlib.suppress(OSError):
                    self.client.make_bucket(self.bucket)
                    return self
                if self._process.poll() is not None:
                    break
                time.sleep(0.05)
            raise RuntimeError(f"the S3 server did not start: see {self._log.name}")
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        end(self._process)
        self._log.close()

    def environment(self):
        """What a function needs to reach the shelf, besides the endpoint."""
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key,
                "AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}

    @contextlib.contextmanager
    def shaped(self, first_byte_ms=20.0, mb_per_s=78.0):
        far = Far(self.address, first_byte_ms, mb_per_s)
        try:
            yield far
        finally:
            far.close()
