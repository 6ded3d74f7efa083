// compile.h - source files to bytecode of the target interpreter, once per content.
//
// Work is done by runtime/build/compile.py (embedded) in several processes of that interpreter.
// Results are canonical (marshal.h) and kept in <work>/cache/pyc/xx/ under a digest of everything
// that they depend on: source, file name, interpreter version and magic, optimisation level,
// docstrings, worker. A kept file starts with its own sha256, so a damaged one is just compiled
// again. That a source does not compile is kept as well.
#pragma once

#include "build/interpreter.h"
#include "core/hash.h"

/// One source. The caller sets the first three.
typedef struct cp_compile_job {
    cp_str src;       ///< absolute path
    cp_str name;      ///< co_filename; see cp_marshal_rename for giving another one later
    cp_sha256 digest; ///< of the source
    // Results:
    cp_str cached; ///< kept file; for cp_compile_read
    bool ok;       ///< false: it does not compile, for the reason below
    uint32_t line, column;
    cp_str error;
} cp_compile_job;

typedef struct cp_compile_settings {
    const cp_interpreter *python;
    cp_str work_dir; ///< ".cloudpack"
    int optimize;    ///< 0, 1, 2
} cp_compile_settings;

typedef struct cp_compile_counts {
    uint32_t compiled, reused;
} cp_compile_counts;

/// Compiles all jobs; `counts` are added to. Texts of results live in `arena`.
///
/// Fails with CP_EIO when the worker cannot be run or the cache not be written, CP_EFORMAT when the
/// worker misbehaves or its bytecode is not what the interpreter's version writes, CP_EINTR. A
/// source that does not compile is a result, not a failure.
CP_MUST_CHECK cp_status cp_compile_all(cp_compile_job *jobs, size_t count,
                                       const cp_compile_settings *settings,
                                       cp_compile_counts *counts, const cp_ctx *ctx,
                                       cp_arena *arena, cp_err *err);

/// The bytecode (canonical, no .pyc header) of a job that is `ok`. Fails with CP_ENOTFOUND, CP_EIO
/// or CP_EFORMAT when the kept file is gone or was changed since.
CP_MUST_CHECK cp_status cp_compile_read(cp_str *out, const cp_compile_job *job, cp_arena *arena,
                                        cp_err *err);
