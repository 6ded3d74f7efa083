// condition.h - whether a test in the source holds on the target: yes, no, or not known.
//
// Knows what is fixed by choosing the target (version, Linux, CPU, CPython, not type checking, not
// run as a script) and the logic of not, and, or, comparisons and brackets. All else is not known;
// the target is never this machine.
#pragma once

#include "core/str.h"

typedef enum cp_truth { CP_FALSE, CP_TRUE, CP_UNKNOWN } cp_truth;

typedef struct cp_condition_target {
    unsigned minor; ///< of Python 3
    cp_str machine; ///< as platform.machine() says: "x86_64" or "aarch64"
} cp_condition_target;

/// The truth of a Python expression; CP_UNKNOWN also for what cannot be read, and beyond 40 nested
/// brackets.
cp_truth cp_condition_eval(cp_str test, const cp_condition_target *target);

cp_truth cp_truth_not(cp_truth a);
cp_truth cp_truth_and(cp_truth a, cp_truth b);
cp_truth cp_truth_or(cp_truth a, cp_truth b);
