// digest.h - sha256 of many files, remembered by size, time and inode.
//
// The memory is one file: a line of magic, then records of 56 bytes (bytes, mtime_ns, inode: u64
// little-endian; digest), then the sha256 of all before. It is only ever a short cut: a missing,
// cut or foreign file counts as empty. A file changed within the two seconds before it was looked
// at is hashed again next time, since its time could stay the same through another change.
#pragma once

#include "core/ctx.h"
#include "core/hash.h"

typedef struct cp_digest_cache cp_digest_cache;

/// Opens the memory kept in `path` (which need not exist). End with cp_digest_cache_cleanup.
void cp_digest_cache_open(cp_digest_cache **out, cp_str path);
void cp_digest_cache_cleanup(cp_digest_cache **cache);

/// One file to hash: `path` in, the rest out.
typedef struct cp_digest_job {
    cp_str path;
    uint64_t bytes;
    int64_t mtime_ns;
    uint64_t inode;
    cp_sha256 digest;
} cp_digest_job;

/// Fills all jobs, reading only files that are not remembered, on ctx->threads threads. Fails with
/// CP_ENOTFOUND or CP_EIO naming the file.
CP_MUST_CHECK cp_status cp_digest_files(cp_digest_cache *cache, cp_digest_job *jobs, size_t count,
                                        const cp_ctx *ctx, cp_err *err);
/// Writes the memory back when it changed: what was asked for since it was opened, and of the rest
/// as much as fits in 200,000 records.
CP_MUST_CHECK cp_status cp_digest_cache_save(cp_digest_cache *cache, cp_err *err);
