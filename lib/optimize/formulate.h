// formulate.h - assets and numbers to a cp_problem, and a placement back to predicted times and
// money. The only place that knows both the tiers' arithmetic and the problem's integers.
//
// Rows: unzipped (zips and what is attached), memory and tmp (what is fetched stays there),
// first-use (expected fetches after init, when limited). All times are those of the asked-for
// percentile (see optimize.h); money is the mean, so the price of a millisecond of init is divided
// by the same factor. Bytes in the bundle cost 1 nano-dollar a KiB: less than any real price, it
// only decides between bundle and layer (what changes together lives together: a deploy ships the
// function zip).
#pragma once

#include "model/check.h"
#include "model/plan.h"
#include "model/problem.h"
#include "optimize/numbers.h"
#include "optimize/optimize.h"

/// Options with every default filled in.
typedef struct cp_settings {
    const cp_optimize_options *options;
    cp_number_set set;
    cp_tier_env env;
    cp_str region;
    bool arm;
    uint32_t percentile, memory_mb, allowed_tiers, max_assets;
    double traffic_month;
    double platform_factor, init_factor; ///< quantile over median
    double usd_per_init_ms;              ///< of the median, all cold starts of a month
    uint64_t unzipped_bytes, tmp_bytes;
    bool layers; ///< one more layer can be attached
} cp_settings;

/// Fails with CP_EUSAGE for options that make no sense, CP_EFORMAT for bad price data.
CP_MUST_CHECK cp_status cp_settings_fill(cp_settings *out, const cp_optimize_options *options,
                                         const cp_facts *facts, cp_arena *arena, cp_err *err);

/// The problem of placing `assets`; its items have the same order and names. `baseline_bytes` is
/// the memory of the function without what is fetched.
cp_problem *cp_formulate(const cp_settings *settings, const cp_asset *assets, uint32_t count,
                         double runtime_ms, uint64_t baseline_bytes, cp_arena *arena);

/// What is predicted for assets that have their tiers: quantiles and money, with the parts.
void cp_predict(cp_prediction *out, const cp_settings *settings, const cp_problem *problem,
                const cp_asset *assets, uint32_t count, cp_arena *arena);

/// exp(z * sigma) of the percentile 50 to 99.
double cp_quantile_factor(uint32_t percentile, double sigma);
