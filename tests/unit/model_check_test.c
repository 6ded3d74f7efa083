// The checker: adds up right by hand-computed cases, and catches each kind of planted violation
// with its excess.
#include "problem_gen.h"

#include <criterion/criterion.h>
#include <string.h>

// Three tiers (near, mounted, stream), two initial items and a late one.
typedef struct bench {
    cp_problem p;
    cp_problem_tier tiers[4];
    cp_problem_row rows[1];
    cp_problem_item items[3];
    cp_problem_choice choices[3][4];
    uint32_t need;
} bench;

static void make(bench *b) {
    *b = (bench){0};
    b->tiers[0] = (cp_problem_tier){.name = CP_LIT("near")};
    b->tiers[1] = (cp_problem_tier){.name = CP_LIT("efs"), .open_us = 300, .mount = true};
    b->tiers[2] = (cp_problem_tier){.name = CP_LIT("s3files"), .mount = true};
    b->tiers[3] = (cp_problem_tier){.name = CP_LIT("s3"), .open_nusd = 11, .stream = true};
    b->rows[0] = (cp_problem_row){CP_LIT("unzipped"), CP_LIT("byte"), 100, 10};
    static const char *const names[] = {"a", "b", "c"};
    for (uint32_t j = 0; j < 3; j++) {
        for (uint32_t t = 0; t < 4; t++)
            b->choices[j][t] = (cp_problem_choice){.allowed = true,
                                                   .nusd = 100 * t,
                                                   .import_us = 40,
                                                   .stream_us = t == 3 ? 70 : 0,
                                                   .first_us = j == 2 ? 5 : 0,
                                                   .platform_us = t == 0 ? 3 : 0,
                                                   .use = {t == 0 ? 40 : 0}};
        b->items[j] = (cp_problem_item){
            .name = cp_str_of(names[j]), .initial = j < 2, .choices = b->choices[j]};
    }
    b->need = 1;
    b->p = (cp_problem){.objective = CP_OBJECTIVE_COST,
                        .step = 1,
                        .tiers = b->tiers,
                        .tier_count = 4,
                        .rows = b->rows,
                        .row_count = 1,
                        .items = b->items,
                        .item_count = 3,
                        .platform_us = 1000,
                        .init_us = 200,
                        .stream_start_us = 50,
                        .init_nusd_per_ms = 10,
                        .init_limit_us = CP_NO_LIMIT,
                        .latency_limit_us = CP_NO_LIMIT,
                        .budget_nusd = CP_NO_LIMIT};
}

static cp_check check(const bench *b, uint8_t a, uint8_t second, uint8_t c, cp_arena *arena) {
    const uint8_t tier[] = {a, second, c};
    cp_check out;
    cp_check_placement(&out, &b->p, tier, arena);
    return out;
}

Test(check, adds_up_times_and_money_as_defined) {
    CP_AUTOV(cp_arena) arena = {0};
    bench b;
    make(&b);
    cp_check c = check(&b, 0, 0, 1, &arena);
    cr_assert_eq(c.violation_count, 0);
    cr_assert_eq(c.use[0], 10 + 80);
    cr_assert_eq(c.init_us, 200 + 300 + 80);
    cr_assert_eq(c.platform_us, 1006);
    cr_assert_eq(c.response_us, 1006 + 580 + 5);
    cr_assert_eq(c.nusd, 100 + 6); // 580 us at 10 a ms, rounded up
    // a: stream at 200+50+70 = 320, import to 360; b: stream 390, import to 430
    c = check(&b, 3, 3, 0, &arena);
    cr_assert_eq(c.init_us, 430);
    cr_assert_eq(c.nusd, 300 + 300 + 11 + 5);
    // the stream overtakes: a local until 240, b waits for 320
    c = check(&b, 0, 3, 0, &arena);
    cr_assert_eq(c.init_us, 360);
    b.p.objective = CP_OBJECTIVE_LATENCY;
    cr_assert_eq(check(&b, 0, 3, 0, &arena).objective, c.response_us);
}

// Exactly one violation, of this kind and excess.
static void one(const bench *b, uint8_t x, uint8_t y, uint8_t z, cp_limit_kind kind, int64_t excess,
                const char *text) {
    CP_AUTOV(cp_arena) arena = {0};
    CP_AUTOV(cp_buf) words = {0};
    cp_check c = check(b, x, y, z, &arena);
    cr_assert_eq(c.violation_count, 1, "%s: %u", text, c.violation_count);
    cr_assert_eq(c.violations[0].limit.kind, kind);
    cr_assert_eq(c.violations[0].excess, excess, "%s: %ld", text, (long)c.violations[0].excess);
    cp_violation_text(&words, &b->p, &c.violations[0]);
    cr_assert_not_null(strstr(words.p, text), "%s", words.p);
}

Test(check, catches_each_kind_of_violation_with_its_excess) {
    bench b;
    make(&b);
    one(&b, 0, 0, 0, CP_LIMIT_ROW, 30, "unzipped");
    b.p.init_limit_us = 429;
    one(&b, 3, 3, 0, CP_LIMIT_INIT, 1, "init");
    make(&b);
    b.p.latency_limit_us = 1400;
    one(&b, 3, 3, 0, CP_LIMIT_LATENCY, 1003 + 430 + 5 - 1400, "latency");
    make(&b);
    b.p.budget_nusd = 600;
    one(&b, 3, 3, 0, CP_LIMIT_BUDGET, 16, "budget");
    make(&b);
    one(&b, 1, 2, 0, CP_LIMIT_MOUNT, 1, "mount");
    b.tiers[3].closed = true;
    one(&b, 0, 0, 3, CP_LIMIT_TIERS, 1, "tiers");
    make(&b);
    b.choices[2][3].allowed = false;
    one(&b, 0, 0, 3, CP_LIMIT_CHOICE, 1, "c may not be in tier 3");
    one(&b, 0, 0, 9, CP_LIMIT_CHOICE, 1, "c may not be");
    make(&b);
    b.items[0].needs = &b.need; // a needs b
    b.items[0].need_count = 1;
    one(&b, 0, 1, 3, CP_LIMIT_CLOSURE, 1, "b is farther than a");
}

Test(check, a_limit_that_is_met_exactly_is_met) {
    CP_AUTOV(cp_arena) arena = {0};
    bench b;
    make(&b);
    b.rows[0].capacity = 90;
    b.p.init_limit_us = 580;
    b.p.latency_limit_us = 1591;
    b.p.budget_nusd = 106;
    cr_assert_eq(check(&b, 0, 0, 1, &arena).violation_count, 0);
    b.p.budget_nusd--;
    b.p.latency_limit_us--;
    b.p.init_limit_us--;
    b.rows[0].capacity--;
    cr_assert_eq(check(&b, 0, 0, 1, &arena).violation_count, 4);
}

Test(check, amounts_are_written_for_people) {
    CP_AUTOV(cp_buf) text = {0};
    cp_limit_amount(&text, CP_STR("byte"), 262144000);
    cp_buf_add_c(&text, '|');
    cp_limit_amount(&text, CP_STR("us"), 812500);
    cp_buf_add_c(&text, '|');
    cp_limit_amount(&text, CP_STR("nusd"), 3200000000);
    cr_assert_str_eq(text.p, "250.0 MB (262,144,000 bytes)|812.500 ms|3.200000 USD a month");
}
