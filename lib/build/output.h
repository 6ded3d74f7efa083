// output.h - from the layout to files: packs and catalog, boot module, archives.
//
// Internal to this folder. What goes into the archives is staged below <work>/staging, which is
// removed at the start and at the end of a build; S3 and mount packs are written in place.
#pragma once

#include "build/layout.h"
#include "zip/write.h"

typedef struct cp_output {
    cp_layout *layout;
    const cp_ctx *ctx;
    cp_arena *arena;
    cp_str staging;
    cp_catalog catalog;
    cp_str catalog_bytes;
    cp_sha256 catalog_digest;
    CP_VEC(cp_zip_entry) entries[2]; ///< by cp_place: bundle, layer
    CP_VEC(cp_sha256) digests[2];    ///< contents of the entries
    cp_digest_cache *cache;
    CP_VEC(cp_artifact) artifacts;
    cp_compile_counts counts;
    uint64_t local_bytes;
} cp_output;

void cp_output_cleanup(cp_output *e);

/// Path below the output folder, in the arena.
cp_str cp_output_path(const cp_output *e, cp_str name);
/// Notes a finished file.
void cp_output_artifact(cp_output *e, const char *kind, cp_str path, uint64_t bytes,
                        uint64_t unzipped_bytes, const cp_sha256 *digest);
/// Adds an entry to an archive; `digest` is of its content.
void cp_output_add(cp_output *e, cp_place place, cp_zip_entry entry, const cp_sha256 *digest);
/// Writes `bytes` to a new file in the staging folder, whose path is `*out`.
CP_MUST_CHECK cp_status cp_output_stage(cp_str *out, cp_output *e, cp_str bytes, cp_err *err);

/// Writes all packs, completes the members, makes the catalog.
CP_MUST_CHECK cp_status cp_output_packs(cp_output *e, cp_err *err);
/// Fills the entries of both archives: project, boot module, runtime, catalog, packs, plain files.
CP_MUST_CHECK cp_status cp_output_entries(cp_output *e, cp_err *err);
/// Fails with CP_EINFEASIBLE when the entries unzip to more than the limit.
CP_MUST_CHECK cp_status cp_output_check_size(cp_output *e, cp_err *err);
/// Writes the archives, catalog.bin and manifest.json.
CP_MUST_CHECK cp_status cp_output_archives(cp_output *e, cp_err *err);
