// tree.h - listing and removing folders. Listings are sorted by byte order, so that no output
// depends on the disk.
#pragma once

#include "core/arena.h"

#include <sys/types.h>

typedef enum cp_entry_kind { CP_ENTRY_FILE, CP_ENTRY_DIR, CP_ENTRY_OTHER } cp_entry_kind;

typedef struct cp_entry {
    cp_str rel; ///< below the root, '/' separated
    cp_entry_kind kind;
    uint64_t bytes;
    int64_t mtime_ns;
    uint64_t inode;
    bool executable;
    bool link;                 ///< a symbolic link was followed to get here
    uint32_t unreadable_errno; ///< for a folder that could not be listed or an entry that could not
                               ///< be looked at; else 0
} cp_entry;

/// Return false to keep out a file, or a folder with all that is below it. `name` is the last part.
typedef bool (*cp_tree_keep)(void *self, cp_str rel, cp_str name, cp_entry_kind kind);

/// All files and folders below `root`, parents before children, sorted by bytes. Follows symbolic
/// links, each folder (device, inode) once on a path, so that loops end; dangling links come as
/// CP_ENTRY_OTHER with ENOENT. `keep` may be NULL. Fails with CP_ENOTFOUND when there is no `root`,
/// CP_EIO when it cannot be listed, CP_EFORMAT over `max_entries`.
CP_MUST_CHECK cp_status cp_tree_list(const cp_entry **out, size_t *count, cp_str root,
                                     cp_tree_keep keep, void *self, size_t max_entries,
                                     cp_arena *arena, cp_err *err);

/// Removes a file or a folder with everything below it; never follows links. Absent is fine.
CP_MUST_CHECK cp_status cp_tree_remove(cp_str path, cp_err *err);

/// A fresh folder below `parent` (or $TMPDIR, /tmp when empty), mode 0700; its name starts with
/// `prefix`.
CP_MUST_CHECK cp_status cp_dir_temporary(cp_str *out, cp_str parent, const char *prefix,
                                         cp_arena *arena, cp_err *err);
