// python.h - the interpreters of this machine: the target's own, and any that can run pip.
//
// A name on PATH proves nothing (pyenv puts a script there that may lead to another version or to
// none), so every candidate is run once and asked what it is.
#pragma once

#include "core/arena.h"
#include "core/ctx.h"

typedef struct cp_python {
    cp_str path;      ///< the real interpreter, no shim and no virtual environment
    cp_str version;   ///< "3.11"
    cp_str full;      ///< "3.11.2"
    cp_str magic;     ///< importlib.util.MAGIC_NUMBER, hexadecimal
    cp_str cache_tag; ///< "cpython-311"
    cp_str suffixes;  ///< EXTENSION_SUFFIXES, ':' between them
    cp_str machine;   ///< "x86_64", "aarch64"
    bool pip;         ///< `python -m pip` works in it
} cp_python;

/// The real CPython of exactly `version` ("3.11"). Looked for in this order: $CLOUDPACK_INTERPRETER
/// (then nothing else), pythonX.Y on PATH, ~/.pyenv/versions, /usr/bin and /usr/local/bin, uv's
/// folder. Fails with CP_EUSAGE when `version` is not N.N, CP_ENOTFOUND when there is none or
/// $CLOUDPACK_INTERPRETER is another one; the hint names the ways out.
CP_MUST_CHECK cp_status cp_python_find(cp_python *out, cp_str version, cp_arena *arena,
                                       cp_err *err);

/// Any CPython from 3.9 on that can run pip, the first found. Fails with CP_ENOTFOUND.
CP_MUST_CHECK cp_status cp_python_find_tool(cp_python *out, cp_arena *arena, cp_err *err);
