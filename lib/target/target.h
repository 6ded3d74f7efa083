// target.h - everything that running the function here needs, in one call.
#pragma once

#include "core/ctx.h"
#include "target/guard.h"
#include "target/python.h"

typedef struct cp_target {
    cp_python python;   ///< the real interpreter of the target's version
    cp_str interpreter; ///< of the bare environment
    cp_str ric;         ///< AWS's runtime client for it
    cp_str work;        ///< absolute work folder
    cp_guard guard;     ///< strongest way to make a folder unwritable here
} cp_target;

/// Finds the interpreter, makes the bare environment and gets the runtime client below `work`.
/// Fails like cp_python_find, cp_venv_make and cp_ric_get.
CP_MUST_CHECK cp_status cp_target_open(cp_target *out, cp_str version, cp_str work,
                                       const cp_ctx *ctx, cp_arena *arena, cp_err *err);
