// ric.h - AWS's runtime client (awslambdaric) for the target's interpreter on this machine.
#pragma once

#include "core/ctx.h"
#include "target/python.h"

/// Installs the client that is pinned in lib/target/data/ric.txt, with what it depends on and
/// bytecode of `interpreter`, into <work>/ric-<version>-cp<XY>; returns that absolute folder. Once
/// it is there no network is needed. Fails like cp_install.
CP_MUST_CHECK cp_status cp_ric_get(cp_str *out, const cp_python *python, cp_str interpreter,
                                   cp_str work, const cp_ctx *ctx, cp_arena *arena, cp_err *err);
