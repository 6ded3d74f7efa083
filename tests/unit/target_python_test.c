// Finding interpreters.
#include "target/venv.h"
#include "target_fixture.h"

#include "core/child.h"
#include <sys/stat.h>

static cp_str folder;

static void setup(void) {
    folder = fresh_folder();
}

static void teardown(void) {
    finish(folder);
}

TestSuite(python, .init = setup, .fini = teardown, .timeout = 120);

Test(python, the_real_interpreter_of_that_version_is_found) {
    cp_python p;
    OK(cp_python_find(&p, CP_STR("3.11"), &arena, &err));
    cr_assert_str_eq(p.version.p, "3.11");
    cr_assert(cp_str_starts(p.full, CP_STR("3.11.")));
    cr_assert_str_eq(p.cache_tag.p, "cpython-311");
    cr_assert_str_eq(p.magic.p, "a70d0d0a"); // 3495, CPython 3.11
    cr_assert_neq(cp_str_search(p.suffixes, CP_STR(".cpython-311-")), SIZE_MAX);
    cr_assert_eq(cp_str_search(p.path, CP_STR("shims")), SIZE_MAX);
}

Test(python, an_absent_version_names_the_ways_out) {
    cp_python p;
    cr_assert_eq(cp_python_find(&p, CP_STR("3.99"), &arena, &err), CP_ENOTFOUND);
    cr_assert_str_eq(err.message, "Python 3.99 is not on this machine");
    SAYS(err.hint, "uv python install 3.99");
    cr_assert_eq(cp_python_find(&p, CP_STR("three"), &arena, &err), CP_EUSAGE);
    cr_assert_eq(cp_python_find(&p, CP_STR("3"), &arena, &err), CP_EUSAGE);
}

Test(python, a_named_interpreter_must_be_the_one_asked_for) {
    cp_python p;
    OK(cp_python_find(&p, CP_STR("3.11"), &arena, &err));
    (void)setenv("CLOUDPACK_INTERPRETER", p.path.p, 1);
    cr_assert_eq(cp_python_find(&p, CP_STR("3.12"), &arena, &err), CP_ENOTFOUND);
    SAYS(err.message, "is Python 3.11, but the function needs 3.12");
    (void)setenv("CLOUDPACK_INTERPRETER", "/bin/true", 1);
    cr_assert_eq(cp_python_find(&p, CP_STR("3.11"), &arena, &err), CP_ENOTFOUND);
    SAYS(err.message, "/bin/true");
}

Test(python, a_program_that_lies_about_itself_is_passed_over) {
    put_file(folder, "python3.98", "#!/bin/sh\necho 3.98; exit 0\n");
    cp_str liar = cp_path_join(&arena, folder, CP_STR("python3.98"));
    cr_assert_eq(chmod(liar.p, 0755), 0);
    cp_str path = cp_arena_fmt(&arena, "%.*s:%s", CP_STR_ARG(folder), getenv("PATH"));
    (void)setenv("PATH", path.p, 1);
    cp_python p;
    cr_assert_eq(cp_python_find(&p, CP_STR("3.98"), &arena, &err), CP_ENOTFOUND);
}

Test(python, a_tool_interpreter_has_pip) {
    cp_python p;
    OK(cp_python_find_tool(&p, &arena, &err));
    cr_assert(p.pip);
}

Test(python, the_bare_environment_has_the_standard_library_and_nothing_else) {
    cp_python p;
    cp_str interpreter, again;
    OK(cp_python_find(&p, CP_STR("3.11"), &arena, &err));
    OK(cp_venv_make(&interpreter, &p, folder, &arena, &err));
    const char *argv[] = {interpreter.p, "-c",
                          "import json, sys, importlib.util as u\n"
                          "print([m for m in ('pip', 'setuptools', 'apt_pkg') if u.find_spec(m)])\n"
                          "print([p for p in sys.path if 'packages' in p and sys.prefix not in p])",
                          NULL};
    CP_AUTOV(cp_child_result) r = {0};
    OK(cp_child_run(&r, &(cp_child_spec){.argv = argv}, NULL, &err));
    cr_assert(cp_str_is(cp_buf_str(&r.out), "[]\n[]\n"), "%s%s", r.out.p, r.err.p);
    struct stat before, after;
    OK(cp_file_stat(&before, cp_path_join(&arena, folder, CP_STR("venv-3.11")), &err));
    OK(cp_venv_make(&again, &p, folder, &arena, &err));
    OK(cp_file_stat(&after, cp_path_join(&arena, folder, CP_STR("venv-3.11")), &err));
    cr_assert_eq(before.st_ino, after.st_ino);
    // Another interpreter's environment is replaced.
    put_file(folder, "venv-3.11/pyvenv.cfg", "home = /nowhere\n");
    OK(cp_venv_make(&again, &p, folder, &arena, &err));
    OK(cp_file_stat(&after, cp_path_join(&arena, folder, CP_STR("venv-3.11")), &err));
    cr_assert_neq(before.st_ino, after.st_ino);
}
