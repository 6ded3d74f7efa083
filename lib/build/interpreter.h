// interpreter.h - the target's Python on this machine: what its bytecode looks like.
#pragma once

#include "core/arena.h"
#include "core/ctx.h"

typedef struct cp_interpreter {
    cp_str path;
    cp_str version;   ///< "3.11.7"
    cp_str tag;       ///< "cpython-311", as in __pycache__ names
    unsigned minor;   ///< of 3.x
    uint8_t magic[4]; ///< first bytes of its .pyc files
} cp_interpreter;

/// Asks the interpreter at `path` and checks that it is CPython `wanted` ("3.11"), 3.10 or newer.
/// Fails with CP_ENOTFOUND when there is none or it is another one (the hint names the ways out),
/// CP_EFORMAT when it does not answer as an interpreter does, CP_EINTR.
CP_MUST_CHECK cp_status cp_interpreter_probe(cp_interpreter *out, cp_str path, cp_str wanted,
                                             const cp_ctx *ctx, cp_arena *arena, cp_err *err);
