// size.h - how big the original is; inside lib/verify only.
#pragma once

#include "model/facts.h"
#include "target/target.h"

/// Bytes of the original's files (a package's file that the project hides counts once) and of a zip
/// of them at level 6, which is really made once per set of files and its size remembered below
/// <work>/stage. Fails with CP_EIO, CP_ESTALE (a file changed since the analysis), CP_EINTR.
CP_MUST_CHECK cp_status cp_verify_sizes(uint64_t *installed, uint64_t *zipped,
                                        const cp_target *target, const cp_facts *facts,
                                        const cp_ctx *ctx, cp_arena *arena, cp_err *err);
