// guard.h - a folder that the run function truly cannot write to, as /var/task on Lambda.
//
// An interpreter that can write leaves bytecode beside the sources, and the second "cold" run would
// measure something that no Lambda environment has. Permission bits do not stop root. So the child
// gets its own mount namespace with the folder bound read-only over itself (as root, or through an
// unprivileged user namespace); where the kernel allows neither, the weaker ways are named, so that
// a report can say which one it was.
#pragma once

#include "core/ctx.h"

#include <sys/types.h>

typedef enum cp_guard {
    CP_GUARD_NAMESPACE, ///< read-only bind mount in a private mount namespace
    CP_GUARD_MODE,      ///< folders without write permission (we are not root)
    CP_GUARD_FLAG,      ///< only PYTHONDONTWRITEBYTECODE=1: a handler could still write
} cp_guard;
/// "read-only mount", "permissions", "PYTHONDONTWRITEBYTECODE".
const char *cp_guard_name(cp_guard guard);

/// The strongest guard that works here, found out by trying in a child process. Takes about a
/// millisecond.
cp_guard cp_guard_find(void);

enum { CP_GUARD_FOLDERS = 4 };

/// What a child needs between fork and exec; filled before the fork, because only
/// async-signal-safe calls are allowed after it.
typedef struct cp_guard_entry {
    cp_guard guard;
    const char *folders[CP_GUARD_FOLDERS]; ///< absolute, NULL-terminated or full
    char uid_map[64], gid_map[64];
    bool user_namespace;
} cp_guard_entry;

/// Prepares for up to CP_GUARD_FOLDERS NUL-terminated folders.
void cp_guard_fill(cp_guard_entry *out, cp_guard guard, const char *const *folders, size_t count);
/// In the child: makes the folders read-only. 0, or -1 with errno. Async-signal-safe.
int cp_guard_enter(const cp_guard_entry *entry);

/// With CP_GUARD_MODE: takes write permission from every folder below `root` (files stay as they
/// are). Nothing for the other guards. Fails with CP_EIO.
CP_MUST_CHECK cp_status cp_guard_seal(cp_guard guard, cp_str root, cp_err *err);
/// Gives it back, so that the folder can be removed.
CP_MUST_CHECK cp_status cp_guard_unseal(cp_guard guard, cp_str root, cp_err *err);
