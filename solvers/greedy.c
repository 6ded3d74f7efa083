// greedy.c - largest first, the way packaging tools do it; a baseline and a fallback, no proof.
#include "solvers/search.h"
#include "solvers/solver.h"

extern const cp_solver cp_solver_greedy;

static cp_status solve(cp_placement *out, const cp_problem *problem, const cp_effort *effort,
                       cp_arena *arena, cp_err *err) {
    (void)effort;
    (void)err;
    CP_AUTOV(cp_arena) scratch = {0};
    uint8_t *tier = CP_ARENA_ARRAY(arena, uint8_t, problem->item_count);
    cp_search_largest_first(tier, problem, &scratch);
    cp_check check;
    cp_check_placement(&check, problem, tier, arena);
    out->status = CP_PLACEMENT_UNKNOWN;
    if (check.violation_count > 0)
        return CP_OK;
    out->status = CP_PLACEMENT_FEASIBLE;
    out->tier = tier;
    return CP_OK;
}

const cp_solver cp_solver_greedy = {
    .name = "greedy",
    .summary = "largest item first out of what is full; no proof, ignores latency and cost",
    .proves = false,
    .solve = solve,
};
