// placement.h - the answer to a problem: one tier for every item, and what is proved about it.
#pragma once

#include "model/problem.h"

typedef enum cp_placement_status {
    CP_PLACEMENT_OPTIMAL,    ///< no better placement exists: the bound says so
    CP_PLACEMENT_FEASIBLE,   ///< keeps all limits; `bound` says how much better another could be
    CP_PLACEMENT_INFEASIBLE, ///< proved: no placement keeps all limits; see `conflicts`
    CP_PLACEMENT_UNKNOWN,    ///< the effort ran out: neither a placement nor a proof
} cp_placement_status;
/// "optimal", "feasible", "infeasible", "unknown".
const char *cp_placement_status_name(cp_placement_status status);

/// One limit of a set that cannot hold together.
typedef struct cp_conflict {
    cp_limit limit;
    int64_t value;  ///< what it is
    int64_t needed; ///< the least value that makes the problem feasible with all others as they
                    ///< are; CP_NO_LIMIT when lifting this one alone is not enough. For the tiers:
                    ///< the index of a closed tier whose opening is enough
    int64_t within; ///< when `needed` is CP_NO_LIMIT: the least value with which the set holds
                    ///< together, other limits left aside; CP_NO_LIMIT when that is not known
    bool proved;    ///< `needed` is exactly the least; false: it is enough, less might do
} cp_conflict;

typedef struct cp_placement {
    cp_placement_status status;
    const uint8_t *tier; ///< of each item; NULL when there is no placement
    uint32_t item_count;
    int64_t objective; ///< in the problem's unit
    int64_t bound;     ///< no placement has a smaller objective; INT64_MIN = nothing is known
    double gap;        ///< what may be missing, beyond a step, relative to the objective: at most
                       ///< 1e-9 when optimal, infinite when the bound is unknown
    int64_t nusd, init_us, response_us;
    const cp_conflict *conflicts; ///< a set of limits of which none is superfluous
    uint32_t conflict_count;
    cp_str solver;
    double solve_ms;
    uint64_t nodes; ///< of the search tree
} cp_placement;

/// (objective - bound - (step - 1)) / max(1, |objective|), never negative.
double cp_placement_gap(int64_t objective, int64_t bound, int64_t step);
/// Appends the sentence for people: which limits clash and what each would have to be.
void cp_conflicts_text(cp_buf *out, const cp_problem *problem, const cp_placement *placement);
/// Appends `solve --json`: status, objective, bound, gap, choice, ms, conflicts.
void cp_placement_to_json(cp_buf *out, const cp_problem *problem, const cp_placement *placement);
