// jsonw.h - writing JSON: valid by construction, byte-stable, shortest numbers that read back the
// same.
//
// Members come out in the order they are written, so callers write them in a fixed order. With
// `indent` 0 the text is compact, else pretty. Wrong nesting is a bug of ours and ends the process.
#pragma once

#include "core/buf.h"

typedef struct cp_jsonw {
    cp_buf *buf;
    unsigned indent; ///< spaces a level; 0 = compact
    unsigned depth;
    bool need_comma;
    char closers[64];
} cp_jsonw;

/// Start with `cp_jsonw w = {.buf = &buf, .indent = 2};`. `key` is NULL inside arrays and at the
/// top.
void cp_jsonw_object(cp_jsonw *w, const char *key);
void cp_jsonw_array(cp_jsonw *w, const char *key);
/// Closes the innermost object or array; after the outermost one a line feed follows when pretty.
void cp_jsonw_end(cp_jsonw *w);
/// Invalid UTF-8 is written as U+FFFD.
void cp_jsonw_str(cp_jsonw *w, const char *key, cp_str value);
void cp_jsonw_u64(cp_jsonw *w, const char *key, uint64_t value);
void cp_jsonw_i64(cp_jsonw *w, const char *key, int64_t value);
/// Shortest decimal that reads back as the same double; NaN and infinities are written as null.
void cp_jsonw_num(cp_jsonw *w, const char *key, double value);
/// A number rounded to `decimals` places (for ms and USD meant for people and byte-stable plans).
void cp_jsonw_fixed(cp_jsonw *w, const char *key, double value, unsigned decimals);
void cp_jsonw_bool(cp_jsonw *w, const char *key, bool value);
void cp_jsonw_null(cp_jsonw *w, const char *key);
/// `json` is copied as it is: the caller knows that it is one valid value.
void cp_jsonw_raw(cp_jsonw *w, const char *key, cp_str json);
