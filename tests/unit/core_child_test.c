// Running real programs.
#include "core/child.h"
#include "core/vec.h"

#include <criterion/criterion.h>

static cp_err err;

static void count_line(void *self, int fd, cp_str line) {
    (void)line;
    ((int *)self)[fd]++;
}

Test(child, output_exit_code_and_lines_come_back) {
    int lines[3] = {0};
    const char *argv[] = {"sh", "-c", "cat; echo two; echo no >&2; exit 7", NULL};
    cp_child_spec spec = {
        .argv = argv, .input = CP_STR("one\n"), .on_line = count_line, .self = lines};
    CP_AUTOV(cp_child_result) r = {0};
    cr_assert_eq(cp_child_run(&r, &spec, NULL, &err), CP_OK, "%s", err.message);
    cr_assert_eq(r.exit_code, 7);
    cr_assert(cp_str_is(cp_buf_str(&r.out), "one\ntwo\n"));
    cr_assert(cp_str_is(cp_buf_str(&r.err), "no\n"));
    cr_assert_eq(lines[1], 2);
    cr_assert_eq(lines[2], 1);
}

Test(child, a_deadline_kills_the_whole_group) {
    const char *argv[] = {"sh", "-c", "sleep 60 & wait", NULL};
    cp_child_spec spec = {.argv = argv, .timeout_ms = 150};
    CP_AUTOV(cp_child_result) r = {0};
    cr_assert_eq(cp_child_run(&r, &spec, NULL, &err), CP_OK);
    cr_assert(r.timed_out);
    cr_assert_eq(r.exit_code, 128 + 9);
}

Test(child, more_output_than_kept_does_not_block_and_is_bounded) {
    const char *argv[] = {"sh", "-c", "head -c 3000000 /dev/zero", NULL};
    cp_child_spec spec = {.argv = argv, .max_output = 100000};
    CP_AUTOV(cp_child_result) r = {0};
    cr_assert_eq(cp_child_run(&r, &spec, NULL, &err), CP_OK);
    cr_assert_eq(r.exit_code, 0);
    cr_assert(r.out.over);
    cr_assert_leq(r.out.n, 100000);
}

Test(child, an_absent_program_is_named) {
    const char *argv[] = {"no-such-program-xyz", NULL};
    CP_AUTOV(cp_child_result) r = {0};
    cr_assert_eq(cp_child_run(&r, &(cp_child_spec){.argv = argv}, NULL, &err), CP_ENOTFOUND);
    cr_assert_not_null(strstr(err.message, "no-such-program-xyz"));
    const char *bad[] = {"/dev/null", NULL};
    cr_assert_eq(cp_child_run(&r, &(cp_child_spec){.argv = bad}, NULL, &err), CP_EIO);
}

Test(child, environment_is_replaced_key_by_key) {
    CP_AUTOV(cp_arena) arena = {0};
    const char *base[] = {"A=1", "AB=2", "C=3", NULL}, *set[] = {"A=9", "C"};
    const char *const *env = cp_env_with(&arena, base, set, 2);
    cr_assert_str_eq(env[0], "AB=2");
    cr_assert_str_eq(env[1], "A=9");
    cr_assert_null(env[2]);
}
