#include "solvers/solver.h"

#include <inttypes.h>
#include <time.h>

#define CP_SOLVER(name) extern const cp_solver cp_solver_##name;
#include "solvers/solvers.def"
#undef CP_SOLVER

const cp_solver *const cp_solvers[] = {
#define CP_SOLVER(name) &cp_solver_##name,
#include "solvers/solvers.def"
#undef CP_SOLVER
};
const size_t cp_solver_count = sizeof cp_solvers / sizeof cp_solvers[0];

const cp_solver *cp_solver_find(cp_str name) {
    if (name.n == 0)
        return cp_solvers[0];
    for (size_t i = 0; i < cp_solver_count; i++)
        if (cp_str_is(name, cp_solvers[i]->name))
            return cp_solvers[i];
    return NULL;
}

static cp_status fail_unknown(cp_str name, cp_err *err) {
    cp_fail(err, CP_EUSAGE, "no solver is called \"%.*s\"", CP_STR_ARG(name));
    CP_AUTOV(cp_buf) names = {.max = 200};
    for (size_t i = 0; i < cp_solver_count; i++)
        cp_buf_addf(&names, "%s%s", i ? ", " : "", cp_solvers[i]->name);
    return cp_hint(err, "solvers: %s", names.p);
}

static double now_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static cp_status confirm(cp_placement *out, const cp_problem *problem, const cp_solver *solver,
                         cp_arena *arena, cp_err *err) {
    out->item_count = problem->item_count;
    if (!out->tier) {
        CP_ASSERT(out->status != CP_PLACEMENT_OPTIMAL && out->status != CP_PLACEMENT_FEASIBLE);
        out->gap = cp_placement_gap(0, INT64_MIN, 1);
        return CP_OK;
    }
    cp_check check;
    cp_check_placement(&check, problem, out->tier, arena);
    if (check.violation_count > 0) {
        CP_AUTOV(cp_buf) text = {.max = 500};
        cp_violation_text(&text, problem, &check.violations[0]);
        return cp_fail(err, CP_ECHECK, "solver %s returned a placement that breaks a limit: %s",
                       solver->name, text.p);
    }
    out->objective = check.objective;
    out->nusd = check.nusd;
    out->init_us = check.init_us;
    out->response_us = check.response_us;
    if (out->status == CP_PLACEMENT_OPTIMAL && out->bound == INT64_MIN)
        out->bound = out->objective;
    if (out->bound != INT64_MIN && out->bound > out->objective)
        return cp_fail(err, CP_ECHECK,
                       "solver %s claims the bound %" PRId64 " but its placement has %" PRId64,
                       solver->name, out->bound, out->objective);
    out->gap = cp_placement_gap(out->objective, out->bound, problem->step);
    return CP_OK;
}

cp_status cp_solve(cp_placement **out, const cp_problem *problem, cp_str name,
                   const cp_effort *effort, cp_arena *arena, cp_err *err) {
    const cp_solver *solver = cp_solver_find(name);
    if (!solver)
        return fail_unknown(name, err);
    if (cp_problem_validate(problem, err) != CP_OK)
        return cp_wrap(err, "problem");
    cp_effort e = effort ? *effort : (cp_effort){0};
    if (!(e.seconds > 0))
        e.seconds = 20;
    double start = now_ms();
    cp_placement *p = CP_ARENA_NEW(arena, cp_placement);
    p->bound = INT64_MIN;
    p->solver = cp_str_of(solver->name);
    if (solver->solve(p, problem, &e, arena, err) != CP_OK)
        return cp_wrap(err, "solver %s", solver->name);
    p->solve_ms = now_ms() - start;
    CP_TRY(confirm(p, problem, solver, arena, err));
    *out = p;
    return CP_OK;
}
