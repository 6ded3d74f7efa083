// Files and folders on the real disk.
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static cp_arena arena;
static cp_str dir;
static cp_err err;

static void setup(void) {
    cr_assert_eq(cp_dir_temporary(&dir, CP_STR(""), "cp-test", &arena, &err), CP_OK);
}

static void teardown(void) {
    cr_assert_eq(cp_tree_remove(dir, &err), CP_OK, "%s", err.message);
    cp_arena_cleanup(&arena);
}

TestSuite(file, .init = setup, .fini = teardown);

static cp_str in(const char *name) {
    return cp_path_join(&arena, dir, cp_str_of(name));
}

Test(file, what_is_written_is_read_back_and_nothing_else_stays) {
    cp_str text;
    cr_assert_eq(cp_file_write(in("a"), CP_STR("one"), &err), CP_OK);
    cr_assert_eq(cp_file_write(in("a"), CP_STR("two"), &err), CP_OK);
    cr_assert_eq(cp_file_read(&text, &arena, in("a"), 100, &err), CP_OK);
    cr_assert(cp_str_is(text, "two"));
    const cp_entry *e;
    size_t n;
    cr_assert_eq(cp_tree_list(&e, &n, dir, NULL, NULL, 10, &arena, &err), CP_OK);
    cr_assert_eq(n, 1);
}

Test(file, reading_refuses_what_is_absent_too_large_or_a_folder) {
    cp_str text;
    cr_assert_eq(cp_file_read(&text, &arena, in("none"), 100, &err), CP_ENOTFOUND);
    cr_assert_eq(cp_file_write(in("big"), CP_STR("12345"), &err), CP_OK);
    cr_assert_eq(cp_file_read(&text, &arena, in("big"), 4, &err), CP_EFORMAT);
    cr_assert_not_null(strstr(err.message, "5 bytes, at most 4"), "%s", err.message);
    cr_assert_eq(cp_file_read(&text, &arena, dir, 100, &err), CP_EIO);
}

Test(file, a_write_that_fails_midway_leaves_the_old_content) {
    cp_str text, big = {cp_arena_alloc(&arena, 1 << 20), 1 << 20};
    cr_assert_eq(cp_file_write(in("a"), CP_STR("old"), &err), CP_OK);
    struct rlimit limit = {4096, 4096}; // as a full disk: the write comes back short, then fails
    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_assert_eq(cp_file_write(in("a"), big, &err), CP_EIO);
    cr_assert_eq(cp_file_read(&text, &arena, in("a"), 100, &err), CP_OK);
    cr_assert(cp_str_is(text, "old"));
    const cp_entry *e;
    size_t n;
    cr_assert_eq(cp_tree_list(&e, &n, dir, NULL, NULL, 10, &arena, &err), CP_OK);
    cr_assert_eq(n, 1, "the temporary is gone");
}

Test(tree, listing_is_sorted_follows_links_and_ends_on_loops, .init = setup, .fini = teardown) {
    cr_assert_eq(cp_dir_make(in("b/c"), &err), CP_OK);
    cr_assert_eq(cp_file_write(in("b/c/x"), CP_STR("1"), &err), CP_OK);
    cr_assert_eq(cp_file_write(in("a"), CP_STR("22"), &err), CP_OK);
    cr_assert_eq(symlink("..", in("b/up").p), 0);
    cr_assert_eq(symlink("nowhere", in("dangling").p), 0);
    const cp_entry *e;
    size_t n;
    cr_assert_eq(cp_tree_list(&e, &n, dir, NULL, NULL, 100, &arena, &err), CP_OK);
    const char *want[] = {"a", "b", "b/c", "b/c/x", "b/up", "dangling"};
    cr_assert_eq(n, 6);
    for (size_t i = 0; i < n; i++)
        cr_assert(cp_str_is(e[i].rel, want[i]), "%zu: %s", i, e[i].rel.p);
    cr_assert_eq(e[0].bytes, 2);
    cr_assert_eq(e[5].kind, CP_ENTRY_OTHER);
    cr_assert_eq(cp_tree_list(&e, &n, dir, NULL, NULL, 3, &arena, &err), CP_EFORMAT);
}

Test(tree, removing_never_follows_a_link_out, .init = setup, .fini = teardown) {
    cr_assert_eq(cp_dir_make(in("keep"), &err), CP_OK);
    cr_assert_eq(cp_file_write(in("keep/x"), CP_STR("1"), &err), CP_OK);
    cr_assert_eq(cp_dir_make(in("gone"), &err), CP_OK);
    cr_assert_eq(symlink("../keep", in("gone/link").p), 0);
    cr_assert_eq(cp_tree_remove(in("gone"), &err), CP_OK);
    cr_assert_not(cp_file_exists(in("gone")));
    cr_assert(cp_file_exists(in("keep/x")));
    cr_assert_eq(cp_tree_remove(in("gone"), &err), CP_OK, "absent is fine");
}
