// install.h - what the function requires, installed for Lambda's platform rather than for ours.
#pragma once

#include "core/arena.h"
#include "core/ctx.h"

typedef struct cp_install_spec {
    cp_str version; ///< "3.11"
    cp_str arch;    ///< "x86_64" or "arm64"
    uint32_t glibc; ///< newest manylinux_2_N; 0 = what Lambda's image for that Python has
    cp_str work;    ///< the .cloudpack folder
} cp_install_spec;

/// Installs the wheels of `requirements` (requirements.txt, pyproject.toml or uv.lock) into
/// <work>/site/<key> and returns that absolute folder. The key is the digest of the requirement
/// files' bytes, the target and the installer, so an unchanged file installs nothing; a killed
/// installation leaves no folder of that name. Fails with CP_ENOTFOUND (no such file, no
/// installer), CP_EFORMAT (a requirement without a wheel for the target, named, with the tags that
/// there are), CP_EUSAGE (another kind of file, an unknown arch), CP_EIO, CP_EINTR.
CP_MUST_CHECK cp_status cp_install(cp_str *out, const cp_install_spec *spec, cp_str requirements,
                                   const cp_ctx *ctx, cp_arena *arena, cp_err *err);
