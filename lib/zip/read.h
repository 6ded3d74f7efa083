// read.h - foreign zip archives: listed and extracted within limits.
//
// The whole directory is checked when the archive is opened: only files with safe relative names
// and one of the methods stored and deflate, no name twice, no symbolic links, no encryption, no
// sizes over the limits. Contents are checked while they are read: size and CRC-32.
#pragma once

#include "core/arena.h"

/// What an archive may hold at most; 0 takes the default.
typedef struct cp_zip_limits {
    uint64_t entries;     ///< default 100,000
    uint64_t entry_bytes; ///< unzipped size of one; default 2 GiB
    uint64_t total_bytes; ///< unzipped size of all; default 8 GiB
} cp_zip_limits;

typedef struct cp_zip_member {
    cp_str name;
    uint64_t bytes, zipped_bytes;
    uint32_t crc;
    bool executable;
} cp_zip_member;

typedef struct cp_zip cp_zip; ///< an open archive; end with cp_zip_cleanup

/// Opens and checks. `limits` may be NULL. Fails with CP_ENOTFOUND or CP_EIO when `path` cannot be
/// read, CP_EFORMAT when it is no zip archive or breaks a rule or a limit: the message names the
/// entry, the limit and the excess.
CP_MUST_CHECK cp_status cp_zip_open(cp_zip **out, cp_str path, const cp_zip_limits *limits,
                                    cp_err *err);
/// The same for an archive in memory, borrowed until cleanup.
CP_MUST_CHECK cp_status cp_zip_open_bytes(cp_zip **out, cp_str bytes, const cp_zip_limits *limits,
                                          cp_err *err);
void cp_zip_cleanup(cp_zip **zip);

/// The files, sorted by name; borrowed from `zip`. Folder entries are not among them.
const cp_zip_member *cp_zip_members(const cp_zip *zip, size_t *count);
/// The member of that name, or NULL.
const cp_zip_member *cp_zip_find(const cp_zip *zip, cp_str name);
/// The content of a member, in the arena. Fails with CP_EFORMAT when it does not inflate to the
/// size and CRC of the directory.
CP_MUST_CHECK cp_status cp_zip_read(cp_str *out, cp_zip *zip, const cp_zip_member *member,
                                    cp_arena *arena, cp_err *err);

/// Opens `path` and writes all members below the existing folder `dir`, modes 0644 and 0755. Fails
/// like cp_zip_open and cp_zip_read, and with CP_EIO when a file cannot be written; what was
/// extracted before stays.
CP_MUST_CHECK cp_status cp_zip_extract(cp_str path, cp_str dir, const cp_zip_limits *limits,
                                       cp_err *err);
