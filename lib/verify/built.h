// built.h - what build made, unpacked as Lambda would, and run from there.
#pragma once

#include "profile/cold.h"

/// The artefacts of a build folder, ready to run.
typedef struct cp_built {
    cp_str task, opt;        ///< function zip; layer zips over each other, in order
    cp_str mount;            ///< what CLOUDPACK_MOUNT says, or empty
    cp_str objects;          ///< <build>/objects, or empty when there is none
    uint64_t zip_bytes;      ///< of function.zip and layers
    uint64_t unzipped_bytes; ///< of them
    uint64_t remote_bytes;   ///< below objects and mount
    uint32_t layers;
} cp_built;

/// Unpacks <build>/function.zip and layer-1.zip, layer-2.zip, ... below <work>/built, once for the
/// same archives. `mount_point` is where the function has its mount ("/mnt/cloudpack"), or empty.
/// Fails with CP_ENOTFOUND when there is no function.zip (hint: build), CP_EFORMAT for a damaged
/// archive, CP_EIO.
CP_MUST_CHECK cp_status cp_built_open(cp_built *out, const cp_target *target, cp_str build,
                                      cp_str mount_point, const cp_ctx *ctx, cp_arena *arena,
                                      cp_err *err);

/// How to run it. `env` are the function's variables and the caller's; when they name an S3
/// endpoint (AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3) the shelf is that S3, else <build>/objects.
/// The result borrows from `built` and `env`. `record` is where the runtime writes its record, or
/// empty.
cp_cold cp_built_cold(const cp_built *built, const cp_target *target, const char *const *env,
                      size_t env_count, cp_str record, cp_arena *arena);
