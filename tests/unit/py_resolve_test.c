// Who hides whom among the files of a name.
#include "py/resolve.h"

#include <criterion/criterion.h>

static cp_py_index *x;
static uint32_t files;

static void setup(void) {
    x = cp_py_index_new(CP_STR("3.11"), CP_STR("x86_64"));
    files = 0;
}

static void teardown(void) {
    cp_py_index_cleanup(&x);
}

TestSuite(resolve, .init = setup, .fini = teardown);

static uint32_t add(uint32_t root, const char *rel) {
    cp_py_index_add(x, root, cp_str_of(rel), files);
    return files++;
}

static const cp_py_module *get(const char *name) {
    uint32_t count, at = cp_py_index_find(x, cp_str_of(name));
    const cp_py_module *m = cp_py_index_modules(x, &count);
    return at == CP_PY_NO_MODULE ? NULL : &m[at];
}

Test(resolve, a_package_beats_an_extension_beats_a_source) {
    add(0, "a.py");
    uint32_t package = add(0, "a/__init__.py");
    add(0, "b.py");
    uint32_t extension = add(0, "b.cpython-311-x86_64-linux-gnu.so");
    add(0, "c.so");
    uint32_t abi = add(0, "c.abi3.so");
    cp_py_index_finish(x);
    cr_assert_eq(get("a")->file, package);
    cr_assert(get("a")->package);
    cr_assert_eq(get("b")->file, extension);
    cr_assert_eq(get("c")->file, abi);
}

Test(resolve, the_first_root_hides_a_regular_package_of_the_second_with_all_below) {
    add(1, "p/__init__.py");
    add(1, "p/sub.py");
    uint32_t mine = add(0, "p/__init__.py");
    cp_py_index_finish(x);
    cr_assert_eq(get("p")->file, mine);
    cr_assert_null(get("p.sub"));
}

Test(resolve, a_namespace_package_has_parts_in_all_roots) {
    add(0, "ns/one.py");
    add(1, "ns/two/x.py");
    cp_py_index_finish(x);
    cr_assert_eq(get("ns")->kind, CP_PY_MODULE_NAMESPACE);
    cr_assert_not_null(get("ns.one"));
    cr_assert_not_null(get("ns.two.x"));
}

Test(resolve, a_source_hides_a_folder_without_init_and_what_is_in_it) {
    add(0, "m/inner.py");
    uint32_t file = add(0, "m.py");
    cp_py_index_finish(x);
    cr_assert_eq(get("m")->file, file);
    cr_assert_null(get("m.inner"));
}

Test(resolve, what_cannot_be_imported_is_no_module) {
    add(0, "2to3.py");
    add(0, "a-b.py");
    add(0, "numpy.libs/libx.so");
    add(0, "x.cpython-310-x86_64-linux-gnu.so");
    add(0, "y.cpython-311-aarch64-linux-gnu.so");
    add(0, "__init__.py");
    cp_py_index_finish(x);
    uint32_t count;
    (void)cp_py_index_modules(x, &count);
    cr_assert_eq(count, 0);
}

Test(resolve, modules_are_sorted_by_name) {
    add(0, "b/__init__.py");
    add(0, "b/a.py");
    add(0, "a.py");
    add(0, "b0.py");
    cp_py_index_finish(x);
    uint32_t count;
    const cp_py_module *m = cp_py_index_modules(x, &count);
    cr_assert_eq(count, 4);
    for (uint32_t i = 1; i < count; i++)
        cr_assert_lt(cp_str_cmp(m[i - 1].name, m[i].name), 0);
}

static cp_py_fit fit(const char *name) {
    return cp_py_extension_fit(cp_str_of(name), CP_STR("3.11"), CP_STR("arm64"));
}

Test(resolve, a_shared_objects_name_says_where_it_fits) {
    cr_assert_eq(fit("x.cpython-311-aarch64-linux-gnu.so"), CP_PY_FIT_TAGGED);
    cr_assert_eq(fit("x.abi3.so"), CP_PY_FIT_TAGGED);
    cr_assert_eq(fit("x.so"), CP_PY_FIT_PLAIN);
    cr_assert_eq(fit("x.cpython-311-x86_64-linux-gnu.so"), CP_PY_FIT_OTHER_PLATFORM);
    cr_assert_eq(fit("x.cpython-31-aarch64-linux-gnu.so"), CP_PY_FIT_OTHER_PYTHON);
    cr_assert_eq(fit("x.cp311-win_amd64.pyd"), CP_PY_FIT_OTHER_PLATFORM);
    cr_assert_eq(fit("libx.so.1"), CP_PY_FIT_NONE);
}
