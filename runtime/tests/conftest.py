"""Fixtures: an empty machine for each test."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from catalog_writer import OPT, S3, SCRATCH, TASK, Site  # noqa: E402


class Common(Site):
    """A site with a local pack (`near`, group `g`), an S3 pack streamed at start (`stream`), one on demand (`far`),
    and a scratch group (`sg`) for what needs its data files on disk."""

    def __init__(self, base, prefetch=True):
        Site.__init__(self, base)
        self.opt_root = self.root(OPT, "cloudpack/abc")
        self.task_root = self.root(TASK, "")
        self.s3_root = self.root(S3, "bucket/pre/fix")
        self.near = self.pack(self.opt_root, "near.pack")
        self.stream = self.pack(self.s3_root, "stream.pack", 1)
        self.far = self.pack(self.s3_root, "far.pack")
        self.g = self.group(self.opt_root)
        self.sg = self.group(self.s3_root, SCRATCH, [])

    def app(self, text):
        """The user's own module, a plain file in the task root."""
        with open(self.base + "/task/app.py", "w", encoding="utf-8") as file:
            file.write(text)


@pytest.fixture
def site(tmp_path):
    """A fresh Common site."""
    return Common(tmp_path)

