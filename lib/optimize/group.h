// group.h - files to assets: the smallest things that are placed whole.
//
// The rule. It is deterministic, and stable from version to version because it looks at folders and
// round sizes, never at ranks:
//
//   project     all files of the project: one asset
//   metadata    all dist-info: one asset
//   code        a folder's modules of one use (initial, or deferred: reached but not during init);
//               a folder whose modules of that use are under T bytes, subfolders included, joins
//               its parent; packages (first path component) under S bytes join "small packages"; a
//               file of B bytes or more is an asset by itself
//   library     shared libraries that the same assets need, by folder; one that a single asset
//   needs
//               joins it (unless it has B bytes or more)
//   data        by package, when some module of the package is reached: read by path. So is a
//   shared
//               library that nothing links to (ctypes opens it by path) and what the profile saw
//               opened
//   not reached all else, by distribution; under S bytes together
//
// T = 512 KiB, B = 4 MiB, S = 16 KiB; all three double until there are at most `max_assets`. Assets
// that need each other in a circle become one.
#pragma once

#include "model/plan.h"
#include "optimize/use.h"

/// Bytes as they will lie locally, from the bytes of the file, until the build knows better.
/// Bytecode of CPython 3.9 to 3.13 is 1.0 to 1.5 times its source; 1.3 is on the safe side of what
/// whole package sets come to (1.23 over the 1,995 modules of numpy, scipy, scikit-learn, pandas,
/// pyarrow, matplotlib and numba that one function reaches, CPython 3.11, 2026-11-21), because the
/// limit of the unzipped size is hard. A source is kept beside it for tracebacks, deflated to a
/// quarter (0.245 there); what nothing is known to need is kept deflated (0.3). In a zip: bytecode
/// and native code deflate to about a third (measured 2.8 and 3.1 to 3.3).
#define CP_GROUP_BYTECODE 1.3
#define CP_GROUP_SOURCE 0.25
#define CP_GROUP_COLD 0.3
/// In a zip: bytecode and native code deflate to about a third (measured 2.8 and 3.1 to 3.3).
#define CP_GROUP_ZIP_BYTECODE 0.36
#define CP_GROUP_ZIP_NATIVE 0.32

#define CP_GROUP_MIN_ASSETS 16

typedef struct cp_group_options {
    uint32_t max_assets;
    bool layers; ///< a layer can be attached
} cp_group_options;

/// Fills `assets` (everything but tier and why), in first-use order: initial ones first. Files
/// appear in exactly one asset. Fails with CP_EUSAGE when `max_assets` is under
/// CP_GROUP_MIN_ASSETS.
CP_MUST_CHECK cp_status cp_group(cp_asset **assets, uint32_t *count, const cp_facts *facts,
                                 const cp_profile *profile, const cp_numbers *numbers,
                                 const cp_group_options *options, cp_arena *arena, cp_err *err);
