"""Extension modules and shared libraries, packed and loose."""

import os
import shutil
import subprocess
import sysconfig

import pytest
from catalog_writer import DATA, DEFLATED, EXT, LIB, MOUNT, PACKAGE
from machine import run

CC = shutil.which("gcc") or shutil.which("cc")
pytestmark = pytest.mark.skipif(CC is None or not os.path.exists(sysconfig.get_path("include") + "/Python.h"),
                                reason="NO COMPILER OR NO Python.h: extension modules are not tested")

# One module with both kinds of initialisation, and a chain of libraries: extension -> liba -> libb.
EXT_C = """
#include <Python.h>
#ifdef NEEDS
int a_value(void);
#else
static int a_value(void) { return 1; }
#endif
static PyObject *value(PyObject *self, PyObject *args) { return PyLong_FromLong(a_value()); }
static PyMethodDef methods[] = {{"value", value, METH_NOARGS, ""}, {0}};
#ifdef MULTI
static int fill(PyObject *m) { return PyModule_AddIntConstant(m, "filled", 1); }
static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, NAME, 0, 0, methods, slots};
#else
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, NAME, 0, -1, methods};
#endif
#define JOIN(a, b) a##b
#define INIT(n) JOIN(PyInit_, n)
PyMODINIT_FUNC INIT(SYMBOL)(void) {
#ifdef MULTI
    return PyModuleDef_Init(&def);
#else
    return PyModule_Create(&def);
#endif
}
"""
LIB_B = "int b_value(void) { return VALUE; }"
LIB_A = "int b_value(void); int a_value(void) { return b_value() + 1; }"


def build(folder, out, text, *flags):
    """Compiles a shared object and returns its bytes."""
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/x.c", "w", encoding="utf-8") as file:
        file.write(text)
    subprocess.run([CC, "-shared", "-fPIC", "-O0", "-o", folder + "/" + out, folder + "/x.c",
                    "-I" + sysconfig.get_path("include"), "-I" + sysconfig.get_path("platinclude"), "-L" + folder]
                   + list(flags), check=True)
    with open(folder + "/" + out, "rb") as file:
        return file.read()


@pytest.fixture(scope="session")
def objects(tmp_path_factory):
    """The compiled objects by name."""
    folder = str(tmp_path_factory.mktemp("native"))
    out = {}
    out["b"] = build(folder, "libb-1.so", LIB_B, "-DVALUE=40", "-Wl,-soname,libb-1.so")
    out["a"] = build(folder, "liba-1.so", LIB_A, "-Wl,-soname,liba-1.so", "-lb-1", "-Wl,-rpath,$ORIGIN")
    for name in ("single", "multi", "ext"):
        flags = ["-DSYMBOL=" + name, '-DNAME="%s"' % name] + (["-DMULTI"] if name == "multi" else [])
        out[name] = build(folder, name + ".so", EXT_C, *flags)
    out["needy"] = build(folder, "needy.so", EXT_C, "-DSYMBOL=needy", '-DNAME="needy"', "-DNEEDS", "-DMULTI",
                         "-l:liba-1.so", "-Wl,-rpath,$ORIGIN/../x.libs")
    for i in range(6):
        out["n%d" % i] = build(folder, "n%d.so" % i, EXT_C.replace("return 1;", "return %d;" % (100 + i)),
                               "-DSYMBOL=n%d" % i, '-DNAME="n%d"' % i)
    return out


@pytest.mark.parametrize("where", ["near", "stream", "far"])
@pytest.mark.parametrize("name", ["single", "multi"])
@pytest.mark.parametrize("flags", [0, DEFLATED])
def test_a_packed_extension_loads_and_believes_to_be_at_home(site, objects, where, name, flags):
    site.add(name, EXT, "%s.so" % name, objects[name], pack=getattr(site, where), flags=flags)
    site.write()
    site.app("import %s as m\ndef handler(e, c): return [m.value(), m.__file__, m.__spec__.origin, m.__name__,\n"
             "    m.__loader__.get_source(m.__name__), m.__loader__.is_package(m.__name__)]\n" % name)
    path = site.home(site.g) + "/%s.so" % name
    assert run(site).result == [1, path, path, name, None, False]


def test_an_extension_inside_of_a_package_and_as_a_package_loads(site, objects):
    site.code("pkg", "pkg/__init__.py", "from . import ext\nfrom pkg.single import value\n", pack=site.near)
    site.add("pkg.ext", EXT, "pkg/ext.so", objects["ext"], pack=site.near)
    site.add("pkg.single", EXT, "pkg/single/__init__.so", objects["single"], pack=site.stream, flags=PACKAGE)
    site.write()
    site.app("import pkg\ndef handler(e, c): return [pkg.ext.value(), pkg.ext.__package__, list(pkg.single.__path__)]\n")
    assert run(site).result == [1, "pkg", [site.home(site.g) + "/pkg/single"]]


def needy(site, objects, ext, lib_a, lib_b):
    """An extension that needs liba, which needs libb; each argument says how it is placed."""
    b = site.add("/x.libs/libb-1.so", LIB, "x.libs/libb-1.so", objects["b"], **lib_b)
    a = site.add("/x.libs/liba-1.so", LIB, "x.libs/liba-1.so", objects["a"], needs=[b], **lib_a)
    site.add("pkg.needy", EXT, "pkg/needy.so", objects["needy"], needs=[a], **ext)
    site.code("pkg", "pkg/__init__.py", "", pack=site.near)
    site.write()
    site.app("from pkg import needy\ndef handler(e, c): return needy.value()\n")


@pytest.mark.parametrize("ext,lib_a,lib_b", [
    ("near", "near", "near"), ("far", "near", "stream"), ("stream", "far", "near"), ("loose", "far", "far"),
    ("loose", "loose", "far"), ("far", "loose", "loose"), ("loose", "loose", "loose"), ("loose", "mount", "loose"),
    ("mount", "mount", "mount"), ("far", "mount", "near")])
def test_libraries_in_other_tiers_are_loaded_before_the_extension_that_needs_them(site, objects, ext, lib_a, lib_b):
    mount = site.root(MOUNT, "/mnt/libs")
    places = {name: {"pack": getattr(site, name)} for name in ("near", "far", "stream")}
    places.update(loose={"root": site.opt_root}, mount={"root": mount})
    needy(site, objects, places[ext], places[lib_a], places[lib_b])
    assert run(site).result == 41


def test_loose_neighbours_are_left_to_the_dynamic_linker(site, objects):
    loose = {"root": site.opt_root}
    needy(site, objects, loose, loose, loose)
    site.app("from pkg import needy\nimport sys\ndef handler(e, c):\n"
             "    return [needy.value(), sys.modules['cloudpack_runtime.start'].state['store'].natives.handles]\n")
    assert run(site).result == [41, []]


def test_many_packed_extensions_stay_apart_because_no_descriptor_is_used_twice(site, objects):
    for i in range(6):
        site.add("n%d" % i, EXT, "n%d.so" % i, objects["n%d" % i], pack=(site.near, site.stream, site.far)[i % 3])
    site.write()
    site.app("import importlib\ndef handler(e, c): return [importlib.import_module('n%d' % i).value() for i in range(6)]\n")
    assert run(site).result == [100 + i for i in range(6)]


def test_without_memfd_a_file_in_the_scratch_folder_is_used(site, objects):
    site.add("single", EXT, "single.so", objects["single"], pack=site.far)
    site.write()
    site.app("import single\ndef handler(e, c): return [single.value(), single.__file__]\n")
    answer = run(site, prelude="import posix; posix.__dict__.pop('memfd_create', None)")
    assert answer.result == [1, site.home(site.g) + "/single.so"]
    assert os.listdir("%s/scratch/%s/native" % (site.base, site.digest[:16]))


def test_ctypes_loads_a_library_by_its_path_once_it_is_materialised(site, objects):
    site.code("ct", "ct/__init__.py", "import ctypes, os\n"
              "lib = ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'libb-1.so'))\n", group=site.sg, pack=site.far)
    site.add("/ct/libb-1.so", DATA, "ct/libb-1.so", objects["b"], group=site.sg, pack=site.far)
    site.groups[site.sg][2].append(len(site.members) - 1)
    site.write()
    site.app("import ct\ndef handler(e, c): return ct.lib.b_value()\n")
    assert run(site).result == 40


@pytest.mark.parametrize("where", ["far", "stream"])
def test_a_changed_extension_is_refused_before_it_is_mapped(site, objects, where):
    site.add("single", EXT, "single.so", objects["single"], pack=getattr(site, where), sha=b"\1" * 32)
    site.write()
    site.app("import single\n")
    error = run(site).error
    assert error["type"] == "LoadError" and where + ".pack" in error["message"] and "single" in error["message"]


@pytest.mark.parametrize("which", ["pkg/needy.so", "x.libs/libb-1.so"])
def test_a_changed_loose_library_or_extension_on_a_mount_is_refused(site, objects, which):
    mount = {"root": site.root(MOUNT, "/mnt/libs")}
    needy(site, objects, mount, mount, mount)
    path = site.folder(mount["root"]) + "/site/" + which
    with open(path, "ab") as file:
        file.write(b"x")
    error = run(site).error
    assert error["type"] == "LoadError" and path in error["message"] and "sha256" in error["message"]


def test_a_damaged_library_is_an_import_error_that_names_it(site, objects):
    b = site.add("/x.libs/libb-1.so", LIB, "x.libs/libb-1.so", objects["b"][:300], pack=site.near)
    site.add("single", EXT, "single.so", objects["single"], needs=[b], pack=site.near)
    site.write()
    site.app("import single\n")
    error = run(site).error
    assert error["type"] == "ImportError" and "x.libs/libb-1.so" in error["message"]


def test_fork_after_loading_keeps_modules_and_loads_more(site, objects):
    site.add("single", EXT, "single.so", objects["single"], pack=site.stream)
    site.code("later", "later.py", "v = 9\n", pack=site.far)
    site.code("last", "last.py", "v = 10\n", pack=site.stream)
    site.add("n0", EXT, "n0.so", objects["n0"], pack=site.far)
    site.write()
    site.app("""
import os, single
def handler(event, context):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            import later, n0, last
            os.write(w, b'%d %d %d %d' % (single.value(), later.v, n0.value(), last.v))
        finally:
            os._exit(0)
    os.close(w)
    os.waitpid(pid, 0)
    return os.read(r, 100).decode()
""")
    assert run(site).result == "1 9 100 10"
