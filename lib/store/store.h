// store.h - the database of one project (.cloudpack/store.db): the only place that knows SQL.
//
// SQLite in WAL mode. Each stage replaces what it owns in one transaction, so a reader, a crash or
// a kill sees the old or the new content, never a mixture. The schema is the list of files in
// schemas/store; PRAGMA user_version is the number of the newest one that was run. A handle is used
// by one thread at a time; several processes may share a file (they wait up to five seconds).
#pragma once

#include "core/err.h"
#include "core/str.h"

typedef struct cp_store cp_store;

/// Opens the store, making its folder and the file when there is none and bringing an older one up
/// to date. The caller ends with cp_store_cleanup.
///
/// Fails with CP_EFORMAT when the file is not SQLite, belongs to another program, is cut or
/// damaged, or was written by a newer cloudpack (hint: what to do); such a file is left byte for
/// byte as it is. Fails with CP_EIO when it cannot be opened, made or locked.
CP_MUST_CHECK cp_status cp_store_open(cp_store **out, cp_str path, cp_err *err);
/// Closes; what is inside an open file-digest batch is dropped. NULL is fine.
void cp_store_cleanup(cp_store **store);
/// Number of the newest migration this program knows.
unsigned cp_store_version(void);
