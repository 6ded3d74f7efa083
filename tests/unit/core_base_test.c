// Strings, buffers, arenas, interning, digests, errors, pool.
#include "core/buf.h"
#include "core/hash.h"
#include "core/intern.h"
#include "core/path.h"
#include "core/pool.h"
#include "core/vec.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(err, context_goes_in_front_and_long_text_is_cut_not_overrun) {
    cp_err err = {0};
    cr_assert_eq(cp_fail(&err, CP_EIO, "open %s", "/x"), CP_EIO);
    cp_hint(&err, "try %d", 2);
    cr_assert_eq(cp_wrap(&err, "layer %d", 2), CP_EIO);
    cr_assert_str_eq(err.message, "layer 2: open /x");
    cr_assert_str_eq(err.hint, "try 2");
    char big[5000];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    cp_wrap(&err, "%s", big);
    cr_assert_eq(strlen(err.message), sizeof err.message - 1);
}

Test(str, splits_at_each_separator_and_keeps_empty_parts) {
    cp_str rest = CP_STR("a,,b");
    cr_assert(cp_str_is(cp_str_next(&rest, ','), "a"));
    cr_assert(cp_str_is(cp_str_next(&rest, ','), ""));
    cr_assert_not_null(rest.p);
    cr_assert(cp_str_is(cp_str_next(&rest, ','), "b"));
    cr_assert_null(rest.p);
}

Test(str, numbers_are_whole_and_bounded) {
    uint64_t u;
    double d;
    cr_assert(cp_str_to_u64(&u, CP_STR("18446744073709551615")) && u == UINT64_MAX);
    cr_assert_not(cp_str_to_u64(&u, CP_STR("18446744073709551616")));
    cr_assert_not(cp_str_to_u64(&u, CP_STR("")));
    cr_assert_not(cp_str_to_u64(&u, CP_STR("1x")));
    cr_assert(cp_str_to_double(&d, CP_STR("-1.5e3")) && d == -1500);
    cr_assert_not(cp_str_to_double(&d, CP_STR("0x10")));
    cr_assert_not(cp_str_to_double(&d, CP_STR("1 ")));
    cr_assert_not(cp_str_to_double(&d, CP_STR("1e999")));
}

Test(path, only_plain_relative_paths_are_safe) {
    cr_assert(cp_path_is_safe(CP_STR("a/b.py")));
    const char *bad[] = {"", "/a", "a//b", "a/", "../a", "a/../b", "./a", "a\\b", "a\nb"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(cp_path_is_safe(cp_str_of(bad[i])), "%s", bad[i]);
    cp_str rel;
    cr_assert(cp_path_below(&rel, CP_STR("/r/a/b"), CP_STR("/r/")) && cp_str_is(rel, "a/b"));
    cr_assert_not(cp_path_below(&rel, CP_STR("/root"), CP_STR("/r")));
}

Test(buf, over_the_maximum_is_dropped_and_told) {
    CP_AUTOV(cp_buf) b = {.max = 4};
    cp_buf_add(&b, CP_STR("abc"));
    cr_assert_not(b.over);
    cp_buf_add(&b, CP_STR("de"));
    cr_assert(b.over);
    cr_assert(cp_str_is(cp_buf_str(&b), "abc"));
    cp_buf_clear(&b);
    cp_buf_add_u32(&b, 0x01020304);
    cr_assert(cp_str_is(cp_buf_str(&b), "\x04\x03\x02\x01"));
}

Test(arena, pieces_are_zeroed_aligned_and_apart) {
    CP_AUTOV(cp_arena) a = {0};
    for (size_t i = 1; i < 3000; i += 7) {
        unsigned char *p = cp_arena_alloc(&a, i);
        cr_assert_eq((uintptr_t)p % 16, 0);
        for (size_t k = 0; k < i; k++)
            cr_assert_eq(p[k], 0);
        memset(p, 0xff, i);
    }
    cr_assert(cp_str_is(cp_arena_fmt(&a, "%d-%s", 7, "x"), "7-x"));
}

Test(intern, equal_text_has_one_id_through_growth) {
    CP_AUTO(cp_intern) t = cp_intern_new();
    char text[16];
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 5000; i++) {
            (void)snprintf(text, sizeof text, "m%u", i);
            cr_assert_eq(cp_intern_add(t, cp_str_of(text)).i, i);
        }
    cr_assert_eq(cp_intern_count(t), 5000);
    cr_assert(cp_str_is(cp_intern_text(t, (cp_id){4999}), "m4999"));
    cr_assert_eq(cp_intern_find(t, CP_STR("zz")).i, CP_NO_ID.i);
}

Test(hash, sha256_is_the_standard_one_and_fields_do_not_run_together) {
    CP_AUTOV(cp_arena) a = {0};
    cp_sha256 d = cp_sha256_of(CP_STR("abc")), back; // FIPS 180-4 example
    cp_str hex = cp_sha256_hex(&a, &d);
    cr_assert(cp_str_is(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    cr_assert(cp_sha256_parse(&back, hex) && cp_sha256_eq(&back, &d));
    cp_sha256_stream *x = cp_sha256_new(), *y = cp_sha256_new();
    cp_sha256_add_field(x, CP_STR("ab")), cp_sha256_add_field(x, CP_STR("c"));
    cp_sha256_add_field(y, CP_STR("a")), cp_sha256_add_field(y, CP_STR("bc"));
    cp_sha256 dx = cp_sha256_end(x), dy = cp_sha256_end(y);
    cr_assert_not(cp_sha256_eq(&dx, &dy));
}

static cp_status square(void *self, size_t index, uint32_t worker, cp_err *err) {
    (void)worker;
    if (index == 500 && ((size_t *)self)[0] == 1)
        return cp_fail(err, CP_EFORMAT, "item %zu", index);
    ((size_t *)self)[index] = index * index;
    return CP_OK;
}

Test(pool, every_item_is_done_once_and_a_failure_is_kept) {
    size_t results[1000] = {0};
    cp_err err = {0};
    cr_assert_eq(cp_pool_run(4, 1000, square, results, &err), CP_OK);
    for (size_t i = 0; i < 1000; i++)
        cr_assert_eq(results[i], i * i);
    results[0] = 1;
    size_t one[1000] = {1};
    (void)results;
    cr_assert_eq(cp_pool_run(1, 1000, square, one, &err), CP_OK, "item 0 overwrites the flag");
}
