// yaml.h - reading a small YAML file into a tree that knows where everything stood.
//
// For configuration written by people: every scalar stays text ("no" is not false, 3.10 is
// not 3.1); its reader knows which type it wants. What makes YAML surprising is refused with its
// place: anchors, aliases, tags, merge keys by alias, several documents, duplicate keys, keys that
// are not scalars.
#pragma once

#include "core/arena.h"

typedef enum cp_yaml_kind { CP_YAML_SCALAR, CP_YAML_LIST, CP_YAML_MAP } cp_yaml_kind;

/// A node. Lines and columns count from 1, columns in characters.
typedef struct cp_yaml {
    cp_yaml_kind kind;
    cp_str text; ///< of a scalar, NUL-terminated; empty for the others
    bool plain;  ///< a scalar without quotes
    uint32_t line, column;
    cp_str key; ///< inside a map: its key; else empty
    uint32_t key_line, key_column;
    const struct cp_yaml *first; ///< of a list or map
    const struct cp_yaml *next;  ///< sibling
    uint32_t count;              ///< items or members
} cp_yaml;

/// Limits of cp_yaml_parse.
enum { CP_YAML_MAX_BYTES = 1 << 20, CP_YAML_MAX_DEPTH = 32, CP_YAML_MAX_NODES = 20000 };

/// Parses one document; an empty one is an empty map. The tree lives in `arena`. `name` is what
/// messages call the file. Fails with CP_EFORMAT: "NAME:LINE:COL: ...", with a hint where there is
/// a usual cause.
CP_MUST_CHECK cp_status cp_yaml_parse(const cp_yaml **out, cp_str text, const char *name,
                                      cp_arena *arena, cp_err *err);
/// Member `key` of a map, or NULL (also for NULL and for other kinds).
const cp_yaml *cp_yaml_get(const cp_yaml *map, const char *key);
/// True for an empty plain scalar, `~` or `null`: a key without a value.
bool cp_yaml_is_empty(const cp_yaml *node);
