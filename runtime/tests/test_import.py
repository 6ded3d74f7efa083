"""Modules out of packs behave as if they were installed."""

import os

import pytest
from catalog_writer import DEFLATED, INIT, MOUNT, NS, put
from machine import run

PACKS = ["near", "stream", "far"]


@pytest.mark.parametrize("where", PACKS)
def test_a_packed_package_imports_with_the_attributes_of_an_installed_one(site, where):
    pack = getattr(site, where)
    site.code("pkg", "pkg/__init__.py", "from . import sub\nX = 1\n", pack=pack)
    site.code("pkg.sub", "pkg/sub.py", "Y = 2\n", pack=pack)
    site.write()
    site.app("""
import pkg, pkg.sub
def handler(event, context):
    s = pkg.__spec__
    return [pkg.__file__, list(pkg.__path__), getattr(pkg, '__cached__', None), pkg.__package__, pkg.sub.__package__,
            pkg.sub.__file__, s.name, s.origin, s.parent, s.has_location, pkg.sub.__loader__.is_package('pkg.sub'),
            pkg.__loader__.get_filename('pkg'), repr(pkg)]
""")
    home = site.home(site.g)
    assert run(site).result == [
        home + "/pkg/__init__.py", [home + "/pkg"], None, "pkg", "pkg", home + "/pkg/sub.py", "pkg",
        home + "/pkg/__init__.py", "pkg", True, False, home + "/pkg/__init__.py",
        "<module 'pkg' from '%s/pkg/__init__.py'>" % home]


def test_the_handler_is_the_very_same_function_and_no_wrapper_when_nothing_is_recorded(site):
    site.write()
    site.app("def handler(event, context): return 1\n")
    answer = run(site)
    assert answer.result == 1 and answer["same"] is True


@pytest.mark.parametrize("handler", ["pkg.mod.handler", "pkg/mod.handler"])
def test_handlers_in_packages_and_with_slashes_are_imported_under_their_own_name(site, handler):
    site.code("pkg", "pkg/__init__.py", "", pack=site.near)
    site.code("pkg.mod", "pkg/mod.py", "def handler(e, c): return [__name__, handler.__module__]\n", pack=site.near)
    site.write()
    assert run(site, handler).result == ["pkg.mod", "pkg.mod"]


def test_relative_and_circular_imports_and_star_import_with_all_work(site):
    site.code("p", "p/__init__.py", "from .a import *\nfrom . import b\n", pack=site.near)
    site.code("p.a", "p/a.py", "__all__ = ['f', 'g']\nfrom . import b\ndef f(): return b.g()\ng = 1\nh = 2\n",
              pack=site.stream)
    site.code("p.b", "p/b.py", "import p.a\nfrom .c.d import deep\ndef g(): return p.a.g + deep\n", pack=site.near)
    site.code("p.c", "p/c/__init__.py", "", pack=site.near)
    site.code("p.c.d", "p/c/d.py", "from .. import __name__ as n\ndeep = 40\n", pack=site.near)
    site.write()
    site.app("import p\ndef handler(e, c): return [p.f(), p.g, hasattr(p, 'h')]\n")
    assert run(site).result == [41, 1, False]


def test_import_by_a_computed_name_and_by_a_pickle_works(site):
    site.code("shape", "shape.py", "class Box:\n    def __init__(self): self.n = 3\n", pack=site.far)
    site.write()
    site.app("""
import importlib, pickle
def handler(event, context):
    m = importlib.import_module(event['m'])
    data = pickle.dumps(m.Box())
    import sys
    del sys.modules['shape'], m
    return [pickle.loads(data).n, 'shape' in sys.modules]
""")
    assert run(site, events=[{"m": "shape"}]).result == [3, True]


def test_module_getattr_is_asked_for_missing_names(site):
    site.code("lazy", "lazy/__init__.py", "def __getattr__(n):\n    if n == 'x': return 7\n"
              "    raise AttributeError(n)\n", pack=site.near)
    site.write()
    site.app("from lazy import x\nimport lazy\ndef handler(e, c): return [x, hasattr(lazy, 'y')]\n")
    assert run(site).result == [7, False]


def test_a_module_that_was_never_installed_fails_with_the_original_error(site):
    site.code("pkg", "pkg/__init__.py", "", pack=site.near)
    site.write()
    site.app("""
def handler(event, context):
    out = []
    for name in ('nowhere', 'pkg.nowhere', 'pkg.a.b'):
        try: __import__(name)
        except ImportError as e: out.append([type(e).__name__, str(e), e.name])
    return out
""")
    assert run(site).result == [
        ["ModuleNotFoundError", "No module named 'nowhere'", "nowhere"],
        ["ModuleNotFoundError", "No module named 'pkg.nowhere'", "pkg.nowhere"],
        ["ModuleNotFoundError", "No module named 'pkg.a'", "pkg.a"]]


def test_an_absent_optional_module_stays_absent_and_a_present_one_stays_present(site):
    site.code("lib", "lib/__init__.py", "try:\n    from . import fast\nexcept ImportError:\n    fast = None\n"
              "try:\n    from . import slow\nexcept ImportError:\n    slow = None\n", pack=site.near)
    site.text("lib.slow", "lib/slow.py", "here = True\n", pack=site.far)
    site.write()
    site.app("import lib, importlib.util as u\n"
             "def handler(e, c): return [lib.fast, lib.slow.here, u.find_spec('lib.fast') is None,\n"
             "                           u.find_spec('lib.slow') is not None]\n")
    assert run(site).result == [None, True, True, True]


def test_side_effect_registries_fill_once_in_import_order(site):
    site.code("reg", "reg/__init__.py", "items = []\nfrom . import b, a\nfrom . import a, b\n", pack=site.near)
    for name in "ab":
        site.code("reg." + name, "reg/%s.py" % name, "import reg\nreg.items.append(__name__)\n", pack=site.stream)
    site.write()
    site.app("import reg\ndef handler(e, c): return reg.items\n")
    assert run(site).result == ["reg.b", "reg.a"]


def test_a_namespace_package_split_over_zip_layer_and_mount_has_all_its_parts(site):
    mount = site.root(MOUNT, "/mnt/shelf")
    far = site.pack(mount, "m.pack")
    mg = site.group(mount)
    site.add("ns", NS, "ns", group=site.g)
    site.code("ns.one", "ns/one.py", "v = 1\n", pack=site.near)
    site.code("ns.two", "ns/two.py", "v = 2\n", group=mg, pack=far)
    put(site.base + "/task/ns/three.py", b"v = 3\n")
    os.makedirs(site.folder(mount) + "/site/ns")
    site.write()
    site.app("""
import ns, ns.one, ns.two, ns.three, pkgutil
def handler(event, context):
    return [ns.one.v, ns.two.v, ns.three.v, sorted(m.name for m in pkgutil.iter_modules(ns.__path__)),
            ns.__spec__.loader is None or type(ns.__spec__.loader).__name__, getattr(ns, '__file__', None)]
""")
    result = run(site).result
    assert result[:4] == [1, 2, 3, ["one", "three", "two"]] and result[5] is None


def test_the_catalog_decides_which_of_two_modules_of_one_name_is_loaded(site):
    site.code("twice", "twice.py", "v = 'catalog'\n", pack=site.near)
    put(site.folder(site.opt_root) + "/site/twice.py", b"v = 'folder'\n")
    site.write()
    site.app("import twice\ndef handler(e, c): return twice.v\n")
    assert run(site).result == "catalog"


def test_built_in_modules_are_not_replaced_by_catalogued_ones(site):
    site.code("time", "time.py", "wrong = True\n", pack=site.near)
    site.write()
    site.app("import sys\nsys.modules.pop('time')\nimport time\ndef handler(e, c): return hasattr(time, 'wrong')\n")
    assert run(site).result is False


def test_plain_files_of_a_site_folder_that_are_not_catalogued_still_import(site):
    site.code("pkg", "pkg/__init__.py", "", pack=site.near)
    put(site.folder(site.opt_root) + "/site/pkg/extra.py", b"v = 5\n")
    put(site.folder(site.opt_root) + "/site/top.py", b"v = 6\n")
    site.write()
    site.app("import pkg.extra, top\ndef handler(e, c): return [pkg.extra.v, top.v]\n")
    assert run(site).result == [5, 6]


# As `python -m` in an interpreter without site-packages has it.
LAMBDA_PATH = "import sys\nsys.path.remove('')\nsys.meta_path[:] = sys.meta_path[-3:]\n"


def test_standard_modules_are_found_without_the_folders_before_them(site):
    site.write()
    site.app("""
import colorsys, importlib.util
from cloudpack_runtime.start import state
def handler(e, c):
    find = state['finder']._library.find
    s = find('colorsys')
    return [s.origin == colorsys.__file__, s.cached == colorsys.__cached__, find('sys'), find('not_there'),
            importlib.util.find_spec('colorsys').origin == colorsys.__file__]
""")
    assert run(site, prelude=LAMBDA_PATH).result == [True, True, None, None, True]


@pytest.mark.parametrize("prelude", ["", LAMBDA_PATH])
def test_a_file_before_the_standard_library_hides_a_standard_module_as_ever(site, prelude):
    put(site.base + "/task/colorsys.py", b"v = 'task'\n")
    put(site.folder(site.opt_root) + "/site/this.py", b"v = 'site'\n")
    put(site.base + "/late/wave.py", b"v = 'late'\n")
    site.code("chunk", "chunk.py", "v = 'catalog'\n", pack=site.near)
    site.write()
    site.app("import sys, os, colorsys, this, chunk\n"
             "sys.path.insert(0, os.environ['LAMBDA_TASK_ROOT'] + '/../late')\nimport wave\n"
             "def handler(e, c): return [colorsys.v, this.v, chunk.v, wave.v]\n")
    assert run(site, prelude=prelude).result == ["task", "site", "catalog", "late"]


def test_another_finder_between_ours_and_the_standard_ones_is_asked(site):
    site.write()
    site.app("import sys\nclass Finder:\n    asked = []\n"
             "    def find_spec(self, name, path=None, target=None): self.asked.append(name)\n"
             "sys.meta_path.insert(1, Finder())\nimport colorsys\n"
             "ours = sys.meta_path.pop(0)\n"
             "def handler(e, c): return ['colorsys' in Finder.asked, ours.find_spec('wave')]\n")
    assert run(site, prelude=LAMBDA_PATH).result == [True, None]


def test_loose_modules_are_loaded_from_their_files(site):
    site.text("plain", "plain.py", "v = __file__\n", root=site.opt_root)
    site.write()
    site.app("import plain\ndef handler(e, c): return plain.v\n")
    answer = run(site)
    assert answer.result == site.folder(site.opt_root) + "/site/plain.py"
    assert answer["record"]["loaded"]["opt"] == 1


def test_deflated_members_load_from_every_kind_of_pack(site):
    for where in PACKS:
        site.code("d" + where, "d%s.py" % where, "v = '%s' * 100\n" % where, pack=getattr(site, where), flags=DEFLATED)
    site.write()
    site.app("import dnear, dstream, dfar\ndef handler(e, c): return len(dnear.v + dstream.v + dfar.v)\n")
    assert run(site).result == 100 * len("".join(PACKS))


@pytest.mark.parametrize("raw", [0, 5, 200])
def test_a_deflated_member_of_another_size_than_the_catalog_says_is_refused(site, raw):
    body = b"x = '" + b"a" * 90 + b"'\n"
    site.add("bomb", 6, "bomb.py", body, pack=site.near, flags=DEFLATED, raw=raw)
    site.write()
    site.app("import bomb\n")
    error = run(site).error
    assert error["type"] == "LoadError" and "inflates to" in error["message"] and error["name"] == "bomb"


def test_code_names_follow_the_real_place_of_the_module(site):
    site.code("moved", "moved.py", "def f(): return f.__code__.co_filename\n", pack=site.near, where="/opt/x/moved.py")
    site.write()
    site.app("import moved\ndef handler(e, c): return moved.f()\n")
    assert run(site).result == site.home(site.g) + "/moved.py"


@pytest.mark.parametrize("kind", ["code", "text"])
@pytest.mark.parametrize("where", PACKS)
def test_inspect_and_tracebacks_show_source_lines_of_packed_modules(site, where, kind):
    text = "import inspect\n\ndef broken():\n    raise KeyError('boom')  # line four\n"
    if kind == "code":
        site.code("src", "src.py", text, pack=getattr(site, where), keep_source=True)
    else:
        site.text("src", "src.py", text, pack=getattr(site, where))
    site.write()
    site.app("""
import inspect, traceback, src
def handler(event, context):
    try: src.broken()
    except KeyError: stack = traceback.format_exc()
    return [inspect.getsource(src.broken), stack, src.__loader__.get_source('src')]
""")
    source, stack, whole = run(site).result
    assert source == text.partition("\n\n")[2]
    assert "raise KeyError('boom')  # line four" in stack and site.home(site.g) + "/src.py" in stack
    assert whole == text


def test_source_that_was_not_kept_is_none_and_tracebacks_still_have_lines(site):
    site.code("nosrc", "nosrc.py", "\n\ndef f(): raise KeyError(1)\n", pack=site.near)
    site.write()
    site.app("import nosrc, traceback\ndef handler(e, c):\n    try: nosrc.f()\n    except KeyError:\n"
             "        return [traceback.format_exc(), nosrc.__loader__.get_source('nosrc')]\n")
    stack, source = run(site).result
    assert 'nosrc.py", line 3, in f' in stack and source is None


def test_an_exception_during_import_keeps_type_message_and_only_the_users_frames(site):
    site.code("boom", "boom.py", "def f():\n    raise LookupError('inside')\nf()\n", pack=site.near, keep_source=True)
    site.write()
    site.app("import boom\n")
    error = run(site).error
    assert (error["type"], error["message"]) == ("LookupError", "inside")
    assert "raise LookupError('inside')" in error["stack"] and "app.py" in error["stack"]
    assert "finder.py" not in error["stack"] and "native.py" not in error["stack"]


def test_a_failed_import_can_be_tried_again(site):
    site.code("flaky", "flaky.py", "import os\nif not os.environ.get('GO'):\n    raise RuntimeError('first')\nv = 1\n",
              pack=site.far)
    site.write()
    site.app("""
import os
def handler(event, context):
    try: import flaky
    except RuntimeError as e: first = str(e)
    os.environ['GO'] = '1'
    import flaky
    return [first, flaky.v]
""")
    assert run(site).result == ["first", 1]


def test_asserts_run_as_compiled(site):
    site.code("asserting", "asserting.py", "def f():\n    assert False, 'kept'\n", pack=site.near)
    site.write()
    site.app("import asserting\ndef handler(e, c):\n    try: asserting.f()\n    except AssertionError as x: return str(x)\n")
    assert run(site).result == "kept"


def test_reload_runs_the_module_again_even_when_its_stream_memory_is_gone(site):
    site.code("again", "again.py", "n = globals().get('n', 0) + 1\n", pack=site.stream)
    site.write()
    site.app("import importlib, again\ndef handler(e, c):\n    importlib.reload(again)\n"
             "    importlib.reload(again)\n    return again.n\n")
    assert run(site).result == 3


def test_handler_errors_are_the_users_and_trigger_nothing(site):
    site.write()
    site.app("calls = []\ndef handler(e, c):\n    calls.append(1)\n    raise ValueError(len(calls))\n")
    answer = run(site)
    assert answer.error["type"] == "ValueError" and answer.error["message"] == "1"
    assert answer["record"]["misses"] == []


def test_a_missing_handler_function_is_named(site):
    site.write()
    site.app("x = 1\n")
    error = run(site).error
    assert error["type"] == "AttributeError" and error["message"] == "Handler 'handler' missing on module 'app'"


def test_a_misspelt_handler_module_is_a_module_not_found_error(site):
    site.write()
    error = run(site, "nothere.handler").error
    assert (error["type"], error["name"]) == ("ModuleNotFoundError", "nothere")


def test_member_names_with_a_slash_are_not_importable(site):
    site.data("pkg/x.txt", b"x", pack=site.far, group=site.sg)
    site.write()
    site.app("import importlib\ndef handler(e, c):\n    try: importlib.import_module('/pkg/x')\n"
             "    except ModuleNotFoundError as x: return x.name\n")
    assert run(site).result == "/pkg/x"


def test_an_empty_catalog_lets_everything_else_import(site):
    site.packs, site.bodies = [], []
    site.write()
    site.app("import json\ndef handler(e, c): return json.dumps([1])\n")
    assert run(site).result == "[1]"


@pytest.mark.parametrize("changed,expected", [("", [True, 700, True]), ("gc.disable()", [False, 700, False]),
                                              ("gc.set_threshold(5)", [True, 5, False])])
def test_garbage_collection_is_off_during_init_and_then_as_the_user_left_it(site, changed, expected):
    site.write()
    site.app("import gc\nduring = gc.get_threshold()[0]\n%s\n"
             "def handler(e, c): return [during, gc.isenabled(), gc.get_threshold()[0], gc.get_freeze_count() > 1000]\n"
             % changed)
    during, enabled, threshold, frozen = run(site, prelude="import gc; gc.set_threshold(700, 10, 10); gc.unfreeze()").result
    assert during == 0 and [enabled, threshold, frozen] == expected
    assert run(site, settings={"gc": "on"}).result[0] != 0


def test_misses_are_what_the_plan_did_not_expect(site):
    site.code("planned", "planned.py", "", pack=site.stream)
    site.code("demand", "demand.py", "", pack=site.far)
    site.text("texty", "texty.py", "", pack=site.near)
    site.text("expected", "expected.py", "", pack=site.near, flags=INIT)
    site.data("grp/x.txt", b"x", group=site.sg, pack=site.far)
    site.code("grp", "grp/__init__.py", "", group=site.sg, pack=site.near)
    site.write()
    site.app("import planned, expected\ndef handler(e, c):\n    import demand, texty, grp\n")
    record = run(site)["record"]
    assert sorted((m["name"], m["why"]) for m in record["misses"]) == [
        ("demand", "on-demand"), ("grp", "group"), ("texty", "text")]
    assert record["loaded"]["s3"] == 3 and record["loaded"]["opt"] == 3 and record["miss_count"] == 3
