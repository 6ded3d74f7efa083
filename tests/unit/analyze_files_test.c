// The listing: what is kept, whose it is, and what is said about broken installations.
#include "analyze_tree.h"

#include <unistd.h>

TestSuite(files, .init = setup, .fini = teardown);

static const cp_file_fact *file(cp_root root, const char *rel) {
    uint32_t i = cp_facts_find_file(facts, root, cp_str_of(rel));
    return i == CP_NONE ? NULL : &facts->files[i];
}

Test(files, caches_and_environments_are_left_out) {
    put("p/app.py", "def handler(e, c): pass\n");
    put("p/__pycache__/app.cpython-311.pyc", "x");
    put("p/.git/config", "x");
    put("p/env/pyvenv.cfg", "home = /usr\n");
    put("p/env/lib/x.py", "");
    put("p/node_modules/x/y.py", "");
    put("p/data.json", "{}");
    analysed("app.handler");
    cr_assert_eq(facts->file_count, 2);
    cr_assert_eq(file(CP_ROOT_PROJECT, "data.json")->kind, CP_FILE_DATA);
}

Test(files, record_says_whose_a_file_is) {
    put("p/app.py", "def handler(e, c): import pkg\n");
    put("s/pkg/__init__.py", "x=1\n");
    put("s/pkg/model.onnx", "12345");
    put("s/Pkg_Dist-1.2.dist-info/METADATA", "Name: Pkg_Dist\nVersion: 1.2\n\n");
    put("s/Pkg_Dist-1.2.dist-info/RECORD",
        "pkg/__init__.py,sha256=x,4\npkg/model.onnx,sha256=x,9\npkg/gone.py,sha256=x,1\n"
        "../../bin/tool,sha256=x,1\nPkg_Dist-1.2.dist-info/METADATA,sha256=x,30\n");
    put("s/loose.py", "");
    analysed("app.handler");
    cr_assert_eq(facts->distribution_count, 1);
    cr_assert(cp_str_is(facts->distributions[0].name, "pkg-dist"));
    cr_assert(cp_str_is(facts->distributions[0].version, "1.2"));
    cr_assert_eq(file(CP_ROOT_SITE, "pkg/__init__.py")->distribution, 0);
    cr_assert_eq(file(CP_ROOT_SITE, "pkg/model.onnx")->kind, CP_FILE_MODEL);
    cr_assert(warned("1 files of pkg-dist are not there, first pkg/gone.py"), "%s", said.p);
    cr_assert(warned("1 files of pkg-dist have another size than installed, first pkg/model.onnx"));
    cr_assert(warned("loose.py:0:0: no .dist-info claims this"));
    cr_assert_not(warned("bin/tool"));
}

Test(files, broken_metadata_is_said_and_passed_over) {
    put("p/app.py", "def handler(e, c): pass\n");
    put("s/a-1.dist-info/RECORD", "a.py\n");
    put("s/b-2.dist-info/METADATA", "Name: b\nVersion: 2\n");
    put("s/b-2.dist-info/WHEEL", "Tag: cp311-cp311-win_amd64\n");
    analysed("app.handler");
    cr_assert(warned("a-1.dist-info/RECORD:0:0: broken RECORD, read up to line 1"), "%s", said.p);
    cr_assert(warned("a-1.dist-info:0:0: no METADATA with a name"));
    cr_assert(warned("b has no RECORD"));
    cr_assert_eq(facts->distribution_count, 2);
    put("s/b-2.dist-info/RECORD", "b.py,,\n");
    analysed("app.handler");
    cr_assert(warned("b was built for cp311-cp311-win_amd64, not for Python 3.11 on Linux x86_64"));
}

Test(files, binaries_that_cannot_load_are_said_and_count_as_data) {
    put("p/app.py", "def handler(e, c): import a\n");
    put("s/a.cpython-311-x86_64-linux-gnu.so", "");
    put("s/b.cpython-310-x86_64-linux-gnu.so", "x");
    put("s/c.pyd", "x");
    analysed("app.handler");
    cr_assert(warned("a.cpython-311-x86_64-linux-gnu.so: the file is empty"), "%s", said.p);
    cr_assert(warned("another Python"));
    cr_assert_eq(file(CP_ROOT_SITE, "a.cpython-311-x86_64-linux-gnu.so")->kind, CP_FILE_DATA);
    cr_assert_eq(facts->missing_count, 1);
}

Test(files, a_real_extension_is_a_module_and_a_native) {
    cp_str so;
    cr_assert_eq(cp_file_read(&so, &arena, CP_STR(CP_SOURCE_DIR "/tests/fuzz/corpus/elf/small.so"),
                              1 << 20, &err),
                 CP_OK);
    put("p/app.py", "import small\ndef handler(e, c): pass\n");
    put("s/small.so", "");
    put("s/pkg/sub/mod.py", "");
    cr_assert_eq(cp_file_write(at("s/small.so"), so, &err), CP_OK);
    analysed("app.handler");
    const cp_file_fact *f = file(CP_ROOT_SITE, "small.so");
    cr_assert_eq(f->kind, CP_FILE_EXTENSION);
    cr_assert(facts->modules[f->module].initial);
    cr_assert_eq(facts->native_count, 1);
    uint32_t named = cp_facts_find_module(facts, CP_STR("pkg.sub.mod"));
    cr_assert(facts->modules[named].reached, "named in its constants");
    cr_assert_not(facts->modules[named].initial, "by a package that does not require it");
}

Test(files, loops_and_dangling_links_are_said) {
    put("p/app.py", "def handler(e, c): pass\n");
    put("p/sub/x.py", "");
    cr_assert_eq(symlink("..", at("p/sub/up").p), 0);
    cr_assert_eq(symlink("/nowhere", at("p/gone.py").p), 0);
    analysed("app.handler");
    cr_assert(warned("leads back to a folder above"), "%s", said.p);
    cr_assert(warned("gone.py:0:0: left out: No such file"));
}

Test(files, a_site_folder_inside_the_project_is_listed_once) {
    put("p/app.py", "import lib\ndef handler(e, c): pass\n");
    put("p/vendor/lib.py", "");
    cp_analyze_options o = {CP_LIT("app.handler"), at("p"), at("p/vendor"), CP_LIT("3.11"),
                            CP_LIT("x86_64")};
    cr_assert_eq(cp_analyze(&facts, &o, NULL, &arena, &err), CP_OK, "%s", err.message);
    cr_assert_eq(facts->file_count, 2);
    cr_assert_not_null(file(CP_ROOT_SITE, "lib.py"));
}
