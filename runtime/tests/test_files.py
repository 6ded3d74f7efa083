"""Data files, resources, metadata and listings of packed packages."""

import os

import pytest
from catalog_writer import DEFLATED, put
from machine import run

META = b"Metadata-Version: 2.1\nName: grpd\nVersion: 3.2.1\n"


def grouped(site, pack="far"):
    """A package of the scratch group with data files; code in `pack`."""
    pack = getattr(site, pack)
    site.code("grpd", "grpd/__init__.py", "import os\nHERE = os.path.dirname(__file__)\n"
              "with open(os.path.join(HERE, 'd', 'x.txt')) as f: X = f.read()\n", group=site.sg, pack=pack)
    site.code("grpd.sub", "grpd/sub.py", "", group=site.sg, pack=pack)
    site.data("grpd/d/x.txt", b"hello", group=site.sg, pack=pack)
    site.data("grpd/d/y.json", b'{"a": 1}' * 50, group=site.sg, pack=pack, flags=DEFLATED)
    site.data("grpd-3.2.1.dist-info/METADATA", META, group=site.sg, pack=pack)
    site.data("grpd-3.2.1.dist-info/entry_points.txt", b"[plug.ins]\nmine = grpd.sub:handler\n", group=site.sg, pack=pack)


@pytest.mark.parametrize("pack", ["near", "stream", "far"])
def test_files_beside_the_module_are_on_disk_before_it_runs(site, pack):
    grouped(site, pack)
    site.write()
    site.app("import grpd\ndef handler(e, c): return [grpd.X, grpd.__file__, len(open(grpd.HERE + '/d/y.json').read())]\n")
    assert run(site).result == ["hello", site.home(site.sg) + "/grpd/__init__.py", 400]


def test_nothing_is_written_below_scratch_while_no_module_of_the_group_is_used(site):
    grouped(site)
    site.write()
    site.app("import importlib.util\ndef handler(e, c): return importlib.util.find_spec('grpd').name\n")
    assert run(site).result == "grpd"
    assert os.listdir(site.base + "/scratch") == []


@pytest.mark.parametrize("pack", ["near", "far"])
def test_importlib_resources_and_pkgutil_get_data_read_package_files(site, pack):
    grouped(site, pack)
    site.write()
    site.app("""
import importlib.resources as r, pkgutil, grpd
def handler(event, context):
    files = r.files('grpd')
    with r.as_file(files.joinpath('d/x.txt')) as p: path = str(p)
    return [files.joinpath('d', 'x.txt').read_text(), pkgutil.get_data('grpd', 'd/x.txt').decode(), path,
            sorted(x.name for x in files.joinpath('d').iterdir())]
""")
    assert run(site).result == ["hello", "hello", site.home(site.sg) + "/grpd/d/x.txt", ["x.txt", "y.json"]]


def test_get_data_finds_a_catalogued_file_that_is_not_on_disk(site):
    site.code("pkg", "pkg/__init__.py", "v = 1\n", pack=site.near, keep_source=True)
    site.write()
    site.app("import pkg\ndef handler(e, c):\n    load = pkg.__loader__.get_data\n    try: load(pkg.__path__[0] + '/no')\n"
             "    except OSError as x: return [load(pkg.__file__).decode(), type(x).__name__]\n")
    assert run(site).result == ["v = 1\n", "FileNotFoundError"]


def test_metadata_and_entry_points_of_packed_and_of_local_distributions_are_found(site):
    grouped(site)
    put(site.folder(site.opt_root) + "/site/near-1.0.dist-info/METADATA", META.replace(b"grpd", b"near"))
    site.write()
    site.app("""
import importlib.metadata as m
def handler(event, context):
    eps = m.entry_points(group='plug.ins')
    return [m.version('grpd'), m.version('near'), [e.value for e in eps], 'grpd' in __import__('sys').modules,
            sorted({d.metadata['Name'] for d in m.distributions()} & {'grpd', 'near'})]
""")
    assert run(site).result == ["3.2.1", "3.2.1", ["grpd.sub:handler"], False, ["grpd", "near"]]


def test_an_entry_point_plug_in_loads_from_the_far_pack(site):
    grouped(site)
    site.members = [m for m in site.members if m["name"] != "grpd.sub"]
    site.groups[site.sg][2][:] = [i for i, m in enumerate(site.members) if m["kind"] == 5]
    site.code("grpd.sub", "grpd/sub.py", "def handler(): return 'plugged'\n", group=site.sg, pack=site.far)
    site.write()
    site.app("import importlib.metadata as m\n"
             "def handler(e, c): return [x.load()() for x in m.entry_points(group='plug.ins')]\n")
    assert run(site).result == ["plugged"]


def test_pkgutil_lists_packed_modules_and_plain_files(site):
    site.code("pkg", "pkg/__init__.py", "", pack=site.near)
    site.code("pkg.a", "pkg/a.py", "", pack=site.far)
    site.text("pkg.t", "pkg/t.py", "", pack=site.stream)
    site.code("pkg.in", "pkg/in/__init__.py", "", pack=site.near)
    site.code("pkg.in.z", "pkg/in/z.py", "", pack=site.near)
    put(site.folder(site.opt_root) + "/site/pkg/plain.py", b"")
    site.write()
    site.app("""
import pkg, pkgutil
def handler(event, context):
    return [sorted((m.name, m.ispkg) for m in pkgutil.iter_modules(pkg.__path__)),
            sorted(m.name for m in pkgutil.walk_packages(pkg.__path__, 'pkg.')),
            [m.name for m in pkgutil.iter_modules() if m.name == 'pkg'],
            [m.module_finder.find_spec('pkg.' + m.name) is not None for m in pkgutil.iter_modules(pkg.__path__)]]
""")
    listed, walked, top, specs = run(site).result
    assert listed == [["a", False], ["in", True], ["plain", False], ["t", False]]
    assert walked == ["pkg.a", "pkg.in", "pkg.in.z", "pkg.plain", "pkg.t"] and top == ["pkg"] and specs == [True] * 4


def test_stub_files_that_a_lazy_package_reads_beside_itself_are_there(site):
    site.code("lz", "lz/__init__.py", "import os\nwith open(__file__ + 'i') as f: names = f.read().split()\n",
              group=site.sg, pack=site.stream)
    site.data("lz/__init__.pyi", b"a b c", group=site.sg, pack=site.stream)
    site.write()
    site.app("import lz\ndef handler(e, c): return lz.names\n")
    assert run(site).result == ["a", "b", "c"]


def test_pkg_resources_finds_versions_and_files(site):
    pytest.importorskip("pkg_resources")
    import pkg_resources
    folder = os.path.dirname(os.path.dirname(pkg_resources.__file__))
    grouped(site)
    site.write()
    site.app("import sys\nimport grpd\nimport importlib.metadata as m\nm.version('grpd')\nsys.path.append(%r)\n"
             "import pkg_resources\ndef handler(e, c): return [pkg_resources.get_distribution('grpd').version,\n"
             "    pkg_resources.resource_string('grpd', 'd/x.txt').decode()]\n" % folder)
    assert run(site).result == ["3.2.1", "hello"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a tiny file system")
def test_a_full_scratch_folder_is_an_error_that_names_the_file_and_leaves_no_half_file(site):
    grouped(site)
    site.data("grpd/big.bin", b"x" * 400000, group=site.sg, pack=site.far)
    site.write()
    small = site.base + "/small"
    os.makedirs(small)
    if os.system("mount -t tmpfs -o size=64k none %s 2>/dev/null" % small):
        pytest.skip("mounting is not allowed here")
    try:
        site.app("import grpd\n")
        error = run(site, env={"CLOUDPACK_SCRATCH": small}).error
        left = [name for _f, _d, names in os.walk(small) for name in names if name.endswith(".tmp")]
    finally:
        os.system("umount %s" % small)
    assert error["type"] == "LoadError" and "grpd/big.bin" in error["message"] and "No space left" in error["message"]
    assert left == []


def test_a_scratch_folder_that_cannot_be_made_is_an_error_that_names_it(site):
    grouped(site)
    site.write()
    put(site.base + "/file", b"")
    site.app("import grpd\n")
    error = run(site, env={"CLOUDPACK_SCRATCH": site.base + "/file/x"}).error
    assert error["type"] == "LoadError" and site.base + "/file/x" in error["message"]


def test_old_content_in_the_scratch_folder_is_replaced(site):
    grouped(site)
    site.write()
    put(site.home(site.sg) + "/grpd/d/x.txt", b"stale")
    site.app("import grpd\ndef handler(e, c): return grpd.X\n")
    assert run(site).result == "hello"


def test_packed_modules_need_no_writable_folder_at_all(site):
    site.code("pkg", "pkg.py", "v = 1\n", pack=site.far)
    site.write()
    site.app("import pkg\ndef handler(e, c): return pkg.v\n")
    assert run(site, env={"CLOUDPACK_SCRATCH": "/proc/nothing"}).result == 1
