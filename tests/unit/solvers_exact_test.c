// The exact solver against enumeration: same optimum, same "infeasible", on problems with every
// kind of limit; and the properties that any exact answer has.
#include "problem_gen.h"
#include "solvers/solver.h"

#include <criterion/criterion.h>
#include <inttypes.h>

typedef struct best {
    bool any;
    int64_t objective;
} best;

// All placements, with the checker as the judge.
static best enumerate(const cp_problem *p) {
    best b = {0};
    uint8_t tier[16] = {0};
    for (;;) {
        bool allowed = true;
        for (uint32_t j = 0; j < p->item_count && allowed; j++)
            allowed = p->items[j].choices[tier[j]].allowed;
        if (allowed) {
            CP_AUTOV(cp_arena) arena = {0};
            cp_check c;
            cp_check_placement(&c, p, tier, &arena);
            if (c.violation_count == 0 && (!b.any || c.objective < b.objective))
                b = (best){true, c.objective};
        }
        uint32_t j = 0;
        while (j < p->item_count && ++tier[j] == p->tier_count)
            tier[j++] = 0;
        if (j == p->item_count)
            return b;
    }
}

static void compare(uint64_t seed, uint32_t n, unsigned *feasible) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_err err = {0};
    const cp_problem *p = gen_small(seed, n, &arena);
    best b = enumerate(p);
    cp_placement *s = NULL;
    cp_effort effort = {.seconds = 30};
    cr_assert_eq(cp_solve(&s, p, CP_STR("glpk"), &effort, &arena, &err), CP_OK, "seed %u: %s",
                 (unsigned)seed, err.message);
    cr_assert_eq(s->status, b.any ? CP_PLACEMENT_OPTIMAL : CP_PLACEMENT_INFEASIBLE, "seed %u: %s",
                 (unsigned)seed, cp_placement_status_name(s->status));
    *feasible += b.any;
    if (b.any) {
        cr_assert_eq(s->objective, b.objective, "seed %u: %" PRId64 " not %" PRId64, (unsigned)seed,
                     s->objective, b.objective);
        cr_assert(s->bound <= s->objective && s->objective - s->bound <= 1);
    } else {
        cr_assert(s->conflict_count > 0, "seed %u", (unsigned)seed);
    }
}

Test(solvers_exact, glpk_agrees_with_enumeration_on_all_kinds_of_limits) {
    unsigned feasible = 0, runs = 0;
    for (uint64_t seed = 1; seed <= 150; seed++, runs++)
        compare(seed, 1 + (uint32_t)(seed % 5), &feasible);
    for (uint64_t seed = 1000; seed <= 1012; seed++, runs++)
        compare(seed, 6, &feasible);
    cr_assert(feasible > runs / 4 && feasible < runs, "%u of %u feasible: a lopsided sample",
              feasible, runs);
}

Test(solvers_exact, no_items_is_a_problem_with_an_answer) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_err err = {0};
    cp_problem *p = gen_small(1, 1, &arena);
    p->item_count = 0;
    p->latency_limit_us = p->init_limit_us = p->budget_nusd = CP_NO_LIMIT;
    for (size_t i = 0; i < cp_solver_count; i++) {
        cp_placement *s = NULL;
        cr_assert_eq(cp_solve(&s, p, cp_str_of(cp_solvers[i]->name), NULL, &arena, &err), CP_OK,
                     "%s", err.message);
        cr_assert_not_null(s->tier);
    }
}

Test(solvers_exact, a_wider_limit_never_makes_the_answer_worse) {
    unsigned compared = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        CP_AUTOV(cp_arena) arena = {0};
        cp_err err = {0};
        cp_problem *p = gen_small(seed, 8, &arena);
        cp_placement *tight = NULL, *wide = NULL;
        cr_assert_eq(cp_solve(&tight, p, CP_STR("glpk"), NULL, &arena, &err), CP_OK);
        cp_problem_row *rows = (cp_problem_row *)(uintptr_t)p->rows;
        for (uint32_t i = 0; i < p->row_count; i++)
            rows[i].capacity =
                rows[i].capacity == CP_NO_LIMIT ? CP_NO_LIMIT : rows[i].capacity + 97;
        if (p->latency_limit_us != CP_NO_LIMIT)
            p->latency_limit_us += 131;
        cr_assert_eq(cp_solve(&wide, p, CP_STR("glpk"), NULL, &arena, &err), CP_OK);
        if (tight->status != CP_PLACEMENT_OPTIMAL)
            continue;
        compared++;
        cr_assert_eq(wide->status, CP_PLACEMENT_OPTIMAL);
        cr_assert(wide->objective <= tight->objective, "seed %u", (unsigned)seed);
    }
    cr_assert(compared > 10);
}

Test(solvers_exact, an_unknown_solver_is_refused_with_the_names_that_exist) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_err err = {0};
    cp_placement *s = NULL;
    cr_assert_eq(cp_solve(&s, gen_small(1, 2, &arena), CP_STR("magic"), NULL, &arena, &err),
                 CP_EUSAGE);
    cr_assert_not_null(strstr(err.hint, "glpk"));
}
