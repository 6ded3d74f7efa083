// milp.h - the problem as a sparse mixed-integer program for GLPK, and its solution.
//
// Binary x(j,t) for every item and remaining tier, continuous Z for the time of init in
// milliseconds. Opening charges make weak relaxations, so there is no variable for them: each set
// of opened tiers (a pattern; tiers without a charge are always open) is a program of its own in
// which they are constants. The flow shop is exact with one row for each item that may be on the
// stream, in running sums (never n^2 entries):
//
//   D(k) = stream up to and including k  +  imports from k on
//        = D(k-1) + stream(k) x(k,stream) - sum_t import(k-1,t) x(k-1,t)
//   Z >= init + open + D(k) + stream_start w(k)      w(k) >= x(k,stream), w(k) >= w(k-1)
//   Z >= init + open + all imports
//
// A row of an item that is not on the stream is implied by that of the last streamed item before
// it, so the rows are right whether or not k is on the stream, also with the start-up in w(k).
#pragma once

#include "solvers/solver.h"

/// What to minimise: the problem's objective, or the left side of one limit (which the caller has
/// lifted), or nothing (is it feasible?).
typedef struct cp_milp_goal {
    enum { CP_GOAL_OBJECTIVE, CP_GOAL_LIMIT, CP_GOAL_ANY } kind;
    cp_limit limit;
} cp_milp_goal;

typedef struct cp_milp_result {
    cp_placement_status status;
    uint8_t *tier;  ///< of each item, or NULL
    int64_t value;  ///< of the goal, exact
    int64_t bound;  ///< INT64_MIN = unknown
    uint64_t nodes; ///< of the search tree
} cp_milp_result;

/// The goal's value of a placement, in integers.
int64_t cp_milp_value(const cp_problem *problem, cp_milp_goal goal, const cp_check *check);

/// Solves until `effort` is used up. Fails with CP_ECHECK when GLPK reports an inner error.
CP_MUST_CHECK cp_status cp_milp_solve(cp_milp_result *out, const cp_problem *problem,
                                      cp_milp_goal goal, const cp_effort *effort, cp_arena *arena,
                                      cp_err *err);

/// The problem is infeasible: finds a set of limits of which none is superfluous, and for each the
/// least value that would do. `seconds` bounds the whole search; what is not proved by then is
/// marked so.
CP_MUST_CHECK cp_status cp_conflict_find(cp_placement *out, const cp_problem *problem,
                                         const cp_effort *effort, cp_arena *arena, cp_err *err);

// --- between milp.c (the program) and glpk.c (the search) ---

typedef struct glp_prob glp_prob;

typedef struct cp_milp {
    const cp_problem *problem;
    cp_milp_goal goal;
    uint32_t *masks; ///< remaining tiers of each item
    int *x;          ///< column of (item, tier), 0 = none
    int z;
    int cutoff;    ///< a column fixed at 0: only there to tell GLPK a value that must be beaten
    uint32_t open; ///< tiers whose opening is paid whatever is placed there (no y)
    double scale;  ///< goal units in one unit of the program's objective
    glp_prob *lp;
} cp_milp;

/// Builds the program of one opening pattern: tiers in `open` are paid for; no mask may have a tier
/// with a charge that is not in it. `lp` is freed by the caller.
void cp_milp_build(cp_milp *out, const cp_problem *problem, cp_milp_goal goal, double scale,
                   uint32_t *masks, uint32_t open, cp_arena *arena);
