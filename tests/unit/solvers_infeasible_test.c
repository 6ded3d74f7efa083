// "Infeasible" comes with a set of limits of which none is superfluous, and for each the least
// value that would do: both are verified here by solving again.
#include "problem_gen.h"
#include "solvers/solver.h"

#include <criterion/criterion.h>
#include <string.h>

static cp_placement *solve(const cp_problem *p, cp_arena *arena) {
    cp_err err = {0};
    cp_placement *s = NULL;
    cr_assert_eq(cp_solve(&s, p, CP_STR("glpk"), NULL, arena, &err), CP_OK, "%s", err.message);
    return s;
}

static void set_limit(cp_problem *p, cp_limit limit, int64_t v) {
    switch (limit.kind) {
    case CP_LIMIT_ROW:
        ((cp_problem_row *)(uintptr_t)p->rows)[limit.row].capacity = v;
        break;
    case CP_LIMIT_INIT:
        p->init_limit_us = v;
        break;
    case CP_LIMIT_LATENCY:
        p->latency_limit_us = v;
        break;
    case CP_LIMIT_BUDGET:
        p->budget_nusd = v;
        break;
    default:
        break;
    }
}

static bool is_numeric(cp_limit limit) {
    return limit.kind <= CP_LIMIT_BUDGET;
}

// Lifts all limits but those in the conflict: still infeasible. Lifting one more makes it feasible.
static void verify_set(const cp_problem *p, const cp_placement *s, cp_arena *arena) {
    cp_limit all[CP_PROBLEM_ROWS_MAX + 5];
    uint32_t n = cp_problem_limits(all, p);
    for (uint32_t skip = 0; skip <= s->conflict_count; skip++) {
        cp_problem q = *p;
        cp_problem_row rows[CP_PROBLEM_ROWS_MAX];
        cp_problem_tier tiers[CP_PROBLEM_TIERS_MAX];
        memcpy(rows, p->rows, p->row_count * sizeof *rows);
        memcpy(tiers, p->tiers, p->tier_count * sizeof *tiers);
        q.rows = rows;
        q.tiers = tiers;
        for (uint32_t i = 0; i < n; i++) {
            bool kept = false;
            for (uint32_t c = 0; c < s->conflict_count; c++)
                kept |= c != skip && s->conflicts[c].limit.kind == all[i].kind &&
                        s->conflicts[c].limit.row == all[i].row;
            if (kept)
                continue;
            set_limit(&q, all[i], CP_NO_LIMIT);
            for (uint32_t t = 0; t < p->tier_count; t++) {
                tiers[t].closed &= all[i].kind != CP_LIMIT_TIERS;
                tiers[t].mount &= all[i].kind != CP_LIMIT_MOUNT;
            }
        }
        cp_placement *again = solve(&q, arena);
        cr_assert_eq(again->status == CP_PLACEMENT_INFEASIBLE, skip == s->conflict_count,
                     "without limit %u of the set: %s", skip,
                     cp_placement_status_name(again->status));
    }
}

static void verify_values(cp_problem *p, const cp_placement *s, cp_arena *arena) {
    for (uint32_t c = 0; c < s->conflict_count; c++) {
        const cp_conflict *k = &s->conflicts[c];
        cr_assert(k->proved);
        if (!is_numeric(k->limit))
            continue;
        if (k->needed == CP_NO_LIMIT) {
            set_limit(p, k->limit, CP_NO_LIMIT);
            cr_assert_eq(solve(p, arena)->status, CP_PLACEMENT_INFEASIBLE);
            cr_assert(k->within > k->value); // alone in its set it would do with more
        } else {
            cr_assert(k->needed > k->value);
            set_limit(p, k->limit, k->needed);
            cr_assert_eq(solve(p, arena)->status, CP_PLACEMENT_OPTIMAL);
            set_limit(p, k->limit, k->needed - 1);
            cr_assert_eq(solve(p, arena)->status, CP_PLACEMENT_INFEASIBLE);
        }
        set_limit(p, k->limit, k->value);
    }
}

Test(infeasible, no_limit_of_the_set_is_superfluous_and_the_values_are_the_least) {
    unsigned verified = 0, kinds = 0;
    for (uint64_t seed = 1; seed <= 60 && verified < 15; seed++) {
        CP_AUTOV(cp_arena) arena = {0};
        cp_problem *p = gen_small(seed, 5, &arena);
        cp_placement *s = solve(p, &arena);
        if (s->status != CP_PLACEMENT_INFEASIBLE)
            continue;
        verified++;
        cr_assert(s->conflict_count > 0);
        for (uint32_t c = 0; c < s->conflict_count; c++)
            kinds |= 1u << s->conflicts[c].limit.kind;
        verify_set(p, s, &arena);
        verify_values(p, s, &arena);
        CP_AUTOV(cp_buf) text = {0}, json = {0};
        cp_conflicts_text(&text, p, s);
        cp_placement_to_json(&json, p, s);
        cr_assert(text.n > 20 && json.n > 20);
    }
    cr_assert(verified >= 8, "%u", verified);
    cr_assert(__builtin_popcount(kinds) >= 3, "%x", kinds);
}

Test(infeasible, a_fixed_part_over_its_limit_is_named) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_problem *p = gen_small(2, 3, &arena);
    p->init_limit_us = p->latency_limit_us = p->budget_nusd = CP_NO_LIMIT;
    cp_problem_row *rows = (cp_problem_row *)(uintptr_t)p->rows;
    for (uint32_t i = 0; i < 3; i++)
        rows[i].capacity = CP_NO_LIMIT;
    rows[1].fixed = 2000;
    rows[1].capacity = 1000;
    cp_placement *s = solve(p, &arena);
    cr_assert_eq(s->status, CP_PLACEMENT_INFEASIBLE);
    cr_assert_eq(s->conflict_count, 1);
    cr_assert_eq(s->conflicts[0].limit.kind, CP_LIMIT_ROW);
    cr_assert_eq(s->conflicts[0].limit.row, 1);
    cr_assert(s->conflicts[0].needed >= 2000);
}
