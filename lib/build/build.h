// build.h - from a plan to files that are ready to upload.
//
//   <out>/function.zip        the user's code with bytecode, cloudpack_boot.py, the runtime,
//                             cloudpack/{catalog.bin,manifest.json}, and what the plan puts in the
//                             bundle: cloudpack/site.pack, cloudpack/site/<rel>
//   <out>/layer-1.zip         cloudpack/<id>/{site.pack,manifest.json,site/<rel>}
//   <out>/objects/cas/<sha256>  S3 objects by content
//   <out>/mount/<id>/site.pack  for EFS or S3 Files
//   <out>/catalog.bin, manifest.json, build.json (what it was made from)
//
// Equal inputs give equal bytes on any machine, in any folder, time zone and thread count. Each
// file appears whole or not at all, build.json last; a run after a kill ends in the same state.
#pragma once

#include "core/ctx.h"
#include "data/jsonw.h"
#include "model/plan.h"

/// Unzipped size of function zip and layers together. docs.aws.amazon.com/lambda/latest/dg/
/// gettingstarted-limits.html, read 2026-11-21.
#define CP_LOCAL_LIMIT_BYTES UINT64_C(262144000)

typedef struct cp_build_options {
    cp_str out_dir;    ///< ".cloudpack/build"; made when absent
    cp_str work_dir;   ///< ".cloudpack"; caches and temporaries
    cp_str python;     ///< path of the target's interpreter on this machine
    int level;         ///< deflate, 1 to 12; 0 = 6
    int optimize;      ///< the interpreter's -O level: 0, 1, 2 (2 drops docstrings)
    bool source_files; ///< third-party sources as plain files instead of deflated in the pack
    const cp_str *keep_files; ///< top-level packages that stay plain files
    size_t keep_count;
    cp_str shelf;               ///< "bucket/prefix"; needed when the plan uses S3
    cp_str mount;               ///< "/mnt/cloudpack"; needed when the plan uses a mount
    uint64_t local_limit_bytes; ///< 0 = CP_LOCAL_LIMIT_BYTES
    bool gc_init_off;           ///< no garbage collection during init
    bool record_log;            ///< usage records in the function's log
    uint32_t connections;       ///< prefetch connections; 0 = the runtime's default
    uint32_t chunk_bytes;       ///< bytes a ranged GET; 0 = the runtime's default
} cp_build_options;

typedef struct cp_artifact {
    cp_str kind; ///< "bundle", "layer", "object", "mount", "catalog", "manifest"
    cp_str path; ///< <out_dir>/...
    uint64_t bytes, unzipped_bytes;
    cp_str sha256;  ///< hex
    cp_str content; ///< archives: digest of what is inside, by which the next build knows that it
                    ///< need not compress the same again; else empty
} cp_artifact;

typedef struct cp_build_result {
    const cp_artifact *artifacts;
    uint32_t artifact_count;
    uint32_t compiled, reused; ///< modules; all reused when nothing had changed
    uint64_t local_unzipped_bytes;
    bool unchanged; ///< everything was there already
    double seconds;
} cp_build_result;

/// Builds all artefacts of `plan`; `*out` lives in `arena`.
///
/// Fails with CP_ENOTFOUND when there is no interpreter of the function's version, CP_ESTALE when a
/// file is gone or has another size than in `facts` (hint: analyze again), CP_EFORMAT for a
/// damaged or foreign shared library or project code that does not compile (file:line:column),
/// CP_EINFEASIBLE when the local part is over the limit (by how much, and the biggest assets),
/// CP_EUSAGE when the plan or an option cannot be built, CP_EIO (full disk), CP_EINTR. The
/// artefacts of an earlier build that were not yet replaced stay whole then.
CP_MUST_CHECK cp_status cp_build(cp_build_result *out, const cp_build_options *options,
                                 const cp_facts *facts, const cp_plan *plan, const cp_ctx *ctx,
                                 cp_arena *arena, cp_err *err);

/// {format: "cloudpack.build/1", artifacts: [{kind, path, bytes, unzipped_bytes, sha256}],
/// compiled, reused, unchanged, local_unzipped_bytes, seconds}
void cp_build_to_json(cp_jsonw *w, const cp_build_result *result);
