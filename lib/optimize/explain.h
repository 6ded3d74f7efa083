// explain.h - one sentence for each decision.
#pragma once

#include "optimize/formulate.h"

/// Why this asset is where it is: the rule that leaves no choice, or what the next best tier would
/// have cost, in the problem's own numbers.
cp_str cp_why(const cp_settings *settings, const cp_problem *problem, const cp_asset *assets,
              uint32_t index, cp_arena *arena);
/// "fits locally", "local + asynchronous S3" or "mount for the difference".
cp_str cp_fit_of(const cp_asset *assets, uint32_t count);
