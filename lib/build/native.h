// native.h - is this shared library whole, and for the target?
#pragma once

#include "core/err.h"
#include "core/str.h"

/// Checks the start of the file at `path` against its size `bytes`: a 64-bit little-endian ELF
/// shared object for `arch` ("x86_64", "arm64") whose loaded parts and section table are all there.
/// Fails with CP_EFORMAT naming the file, what is missing and how to get it back; CP_ENOTFOUND or
/// CP_EIO when it cannot be read.
CP_MUST_CHECK cp_status cp_native_check(cp_str path, cp_str arch, cp_err *err);
