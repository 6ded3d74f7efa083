// use.h - when each module is first used, how long its import takes, how likely it is needed at
// all.
//
// From the profile when there is one: modules of phase 0 are initial, in the order seen. Their own
// times, which the watched runs inflate, are scaled so that together with the runtime's time they
// are the median init of the plain runs (or their CPU time, when a busy machine made that the
// smaller):
//
//   import_ms = self_ms * (min(init_ms, cpu_ms) - runtime_ms) / sum of self_ms over the initial
//   modules
//
// That is the init of the original with valid bytecode; what the built form saves besides is not in
// it. Otherwise from the facts: a walk over the import statements from the handler on, in the order
// of the lines, parents before children, which is the order in which Python executes them; times
// are estimates from the sizes (import_ms_per_source_mb, import_ms_per_native_mb).
#pragma once

#include "model/facts.h"
#include "tier/tier.h"

/// How likely a cold environment needs a module after init, as long as nothing has been learned:
/// seen in an event of the profile; reached, no profile yet; reached, but in no event of the
/// profile; not reached at all (unseen is not zero).
#define CP_USE_SEEN 0.9
#define CP_USE_REACHED 0.2
#define CP_USE_UNSEEN 0.02
#define CP_USE_COLD 0.001

typedef struct cp_module_use {
    bool initial, reached;
    uint32_t order;     ///< first use: initial modules from 0, then the others seen in the profile;
                        ///< CP_NONE = not seen
    double self_ms;     ///< own import time, scaled; 0 unless initial
    double probability; ///< 1 when initial
} cp_module_use;

/// One for each module of the facts, in the arena.
cp_module_use *cp_use_of_modules(const cp_facts *facts, const cp_profile *profile,
                                 const cp_numbers *numbers, cp_arena *arena);
/// The estimated own import time of a file, in ms.
double cp_use_estimate_ms(const cp_file_fact *file, const cp_numbers *numbers);
