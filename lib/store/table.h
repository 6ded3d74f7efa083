// table.h - arrays of structs as tables, one row an element (private to lib/store).
//
// Each table names how one element is put into a row and taken out of it again, side by side. The
// first column is the position in the array (after the scope column, if there is one).
#pragma once

#include "store/db.h"

/// How far indexes may go while reading: the counts of the arrays they point into.
typedef struct cp_limits {
    uint32_t files, modules, distributions, assets;
} cp_limits;

typedef struct cp_table {
    const char *name;
    const char *scope; ///< column that tells several arrays apart ("plan"), or NULL
    const char *id;    ///< column with the position
    int columns;       ///< with id and scope
    size_t size;       ///< of one element
    void (*put)(cp_query *q, const void *row);
    void (*take)(cp_query *q, void *row, const cp_limits *limits, cp_arena *arena);
} cp_table;

/// Inserts all elements.
CP_MUST_CHECK cp_status cp_table_write(cp_store *store, const cp_table *table, int64_t scope,
                                       const void *rows, uint32_t count, cp_err *err);
/// Number of elements in the store.
CP_MUST_CHECK cp_status cp_table_count(uint32_t *out, cp_store *store, const cp_table *table,
                                       int64_t scope, cp_err *err);
/// Reads `count` elements into the arena. Fails with CP_EFORMAT when positions have holes, or a
/// value is not one that `put` could have written.
CP_MUST_CHECK cp_status cp_table_read(void **out, cp_store *store, const cp_table *table,
                                      int64_t scope, uint32_t count, const cp_limits *limits,
                                      cp_arena *arena, cp_err *err);

/// A list of numbers for each element of an array: (scope,) owner, position, value.
typedef struct cp_lists {
    const char *name, *scope, *owner, *value;
    /// The list of element `owner`; `*count` says how long it is.
    const uint32_t *(*get)(const void *rows, uint32_t owner, uint32_t *count);
    void (*set)(void *rows, uint32_t owner, const uint32_t *list, uint32_t count);
} cp_lists;

CP_MUST_CHECK cp_status cp_lists_write(cp_store *store, const cp_lists *lists, int64_t scope,
                                       const void *rows, uint32_t count, cp_err *err);
/// Sets the lists of the `count` elements of `rows`; values are below `limit`.
CP_MUST_CHECK cp_status cp_lists_read(cp_store *store, const cp_lists *lists, int64_t scope,
                                      void *rows, uint32_t count, uint32_t limit, cp_arena *arena,
                                      cp_err *err);
