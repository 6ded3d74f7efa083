// file.h - reading with a bound, writing so that a reader never sees half a file.
//
// Every write goes to a temporary name in the same folder, is flushed, and is renamed over the
// target: a kill or a full disk at any point leaves the old file or the new one. Errors name the
// path and the system's reason.
#pragma once

#include "core/arena.h"
#include "core/buf.h"

#include <sys/stat.h>

/// The whole file in `arena`, NUL-terminated. Fails with CP_ENOTFOUND when there is none,
/// CP_EFORMAT when it is larger than `max_bytes` (the message says both sizes), CP_EIO otherwise (a
/// folder, not readable, a short read).
CP_MUST_CHECK cp_status cp_file_read(cp_str *out, cp_arena *arena, cp_str path, uint64_t max_bytes,
                                     cp_err *err);

/// A read-only view of a whole file; empty files give an empty view. Close with cp_map_cleanup.
typedef struct cp_map {
    cp_str bytes;
} cp_map;
/// Fails like cp_file_read. A file that shrinks while mapped is the caller's risk: use cp_file_read
/// for foreign files that others write.
CP_MUST_CHECK cp_status cp_map_open(cp_map *out, cp_str path, uint64_t max_bytes, cp_err *err);
void cp_map_cleanup(cp_map *map);

/// Replaces `path` atomically with `bytes`, mode 0644. Missing folders are an error.
CP_MUST_CHECK cp_status cp_file_write(cp_str path, cp_str bytes, cp_err *err);

/// Atomic writing piece by piece. Until commit the target is untouched; cleanup without commit
/// removes the temporary.
typedef struct cp_file_out cp_file_out;
CP_MUST_CHECK cp_status cp_file_out_open(cp_file_out **out, cp_str path, cp_err *err);
CP_MUST_CHECK cp_status cp_file_out_add(cp_file_out *file, cp_str bytes, cp_err *err);
/// Bytes added so far.
uint64_t cp_file_out_bytes(const cp_file_out *file);
/// Flushes and renames; the handle is gone afterwards, whether it succeeds or not.
CP_MUST_CHECK cp_status cp_file_out_commit(cp_file_out **file, cp_err *err);
void cp_file_out_cleanup(cp_file_out **file);

/// True when something (not a dangling link) is there.
bool cp_file_exists(cp_str path);
bool cp_file_is_dir(cp_str path);
/// stat(2), following links. Fails with CP_ENOTFOUND or CP_EIO.
CP_MUST_CHECK cp_status cp_file_stat(struct stat *out, cp_str path, cp_err *err);
/// mkdir -p, mode 0755. An existing folder is fine.
CP_MUST_CHECK cp_status cp_dir_make(cp_str path, cp_err *err);
/// realpath(3) into the arena. Fails with CP_ENOTFOUND or CP_EIO.
CP_MUST_CHECK cp_status cp_path_real(cp_str *out, cp_arena *arena, cp_str path, cp_err *err);
/// rename(2).
CP_MUST_CHECK cp_status cp_file_rename(cp_str from, cp_str to, cp_err *err);
/// A hard link, or a copy (content and mode bits 0777) where links are not possible. Fails when
/// `to` exists.
CP_MUST_CHECK cp_status cp_file_link_or_copy(cp_str from, cp_str to, cp_err *err);
