// analyze.h - from a handler and two folders to cp_facts: what can be loaded, when, and from where.
//
// Nothing of the user's is run and nothing outside the two folders is read; the target's version
// and CPU decide, never this machine's. The same folders give the same facts, byte for byte,
// whatever the number of threads.
#pragma once

#include "core/ctx.h"
#include "model/facts.h"

typedef struct cp_analyze_options {
    cp_str handler;      ///< "app.handler", "pkg/mod.func", "app.py" or "app.py:func"
    cp_str project_root; ///< folder of the user's code
    cp_str site_root;    ///< folder of the installed distributions; may be empty
    cp_str python;       ///< "3.11"
    cp_str arch;         ///< "x86_64" or "arm64"
} cp_analyze_options;

/// Analyses the function. `*out` and all it points to live in `arena`. Without a function in
/// `handler`, "handler" or "lambda_handler" is taken, whichever the file defines.
///
/// Trouble in files other than the handler's own is told to the sink as warnings and does not fail.
/// Fails with CP_EUSAGE for options that make no sense, CP_ENOTFOUND when a folder, the handler's
/// file or its function is not there (the hint names what comes near), CP_EFORMAT for a syntax
/// error in the handler's file ("app.py:12:5: ..."), CP_EIO, CP_EINTR.
CP_MUST_CHECK cp_status cp_analyze(const cp_facts **out, const cp_analyze_options *options,
                                   const cp_ctx *ctx, cp_arena *arena, cp_err *err);
