// keys.h - keys.def as a table (private to lib/config; the command line reads it through config.h).
#pragma once

#include "config/config.h"

typedef enum cp_key_kind {
    CP_KEY_TEXT,      ///< cp_str: anything on one line
    CP_KEY_WORD,      ///< cp_str: letters, digits, '.', '-', '_'
    CP_KEY_COUNT,     ///< uint64_t
    CP_KEY_REAL,      ///< double, exponent allowed
    CP_KEY_DURATION,  ///< double, ms
    CP_KEY_MONEY,     ///< double, USD a month
    CP_KEY_RATE,      ///< double, a month
    CP_KEY_BYTES,     ///< uint64_t
    CP_KEY_MEMORY,    ///< uint64_t, MB
    CP_KEY_S3URL,     ///< cp_str: s3://bucket[/prefix]
    CP_KEY_MOUNTPATH, ///< cp_str: /mnt/name, as Lambda wants it
    CP_KEY_LIST,      ///< cp_config_list
} cp_key_kind;

typedef struct cp_key_row {
    const char *path;
    cp_key_kind kind;
    size_t offset; ///< in cp_config
    double min, max;
    const char *choices, *initial, *example, *help;
} cp_key_row;

extern const cp_key_row cp_keys[];
extern const size_t cp_key_count;

/// Position of the row, '-' and '_' being the same, or SIZE_MAX.
size_t cp_key_find(cp_str path);
/// The path nearest to `path` by edit distance or as a beginning of one another; NULL when none is
/// near.
const char *cp_key_nearest(cp_str path);
/// CP_EUSAGE: "origin: unknown key "x"", with the nearest key as hint.
cp_status cp_key_unknown(cp_str path, const char *origin, cp_err *err);
/// Sets the field from `values` (one for all kinds but LIST). Texts are copied into `arena`, or
/// borrowed when it is NULL. Fails with CP_EUSAGE; messages start with the path.
CP_MUST_CHECK cp_status cp_key_set(cp_config *config, size_t key, const cp_str *values,
                                   size_t count, cp_arena *arena, cp_err *err);
