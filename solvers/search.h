// search.h - good placements without proof: greedy start, exact evaluation, local search.
//
// Used as a warm start for the exact solvers and, in its plainest form, as the solver "greedy".
#pragma once

#include "model/problem.h"

/// How far a placement is from keeping the limits (0 = it keeps them all) and its objective.
typedef struct cp_score {
    double over; ///< sum of the excesses, each relative to its limit
    int64_t objective;
} cp_score;

/// Adds a placement up; closed tiers and more than one mount count as over.
cp_score cp_search_score(const cp_problem *problem, const uint8_t *tier);
/// True when `a` is better: fewer excesses first, then the smaller objective.
bool cp_score_less(cp_score a, cp_score b);

/// Largest first, as packaging tools do it: everything in its nearest tier; while a row is over,
/// its largest item moves to its next farther tier (with what needs it). Always fills `tier`; the
/// result may break limits.
void cp_search_largest_first(uint8_t *tier, const cp_problem *problem, cp_arena *scratch);
/// First improvement over single moves and pairs until nothing improves or `work` is used up: a
/// number of items looked at, not a time, so that a busy machine gives the same answer; `deadline`
/// (CLOCK_MONOTONIC seconds) is only for the end of the whole search. Moves keep closure: an item
/// that moves away takes along what needs it, one that moves near takes along what it needs.
void cp_search_improve(uint8_t *tier, const cp_problem *problem, uint64_t work, double deadline,
                       const volatile int *interrupted, cp_arena *scratch);
