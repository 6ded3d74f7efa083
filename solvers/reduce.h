// reduce.h - which tiers of an item can be left out without losing an optimum.
#pragma once

#include "model/problem.h"

/// Fills one bit mask of tiers for each item: tiers that are allowed, open, not too large for a row
/// by themselves, not cut off by closure, and not dominated (another tier is at least as good in
/// cost, in every row and in every time, whatever the other items do). Returns false when an item
/// has no tier left: the problem is infeasible.
bool cp_reduce(uint32_t *masks, const cp_problem *problem);
