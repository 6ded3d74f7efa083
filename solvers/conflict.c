// conflict.c - why there is no placement: a deletion filter over the limits.
//
// Each limit is lifted in turn; when the rest is still infeasible it stays lifted. What is left
// clashes, and none of it is superfluous. Then each of those is lifted alone, all others as they
// were, and its left side minimised: what it would have to be.
#include "solvers/milp.h"

#include <string.h>
#include <time.h>

static double now_s(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef struct relaxed {
    cp_problem problem;
    cp_problem_tier tiers[CP_PROBLEM_TIERS_MAX];
    cp_problem_row rows[CP_PROBLEM_ROWS_MAX];
} relaxed;

// The problem without the limits that are not kept.
static void relax(relaxed *out, const cp_problem *p, const cp_limit *limits, const bool *kept,
                  uint32_t count) {
    out->problem = *p;
    memcpy(out->tiers, p->tiers, p->tier_count * sizeof *p->tiers);
    if (p->row_count)
        memcpy(out->rows, p->rows, p->row_count * sizeof *p->rows);
    out->problem.tiers = out->tiers;
    out->problem.rows = out->rows;
    for (uint32_t i = 0; i < count; i++) {
        if (kept[i])
            continue;
        switch (limits[i].kind) {
        case CP_LIMIT_ROW:
            out->rows[limits[i].row].capacity = CP_NO_LIMIT;
            break;
        case CP_LIMIT_INIT:
            out->problem.init_limit_us = CP_NO_LIMIT;
            break;
        case CP_LIMIT_LATENCY:
            out->problem.latency_limit_us = CP_NO_LIMIT;
            break;
        case CP_LIMIT_BUDGET:
            out->problem.budget_nusd = CP_NO_LIMIT;
            break;
        case CP_LIMIT_MOUNT:
            for (uint32_t t = 0; t < p->tier_count; t++)
                out->tiers[t].mount = false;
            break;
        case CP_LIMIT_TIERS:
            for (uint32_t t = 0; t < p->tier_count; t++)
                out->tiers[t].closed = false;
            break;
        case CP_LIMIT_CHOICE:
        case CP_LIMIT_CLOSURE:
            break;
        }
    }
}

typedef struct finder {
    const cp_problem *p;
    cp_limit limits[CP_PROBLEM_ROWS_MAX + 5];
    bool kept[CP_PROBLEM_ROWS_MAX + 5];
    uint32_t count;
    cp_effort effort;
    double deadline;
} finder;

static cp_status run(cp_milp_result *out, finder *f, const cp_problem *problem, cp_milp_goal goal,
                     double share, cp_arena *arena, cp_err *err) {
    double left = f->deadline - now_s();
    f->effort.seconds = left * share > 0.05 ? left * share : 0.05;
    return cp_milp_solve(out, problem, goal, &f->effort, arena, err);
}

static cp_status filter(finder *f, cp_arena *arena, cp_err *err) {
    for (uint32_t i = 0; i < f->count; i++) {
        f->kept[i] = false;
        relaxed r;
        relax(&r, f->p, f->limits, f->kept, f->count);
        cp_milp_result result;
        CP_TRY(run(&result, f, &r.problem, (cp_milp_goal){.kind = CP_GOAL_ANY}, 0.2, arena, err));
        f->kept[i] = result.status != CP_PLACEMENT_INFEASIBLE;
    }
    return CP_OK;
}

// Which single closed tier would be enough?
static cp_status need_tier(cp_conflict *out, finder *f, cp_arena *arena, cp_err *err) {
    out->proved = true;
    for (uint32_t t = 0; t < f->p->tier_count; t++) {
        if (!f->p->tiers[t].closed)
            continue;
        bool all[CP_PROBLEM_ROWS_MAX + 5];
        memset(all, true, sizeof all);
        relaxed r;
        relax(&r, f->p, f->limits, all, f->count);
        r.tiers[t].closed = false;
        cp_milp_result result;
        CP_TRY(run(&result, f, &r.problem, (cp_milp_goal){.kind = CP_GOAL_ANY}, 0.2, arena, err));
        if (result.tier) {
            out->needed = t;
            return CP_OK;
        }
        out->proved &= result.status == CP_PLACEMENT_INFEASIBLE;
    }
    return CP_OK;
}

// The least value of one limit with all others as they are, or only with those of the set.
static cp_status need_value(cp_conflict *out, finder *f, bool set_only, cp_arena *arena,
                            cp_err *err) {
    bool others[CP_PROBLEM_ROWS_MAX + 5];
    for (uint32_t i = 0; i < f->count; i++)
        others[i] = (f->limits[i].kind != out->limit.kind || f->limits[i].row != out->limit.row) &&
                    (f->kept[i] || !set_only);
    relaxed r;
    relax(&r, f->p, f->limits, others, f->count);
    cp_milp_result result;
    cp_milp_goal goal = {.kind = CP_GOAL_LIMIT, .limit = out->limit};
    if (out->limit.kind == CP_LIMIT_MOUNT)
        goal = (cp_milp_goal){.kind = CP_GOAL_ANY};
    CP_TRY(run(&result, f, &r.problem, goal, 0.3, arena, err));
    if (set_only) {
        if (result.status == CP_PLACEMENT_OPTIMAL)
            out->within = result.value;
        return CP_OK;
    }
    out->proved = result.status == CP_PLACEMENT_OPTIMAL || result.status == CP_PLACEMENT_INFEASIBLE;
    if (result.tier)
        out->needed = out->limit.kind == CP_LIMIT_MOUNT ? 2 : result.value;
    return CP_OK;
}

cp_status cp_conflict_find(cp_placement *out, const cp_problem *problem, const cp_effort *effort,
                           cp_arena *arena, cp_err *err) {
    finder f = {.p = problem, .effort = *effort, .deadline = now_s() + effort->seconds};
    f.effort.gap = 0;
    f.count = cp_problem_limits(f.limits, problem);
    memset(f.kept, true, sizeof f.kept);
    CP_TRY(filter(&f, arena, err));
    cp_conflict *list = CP_ARENA_ARRAY(arena, cp_conflict, f.count);
    uint32_t n = 0;
    for (uint32_t i = 0; i < f.count; i++) {
        if (!f.kept[i])
            continue;
        cp_conflict *c = &list[n++];
        *c = (cp_conflict){.limit = f.limits[i],
                           .value = cp_limit_value(problem, f.limits[i]),
                           .needed = CP_NO_LIMIT,
                           .within = CP_NO_LIMIT};
        if (c->limit.kind == CP_LIMIT_TIERS) {
            CP_TRY(need_tier(c, &f, arena, err));
            continue;
        }
        CP_TRY(need_value(c, &f, false, arena, err));
        if (c->needed == CP_NO_LIMIT && c->limit.kind != CP_LIMIT_MOUNT)
            CP_TRY(need_value(c, &f, true, arena, err));
    }
    out->conflicts = list;
    out->conflict_count = n;
    return CP_OK;
}
