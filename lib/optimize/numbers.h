// numbers.h - the dated prices, limits and timings, from JSON to cp_numbers.
#pragma once

#include "core/arena.h"
#include "tier/tier.h"

typedef struct cp_number_set {
    cp_numbers numbers;
    cp_str price_date; ///< of the price data
    bool region_known; ///< false: no number of this region is known, the default region's are used
} cp_number_set;

/// Loads the built-in data for `region` (empty = the data's default region); `prices_json`, when
/// not empty, replaces the built-in prices and is called `prices_name` in messages. A region
/// without a number of its own uses that of the default region. Fails with CP_EFORMAT and a JSON
/// pointer: a missing or unknown key, a wrong unit, no source or date, a negative or non-finite
/// value.
CP_MUST_CHECK cp_status cp_numbers_load(cp_number_set *out, cp_str region, cp_str prices_json,
                                        const char *prices_name, cp_arena *arena, cp_err *err);
