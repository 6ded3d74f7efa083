// files.h - every file of the project and of the installed distributions, and what is wrong with
// them.
//
// Bad files are the user's daily life, so they are reported through the sink and passed over:
// unreadable or dangling entries, loops of links, files that RECORD knows with another size or that
// are not there, packages without .dist-info, binaries for another platform or Python.
#pragma once

#include "analyze/analyze.h"
#include "elf/needed.h"

/// What a distribution asks for, by normalised name.
typedef struct cp_requires {
    const cp_str *names;
    size_t count;
} cp_requires;

typedef struct cp_listing {
    cp_str project_root, site_root; ///< absolute; site_root may be empty
    cp_file_fact *files;            ///< sorted by (root, rel); `module` is not set
    uint32_t file_count;
    const cp_distribution_fact *distributions;
    uint32_t distribution_count;
    const cp_requires *requires; ///< by distribution
    const cp_elf **elf;          ///< by file: NULL for what is no readable compiled file
    const cp_native_fact *natives;
    uint32_t native_count;
} cp_listing;

/// Lists the two trees, classifies and assigns each file, and reads the compiled ones. Everything
/// is in `arena`. Fails with CP_ENOTFOUND when a root is absent, CP_EFORMAT over 500,000 entries,
/// CP_EIO when a root cannot be listed, CP_EINTR.
CP_MUST_CHECK cp_status cp_listing_make(cp_listing *out, const cp_analyze_options *options,
                                        const cp_ctx *ctx, cp_arena *arena, cp_err *err);

// The parts of cp_listing_make, in this order.
CP_MUST_CHECK cp_status cp_listing_distributions(cp_listing *listing,
                                                 const cp_analyze_options *options,
                                                 const cp_ctx *ctx, cp_arena *arena, cp_err *err);
CP_MUST_CHECK cp_status cp_listing_natives(cp_listing *listing, const cp_analyze_options *options,
                                           const cp_ctx *ctx, cp_arena *arena, cp_err *err);

/// Absolute path of a file of the listing, in the arena.
cp_str cp_listing_path(const cp_listing *listing, uint32_t file, cp_arena *arena);
