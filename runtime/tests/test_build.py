"""The helpers that run in the target interpreter: the compile worker and the profiler's handler."""

import importlib.util
import json
import marshal
import os
import shutil
import subprocess
import sys

import pytest
from machine import RUNTIME


def worker(tmp_path, sources, *options, names=None):
    """Compiles {file: bytes} and returns ({file: answer}, {file: output bytes})."""
    lines, paths = [], {}
    for name in names or sources:
        src, out = str(tmp_path / name), str(tmp_path / (name + ".out"))
        if sources[name] is not None:
            with open(src, "wb") as file:
                file.write(sources[name])
        lines.append(json.dumps({"src": src, "name": "/opt/x/" + name, "out": out}))
        paths[src] = (name, out)
    done = subprocess.run([sys.executable, RUNTIME + "/build/compile.py"] + list(options), input="\n".join(lines) + "\n",
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    answers = [json.loads(x) for x in done.stdout.splitlines()]
    assert [a["src"] for a in answers] == list(paths)
    outputs = {}
    for name, out in paths.values():
        if os.path.exists(out):
            with open(out, "rb") as file:
                outputs[name] = file.read()
    return {paths[a["src"]][0]: a for a in answers}, outputs


GOOD = b'"""Doc."""\nimport os\ndef f(a, *, b={1: "x"}):\n    assert a in {"p", "q", "r", "s"}\n    return [lambda: b, ",", ""]\n'


def test_compiled_code_runs_under_the_given_name_and_has_no_header(tmp_path):
    answers, outputs = worker(tmp_path, {"a.py": b"def f(): return f.__code__.co_filename\nV = f()\n"})
    assert answers["a.py"]["ok"] and answers["a.py"]["bytes"] == len(outputs["a.py"])
    space = {}
    exec(marshal.loads(outputs["a.py"]), space)
    assert space["V"] == "/opt/x/a.py"


def test_a_pyc_is_unchecked_by_hash_and_importable_without_its_source(tmp_path):
    _answers, outputs = worker(tmp_path, {"mod.py": GOOD}, "--pyc")
    data = outputs["mod.py"]
    assert data[:4] == importlib.util.MAGIC_NUMBER and data[4:8] == b"\1\0\0\0"
    assert data[8:16] == importlib.util.source_hash(GOOD)
    (tmp_path / "mod.pyc").write_bytes(data)
    spec = importlib.util.spec_from_file_location("mod", str(tmp_path / "mod.pyc"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.f("p")[1] == ","


def test_broken_sources_are_answered_with_their_place_and_end_nothing(tmp_path):
    sources = {"syntax.py": b"x = 1\ny = = 2\n", "nul.py": b"x = 1\0\n", "deep.py": b"x = " + b"(" * 5000 + b")" * 5000,
               "utf.py": b"x = '\xff\xfe'\n", "coding.py": b"# coding: nonsense\n", "missing.py": None,
               "sum.py": b"x = " + b"+".join([b"1"] * 60000) + b"\n",
               "big.py": b"x = " + b"9" * 6000 + b"\n", "good.py": GOOD}
    answers, outputs = worker(tmp_path, sources)
    assert (answers["syntax.py"]["line"], answers["syntax.py"]["col"]) == (2, 5)
    for name in ("syntax.py", "nul.py", "deep.py", "utf.py", "coding.py", "missing.py"):
        assert answers[name]["ok"] is False and answers[name]["error"], name
        assert name not in outputs
    assert answers["good.py"]["ok"] and answers["big.py"]["ok"]


def test_warnings_in_sources_are_not_printed(tmp_path):
    answers, _outputs = worker(tmp_path, {"w.py": b"x = '\\d'\nassert (1, 2)\nx is 5\n"})
    assert answers["w.py"]["ok"]


def test_bad_requests_are_answered(tmp_path):
    done = subprocess.run([sys.executable, RUNTIME + "/build/compile.py"], input='nonsense\n[]\n{"src": 1}\n',
                          capture_output=True, text=True, timeout=60)
    assert [json.loads(x)["ok"] for x in done.stdout.splitlines()] == [False] * 3 and done.returncode == 0
    assert subprocess.run([sys.executable, RUNTIME + "/build/compile.py", "--nope"], capture_output=True,
                          timeout=60).returncode == 2


@pytest.mark.parametrize("level,doc,asserts", [("0", True, True), ("1", True, False), ("2", False, False)])
def test_optimisation_levels_are_those_of_the_interpreter(tmp_path, level, doc, asserts):
    _answers, outputs = worker(tmp_path, {"o.py": GOOD}, "--optimize", level)
    space = {}
    exec(marshal.loads(outputs["o.py"]), space)
    assert (space.get("__doc__") is not None) is doc
    if asserts:
        with pytest.raises(AssertionError):
            space["f"]("z")
    else:
        space["f"]("z")


def test_output_does_not_depend_on_what_was_compiled_before_nor_on_the_hash_seed(tmp_path, monkeypatch):
    folder = os.path.dirname(os.__file__)
    sources = {}
    for name in ("os.py", "ast.py", "enum.py", "typing.py", "argparse.py", "inspect.py", "tarfile.py"):
        with open("%s/%s" % (folder, name), "rb") as file:
            sources[name] = file.read()
    sources["g.py"] = GOOD
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    _answers, first = worker(tmp_path, sources)
    monkeypatch.setenv("PYTHONHASHSEED", "2")
    _answers, second = worker(tmp_path, sources, names=list(reversed(list(sources))))
    for name in sources:
        _answers, alone = worker(tmp_path, sources, names=[name])
        assert first[name] == second[name] == alone[name], name
        code = marshal.loads(first[name])
        assert code == compile(sources[name], "/opt/x/" + name, "exec", dont_inherit=True, optimize=0)


HANDLER = """
import time
import slow
from pkg import inner
def handler(event, context):
    if event.get('late'):
        import late
        late.go()
        open(__file__[:-7] + 'data/x.txt').close()
    if event.get('fail'):
        raise KeyError('user')
    return inner.used()
"""


@pytest.fixture
def profiled(tmp_path):
    """Profiles a handler; gives a function of (events, extra environment) -> (driver output, documents)."""
    task = tmp_path / "task"
    (task / "pkg").mkdir(parents=True)
    (task / "data").mkdir()
    (task / "data" / "x.txt").write_text("x")
    (task / "main.py").write_text(HANDLER)
    (task / "slow.py").write_text("import time\nimport child\ntime.sleep(0.05)\ndef never(): pass\n")
    (task / "child.py").write_text("import time\ntime.sleep(0.1)\n")
    (task / "late.py").write_text("def go(): pass\n")
    (task / "pkg" / "__init__.py").write_text("")
    (task / "pkg" / "inner.py").write_text("def used(): return 4\n")
    shutil.copy(RUNTIME + "/build/profile.py", str(task / "cloudpack_profile.py"))
    out = str(tmp_path / "profile.json")
    driver = ("import sys, json, traceback; sys.path.insert(0, %r)\ndocs = []\ndef doc(): docs.append(json.load(open(%r)))\n"
              "try:\n    import cloudpack_profile as p\n    doc()\n    for e in json.loads(sys.argv[1]):\n"
              "        try: p.handler(e, None)\n        except KeyError: pass\n        doc()\n"
              "except LookupError as e: doc(); print(repr(e))\nprint(json.dumps(docs))\n" % (str(task), out))

    def go(events, **env):
        done = subprocess.run([sys.executable, "-c", driver, json.dumps(events)], capture_output=True, text=True,
                              timeout=60, env=dict(os.environ, CLOUDPACK_PROFILE_HANDLER="main.handler",
                                                   CLOUDPACK_PROFILE_OUT=out, CLOUDPACK_PROFILE_ROOTS=str(task), **env))
        assert done.returncode == 0, done.stderr
        return done.stdout, json.loads(done.stdout.splitlines()[-1])

    go.task = task
    return go


def test_the_profile_has_order_self_time_phase_and_files(profiled):
    _out, docs = profiled([{}, {"late": 1}, {"fail": 1}])
    assert len(docs) == 4
    modules = {m["name"]: m for m in docs[-1]["modules"]}
    assert [m["name"] for m in docs[-1]["modules"]] == ["main", "slow", "child", "pkg", "pkg.inner", "late"]
    assert [m["order"] for m in docs[-1]["modules"]] == sorted(m["order"] for m in modules.values())
    assert 40 < modules["slow"]["self_ms"] < 95 and modules["child"]["self_ms"] >= 95
    assert modules["main"]["self_ms"] < 40
    assert modules["late"]["phase"] == 1 and modules["slow"]["phase"] == "init"
    assert modules["child"]["file"] == str(profiled.task / "child.py") and modules["child"]["used"] is None
    assert "data/x.txt" in docs[-1]["opened"] and "data/x.txt" not in docs[0]["opened"]
    assert docs[0]["peak_memory_bytes"] > 1 << 20


def test_calls_mark_the_modules_whose_functions_ran(profiled):
    _out, docs = profiled([{"late": 1}], CLOUDPACK_PROFILE_CALLS="1")
    used = {m["name"]: m["used"] for m in docs[-1]["modules"]}
    assert used["pkg.inner"] and used["late"] and not used["slow"] and not used["child"]
    assert not docs[0]["modules"][-1]["used"]


def test_a_handler_that_fails_at_import_leaves_its_profile_and_its_own_error(profiled):
    (profiled.task / "main.py").write_text("import child\nraise LookupError('mine')\n")
    out, docs = profiled([])
    assert "LookupError('mine')" in out
    assert [m["name"] for m in docs[0]["modules"]] == ["main", "child"]
