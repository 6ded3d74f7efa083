// cache.h - what may be thrown away at any time: digests of files by their stamp, and small
// documents by name.
#pragma once

#include "core/arena.h"
#include "core/hash.h"
#include "store/store.h"

/// The digest put for `path` with the same size, time and inode; false when there is none (or the
/// store cannot be read: then it is computed again).
bool cp_store_get_file_digest(cp_store *store, cp_str path, uint64_t bytes, int64_t mtime_ns,
                              uint64_t inode, cp_sha256 *out);
/// Remembers a digest; only between begin and commit. One digest a path is kept.
CP_MUST_CHECK cp_status cp_store_put_file_digest(cp_store *store, cp_str path, uint64_t bytes,
                                                 int64_t mtime_ns, uint64_t inode,
                                                 const cp_sha256 *digest, cp_err *err);
/// A batch of puts, written at once by commit. No other put may come between the two.
CP_MUST_CHECK cp_status cp_store_file_digests_begin(cp_store *store, cp_err *err);
/// After a failure the batch is dropped and closed.
CP_MUST_CHECK cp_status cp_store_file_digests_commit(cp_store *store, cp_err *err);

/// Sets the text under `key`, replacing what was there.
CP_MUST_CHECK cp_status cp_store_put_value(cp_store *store, cp_str key, cp_str value, cp_err *err);
/// The text under `key`, NUL-terminated in `arena`. Fails with CP_ENOTFOUND when there is none.
CP_MUST_CHECK cp_status cp_store_get_value(cp_str *out, cp_store *store, cp_str key,
                                           cp_arena *arena, cp_err *err);
