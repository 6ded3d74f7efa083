// stage.h - the original function as one folder, as it would be unzipped to /var/task.
//
// Made of hard links to the project's and the packages' files, so that it costs neither bytes nor
// seconds; because a link shares its bytes with the user's file, a stage is only ever run with a
// guard that keeps the function from writing to it, and is made of copies where there is none.
#pragma once

#include "model/facts.h"
#include "target/target.h"

typedef enum cp_form {
    CP_FORM_SHIPPED,  ///< no bytecode: what a zip of pip's folder has (its own is stale in a zip)
    CP_FORM_BYTECODE, ///< unchecked-hash bytecode of the target beside every source
} cp_form;

/// Digest of all files of `facts` by root, name, size, time and inode: hexadecimal, in the arena.
cp_str cp_stage_digest(cp_arena *arena, const cp_facts *facts);

/// The folder of the original function in that form, below <work>/stage; made when it is not there
/// yet. The project's files win over the packages' of the same name, as they do on sys.path. Fails
/// with CP_EIO, CP_ESTALE (code was written since the analysis, or a file is gone), CP_EINTR.
CP_MUST_CHECK cp_status cp_stage_original(cp_str *out, const cp_target *target,
                                          const cp_facts *facts, cp_form form, const cp_ctx *ctx,
                                          cp_arena *arena, cp_err *err);
