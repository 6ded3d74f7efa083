// intern.h - text <-> small id: equal text has the same id, ids count up from 0.
//
// Sets and maps keyed by text become arrays keyed by id. Text is copied into the table and stays
// valid, at the same address, until the table is freed.
#pragma once

#include "core/str.h"

typedef struct cp_intern cp_intern;

/// Ids are distinct from plain numbers, so that two kinds cannot be mixed up.
typedef struct cp_id {
    uint32_t i;
} cp_id;
#define CP_NO_ID ((cp_id){UINT32_MAX})

cp_intern *cp_intern_new(void);
void cp_intern_free(cp_intern *table);
void cp_intern_cleanup(cp_intern **table);
/// The id of `s`, new or known.
cp_id cp_intern_add(cp_intern *table, cp_str s);
/// The id of `s`, or CP_NO_ID when it was never added.
cp_id cp_intern_find(const cp_intern *table, cp_str s);
/// The text of an id; NUL-terminated. `id` must come from this table.
cp_str cp_intern_text(const cp_intern *table, cp_id id);
uint32_t cp_intern_count(const cp_intern *table);
