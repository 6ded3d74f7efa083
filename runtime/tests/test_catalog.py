"""The catalog: what is wrong with it is told, nothing crashes, nothing leaves its root, opening is fast."""

import os
import random
import struct
import sys
import time

import pytest
from catalog_writer import MOUNT, OPT, PACKAGE, SCRATCH, TASK, Site, put
from cloudpack_runtime import catalog as c
from cloudpack_runtime.record import Record
from cloudpack_runtime.store import Store
from machine import environment, run


def sample(base):
    """A catalog with every kind of table filled."""
    site = Site(base)
    opt, mount, s3 = site.root(OPT, "x"), site.root(MOUNT, "/mnt/y"), site.root(3, "b/p")
    packs = [site.pack(opt, "a.pack"), site.pack(mount, "b.pack"), site.pack(s3, "c.pack", 1)]
    near, group = site.group(opt), site.group(s3, SCRATCH, [])
    for i in range(12):
        site.code("m%d" % i, "m%d.py" % i, "v = %d\n" % i, group=near, pack=packs[i % 3], keep_source=i % 2 == 0)
    site.code("g", "g/__init__.py", "v = 1\n", group=group, pack=packs[0])
    site.data("g/data.txt", b"data", group=group, pack=packs[2])
    lib = site.add("/l.so", 4, "l.so", b"\x7fELF", near, packs[0])
    site.add("ext", 2, "ext.so", b"\x7fELF", near, packs[0], needs=[lib])
    site.text("t", "t.py", "v = 2\n", near, packs[1])
    site.write()
    return site


def test_every_member_is_found_by_its_name_and_nothing_else_is(tmp_path):
    site = sample(tmp_path)
    opened = c.Catalog(site.catalog())
    for index, m in enumerate(site.members):
        assert opened.find(m["name"]) == index
        got = opened.member(index)
        assert (got.name, got.kind, got.rel, got.stored, got.raw, got.sha256) == (
            m["name"], m["kind"], m["rel"], m["stored"], m["raw"], m["sha"])
    for name in ("", "m", "m99", "M1", "m1 ", "\ud800", "x" * 10000):
        assert opened.find(name) == -1


def test_names_that_share_their_hash_slots_are_told_apart(tmp_path):
    site = Site(tmp_path)
    group = site.group(site.root(TASK, ""))
    pack = site.pack(0, "p")
    names = ["n%d" % i for i in range(3000)]
    for name in names:
        site.add(name, 1, name + ".py", b"x", group, pack)
    opened = c.Catalog(site.catalog())
    assert [opened.find(n) for n in names] == list(range(3000))
    assert not any(opened.find("z%d" % i) >= 0 for i in range(3000))


@pytest.mark.parametrize("change,words", [
    (lambda d: b"", "a header has 128"), (lambda d: d[:100], "a header has 128"),
    (lambda d: b"X" + d[1:], "magic"), (lambda d: d[:8] + struct.pack("<I", 2) + d[12:], "format is 2"),
    (lambda d: d[:-1], "promises"), (lambda d: d + b"x", "promises"),
    (lambda d: d[:24] + struct.pack("<HH", 3, 99) + d[28:], "Python 3.99"),
    (lambda d: d[:64] + struct.pack("<I", 3) + d[68:], "power of two"),
    (lambda d: d[:60] + struct.pack("<I", len(d)) + d[64:], "member table"),
    (lambda d: d[:56] + struct.pack("<I", 0xFFFFFFFF) + d[60:], "member table"),
    (lambda d: d[:88] + struct.pack("<I", 0xFFFFFFFF) + d[92:], "library order")])
def test_damage_is_described(tmp_path, change, words):
    data = change(sample(tmp_path).catalog())
    with pytest.raises(c.CatalogError, match=words):
        c.Catalog(data, "/task/x.catalog")


def explore(data, site):
    """Everything the runtime does with a catalog that does not execute code; returns the paths it would touch."""
    opened = c.Catalog(data)
    env = environment(site)
    store = Store(opened, env, {}, Record(env, {}), site.base + "/task")
    paths = []
    for folder in sum(store.site_folders(), []):
        paths.append(folder)
    for name in [m["name"] for m in site.members] + ["nothing"]:
        index = opened.find(name)
        if index < 0:
            continue
        m = opened.member(index)
        paths.append("%s/%s" % (store.home(m.group), m.rel))
        list(opened.needs(m))
        if m.kind != c.NS:
            store.read(m)
        store.ready(m)
    list(opened.lib_order())
    for group in range(min(opened.group_count, 50)):
        opened.group(group)
    return paths


def inside(site, path):
    """Whether a path is below one of the machine's roots."""
    return os.path.normpath(path).startswith(tuple("%s/%s" % (site.base, top) for top in ("task", "opt", "mnt", "scratch")))


def test_the_sample_itself_is_explored_without_errors(tmp_path):
    site = sample(tmp_path)
    paths = explore(site.catalog(), site)
    assert len(paths) > 20 and all(inside(site, p) for p in paths)


@pytest.mark.parametrize("seed", range(8))
def test_garbage_gives_import_errors_only_and_no_path_leaves_its_root(tmp_path, seed):
    site = sample(tmp_path)
    good = site.catalog()
    rng = random.Random(seed)
    refused = 0
    for _ in range(250):
        data = bytearray(good)
        kind = rng.randrange(4)
        if kind == 0:
            data = data[:rng.randrange(len(data))]
            data[16:24] = struct.pack("<Q", len(data))
        elif kind == 1:
            for _ in range(rng.randrange(1, 6)):
                data[rng.randrange(28, len(data))] = rng.randrange(256)
        elif kind == 2:
            at = rng.randrange(7, len(data) // 4 - 1) * 4
            data[at:at + 4] = struct.pack("<I", rng.choice([0, 1, 0xFFFFFFFF, 0x7FFFFFFF, len(data), len(data) - 1]))
        else:
            text = struct.unpack_from("<I", data, 84)[0]
            at = rng.randrange(text, len(data) - 3)
            data[at:at + 3] = rng.choice([b"../", b"/..", b"//.", b"\0ab", b"\xff\xfe\xfd"])
        try:
            paths = explore(bytes(data), site)
        except (ImportError, ValueError):
            refused += 1
        else:
            assert all(inside(site, p) for p in paths)
    assert refused > 50
    assert sorted(os.listdir(tmp_path)) == ["mnt", "opt", "scratch", "shelf", "task"]


@pytest.mark.parametrize("rel", ["../x.py", "/etc/x.py", "a/../../x.py", "./x.py", "a//x.py", "", "a\0b.py"])
def test_paths_that_climb_out_are_refused(tmp_path, rel):
    site = sample(tmp_path)
    site.add("bad", 1, rel, b"x", 0, 0)
    opened = c.Catalog(site.catalog())
    with pytest.raises(c.CatalogError, match="leaves the site folder"):
        opened.member(opened.find("bad"))


@pytest.mark.parametrize("kind,path", [(TASK, "../x"), (OPT, "a/../../b"), (MOUNT, "relative"), (MOUNT, "/mnt/../etc"),
                                       (3, "bucket/../other"), (9, "x")])
def test_roots_and_packs_that_climb_out_are_refused(tmp_path, kind, path):
    site = Site(tmp_path)
    site.roots.append((kind, path))
    with pytest.raises(c.CatalogError):
        c.Catalog(site.catalog())
    other = Site(tmp_path)
    other.root(TASK, "")
    other.pack(0, "../" + path)
    with pytest.raises(c.CatalogError, match="leaves its root"):
        c.Catalog(other.catalog())


def test_a_member_cannot_write_outside_of_the_scratch_folder_through_a_link(tmp_path):
    site = Site(tmp_path)
    root = site.root(OPT, "")
    pack = site.pack(root, "p")
    group = site.group(root, SCRATCH, [])
    site.data("../../../evil", b"x", group, pack)
    site.code("g", "g.py", "", group, pack)
    site.write()
    put(str(tmp_path / "task" / "app.py"), b"import g\n")
    assert "leaves the site folder" in run(site).error["message"]
    assert not any("evil" in names for _f, _d, names in os.walk(tmp_path))


def test_ten_thousand_modules_open_and_look_up_in_no_time(tmp_path):
    site = Site(tmp_path)
    group = site.group(site.root(TASK, ""))
    pack = site.pack(0, "p")
    for i in range(10000):
        name = "some_package.sub%d.module_%d" % (i % 100, i)
        site.add(name, 1, name.replace(".", "/") + ".py", b"x", group, pack)
    digest = site.write()
    path = str(tmp_path / "task" / "cloudpack.catalog")
    c.open_catalog(path, digest)
    times = []
    for _ in range(15):
        began = time.perf_counter()
        opened = c.open_catalog(path, digest)
        assert opened.find("some_package.sub7.module_7") >= 0
        times.append(time.perf_counter() - began)
    print("open of 10,000 modules: %.2f ms (%d bytes)" % (min(times) * 1000, os.path.getsize(path)))
    assert min(times) < 0.010  # 2 ms is the aim; a loaded machine is slower


BROKEN = {
    "missing": lambda path: os.unlink(path),
    "truncated": lambda path: os.truncate(path, 90),
    "garbage": lambda path: put(path, b"\xff" * 500),
    "empty": lambda path: os.truncate(path, 0),
}


@pytest.mark.parametrize("how", sorted(BROKEN))
def test_an_unusable_catalog_is_an_import_error_that_names_the_file(site, how):
    site.code("pkg", "pkg.py", "v = 1\n", pack=site.near)
    site.write()
    site.app("import pkg\ndef handler(e, c): return pkg.v\n")
    path = site.base + "/task/cloudpack.catalog"
    BROKEN[how](path)
    error = run(site).error
    assert error["type"] == "CatalogError" and path in error["message"] and "No module named 'pkg'" in error["message"]
    assert error["name"] == "pkg"


@pytest.mark.parametrize("how", sorted(BROKEN))
def test_without_a_usable_catalog_plain_site_folders_still_serve(site, how):
    site.write()
    put(site.folder(site.opt_root) + "/site/pkg/__init__.py", b"v = 1\n")
    site.app("import pkg\ndef handler(e, c): return pkg.v\n")
    BROKEN[how](site.base + "/task/cloudpack.catalog")
    assert run(site).result == 1


def test_a_catalog_of_another_build_is_refused_by_its_digest(site):
    site.code("pkg", "pkg.py", "v = 1\n", pack=site.near)
    site.write()
    site.app("import pkg\n")
    error = run(site, digest="0" * 64).error
    assert error["type"] == "CatalogError" and "different builds" in error["message"] and "0" * 64 in error["message"]


def test_a_newer_format_and_another_python_are_refused_with_the_reason(site):
    site.code("pkg", "pkg.py", "v = 1\n", pack=site.near)
    site.app("import pkg\n")
    site.format = 2
    site.write()
    assert "format is 2" in run(site).error["message"]
    site.format, site.python = 1, (3, 2)
    site.write()
    assert "built for Python 3.2, this is %d.%d" % sys.version_info[:2] in run(site).error["message"]


@pytest.mark.parametrize("damage", ["missing", "short", "long"])
def test_a_local_pack_that_is_missing_or_of_another_size_is_named(site, damage):
    site.code("pkg", "pkg.py", "v = 1\n", pack=site.near)
    site.write()
    site.app("import pkg\n")
    path = site.folder(site.opt_root) + "/near.pack"
    if damage == "missing":
        os.unlink(path)
    else:
        os.truncate(path, 3 if damage == "short" else 10000)
    error = run(site).error
    assert error["type"] == "LoadError" and "near.pack" in error["message"] and error["name"] == "pkg"


@pytest.mark.parametrize("body", [b"", b"garbage!", b"\xe3\0\0", b"N", b"\xa9\x05hello"])
def test_members_that_are_not_bytecode_are_import_errors(site, body):
    site.add("pkg", 1, "pkg/__init__.py", body, pack=site.near, flags=PACKAGE)
    site.write()
    site.app("import pkg\n")
    assert run(site).error["type"] == "ImportError"


@pytest.mark.parametrize("prefetch", [0, 1])
@pytest.mark.parametrize("damage", ["changed", "short", "missing", "none"])
def test_packs_on_a_mount_are_checked_before_use(site, prefetch, damage):
    pack = site.pack(site.root(MOUNT, "/mnt/efs"), "m.pack", prefetch)
    site.code("pkg", "pkg.py", "v = 'original'\n", pack=pack)
    site.write()
    site.app("import pkg\ndef handler(e, c): return pkg.v\n")
    path = site.base + "/mnt/mnt/efs/m.pack"
    if damage == "changed":
        with open(path, "rb+") as file:
            body = file.read().replace(b"original", b"tampered")
            file.seek(0)
            file.write(body)
    elif damage == "short":
        os.truncate(path, 10)
    elif damage == "missing":
        os.unlink(path)
    answer = run(site)
    if damage == "none":
        assert answer.result == "original"
    else:
        assert answer.error["type"] == "LoadError" and "m.pack" in answer.error["message"]


@pytest.mark.parametrize("kind", ["text", "data"])
def test_loose_files_on_a_mount_are_checked_before_use(site, kind):
    mount = site.root(MOUNT, "/mnt/efs")
    if kind == "text":
        site.text("pkg", "pkg.py", "v = 1\n", root=mount)
    else:
        site.code("pkg", "pkg.py", "v = 1\n", pack=site.near)
        site.data("pkg.txt", b"v = 1\n", root=mount)
    site.write()
    put(site.base + "/mnt/mnt/efs/site/pkg." + ("py" if kind == "text" else "txt"), b"v = 2\n")
    site.app("import pkg\ndef handler(e, c):\n    return pkg.__loader__.get_data(%r)\n"
             % (site.home(site.g) + "/pkg.txt"))
    answer = run(site)
    assert answer.error["type"] == "LoadError" and "sha256" in answer.error["message"]
