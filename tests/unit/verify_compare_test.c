// Answers compared field by field.
#include "verify/compare.h"

#include <criterion/criterion.h>

static cp_arena arena;
static cp_differences d;

static size_t compare(const char *a, const char *b, double tolerance, const char *ignore) {
    cp_str pointer = cp_str_of(ignore);
    cp_test_event event = {.name = CP_STR("e"),
                           .tolerance = tolerance,
                           .ignore = &pointer,
                           .ignore_count = ignore ? 1 : 0};
    cp_run_answer x = {.outcome = CP_OUTCOME_ANSWER, .json = cp_str_of(a)};
    cp_run_answer y = {.outcome = CP_OUTCOME_ANSWER, .json = cp_str_of(b)};
    d = (cp_differences){0};
    cp_compare(&d, &event, &x, &y, &arena);
    return d.n;
}

static void teardown(void) {
    cp_arena_cleanup(&arena);
}

TestSuite(compare, .fini = teardown);

Test(compare, order_of_members_does_not_matter_and_order_of_elements_does) {
    cr_assert_eq(compare("{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2], \"a\":1}", 1e-9, NULL), 0);
    cr_assert_eq(compare("[1,2]", "[2,1]", 1e-9, NULL), 2);
    cr_assert_str_eq(d.v[1].field.p, "/1");
}

Test(compare, numbers_are_equal_within_the_tolerance) {
    cr_assert_eq(compare("[1.0000000001]", "[1]", 1e-9, NULL), 0);
    cr_assert_eq(compare("[1.0001]", "[1]", 1e-9, NULL), 1);
    cr_assert_eq(compare("[1.0001]", "[1]", 1e-3, NULL), 0);
}

Test(compare, missing_and_additional_members_are_named) {
    cr_assert_eq(compare("{\"a\":1,\"c\":3}", "{\"b\":2,\"c\":3}", 0, NULL), 2);
    cr_assert_str_eq(d.v[0].field.p, "/a");
    cr_assert_str_eq(d.v[0].got.p, "(absent)");
    cr_assert_str_eq(d.v[1].field.p, "/b");
    cr_assert_str_eq(d.v[1].expected.p, "(absent)");
    cr_assert_eq(compare("[1,2,3]", "[1]", 0, NULL), 2);
    cr_assert_eq(compare("{\"a\":null}", "{}", 0, NULL), 1);
}

Test(compare, pointers_are_escaped_and_ignored_with_all_below_them) {
    cr_assert_eq(compare("{\"a/b~\":{\"x\":1}}", "{\"a/b~\":{\"x\":2}}", 0, NULL), 1);
    cr_assert_str_eq(d.v[0].field.p, "/a~1b~0/x");
    cr_assert_eq(compare("{\"a/b~\":{\"x\":1}}", "{\"a/b~\":{\"x\":2}}", 0, "/a~1b~0"), 0);
    cr_assert_eq(compare("{\"t\":1}", "{}", 0, "/t"), 0);
    cr_assert_eq(compare("{}", "{\"t\":1}", 0, "/t"), 0);
    cr_assert_eq(compare("[[1,2],[3,12]]", "[[1,2],[3,4]]", 0, "/1/1"), 0);
    cr_assert_eq(compare("1", "2", 0, ""), 0);
}

Test(compare, many_differences_are_bounded) {
    CP_AUTOV(cp_buf) a = {0};
    CP_AUTOV(cp_buf) b = {0};
    for (int i = 0; i < 300; i++) {
        cp_buf_addf(&a, "%s1", i ? "," : "[");
        cp_buf_addf(&b, "%s2", i ? "," : "[");
    }
    cp_buf_add_c(&a, ']');
    cp_buf_add_c(&b, ']');
    cr_assert_eq(compare(a.p, b.p, 0, NULL), CP_DIFFERENCES);
    cr_assert(d.more);
    cr_assert_str_eq(d.v[12].field.p, "/12");
}

Test(compare, answers_that_are_not_json_count_byte_by_byte) {
    cr_assert_eq(compare("\xff\xfe", "\xff\xfe", 0, NULL), 0);
    cr_assert_eq(compare("\xff\xfe", "\xff\xfd", 0, NULL), 1);
}

Test(compare, errors_are_compared_by_type_and_message_only) {
    cp_test_event event = {.name = CP_STR("e")};
    cp_run_answer a = {
        .outcome = CP_OUTCOME_RAISED,
        .json = CP_STR("{\"errorType\":\"K\",\"errorMessage\":\"m\",\"stackTrace\":[1]}")};
    cp_run_answer b = a;
    b.json = CP_STR("{\"errorMessage\":\"m\",\"errorType\":\"K\",\"stackTrace\":[2]}");
    d = (cp_differences){0};
    cp_compare(&d, &event, &a, &b, &arena);
    cr_assert_eq(d.n, 0);
    b.json = CP_STR("{\"errorMessage\":\"n\",\"errorType\":\"K\"}");
    cp_compare(&d, &event, &a, &b, &arena);
    cr_assert_eq(d.n, 1);
    cr_assert_str_eq(d.v[0].field.p, "/errorMessage");
    b = (cp_run_answer){.outcome = CP_OUTCOME_ANSWER, .json = CP_STR("5")};
    cp_compare(&d, &event, &a, &b, &arena);
    cr_assert_eq(d.n, 2);
    cr_assert_str_eq(d.v[1].expected.p, "K: m");
    cr_assert_str_eq(d.v[1].got.p, "5");
}
