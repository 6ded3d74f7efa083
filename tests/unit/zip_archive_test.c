// Archives: the same bytes everywhere, and nothing foreign gets past the limits.
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "core/vec.h"
#include "zip/read.h"
#include "zip/write.h"

#include <criterion/criterion.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static cp_err err;
static cp_arena arena;
static cp_str dir;

static void set_up(void) {
    cr_assert_eq(cp_dir_temporary(&dir, CP_STR(""), "cp-zip", &arena, &err), CP_OK);
}

static void tear_down(void) {
    cr_assert_eq(cp_tree_remove(dir, &err), CP_OK);
    cp_arena_cleanup(&arena);
}

TestSuite(zip, .init = set_up, .fini = tear_down);

static cp_str in_dir(const char *name) {
    return cp_path_join(&arena, dir, cp_str_of(name));
}

// 300 entries of text, noise and nothing, partly from disk.
static size_t sample(cp_zip_entry *entries, bool backwards) {
    enum { COUNT = 300 };
    uint32_t noise = 1;
    for (size_t i = 0; i < COUNT; i++) {
        size_t n = i % 7 == 0 ? 0 : i * 37;
        char *p = cp_arena_alloc(&arena, n);
        for (size_t k = 0; k < n; k++) {
            noise = noise * 1664525 + 1013904223;
            p[k] = i % 3 ? (char)('a' + k % 9) : (char)(noise >> 24);
        }
        cp_zip_entry e = {.name = cp_arena_fmt(&arena, "d%zu/f%zu.txt", i % 5, i),
                          .bytes = {p, n},
                          .executable = i % 11 == 0};
        if (i % 4 == 1) {
            e.path = in_dir(cp_arena_fmt(&arena, "src%zu", i).p);
            e.size = n;
            cr_assert_eq(cp_file_write(e.path, e.bytes, &err), CP_OK);
            e.bytes = (cp_str){0};
        }
        entries[backwards ? COUNT - 1 - i : i] = e;
    }
    return COUNT;
}

Test(zip, same_input_gives_same_bytes_in_any_time_zone_order_and_thread_count) {
    cp_zip_entry entries[300];
    cp_zip_totals a, b;
    cp_ctx one = {.threads = 1}, many = {.threads = 7};
    cr_assert_eq(setenv("TZ", "UTC", 1), 0);
    tzset();
    size_t n = sample(entries, false);
    cr_assert_eq(cp_zip_write(&a, in_dir("a.zip"), entries, n, 6, &one, &err), CP_OK, "%s",
                 err.message);
    cr_assert_eq(setenv("TZ", "Asia/Tokyo", 1), 0);
    tzset();
    n = sample(entries, true);
    cr_assert_eq(cp_zip_write(&b, in_dir("b.zip"), entries, n, 6, &many, &err), CP_OK);
    cr_assert(cp_sha256_eq(&a.digest, &b.digest));
    cr_assert_eq(a.bytes, b.bytes);
}

Test(zip, what_was_written_comes_back) {
    cp_zip_entry entries[300];
    size_t n = sample(entries, false), count = 0;
    cp_zip_totals totals;
    cr_assert_eq(cp_zip_write(&totals, in_dir("a.zip"), entries, n, 9, NULL, &err), CP_OK);
    CP_AUTO(cp_zip) zip = NULL;
    cr_assert_eq(cp_zip_open(&zip, in_dir("a.zip"), NULL, &err), CP_OK, "%s", err.message);
    const cp_zip_member *m = cp_zip_members(zip, &count);
    cr_assert_eq(count, n);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += m[i].bytes;
    cr_assert_eq(sum, totals.unzipped_bytes);
    for (size_t i = 0; i < n; i++) {
        const cp_zip_member *found = cp_zip_find(zip, entries[i].name);
        cr_assert(found && found->executable == entries[i].executable);
        cp_str content, want = entries[i].bytes;
        if (entries[i].path.n)
            cr_assert_eq(cp_file_read(&want, &arena, entries[i].path, 1 << 20, &err), CP_OK);
        cr_assert_eq(cp_zip_read(&content, zip, found, &arena, &err), CP_OK, "%s", err.message);
        cr_assert(cp_str_eq(content, want));
        cr_assert_leq(found->zipped_bytes, found->bytes, "stored when not smaller");
    }
}

Test(zip, extraction_restores_contents_and_modes) {
    cp_zip_entry entries[] = {
        {.name = CP_LIT("a/b.txt"), .bytes = CP_LIT("hello hello hello hello")},
        {.name = CP_LIT("run"), .bytes = CP_LIT("#!"), .executable = true}};
    cp_zip_totals totals;
    cr_assert_eq(cp_zip_write(&totals, in_dir("a.zip"), entries, 2, 6, NULL, &err), CP_OK);
    cp_str out = in_dir("out"), got;
    cr_assert_eq(cp_zip_extract(in_dir("a.zip"), out, NULL, &err), CP_OK, "%s", err.message);
    cr_assert_eq(cp_file_read(&got, &arena, in_dir("out/a/b.txt"), 100, &err), CP_OK);
    cr_assert(cp_str_eq(got, entries[0].bytes));
    struct stat st;
    cr_assert_eq(cp_file_stat(&st, in_dir("out/run"), &err), CP_OK);
    cr_assert_eq(st.st_mode & 0777, 0755);
}

Test(zip, a_file_of_another_size_is_stale_and_leaves_the_old_archive) {
    cr_assert_eq(cp_file_write(in_dir("f"), CP_STR("12345"), &err), CP_OK);
    cp_zip_entry e = {.name = CP_LIT("f"), .path = in_dir("f"), .size = 5};
    cp_zip_totals before, after;
    cr_assert_eq(cp_zip_write(&before, in_dir("a.zip"), &e, 1, 6, NULL, &err), CP_OK);
    e.size = 6;
    cr_assert_eq(cp_zip_write(&after, in_dir("a.zip"), &e, 1, 6, NULL, &err), CP_ESTALE);
    cp_map map = {{"", 0}};
    cr_assert_eq(cp_map_open(&map, in_dir("a.zip"), 1 << 20, &err), CP_OK);
    cp_sha256 now = cp_sha256_of(map.bytes);
    cp_map_cleanup(&map);
    cr_assert(cp_sha256_eq(&now, &before.digest));
    const cp_entry *left = NULL;
    size_t count = 0;
    cr_assert_eq(cp_tree_list(&left, &count, dir, NULL, NULL, 100, &arena, &err), CP_OK);
    cr_assert_eq(count, 2, "no temporary is left");
}

Test(zip, unsafe_and_repeated_names_are_not_written) {
    cp_zip_entry twice[] = {{.name = CP_LIT("a")}, {.name = CP_LIT("a")}};
    cp_zip_entry unsafe = {.name = CP_LIT("../a")};
    cp_zip_totals t;
    cr_assert_eq(cp_zip_write(&t, in_dir("a.zip"), twice, 2, 6, NULL, &err), CP_EUSAGE);
    cr_assert_eq(cp_zip_write(&t, in_dir("a.zip"), &unsafe, 1, 6, NULL, &err), CP_EUSAGE);
    cr_assert_not(cp_file_exists(in_dir("a.zip")));
}

static cp_status open_corpus(const char *name, const cp_zip_limits *limits) {
    CP_AUTO(cp_zip) zip = NULL;
    cp_str path = cp_arena_fmt(&arena, "%s/tests/fuzz/corpus/zip_read/%s", CP_SOURCE_DIR, name);
    return cp_zip_open(&zip, path, limits, &err);
}

Test(zip, foreign_archives_that_break_a_rule_are_refused_by_name) {
    cp_zip_limits small = {.entry_bytes = 1000};
    cr_assert_eq(open_corpus("plain.zip", &small), CP_OK, "%s", err.message);
    cr_assert_eq(open_corpus("unsafe.zip", NULL), CP_EFORMAT);
    cr_assert(strstr(err.message, "../up"), "%s", err.message);
    cr_assert_eq(open_corpus("symlink.zip", NULL), CP_EFORMAT);
    cr_assert_eq(open_corpus("twice.zip", NULL), CP_EFORMAT);
    cr_assert_eq(open_corpus("cut.zip", NULL), CP_EFORMAT);
    cr_assert_eq(open_corpus("bomb.zip", &small), CP_EFORMAT);
    cr_assert(strstr(err.message, "1047576 over"), "%s", err.message);
    cp_zip_limits total = {.total_bytes = 100};
    cr_assert_eq(open_corpus("plain.zip", &total), CP_EFORMAT);
    cp_zip_limits one = {.entries = 1};
    cr_assert_eq(open_corpus("plain.zip", &one), CP_EFORMAT);
    cr_assert_eq(open_corpus("none.zip", NULL), CP_ENOTFOUND);
}

Test(zip, a_damaged_content_is_noticed_by_its_crc) {
    cp_str path = cp_arena_fmt(&arena, "%s/tests/fuzz/corpus/zip_read/crc.zip", CP_SOURCE_DIR);
    cr_assert_eq(cp_zip_extract(path, in_dir("out"), NULL, &err), CP_EFORMAT);
    cr_assert_not(cp_file_exists(in_dir("out/a/b.txt")));
}
