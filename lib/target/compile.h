// compile.h - bytecode beside the sources, for forms of a function that ship with it.
#pragma once

#include "core/arena.h"
#include "core/ctx.h"

/// Writes __pycache__/*.pyc with unchecked hashes (PEP 552: never stale, whatever the dates) for
/// every source below `folder`. Sources that do not compile (templates, Python 2) are left alone.
/// Fails with CP_EIO when the interpreter cannot run, CP_EINTR.
CP_MUST_CHECK cp_status cp_compile_tree(cp_str interpreter, cp_str folder, const cp_ctx *ctx,
                                        cp_arena *arena, cp_err *err);
