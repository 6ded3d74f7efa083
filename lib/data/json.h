// json.h - reading JSON documents: bounded, with places in the messages, never a crash on foreign
// bytes.
//
// A thin layer over cJSON. Numbers are doubles, so integers are exact up to 2^53; larger ones are
// refused by the integer getters, but compare and print exactly. U+0000 inside a string reads as
// the bytes C0 80 and a lone surrogate as three bytes ED xx xx, neither of which valid UTF-8 has.
// Every getter takes a NULL node and then behaves as for an absent key, so that look-ups chain.
#pragma once

#include "core/arena.h"

typedef struct cp_json_doc cp_json_doc; ///< owns the tree; end with cp_json_doc_cleanup
typedef struct cp_json cp_json;         ///< a node, borrowed from its document

/// Parses all of `text` (at most `max_bytes`; nesting at most 200). `name` is what messages call
/// it. Fails with CP_EFORMAT: "NAME:LINE:COL: ...".
CP_MUST_CHECK cp_status cp_json_parse(cp_json_doc **out, cp_str text, size_t max_bytes,
                                      const char *name, cp_err *err);
void cp_json_doc_cleanup(cp_json_doc **doc);
const cp_json *cp_json_root(const cp_json_doc *doc);

/// Member `key` of an object (case-sensitive, the first of that name), or NULL.
const cp_json *cp_json_get(const cp_json *object, const char *key);
/// Iterating arrays and objects: `for (n = cp_json_first(a); n; n = cp_json_next(n))`. cp_json_key
/// names the current member.
const cp_json *cp_json_first(const cp_json *container);
const cp_json *cp_json_next(const cp_json *node);
cp_str cp_json_key(const cp_json *node);
/// Number of elements or members; 0 for anything else. Linear.
size_t cp_json_count(const cp_json *container);

bool cp_json_is_object(const cp_json *node);
bool cp_json_is_array(const cp_json *node);
bool cp_json_is_string(const cp_json *node);
bool cp_json_is_number(const cp_json *node);
bool cp_json_is_bool(const cp_json *node);
bool cp_json_is_null(const cp_json *node); ///< the literal null; false for a NULL node

/// The value, or the fallback when absent or of another type.
cp_str cp_json_str(const cp_json *node); ///< fallback: empty
double cp_json_num(const cp_json *node, double fallback);
bool cp_json_bool(const cp_json *node, bool fallback);

/// Required members of `object`. Fail with CP_EFORMAT naming `where` and the key, what was expected
/// and what is there.
CP_MUST_CHECK cp_status cp_json_need_str(cp_str *out, const cp_json *object, const char *key,
                                         const char *where, cp_err *err);
CP_MUST_CHECK cp_status cp_json_need_num(double *out, const cp_json *object, const char *key,
                                         const char *where, cp_err *err);
/// A whole number in [0, 2^53].
CP_MUST_CHECK cp_status cp_json_need_u64(uint64_t *out, const cp_json *object, const char *key,
                                         const char *where, cp_err *err);
CP_MUST_CHECK cp_status cp_json_need_array(const cp_json **out, const cp_json *object,
                                           const char *key, const char *where, cp_err *err);

/// Deep equality of two values with numbers equal within `rel` (relative) or both integers
/// identical. On a difference returns false and sets `pointer` (RFC 6901, in the arena) to the
/// first place that differs. Used by verify.
bool cp_json_equal(const cp_json *a, const cp_json *b, double rel, cp_str *pointer,
                   cp_arena *arena);
/// The node as compact JSON text, in the arena.
cp_str cp_json_text(const cp_json *node, cp_arena *arena);
