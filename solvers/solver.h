// solver.h - one interface for everything that chooses tiers: a cp_problem in, a cp_placement out.
//
// A solver is pure: it allocates in the caller's arena, opens nothing, prints nothing, and gives
// the same placement for the same problem whatever the number of threads (unless time runs out). To
// add one, write <name>.c with `const cp_solver cp_solver_<name>` and a line in solvers.def: every
// problem file in tests/problems then tests it.
#pragma once

#include "model/check.h"

typedef struct cp_effort {
    double seconds;   ///< wall clock; 0 = 20
    double gap;       ///< stop when (objective - bound) / objective is this small; 0 = 1e-9
    uint32_t threads; ///< 0 = one per core
    /// Set by a signal handler: the solver then returns what it has. May be NULL.
    const volatile int *interrupted;
} cp_effort;

typedef struct cp_solver {
    const char *name;
    const char *summary; ///< one line for help
    bool proves;         ///< can return "optimal" and "infeasible"
    /// The problem is valid. Fills status, tier, bound, nodes and conflicts; the rest is computed
    /// by cp_solve. Fails only when the solver itself is broken; running out of effort is a status.
    cp_status (*solve)(cp_placement *out, const cp_problem *problem, const cp_effort *effort,
                       cp_arena *arena, cp_err *err);
} cp_solver;

extern const cp_solver *const cp_solvers[];
extern const size_t cp_solver_count;
/// The solver of that name, or NULL. An empty name is the default: glpk.
const cp_solver *cp_solver_find(cp_str name);

/// Validates the problem, runs the solver, and has the independent checker add its answer up; the
/// objective, cost and times of the placement are the checker's. Fails with CP_EFORMAT for an
/// invalid problem, CP_EUSAGE for an unknown solver, CP_ECHECK when the checker finds a violated
/// limit or an objective below the bound that the solver claims to have proved: a bug of the
/// solver, never silently used.
CP_MUST_CHECK cp_status cp_solve(cp_placement **out, const cp_problem *problem, cp_str solver,
                                 const cp_effort *effort, cp_arena *arena, cp_err *err);
