// write.h - zip archives that are the same bytes on every machine, in every time zone, at every
// thread count.
//
// Entries come out sorted by name, dated 1980-01-01 00:00, with mode 0644 or 0755 and no folder
// entries. Each is deflated by libdeflate on its own, so threads cannot change a byte; what does
// not get smaller is stored. Deflated bytes are spooled to an unnamed file beside the archive and
// copied by libzip from there: memory holds one batch of entries, whatever the size of the archive.
#pragma once

#include "core/ctx.h"
#include "core/hash.h"

/// One file of an archive: from memory, or from disk when `path` is not empty.
typedef struct cp_zip_entry {
    cp_str name;     ///< '/' separated, cp_path_is_safe
    cp_str path;     ///< file to read; empty = `bytes` is the content
    cp_str bytes;    ///< borrowed until cp_zip_write returns
    uint64_t size;   ///< what the file at `path` must have; ignored without a path
    bool executable; ///< 0755 instead of 0644
} cp_zip_entry;

typedef struct cp_zip_totals {
    uint64_t bytes;          ///< of the archive
    uint64_t unzipped_bytes; ///< of all entries
    cp_sha256 digest;        ///< of the archive
} cp_zip_totals;

/// Writes the archive `path` atomically. `level` is libdeflate's, 1 to 12. The order of `entries`
/// does not matter.
///
/// Fails with CP_EUSAGE for an unsafe or repeated name, CP_ESTALE when a file does not have the
/// size that its entry says, CP_ENOTFOUND or CP_EIO when one cannot be read or the disk is full,
/// CP_EINTR. Nothing is left behind then and an older archive stays as it was.
CP_MUST_CHECK cp_status cp_zip_write(cp_zip_totals *out, cp_str path, const cp_zip_entry *entries,
                                     size_t count, int level, const cp_ctx *ctx, cp_err *err);
