// Opening: what is made, what is brought up to date, what is refused and left as it is.
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "store/facts.h"
#include "store/store.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static cp_arena arena;
static cp_str folder, path;
static cp_err err;

static void set_up(void) {
    cr_assert_eq(cp_dir_temporary(&folder, CP_STR(""), "cpstore", &arena, &err), CP_OK);
    path = cp_path_join(&arena, folder, CP_STR("store.db"));
}

static void tear_down(void) {
    cr_assert_eq(cp_tree_remove(folder, &err), CP_OK);
    cp_arena_cleanup(&arena);
}

TestSuite(open, .init = set_up, .fini = tear_down);

static void run_sql(cp_str file, const char *sql) {
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(file.p, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

static int add_row(void *self, int columns, char **values, char **names) {
    (void)names;
    for (int i = 0; i < columns; i++)
        cp_buf_addf(self, "%s|", values[i] ? values[i] : "NULL");
    cp_buf_add_c(self, '\n');
    return 0;
}

static cp_str query(cp_str file, const char *sql) {
    CP_AUTOV(cp_buf) buf = {0};
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(file.p, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, add_row, &buf, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    return cp_arena_str(&arena, cp_buf_str(&buf));
}

static void open_and_close(cp_str file) {
    cp_store *store = NULL;
    cr_assert_eq(cp_store_open(&store, file, &err), CP_OK, "%s", err.message);
    cp_store_cleanup(&store);
    cr_assert_null(store);
}

static const char SCHEMA[] =
    "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";

Test(open, a_fresh_store_has_its_folder_mark_version_and_log_mode) {
    cp_str deep = cp_path_join(&arena, folder, CP_STR("a/.cloudpack/store.db"));
    open_and_close(deep);
    cr_assert_str_eq(
        query(deep, "PRAGMA application_id; PRAGMA user_version; PRAGMA journal_mode").p,
        cp_arena_fmt(&arena, "%d|\n%u|\nwal|\n", 0x63706b31, cp_store_version()).p);
    cr_assert_str_eq(query(deep, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT"
                                 " LIKE 'sqlite_%' AND sql NOT LIKE '%STRICT%'")
                         .p,
                     "");
    open_and_close(deep);
}

Test(open, an_empty_file_becomes_a_store) {
    cr_assert_eq(cp_file_write(path, CP_STR(""), &err), CP_OK);
    open_and_close(path);
}

// Refused with the status and a hint, and neither the file nor its folder changed.
static void refused(cp_status status, const char *words) {
    cp_str before, after;
    const cp_entry *entries;
    size_t count;
    cp_store *store = NULL;
    cr_assert_eq(cp_file_read(&before, &arena, path, 1 << 24, &err), CP_OK);
    cr_assert_eq(cp_store_open(&store, path, &err), status, "%s", err.message);
    cr_assert_null(store);
    cr_assert_not_null(strstr(err.message, words), "%s", err.message);
    cr_assert(err.hint[0]);
    cr_assert_eq(cp_file_read(&after, &arena, path, 1 << 24, &err), CP_OK);
    cr_assert(cp_str_eq(before, after));
    cr_assert_eq(cp_tree_list(&entries, &count, folder, NULL, NULL, 100, &arena, &err), CP_OK);
    cr_assert_eq(count, 1);
}

Test(open, files_of_others_are_refused_and_left_byte_for_byte) {
    cr_assert_eq(
        cp_file_write(path, CP_STR("not a database at all, but long enough to look at"), &err),
        CP_OK);
    refused(CP_EFORMAT, "not a cloudpack store");
    cr_assert_eq(cp_file_write(path, CP_STR("x"), &err), CP_OK);
    refused(CP_EFORMAT, "not a cloudpack store");
    cr_assert_eq(cp_file_write(path, CP_STR("SQLite format 3"), &err), CP_OK);
    refused(CP_EFORMAT, "not a cloudpack store");
    cr_assert_eq(unlink(path.p), 0);
    run_sql(path, "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
    refused(CP_EFORMAT, "another program");
    run_sql(path, "PRAGMA application_id = 1234; PRAGMA user_version = 2");
    refused(CP_EFORMAT, "another program");
    run_sql(path, "PRAGMA journal_mode = WAL");
    refused(CP_EFORMAT, "another program");
}

Test(open, a_newer_store_is_refused_and_left_as_it_is) {
    open_and_close(path);
    run_sql(path, "PRAGMA user_version = 999");
    refused(CP_EFORMAT, "written by a newer cloudpack (version 999, this one knows");
}

Test(open, a_cut_store_is_refused_and_left_as_it_is) {
    open_and_close(path);
    cp_str whole;
    cr_assert_eq(cp_file_read(&whole, &arena, path, 1 << 24, &err), CP_OK);
    cr_assert_eq(cp_file_write(path, cp_str_sub(whole, 0, whole.n / 2), &err), CP_OK);
    refused(CP_EFORMAT, "cut off or damaged");
}

Test(open, a_store_damaged_inside_fails_without_a_crash) {
    open_and_close(path);
    cp_str whole;
    cr_assert_eq(cp_file_read(&whole, &arena, path, 1 << 24, &err), CP_OK);
    for (size_t page = 0; page * 4096 < whole.n; page++) {
        char *copy = cp_arena_cstr(&arena, whole);
        memset(copy + page * 4096 + (page ? 0 : 100), 0xA5, page ? 4096 : 3996);
        cr_assert_eq(cp_file_write(path, (cp_str){copy, whole.n}, &err), CP_OK);
        cp_store *store = NULL;
        const cp_facts *facts = NULL;
        cp_status status = cp_store_open(&store, path, &err);
        if (status == CP_OK)
            status = cp_store_get_facts(&facts, store, &arena, &err);
        cr_assert(status == CP_EFORMAT || status == CP_ENOTFOUND, "page %zu: %d %s", page, status,
                  err.message);
        cp_store_cleanup(&store);
    }
}

Test(open, a_folder_in_its_place_and_an_unwritable_place_are_io_errors) {
    cp_store *store = NULL;
    cr_assert_eq(cp_store_open(&store, folder, &err), CP_EIO);
    cr_assert_eq(cp_store_open(&store, CP_STR("/proc/none/store.db"), &err) == CP_OK, false);
    cr_assert_null(store);
}

static void open_in_child_and_kill(useconds_t after) {
    pid_t pid = fork();
    if (pid == 0) {
        cp_store *store = NULL;
        cp_err e = {0};
        _exit(cp_store_open(&store, path, &e) == CP_OK ? 0 : 1);
    }
    cr_assert_gt(pid, 0);
    (void)usleep(after);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    int status;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

Test(open, a_kill_while_a_store_is_made_leaves_one_that_opens) {
    for (unsigned i = 0; i < 30; i++) {
        open_in_child_and_kill(i * 1500);
        open_and_close(path);
        cr_assert_str_eq(query(path, "PRAGMA user_version; PRAGMA integrity_check").p,
                         cp_arena_fmt(&arena, "%u|\nok|\n", cp_store_version()).p);
        cr_assert_eq(unlink(path.p), 0);
    }
}

// tests/store/vNNNN.sql are dumps of stores as older programs left them, with content.
Test(open, every_older_store_is_brought_to_the_schema_of_a_fresh_one) {
    cp_str fresh = cp_path_join(&arena, folder, CP_STR("fresh.db"));
    open_and_close(fresh);
    const cp_entry *dumps;
    size_t count, seen = 0;
    cp_str dir = CP_STR(CP_SOURCE_DIR "/tests/store");
    cr_assert_eq(cp_tree_list(&dumps, &count, dir, NULL, NULL, 1000, &arena, &err), CP_OK);
    for (size_t i = 0; i < count; i++) {
        if (!cp_str_ends(dumps[i].rel, CP_STR(".sql")))
            continue;
        cp_str sql, old = cp_path_join(&arena, folder, dumps[i].rel);
        cr_assert_eq(
            cp_file_read(&sql, &arena, cp_path_join(&arena, dir, dumps[i].rel), 1 << 24, &err),
            CP_OK);
        run_sql(old, sql.p);
        open_and_close(old);
        cr_assert_str_eq(query(old, SCHEMA).p, query(fresh, SCHEMA).p, "%s", dumps[i].rel.p);
        cr_assert_str_eq(query(old, "PRAGMA user_version; PRAGMA foreign_key_check").p,
                         query(fresh, "PRAGMA user_version").p, "%s", dumps[i].rel.p);
        cp_store *store = NULL;
        const cp_facts *facts = NULL;
        cr_assert_eq(cp_store_open(&store, old, &err), CP_OK);
        cr_assert_eq(cp_store_get_facts(&facts, store, &arena, &err), CP_OK, "%s", err.message);
        cr_assert(cp_str_is(facts->handler, "app.handler"));
        cr_assert_eq(facts->import_count, 2);
        cp_store_cleanup(&store);
        seen++;
    }
    cr_assert_eq(seen, cp_store_version(), "one dump for each version");
}
