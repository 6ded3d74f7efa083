// check.h - the independent checker: adds a placement up in integers, straight from the definition
// in problem.h, sharing no code with any solver. It runs after every solve, also in production.
#pragma once

#include "model/placement.h"

typedef struct cp_violation {
    cp_limit limit;
    uint32_t item, other; ///< for a choice or a closure: who, and what it needs
    int64_t value, bound; ///< what it is and what it may be
    int64_t excess;       ///< value - bound; for choice and closure 1
} cp_violation;

typedef struct cp_check {
    int64_t nusd, init_us, platform_us, first_us, response_us;
    int64_t objective;
    int64_t use[CP_PROBLEM_ROWS_MAX]; ///< including `fixed`
    uint32_t tiers;                   ///< bit per tier in use
    const cp_violation *violations;
    uint32_t violation_count; ///< 0: the placement keeps everything
} cp_check;

/// Recomputes everything for `tier` (one index for each item; out of range is a violation and
/// counts nothing). The problem must be valid.
void cp_check_placement(cp_check *out, const cp_problem *problem, const uint8_t *tier,
                        cp_arena *arena);
/// Appends one violation as a sentence with its excess.
void cp_violation_text(cp_buf *out, const cp_problem *problem, const cp_violation *violation);
