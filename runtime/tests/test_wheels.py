"""Real wheels, packed whole: nothing of them is in a folder, and the answers are those of the installed ones.

run.py installs the wheels and names their folder in CP_WHEELS.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES

import pytest
from catalog_writer import DEFLATED, EXT, LIB, NS, PACKAGE
from machine import run

WHEELS = os.environ.get("CP_WHEELS", "")
pytestmark = [
    pytest.mark.skipif(not os.path.isdir(WHEELS), reason="CP_WHEELS NAMES NO FOLDER: real wheels are not tested"),
    pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf IS MISSING: real wheels are not tested")]

APP = """
import importlib.metadata, importlib.resources, inspect, io, json, pickle, pkgutil, threading
import numpy as np
from numpy.linalg import solve
import jinja2, markupsafe
from markupsafe import _speedups
def handler(event, context):
    a = np.arange(9.0).reshape(3, 3) + np.eye(3)
    out = io.BytesIO()
    np.save(out, a)
    rng = np.random.default_rng(5)
    return [solve(a, [1, 2, 3]).tolist(), np.fft.fft([1, 2, 3, 4]).real.tolist(), float(rng.normal()), len(out.getvalue()),
            pickle.loads(pickle.dumps(a)).tolist() == a.tolist(), float(np.linalg.svd(a)[1][0]),
            jinja2.Template('{% for x in v %}<{{ x|e }}>{% endfor %}').render(v=['a', '<b>']),
            str(markupsafe.escape('<&>')), importlib.metadata.version('numpy'), importlib.metadata.version('Jinja2'),
            'def escape' in inspect.getsource(markupsafe) or 'class Markup' in inspect.getsource(markupsafe),
            sorted(m.name for m in pkgutil.iter_modules(jinja2.__path__)),
            importlib.resources.files('markupsafe').joinpath('py.typed').is_file()]
"""


def needed(path):
    """The DT_NEEDED names of a shared object."""
    text = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text)


def module_name(rel):
    """(module name, is package, is extension) of a file, or None."""
    for suffix in [".py"] + EXTENSION_SUFFIXES:
        if rel.endswith(suffix) and "." not in rel[:-len(suffix)]:
            name = rel[:-len(suffix)].replace("/", ".")
            package = name.endswith(".__init__")
            return name[:-9] if package else name, package, suffix != ".py"
    return None


def wheel_files():
    """The files of the wheels, without what no program reads."""
    files = []
    for folder, folders, names in os.walk(WHEELS):
        folders[:] = sorted(d for d in folders if d not in ("tests", "__pycache__", "bin", "include"))
        files += [os.path.relpath(os.path.join(folder, n), WHEELS) for n in sorted(names)
                  if not n.endswith((".pyc", ".h", ".pyi", ".a", ".pxd"))]
    return files


def content(rel):
    """The bytes of a file of the wheels."""
    with open("%s/%s" % (WHEELS, rel), "rb") as file:
        return file.read()


class Packer:
    """Puts the wheels' files into packs: libraries streamed, the rest spread over all three packs."""

    def __init__(self, site, files):
        self.site = site
        self.libs = {os.path.basename(f): f for f in files if ".libs/" in f}
        self.index = {}
        self.folders = set()

    def needs(self, rel):
        """The member indexes of the libraries that a file needs, added first."""
        return [self.lib(n) for n in needed("%s/%s" % (WHEELS, rel)) if n in self.libs]

    def lib(self, name):
        """The member index of a library."""
        if name not in self.index:
            rel = self.libs[name]
            needs = self.needs(rel)
            self.index[name] = self.site.add("/" + rel, LIB, rel, content(rel), self.site.sg, self.site.stream,
                                             needs=needs)
        return self.index[name]

    def add(self, i, rel):
        """Adds file number `i`."""
        site, found = self.site, module_name(rel)
        pack = (site.near, site.stream, site.far)[i % 3]
        flags = DEFLATED if i % 5 == 0 else 0
        if found is None:
            site.data(rel, content(rel), site.sg, site.far, flags=flags)
        elif found[2]:
            site.add(found[0], EXT, rel, content(rel), site.sg, pack, flags=flags | PACKAGE * found[1],
                     needs=self.needs(rel))
        else:
            self.folders.add(os.path.dirname(rel))
            site.code(found[0], rel, content(rel), site.sg, pack, keep_source=True)


def pack_all(site):
    """Puts every file of the wheels into packs."""
    files = wheel_files()
    packer = Packer(site, files)
    for i, rel in enumerate(files):
        if ".libs/" not in rel:
            packer.add(i, rel)
    names = {m["name"] for m in site.members}
    for folder in sorted(packer.folders):
        if folder and folder.replace("/", ".") not in names:
            site.add(folder.replace("/", "."), NS, folder, group=site.sg)


def test_numpy_and_jinja2_out_of_packs_give_the_answers_of_the_installed_ones(site):
    pack_all(site)
    site.write()
    site.app(APP)
    answer = run(site, timeout=120)
    installed = subprocess.run(
        [sys.executable, "-c", "import sys, json\nsys.path[:0] = [%r, %r]\nimport app\nprint(json.dumps(app.handler({}, None)))"
         % (site.base + "/task", WHEELS)], capture_output=True, text=True, timeout=120, check=True)
    assert answer.result == json.loads(installed.stdout)
    assert answer["record"]["loaded"]["s3"] > 50 and answer["record"]["loaded"]["opt"] > 30
