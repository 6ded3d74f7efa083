// record.h - what a build was made from, so that an unchanged one is not made again.
//
// <out>/build.json: {format: "cloudpack.build-record/1", key, local_unzipped_bytes, modules,
// artifacts: [as in the result]}. The key is a digest over everything that the artefacts depend on.
#pragma once

#include "build/layout.h"

/// Digest over the tool, the runtime, the interpreter, the options, the plan and every file.
cp_sha256 cp_record_key(const cp_layout *layout);

/// Whether the output folder holds exactly what a build of that key made: then `*out` is filled
/// (all modules counted as reused). Every artefact is looked at, and hashed when its size, time or
/// inode is new; anything unreadable or different gives false.
bool cp_record_valid(cp_build_result *out, const cp_layout *layout, const cp_sha256 *key,
                     cp_digest_cache *cache, const cp_ctx *ctx, cp_arena *arena);

/// Whether the archive `path` is there, whole, and was made of this `content` by the build that is
/// on record: then `*former` describes it.
bool cp_record_reusable(cp_artifact *former, const cp_layout *layout, cp_str path, cp_str content,
                        cp_digest_cache *cache, const cp_ctx *ctx, cp_arena *arena);

/// Makes sure that the output folder is one to write and sweep in: empty, below the work folder, or
/// an earlier build; an empty one is marked. Fails with CP_EUSAGE when it holds something else.
CP_MUST_CHECK cp_status cp_record_adopt(const cp_build_options *options, cp_err *err);

/// Writes the record; the last step of a build.
CP_MUST_CHECK cp_status cp_record_save(const cp_layout *layout, const cp_sha256 *key,
                                       const cp_build_result *result, cp_err *err);

/// Removes what earlier builds left in the output folder and `result` does not name: archives,
/// objects, mounts and temporaries. Other files stay.
CP_MUST_CHECK cp_status cp_record_sweep(const cp_layout *layout, const cp_build_result *result,
                                        cp_err *err);
