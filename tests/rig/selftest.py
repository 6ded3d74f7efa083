#!/usr/bin/env python3
"""selftest.py VERSITYGW - does the rig measure what it says? A slow answer must come from the product, not from here.

One line a check and the usual closing line.
"""
import concurrent.futures
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from rig import s3  # noqa: E402
from rig.shelf import Shelf  # noqa: E402

SIZE = 40_000_000


def timed(call):
    started = time.monotonic()
    result = call()
    return result, time.monotonic() - started


def checks(shelf, path, content):
    shelf.client.put_file(shelf.bucket, "a folder/größe+1.bin", path)
    yield "what was put comes back", shelf.client.get(shelf.bucket, "a folder/größe+1.bin") == content
    yield "a range comes back", shelf.client.get(shelf.bucket, "a folder/größe+1.bin", 5, 9) == content[5:10]

    wrong = s3.Client(shelf.url, shelf.access_key, "not the secret", shelf.region)
    try:
        wrong.get(shelf.bucket, "a folder/größe+1.bin")
        yield "a wrong secret is refused", False
    except s3.Refused as refused:
        yield "a wrong secret is refused", refused.status == 403

    with shelf.shaped() as far:
        client = s3.Client(far.url, shelf.access_key, shelf.secret_key, shelf.region)
        small = min(timed(lambda: client.get(shelf.bucket, "a folder/größe+1.bin", 0, 99))[1] for _ in range(5))
        yield f"first byte after 20 ms ({1000 * small:.1f} ms)", 0.020 <= small < 0.040

        def all_of_it(part):
            return client.get(shelf.bucket, "a folder/größe+1.bin", part * SIZE // 4, (part + 1) * SIZE // 4 - 1)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            parts, seconds = timed(lambda: list(pool.map(all_of_it, range(4))))
        rate = SIZE / 1e6 / (seconds - 0.020)
        yield "four connections give the right bytes", b"".join(parts) == content
        # The upper bound is the promise. The lower one only says that the proxy is not in the way on a busy machine.
        yield f"four connections share 78 MB/s ({rate:.1f} MB/s)", 30 <= rate <= 80
    yield f"the traffic is counted ({far.seen})", far.seen["connections"] == 9 and far.seen["bytes_down"] > SIZE


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="cp-rig-") as tmp:
        content = os.urandom(SIZE)
        path = os.path.join(tmp, "content")
        with open(path, "wb") as f:
            f.write(content)
        with Shelf(os.path.abspath(sys.argv[1]), os.path.join(tmp, "s3"), "cloudpack-rig") as shelf:
            for name, good in checks(shelf, path, content):
                passed, failed = passed + good, failed + (not good)
                print(f"{'ok  ' if good else 'FAIL'} rig: {name}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
