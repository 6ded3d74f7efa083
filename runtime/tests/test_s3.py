"""Packs in S3: signatures, ranges, retries, refusals and deadlines, against a real HTTP server."""

import os
import shutil
import ssl
import subprocess
import time

import machine
import pytest
from machine import run
from s3_double import Double, checks_signatures

CHUNK = 65536


@pytest.fixture
def built(site):
    """A site with a streamed pack of some 300 kB in 64 KiB ranges and an on-demand pack, and its S3 objects."""
    text = "import os\nV = %r\nblob = %r\n"
    site.code("first", "first.py", text % ("first", "a"), pack=site.stream)
    for i in range(3):
        site.code("big%d" % i, "big%d.py" % i, text % (i, os.urandom(40000).hex()), pack=site.stream)
    site.code("late", "late.py", text % ("late", "c"), pack=site.far)
    site.code("late2", "late2.py", text % ("late2", "c"), pack=site.far)
    site.write()
    site.app("import first, big0, big1, big2\ndef handler(e, c):\n    import late, late2\n"
             "    return [first.V, big0.V, big1.V, big2.V, late.V, late2.V]\n")
    return site


GOOD = ["first", 0, 1, 2, "late", "late2"]


def objects(site):
    """The objects in S3 by request path."""
    return {"/bucket/pre/fix/" + name: bytes(body) for (root, name, _f), body in zip(site.packs, site.bodies)
            if root == site.s3_root}


def go(site, double, **env):
    """Runs the function against the double."""
    return run(site, settings={"chunk_bytes": CHUNK}, env=double.env(**env))


def test_packs_come_by_ranged_signed_requests_over_few_connections(built):
    with Double(objects(built)) as double:
        answer = go(built, double)
    assert answer.result == GOOD and double.bad == []
    size = len(built.bodies[built.stream])
    streamed = sorted(r for p, r in double.requests if p.endswith("stream.pack"))
    assert streamed == sorted("bytes=%d-%d" % (a, min(a + CHUNK, size) - 1) for a in range(0, size, CHUNK))
    assert len([1 for p, _r in double.requests if p.endswith("far.pack")]) == 2
    assert double.connections <= 5
    assert answer["record"]["bytes_fetched"] == sum(
        int(r[6:].split("-")[1]) - int(r[6:].split("-")[0]) + 1 for _p, r in double.requests)
    assert answer["record"]["requests"] == len(double.requests) and answer["record"]["retries"] == 0


@pytest.mark.skipif(not checks_signatures, reason="BOTOCORE IS MISSING: signatures are not checked by AWS's code")
def test_a_wrong_secret_is_noticed_by_the_double_and_refused_without_retries(built):
    with Double(objects(built)) as double:
        answer = go(built, double, AWS_SECRET_ACCESS_KEY="wrong")
    assert double.bad and "signature" in double.bad
    assert answer.error["type"] == "LoadError" and "403" in answer.error["message"]
    assert answer["record"]["retries"] == 0


@pytest.mark.skipif(not checks_signatures, reason="BOTOCORE IS MISSING: signatures are not checked by AWS's code")
def test_keys_with_spaces_plus_signs_and_unicode_are_signed_and_found(site):
    root = site.root(3, "bucket/a b/\u00e9+=~")
    pack = site.pack(root, "x (1)&$@.pack")
    site.code("odd", "odd.py", "v = 1\n", pack=pack)
    site.write()
    site.app("import odd\ndef handler(e, c): return odd.v\n")
    path = "/bucket/a%20b/%C3%A9%2B%3D~/x%20%281%29%26%24%40.pack"
    with Double({path: bytes(site.bodies[pack])}) as double:
        assert go(site, double).result == 1 and double.bad == []


@pytest.mark.parametrize("fault", ["503", "500", "429", "400", "reset", "truncate", "garbage", "endless", "close",
                                   "drop-after"])
def test_passing_faults_are_retried_until_the_bytes_are_there(built, fault):
    with Double(objects(built), [fault] * 3) as double:
        answer = go(built, double)
    assert answer.result == GOOD and double.bad == []
    if fault not in ("close", "drop-after"):
        assert answer["record"]["retries"] == 3


def test_a_slow_first_byte_and_a_stalled_body_are_asked_for_again_on_a_new_connection(built):
    began = time.time()
    with Double(objects(built), ["slow", "stall"]) as double:
        answer = go(built, double)
    assert answer.result == GOOD and time.time() - began < 8
    assert answer["record"]["retries"] == 2 and answer["record"]["wait_ms"] > 1000


@pytest.mark.parametrize("fault,words", [("403", "s3:GetObject"), ("shifted", "range")])
def test_final_answers_are_not_asked_for_again_and_say_what_to_do(built, fault, words):
    with Double(objects(built), [fault] * 100) as double:
        answer = go(built, double)
    assert answer.error["type"] == "LoadError" and words in answer.error["message"]
    assert "stream.pack" in answer.error["message"] and answer.error["name"] == "first"
    assert answer["record"]["retries"] == 0


def test_a_missing_object_is_an_import_error_that_names_module_and_object(built):
    with Double({k: v for k, v in objects(built).items() if "far" not in k}) as double:
        answer = go(built, double)
    assert answer.error["type"] == "LoadError" and answer.error["name"] == "late"
    assert "far.pack" in answer.error["message"] and "404 (NoSuchKey)" in answer.error["message"]


def test_a_shorter_object_is_refused(built):
    short = {k: v[:-20] for k, v in objects(built).items()}
    with Double(short) as double:
        answer = go(built, double)
    assert answer.error["type"] == "LoadError" and "shorter than the catalog says" in answer.error["message"]


@pytest.mark.parametrize("pack,name", [("stream", "first"), ("far", "late")])
def test_changed_bytes_are_refused_and_never_run(built, pack, name):
    mark = b"TOUCHED"
    changed = objects(built)
    key = "/bucket/pre/fix/%s.pack" % pack
    changed[key] = bytes([changed[key][0]]) + mark + changed[key][1 + len(mark):]
    with Double(changed) as double:
        answer = go(built, double)
    error = answer.error
    assert error["type"] == "LoadError" and "sha256" in error["message"] and error["name"] == name
    assert pack + ".pack" in error["message"]


def test_no_import_waits_past_the_deadline(built):
    began = time.time()
    with Double(objects(built), ["stuck"] * 100) as double:
        answer = go(built, double, CLOUDPACK_DEADLINE="2")
    assert answer.error["type"] == "LoadError" and "deadline" in answer.error["message"]
    assert time.time() - began < 5


def test_a_server_that_is_not_there_is_given_up_at_the_deadline(built):
    with Double({}) as double:
        env = double.env(CLOUDPACK_DEADLINE="1")
    began = time.time()
    answer = run(built, env=env)
    assert answer.error["type"] == "LoadError" and "refused" in answer.error["message"]
    assert time.time() - began < 4


def test_credentials_that_are_missing_are_named(built):
    with Double(objects(built)) as double:
        answer = go(built, double, AWS_ACCESS_KEY_ID=None)
    assert "AWS_ACCESS_KEY_ID" in answer.error["message"] and double.requests == []


@pytest.mark.parametrize("url", ["ftp://x", "nonsense", "http://h:port"])
def test_an_endpoint_that_is_no_url_is_named(built, url):
    answer = run(built, env=dict(CLOUDPACK_SHELF=None, AWS_ENDPOINT_URL_S3=url, AWS_ACCESS_KEY_ID="a",
                                 AWS_SECRET_ACCESS_KEY="b"))
    assert answer.error["type"] == "LoadError" and url in answer.error["message"]


def test_an_import_does_not_wait_for_ranges_behind_its_own(built):
    built.app("import time\nt = time.perf_counter()\nimport first\nt = time.perf_counter() - t\n"
              "import big2\ndef handler(e, c): return t\n")
    with Double(objects(built), slow=0.3) as double:
        answer = run(built, settings={"chunk_bytes": CHUNK, "connections": 1}, env=double.env())
    assert answer.result < 0.55  # one range of 0.3 s, not five


def test_an_import_out_of_order_moves_its_ranges_to_the_front(built):
    built.app("import big2\ndef handler(e, c): return big2.V\n")
    with Double(objects(built), slow=0.2) as double:
        answer = run(built, settings={"chunk_bytes": 32768, "connections": 1}, env=double.env())
    assert answer.result == 2
    member = built.members[3]
    assert member["name"] == "big2"
    wanted = range(member["offset"] // 32768, (member["offset"] + member["stored"] - 1) // 32768 + 1)
    order = [int(r[6:].partition("-")[0]) // 32768 for _p, r in double.requests]
    # At most the one range that was under way already came before.
    assert [i for i in order[:1 + len(wanted)] if i in wanted] == list(wanted)


def test_memory_of_a_range_goes_back_when_all_of_it_has_been_used(built):
    built.app("import first, big0, big1, big2, sys\n"
              "def handler(e, c):\n"
              "    view = sys.modules['cloudpack_runtime.start'].state['store'].prefetcher.streams[0].view\n"
              "    return [len(view), bytes(view) == bytes(len(view))]\n")
    with Double(objects(built)) as double:
        assert go(built, double).result == [len(built.bodies[built.stream]), True]


def test_two_threads_touching_one_module_get_one_module_and_one_download(built):
    built.app("""
import threading
def handler(event, context):
    seen, gate = [], threading.Barrier(8)
    def touch():
        gate.wait()
        import late
        seen.append(id(late))
    threads = [threading.Thread(target=touch) for _ in range(8)]
    for t in threads: t.start()
    for t in threads: t.join()
    return [len(seen), len(set(seen))]
""")
    with Double(objects(built), slow=0.1) as double:
        answer = go(built, double)
    assert answer.result == [8, 1]
    assert len([1 for p, _r in double.requests if p.endswith("far.pack")]) == 1


def test_many_threads_importing_different_modules_all_succeed(built):
    built.app("""
import threading, importlib
def handler(event, context):
    seen = {}
    names = ['first', 'big0', 'big1', 'big2', 'late', 'late2']
    def touch(n): seen[n] = importlib.import_module(n).V
    threads = [threading.Thread(target=touch, args=(n,)) for n in names * 3]
    for t in threads: t.start()
    for t in threads: t.join()
    return [seen[n] for n in names]
""")
    with Double(objects(built), ["503", "reset", "truncate"]) as double:
        assert go(built, double).result == GOOD


def test_a_child_forked_while_the_stream_runs_loads_what_is_missing_itself(built):
    built.app("""
import os, sys
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    try:
        import first, big2, late
        os.write(w, ('%s %s %s' % (first.V, big2.V, late.V)).encode())
    finally:
        os._exit(0)
os.close(w)
os.waitpid(pid, 0)
got = os.read(r, 100).decode()
import big1
def handler(e, c): return [got, big1.V]
""")
    with Double(objects(built), slow=0.15) as double:
        answer = run(built, settings={"chunk_bytes": CHUNK, "connections": 2}, env=double.env())
    assert answer.result == ["first 2 late", 1] and double.bad == []


OPENSSL = shutil.which("openssl")


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """(CA file, server chain and key for localhost, the same for another name)."""
    folder = str(tmp_path_factory.mktemp("tls"))

    def call(*arguments):
        subprocess.run([OPENSSL] + list(arguments), cwd=folder, check=True, capture_output=True)

    call("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
         "-subj", "/CN=test CA")
    for name in ("localhost", "elsewhere.example"):
        with open("%s/%s.ext" % (folder, name), "w", encoding="utf-8") as file:
            file.write("subjectAltName=DNS:%s\n" % name)
        call("req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr",
             "-subj", "/CN=" + name)
        call("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
             "-out", name + ".pem", "-extfile", name + ".ext")
    return folder


needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="THE openssl PROGRAM IS MISSING: TLS is not tested")


@needs_openssl
def test_tls_with_an_own_authority_works(built, authority):
    with Double(objects(built), tls=(authority + "/localhost.pem", authority + "/localhost.key")) as double:
        answer = go(built, double, AWS_CA_BUNDLE=authority + "/ca.pem")
    assert answer.result == GOOD and double.bad == []


@needs_openssl
def test_tls_faults_are_retried_too(built, authority):
    with Double(objects(built), ["reset", "truncate", "503"],
                tls=(authority + "/localhost.pem", authority + "/localhost.key")) as double:
        answer = go(built, double, AWS_CA_BUNDLE=authority + "/ca.pem")
    assert answer.result == GOOD and answer["record"]["retries"] >= 3


@needs_openssl
@pytest.mark.parametrize("name,bundle", [("localhost", None), ("elsewhere.example", "ca.pem")])
def test_an_unknown_authority_or_another_host_name_is_refused_at_once(built, authority, name, bundle):
    began = time.time()
    with Double(objects(built), tls=("%s/%s.pem" % (authority, name), "%s/%s.key" % (authority, name))) as double:
        answer = go(built, double, AWS_CA_BUNDLE=bundle and authority + "/" + bundle)
    assert answer.error["type"] == "LoadError" and "is not trusted" in answer.error["message"]
    assert double.requests == [] and time.time() - began < 3


@needs_openssl
def test_a_bundle_that_does_not_exist_is_named(built, authority):
    with Double(objects(built), tls=(authority + "/localhost.pem", authority + "/localhost.key")) as double:
        answer = go(built, double, AWS_CA_BUNDLE="/nowhere.pem")
    assert "/nowhere.pem" in answer.error["message"]


@needs_openssl
def test_an_amazon_host_is_verified_by_the_shipped_authorities_and_then_by_the_systems(built, authority):
    prelude = ("import sys; sys.path.insert(0, TASK)\nimport cloudpack_runtime.s3 as s\ns._AMAZON = ('localhost',)\n"
               "loaded = []\ns._system_files = lambda: loaded.append(1) or (%r,)\n")
    machine.boot(built)
    with Double(objects(built), tls=(authority + "/localhost.pem", authority + "/localhost.key")) as double:
        answer = run(built, env=double.env(), prelude=prelude % (authority + "/ca.pem"))
        assert answer.result == GOOD and double.bad == []
        count = len(double.requests)
        answer = run(built, env=double.env(), prelude=prelude % "/nowhere.pem")
        assert answer.error["type"] == "LoadError" and len(double.requests) == count


def test_the_shipped_authorities_are_amazons_and_valid_for_years():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(machine.RUNTIME + "/cloudpack_runtime/amazon_roots.pem")
    found = context.get_ca_certs()
    assert len(found) == 5
    for one in found:
        names = [v for part in one["subject"] for k, v in part if k == "organizationName"]
        assert names[0] in ("Amazon", "Starfield Technologies, Inc.")
        assert ssl.cert_time_to_seconds(one["notAfter"]) > ssl.cert_time_to_seconds("Jan  1 00:00:00 2035 GMT")
