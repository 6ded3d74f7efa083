// The problem file: what is written reads back the same, and what no solver may see is refused with
// its place.
#include "problem_gen.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char small[] =
    "{\"format\":\"cloudpack.problem/1\",\"objective\":\"cost\",\"init_us\":10,"
    "\"tiers\":[{\"name\":\"near\"},{\"name\":\"far\",\"stream\":true}],"
    "\"rows\":[{\"name\":\"bytes\",\"unit\":\"byte\",\"capacity\":100}],"
    "\"items\":[{\"name\":\"a\",\"initial\":true,\"choices\":{\"near\":{\"use\":{\"bytes\":60}},"
    "\"far\":{\"nusd\":5,\"stream_us\":7}}},"
    "{\"name\":\"b\",\"needs\":[\"a\"],\"choices\":{\"near\":{\"use\":{\"bytes\":50}},"
    "\"far\":{\"nusd\":4}}}]}";

static cp_status read(const char *text, cp_err *err) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_problem *p = NULL;
    return cp_problem_from_json(&p, cp_str_of(text), "p.json", &arena, err);
}

// Replaces the first `from` in the small problem and expects a refusal that says `message`.
static void refuse(const char *from, const char *to, const char *message) {
    char text[4096];
    const char *at = strstr(small, from);
    cr_assert_not_null(at, "%s", from);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - small), small, to, at + strlen(from));
    cp_err err = {0};
    cp_status status = read(text, &err);
    cr_assert_eq(status, CP_EFORMAT, "accepted: %s", to);
    cr_assert_not_null(strstr(err.message, message), "\"%s\" is not in: %s", message, err.message);
    cr_assert_not_null(strstr(err.message, "p.json"), "%s", err.message);
}

Test(problem, the_small_one_is_accepted) {
    cp_err err = {0};
    cr_assert_eq(read(small, &err), CP_OK, "%s", err.message);
}

Test(problem, json_round_trip_is_byte_stable) {
    for (uint64_t seed = 1; seed <= 30; seed++) {
        CP_AUTOV(cp_arena) arena = {0};
        CP_AUTOV(cp_buf) first = {0}, second = {0};
        cp_err err = {0};
        cp_problem *p = seed % 2 ? gen_small(seed, 7, &arena) : gen_real(seed, 40, 300, &arena);
        cp_problem *again = NULL;
        cp_problem_to_json(&first, p);
        cr_assert_eq(cp_problem_from_json(&again, cp_buf_str(&first), "p", &arena, &err), CP_OK,
                     "%s", err.message);
        cp_problem_to_json(&second, again);
        cr_assert(cp_str_eq(cp_buf_str(&first), cp_buf_str(&second)));
        uint8_t tier[64] = {0};
        cp_check a, b;
        cp_check_placement(&a, p, tier, &arena);
        cp_check_placement(&b, again, tier, &arena);
        cr_assert_eq(a.objective, b.objective);
        cr_assert_eq(a.violation_count, b.violation_count);
    }
}

Test(problem, what_no_solver_may_see_is_refused_with_its_place) {
    refuse("cloudpack.problem/1", "cloudpack.problem/2", "/format");
    refuse("\"cost\"", "\"fun\"", "/objective");
    refuse("\"init_us\":10", "\"init_us\":-1", "/init_us");
    refuse("\"init_us\":10", "\"init_us\":1.5", "/init_us");
    refuse("\"init_us\":10", "\"init_us\":1e999", "p.json");
    refuse("\"init_us\":10", "\"init_us\":NaN", "p.json");
    refuse("\"init_us\":10", "\"init_us\":9007199254740993", "/init_us");
    refuse("\"init_us\":10,", "", "/init_us: is missing");
    refuse("\"init_us\":10", "\"init_us\":10,\"step\":0", "/step");
    refuse("\"capacity\":100", "\"capacity\":\"100\"", "/rows/0/capacity");
    refuse("{\"name\":\"near\"}", "{\"name\":\"far\"}", "/tiers/1/name: duplicate");
    refuse("{\"name\":\"near\"}", "7", "/tiers/0");
    refuse("\"name\":\"b\"", "\"name\":\"a\"", "/items/1/name: duplicate");
    refuse("\"name\":\"b\"", "\"name\":\"\"", "/items/1/name: empty");
    refuse("\"name\":\"b\",\"needs\":[\"a\"]", "\"name\":\"b\",\"needs\":[\"b\"]",
           "/items/1/needs");
    refuse("\"needs\":[\"a\"]", "\"needs\":[\"c\"]", "/items/1/needs/0");
    refuse("\"needs\":[\"a\"]", "\"needs\":3", "/items/1/needs");
    refuse("\"a\",\"initial\":true", "\"a\",\"initial\":true,\"needs\":[\"b\"]", "b -> a");
    refuse("\"far\":{\"nusd\":4}", "\"moon\":{\"nusd\":4}", "/items/1/choices/moon: no such tier");
    refuse("\"bytes\":60", "\"bits\":60", "/items/0/choices/near/use/bits: no such row");
    refuse("\"bytes\":60", "\"bytes\":-60", "/items/0/choices/near/use/bytes");
    refuse("{\"nusd\":4}", "{\"nusd\":4,\"stream_us\":-4}", "/items/1/choices/far/stream_us");
    refuse("\"near\":{\"use\":{\"bytes\":60}}", "\"near\":{\"stream_us\":60}", "no stream");
    refuse("{\"near\":{\"use\":{\"bytes\":50}},\"far\":{\"nusd\":4}}", "{}",
           "\"b\" has no allowed tier");
    refuse("{\"near\":{\"use\":{\"bytes\":50}},\"far\":{\"nusd\":4}}", "[]", "/items/1/choices");
    refuse("\"items\":[", "\"items\":[[],", "/items/0");
    refuse("}]}", "", "p.json");
}

Test(problem, sums_that_could_wrap_are_refused) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_problem *p = gen_small(3, 1, &arena);
    cp_problem_item *items = CP_ARENA_ARRAY(&arena, cp_problem_item, 400);
    cp_problem_choice choice[GEN_TIERS] = {{.allowed = true, .use = {CP_PROBLEM_NUMBER_MAX, 0, 0}}};
    for (uint32_t j = 0; j < 400; j++)
        items[j] = (cp_problem_item){.name = cp_arena_fmt(&arena, "%u", j), .choices = choice};
    p->items = items;
    p->item_count = 400;
    cp_err err = {0};
    cr_assert_eq(cp_problem_validate(p, &err), CP_EFORMAT);
    cr_assert_not_null(strstr(err.message, "2^61"), "%s", err.message);
    choice[0] = (cp_problem_choice){.allowed = true, .import_us = 1000000000000};
    p->init_nusd_per_ms = CP_PROBLEM_NUMBER_MAX;
    cr_assert_eq(cp_problem_validate(p, &err), CP_EFORMAT);
    cr_assert_not_null(strstr(err.message, "/init_nusd_per_ms"), "%s", err.message);
}

Test(problem, long_chains_of_needs_are_no_problem_and_long_cycles_are_found) {
    CP_AUTOV(cp_arena) arena = {0};
    enum { N = 50000 };
    cp_problem *p = gen_small(3, 1, &arena);
    cp_problem_item *items = CP_ARENA_ARRAY(&arena, cp_problem_item, N);
    cp_problem_choice choice[GEN_TIERS] = {{.allowed = true}};
    uint32_t *needs = CP_ARENA_ARRAY(&arena, uint32_t, N);
    for (uint32_t j = 0; j < N; j++) {
        needs[j] = j + 1;
        items[j] = (cp_problem_item){.name = cp_arena_fmt(&arena, "%u", j),
                                     .choices = choice,
                                     .needs = &needs[j],
                                     .need_count = j + 1 < N};
    }
    p->items = items;
    p->item_count = N;
    cp_err err = {0};
    cr_assert_eq(cp_problem_validate(p, &err), CP_OK, "%s", err.message);
    items[N - 1].need_count = 1;
    needs[N - 1] = 0;
    cr_assert_eq(cp_problem_validate(p, &err), CP_EFORMAT);
    cr_assert_not_null(strstr(err.message, "cycle"), "%s", err.message);
}
