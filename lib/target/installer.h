// installer.h - running uv or pip for another platform; inside lib/target only.
#pragma once

#include "core/child.h"
#include "target/python.h"

/// The program that installs: uv when it is on PATH (CLOUDPACK_INSTALLER=pip says no), else pip.
typedef struct cp_installer {
    bool uv;
    cp_str program; ///< uv, or the interpreter that runs pip
} cp_installer;
CP_MUST_CHECK cp_status cp_installer_find(cp_installer *out, cp_arena *arena, cp_err *err);

typedef struct cp_install_job {
    cp_str version;      ///< "3.11"
    cp_str machine;      ///< "x86_64" or "aarch64"
    uint32_t glibc;      ///< N of the newest manylinux_2_N
    cp_str requirement;  ///< one requirement, or empty:
    cp_str requirements; ///< a file of them
    cp_str folder;       ///< to run in
    cp_str target;       ///< folder to install into
} cp_install_job;

/// Installs wheels only, without bytecode. Fails with CP_EFORMAT when a requirement has no wheel
/// for the target: names it and the tags that there are. Fails with CP_EIO for other reasons of the
/// installer (its own words), CP_EINTR.
CP_MUST_CHECK cp_status cp_installer_run(const cp_installer *installer, const cp_install_job *job,
                                         const cp_ctx *ctx, cp_arena *arena, cp_err *err);

/// What uv knows of a lock file, or a Python with tomllib of a pyproject.toml, as requirement
/// lines. Fails with CP_EFORMAT (what is wrong with the file), CP_ENOTFOUND (no program can read
/// it).
CP_MUST_CHECK cp_status cp_installer_requirements(cp_str *out, const cp_installer *installer,
                                                  cp_str path, const cp_ctx *ctx, cp_arena *arena,
                                                  cp_err *err);
