// Metadata of installed distributions, names, and the standard library's table.
#include "py/dist.h"
#include "py/name.h"
#include "py/stdlib.h"

#include <criterion/criterion.h>

static cp_arena arena;
static cp_err err;

static void teardown(void) {
    cp_arena_cleanup(&arena);
}

TestSuite(dist, .fini = teardown);

Test(dist, names_are_normalised_as_pep_503_says) {
    cr_assert(cp_str_is(cp_py_normalise(&arena, CP_STR("Zope.Interface")), "zope-interface"));
    cr_assert(cp_str_is(cp_py_normalise(&arena, CP_STR("a-_.B")), "a-b"));
    cr_assert(cp_py_is_module_name(CP_STR("a._b.c1")));
    cr_assert_not(cp_py_is_module_name(CP_STR("a..b")));
    cr_assert_not(cp_py_is_module_name(CP_STR("1a")));
    cr_assert(cp_str_is(cp_py_parent(CP_STR("a.b.c")), "a.b"));
    cr_assert_eq(cp_py_parent(CP_STR("a")).n, 0);
}

Test(dist, metadata_ends_at_the_first_empty_line) {
    cp_str name, version;
    cp_py_metadata(&name, &version,
                   CP_STR("Metadata-Version: 2.1\r\nname: X\r\n\r\nVersion: 9\r\n"));
    cr_assert(cp_str_is(name, "X"));
    cr_assert_eq(version.n, 0);
}

Test(dist, requirements_leave_out_extras) {
    const cp_str *names;
    size_t n;
    cp_py_requires(&names, &n,
                   CP_STR("Name: x\nRequires-Dist: numpy>=1.2; python_version<'3.9'\n"
                          "Requires-Dist: py_test (>=3) ; extra == 'test'\n"
                          "Requires-Dist: Typing.Extensions\n\nRequires-Dist: no\n"),
                   &arena);
    cr_assert_eq(n, 2);
    cr_assert(cp_str_is(names[0], "numpy"));
    cr_assert(cp_str_is(names[1], "typing-extensions"));
}

Test(dist, record_rows_may_be_quoted_and_lack_hashes) {
    const cp_py_record_row *rows;
    size_t n;
    cr_assert_eq(
        cp_py_record(&rows, &n, CP_STR("a.py,sha256=x,12\r\n\"b,\"\"c\".py,,\n\n"), &arena, &err),
        CP_OK);
    cr_assert_eq(n, 2);
    cr_assert_eq(rows[0].bytes, 12);
    cr_assert(cp_str_is(rows[1].path, "b,\"c"));
    cr_assert_eq(rows[1].hash.n, 0);
}

static void refused(const char *text, const char *why) {
    const cp_py_record_row *rows;
    size_t n;
    cr_assert_eq(cp_py_record(&rows, &n, cp_str_of(text), &arena, &err), CP_EFORMAT, "%s", text);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
}

Test(dist, a_broken_record_names_its_line) {
    refused("a.py,,\nb.py\n", "line 2: 1 fields");
    refused("a.py,,\n\"b.py,,\n", "line 2: a quote");
    refused("a.py,sha256=x,-1\n", "line 1: '-1' is no size");
}

Test(dist, entry_points_belong_to_the_group_above_them) {
    const cp_py_entry_point *e;
    size_t n;
    cp_py_entry_points(&e, &n, CP_STR("x = lost\n[a.b]\n# c\nn = m:f\n[d]\no=p [extra]\n"), &arena);
    cr_assert_eq(n, 2);
    cr_assert(cp_str_is(e[0].group, "a.b") && cp_str_is(e[0].value, "m:f"));
    cr_assert(cp_str_is(e[1].name, "o") && cp_str_is(e[1].value, "p [extra]"));
}

static bool fits(const char *tag) {
    return cp_py_tag_fits(cp_str_of(tag), CP_STR("3.11"), CP_STR("x86_64"));
}

Test(dist, tags_fit_their_python_abi_and_platform) {
    cr_assert(fits("cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"));
    cr_assert(fits("cp38-abi3-manylinux_2_28_x86_64"));
    cr_assert(fits("py3-none-any"));
    cr_assert(fits("py2.py3-none-any"));
    cr_assert(fits("py3-none-manylinux_2_12_x86_64"));
    cr_assert_not(fits("cp310-cp310-manylinux_2_17_x86_64"));
    cr_assert_not(fits("cp312-abi3-manylinux_2_17_x86_64"));
    cr_assert_not(fits("cp311-cp311-manylinux_2_17_aarch64"));
    cr_assert_not(fits("cp311-cp311-macosx_11_0_x86_64"));
    cr_assert_not(fits("cp311-cp311-musllinux_1_2_x86_64"));
    cr_assert_not(fits("nonsense"));
}

Test(dist, the_standard_library_depends_on_the_version) {
    cr_assert(cp_py_is_stdlib(CP_STR("json.decoder"), CP_STR("3.11")));
    cr_assert(cp_py_is_stdlib(CP_STR("distutils"), CP_STR("3.11")));
    cr_assert_not(cp_py_is_stdlib(CP_STR("distutils.core"), CP_STR("3.12")));
    cr_assert_not(cp_py_is_stdlib(CP_STR("tomllib"), CP_STR("3.10")));
    cr_assert(cp_py_is_stdlib(CP_STR("annotationlib"), CP_STR("3.15")));
    cr_assert_not(cp_py_is_stdlib(CP_STR("numpy"), CP_STR("3.11")));
}
