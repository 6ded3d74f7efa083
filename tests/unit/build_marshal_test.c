// Canonical bytecode: equal whatever the compiling process had imported, and equal to the original
// for the interpreter. Runs every CPython from 3.10 to 3.14 that is on PATH or under pyenv.
#include "build/marshal.h"
#include "core/child.h"
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "core/vec.h"

#include <criterion/criterion.h>

static cp_err err;
static cp_arena arena;
static cp_str dir;

static void set_up(void) {
    cr_assert_eq(cp_dir_temporary(&dir, CP_STR(""), "cp-marshal", &arena, &err), CP_OK);
}

static void tear_down(void) {
    cr_assert_eq(cp_tree_remove(dir, &err), CP_OK);
    cp_arena_cleanup(&arena);
}

TestSuite(marshal, .init = set_up, .fini = tear_down);

static cp_str in_dir(const char *name) {
    return cp_path_join(&arena, dir, cp_str_of(name));
}

static const char source[] =
    "\"\"\"doc of, the module\"\"\"\n"
    "import os, sys\n"
    "A = ',' + 'x' + '\\u00e9' + '\\u4e2d\\u6587' + 'not an identifier' + 'argv'\n"
    "B = (1, 2.5, 3j, -1, 10**5, 123456789012345678901234567890, None, True, ..., b'b', b'bytes')\n"
    "def f(a, b=',', *c, d='not an identifier', **e):\n"
    "    'docstring'\n"
    "    def g(x):\n"
    "        return x in {'a', 'b', ',', 'not an identifier', 7, 2.5, b'b', None}, a\n"
    "    return [g(v) for v in c if v not in {1, 2, 3}], 'path', (',', ('x', 'y'))\n"
    "class C:\n"
    "    'doc'\n"
    "    z = 1.5\n"
    "    def m(self): return __class__, self.argv[1:2], 'a' * 300\n"
    "    async def n(self):\n"
    "        async with self as q: yield lambda: (q, 123456789012345678901234567890)\n";

// Compiles sys.argv[1] with what sys.argv[3:] names imported and interned before.
static const char compiler[] =
    "import sys, marshal\n"
    "keep = [__import__(m) for m in sys.argv[3:]]\n"
    "if keep: keep += [sys.intern(t) for t in (',', 'not an identifier', 'docstring', 'x')]\n"
    "code = compile(open(sys.argv[1], 'rb').read(), '/neutral/name.py', 'exec', "
    "dont_inherit=True)\n"
    "if keep: keep.append([c for c in code.co_consts])\n"
    "open(sys.argv[2], 'wb').write(marshal.dumps(code))\n";

// Canonical bytecode means the same: same fields all the way down, with the file renamed.
static const char comparer[] =
    "import sys, marshal, types\n"
    "a, b = (marshal.loads(open(p, 'rb').read()) for p in sys.argv[1:3])\n"
    "def same(x, y):\n"
    "    assert type(x) is type(y), (x, y)\n"
    "    if isinstance(x, types.CodeType):\n"
    "        assert y.co_filename == sys.argv[3] and x.co_filename == '/neutral/name.py'\n"
    "        for n in dir(x):\n"
    "            if n.startswith('co_') and n not in ('co_filename', 'co_lines', 'co_positions',\n"
    "                                                 'co_lnotab', 'co_branches'):\n"
    "                same(getattr(x, n), getattr(y, n))\n"
    "    elif isinstance(x, tuple):\n"
    "        assert len(x) == len(y)\n"
    "        [same(p, q) for p, q in zip(x, y)]\n"
    "    else:\n"
    "        assert x == y and repr(type(x)) == repr(type(y)), (x, y)\n"
    "same(a, b)\n";

static void run(const char *python, const char *script, const char *const *args, const char *seed) {
    const char *argv[16] = {python, "-c", script};
    size_t n = 3;
    for (; *args; args++)
        argv[n++] = *args;
    const char *set[] = {seed};
    cp_child_spec spec = {.argv = argv, .env = cp_env_with(&arena, NULL, set, 1)};
    CP_AUTOV(cp_child_result) r = {0};
    cr_assert_eq(cp_child_run(&r, &spec, NULL, &err), CP_OK, "%s", err.message);
    cr_assert_eq(r.exit_code, 0, "%s: %s", python, r.err.p);
}

static cp_str canonical_of(const char *name, unsigned minor, cp_str to) {
    cp_str raw;
    cr_assert_eq(cp_file_read(&raw, &arena, in_dir(name), 1 << 20, &err), CP_OK);
    cp_buf buf = {0};
    cp_marshal_rename rename = {CP_LIT("/neutral/name.py"), to};
    if (!to.n)
        rename = (cp_marshal_rename){0};
    cr_assert_eq(cp_marshal_canonical(&buf, raw, minor, rename, &err), CP_OK, "%s", err.message);
    cp_str out = cp_arena_str(&arena, cp_buf_str(&buf));
    cp_buf_cleanup(&buf);
    return out;
}

static void check_version(const char *python, unsigned minor) {
    const char *src = in_dir("m.py").p, *a = in_dir("a").p, *b = in_dir("b").p, *c = in_dir("c").p;
    cr_assert_eq(cp_file_write(in_dir("m.py"), cp_str_of(source), &err), CP_OK);
    run(python, compiler, (const char *[]){src, a, NULL}, "PYTHONHASHSEED=1");
    run(python, compiler,
        (const char *[]){src, b, "argparse", "json", "email.message", "decimal", NULL},
        "PYTHONHASHSEED=2");
    cp_str none = {0}, x = canonical_of("a", minor, none), y = canonical_of("b", minor, none);
    cr_assert(cp_str_eq(x, y), "3.%u: two processes give two canonical forms", minor);
    cp_str name = CP_STR("/opt/cloudpack/0123456789abcdef/site/pkg/m.py");
    cr_assert_eq(cp_file_write(in_dir("c"), canonical_of("a", minor, name), &err), CP_OK);
    run(python, comparer, (const char *[]){a, c, name.p, NULL}, "PYTHONHASHSEED=3");
    cp_str wide = CP_STR("/opt/\xc3\xa9/m.py");
    cr_assert_eq(cp_file_write(in_dir("c"), canonical_of("a", minor, wide), &err), CP_OK);
    run(python, comparer, (const char *[]){a, c, wide.p, NULL}, "PYTHONUTF8=1");
}

// Interpreters by their own word, as a name on PATH may be a stub.
static cp_str find_python(unsigned minor) {
    const char *find = "for p in python3.$1 /usr/bin/python3.$1 $HOME/.pyenv/versions/3.$1.*/bin/"
                       "python3; do $p -c 'import sys; print(sys.executable) if "
                       "sys.version_info[1] == int(sys.argv[1]) else exit(1)' $1 2>/dev/null && "
                       "exit; done; true";
    const char *argv[] = {"sh", "-c", find, "sh", cp_arena_fmt(&arena, "%u", minor).p, NULL};
    cp_child_spec spec = {.argv = argv};
    CP_AUTOV(cp_child_result) r = {0};
    cr_assert_eq(cp_child_run(&r, &spec, NULL, &err), CP_OK);
    return cp_arena_str(&arena, cp_str_trim(cp_buf_str(&r.out)));
}

Test(marshal, equal_whatever_the_process_had_interned_and_same_meaning, .timeout = 120) {
    unsigned tested = 0;
    for (unsigned minor = 10; minor <= 14; minor++) {
        cp_str python = find_python(minor);
        if (python.n) {
            check_version(python.p, minor);
            tested++;
        }
    }
    cr_assert_gt(tested, 0, "no Python from 3.10 on was found");
}

static cp_status form(cp_str in, unsigned minor) {
    cp_buf buf = {0};
    cp_status status = cp_marshal_canonical(&buf, in, minor, (cp_marshal_rename){0}, &err);
    cp_buf_cleanup(&buf);
    return status;
}

Test(marshal, foreign_bytes_are_refused_with_their_offset) {
    cr_assert_eq(form(CP_STR(""), 11), CP_EFORMAT);
    cr_assert_eq(form(CP_STR("NN"), 11), CP_EFORMAT, "two objects");
    cr_assert_eq(form(CP_STR("[\0\0\0\0"), 11), CP_EFORMAT, "a list");
    cr_assert(strstr(err.message, "byte 0"), "%s", err.message);
    cr_assert_eq(form(CP_STR("(\xff\xff\xff\xff"), 11), CP_EFORMAT, "a length over the end");
    cr_assert_eq(form(CP_STR("s\x05\0\0\0ab"), 11), CP_EFORMAT);
    cr_assert_eq(form(CP_STR(")\x01r\0\0\0\0"), 11), CP_EFORMAT, "nothing to refer to");
    cr_assert_eq(form(CP_STR("\xa9\x01r\0\0\0\0"), 11), CP_EFORMAT, "refers to itself");
    cr_assert_eq(form(CP_STR(":NNN"), 13), CP_EFORMAT, "a slice before 3.14");
    cr_assert_eq(form(CP_STR(":NNN"), 14), CP_OK, "%s", err.message);
    char deep[2000];
    for (size_t i = 0; i < sizeof deep; i += 2)
        deep[i] = ')', deep[i + 1] = 1;
    cr_assert_eq(form((cp_str){deep, sizeof deep}, 11), CP_EFORMAT);
    cr_assert(strstr(err.message, "500 deep"), "%s", err.message);
}

Test(marshal, unused_marks_go_and_used_ones_are_numbered_anew) {
    // ('ab' marked, 'cd' marked, reference 1): the first mark goes, the reference becomes 0.
    cp_buf buf = {0};
    cp_str in = CP_STR(")\x03\xda\x02"
                       "ab"
                       "\xda\x02"
                       "cd"
                       "r\x01\0\0\0");
    cp_str want = CP_STR(")\x03Z\x02"
                         "ab"
                         "\xda\x02"
                         "cd"
                         "r\0\0\0\0");
    cr_assert_eq(cp_marshal_canonical(&buf, in, 11, (cp_marshal_rename){0}, &err), CP_OK);
    cr_assert(cp_str_eq(cp_buf_str(&buf), want));
    cp_buf_cleanup(&buf);
}
