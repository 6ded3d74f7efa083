// stats.h - one number out of a few measurements.
#pragma once

#include <stddef.h>

/// Median of `values`, which get sorted; 0 of none.
double cp_median(double *values, size_t count);
/// The smallest of the values that at least `p` (0..1) of them do not exceed; sorts; 0 of none.
double cp_quantile(double *values, size_t count, double p);
