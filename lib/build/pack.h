// pack.h - one file of members back to back, each starting at a multiple of 16.
#pragma once

#include "build/compile.h"
#include "build/marshal.h"

/// One member: what goes in, and where it came to lie.
typedef struct cp_pack_item {
    cp_str path;   ///< file to take, or empty for bytecode
    uint64_t size; ///< bytes of that file; for bytecode those of its source
    const cp_compile_job *job;
    cp_marshal_rename rename;
    bool deflate; ///< kept raw all the same when it does not get smaller
    // Results:
    bool deflated;
    uint64_t offset, stored_bytes, raw_bytes;
    cp_sha256 digest; ///< of the stored bytes
} cp_pack_item;

typedef struct cp_pack_settings {
    unsigned minor; ///< of Python 3.x
    int level;      ///< of deflate
} cp_pack_settings;

typedef struct cp_pack_totals {
    uint64_t bytes;
    cp_sha256 digest;
} cp_pack_totals;

/// Writes the pack atomically, items in the given order; memory holds one batch of them. Equal
/// inputs give equal bytes at any thread count. Fails with CP_ESTALE when a file has another size,
/// CP_ENOTFOUND, CP_EIO or CP_EFORMAT when something cannot be read, CP_EINTR.
CP_MUST_CHECK cp_status cp_pack_write(cp_pack_totals *out, cp_str path, cp_pack_item *items,
                                      size_t count, const cp_pack_settings *settings,
                                      const cp_ctx *ctx, cp_err *err);
