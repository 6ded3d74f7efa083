// Problems of the size that optimize makes are proved in seconds, and a limit on time is kept.
#include "problem_gen.h"
#include "solvers/solver.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static cp_placement *solve(const cp_problem *p, const char *name, double seconds, cp_arena *arena) {
    cp_err err = {0};
    cp_placement *s = NULL;
    cp_effort effort = {.seconds = seconds};
    cr_assert_eq(cp_solve(&s, p, cp_str_of(name), &effort, arena, &err), CP_OK, "%s", err.message);
    return s;
}

Test(solvers_speed, realistic_problems_are_solved_and_never_worse_than_greedy) {
    const char *all = getenv("CP_SPEED_SEEDS");
    uint64_t seeds = all ? strtoull(all, NULL, 10) : 3;
    unsigned proved = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        CP_AUTOV(cp_arena) arena = {0};
        const cp_problem *p = gen_real(seed, 150, 350 + 30.0 * (double)(seed % 10), &arena);
        cp_placement *s = solve(p, "glpk", 20, &arena);
        cp_placement *g = solve(p, "greedy", 20, &arena);
        proved += s->status == CP_PLACEMENT_OPTIMAL || s->status == CP_PLACEMENT_INFEASIBLE;
        if (all)
            (void)fprintf(stderr, "seed %u: %s gap %.2e nodes %u %.2f s (greedy gap %.2e)\n",
                          (unsigned)seed, cp_placement_status_name(s->status), s->gap,
                          (unsigned)s->nodes, s->solve_ms / 1e3,
                          g->tier ? cp_placement_gap(g->objective, s->bound, 1) : -1.0);
        cr_assert(!g->tier || (s->tier && s->objective <= g->objective), "seed %u", (unsigned)seed);
    }
    cr_assert(proved * 4 >= seeds * 3, "%u of %u proved", proved, (unsigned)seeds);
}

Test(solvers_speed, the_time_limit_is_kept_and_the_bound_is_below_the_answer) {
    CP_AUTOV(cp_arena) arena = {0};
    const cp_problem *p = gen_real(99, 800, 700, &arena);
    cp_placement *s = solve(p, "glpk", 1, &arena);
    // Far more than one step of GLPK takes, far less than the proof.
    cr_assert(s->solve_ms < 60000, "%.0f ms", s->solve_ms);
    cr_assert(!s->tier || s->bound == INT64_MIN || s->bound <= s->objective);
}

Test(solvers_speed, an_interrupt_stops_the_search) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_err err = {0};
    const cp_problem *p = gen_real(98, 600, 700, &arena);
    volatile int stop = 1;
    cp_effort effort = {.seconds = 60, .interrupted = &stop};
    cp_placement *s = NULL;
    cr_assert_eq(cp_solve(&s, p, CP_STR("glpk"), &effort, &arena, &err), CP_OK);
    cr_assert(s->solve_ms < 45000);
}
