// json_text.h - the leaves of JSON text: strings and numbers, shared by both writers (private to
// lib/data).
//
// Inside a parsed document a string may hold two things that UTF-8 has no bytes for: U+0000, kept
// as C0 80, and lone surrogates, kept as ED A0..BF xx. Neither can come from valid UTF-8, so
// nothing else looks like them, and such documents are written back unchanged.
#pragma once

#include "core/buf.h"

/// Bytes of the well-formed UTF-8 sequence (RFC 3629) at offset `at`, 1..4; 0 when it is not one.
size_t cp_utf8_length(cp_str s, size_t at);
/// `s` as a quoted JSON string. With `marks` the two forms above become \u0000 and \udXXX; all
/// other invalid bytes, and these too without `marks`, become U+FFFD.
void cp_json_add_string(cp_buf *buf, cp_str s, bool marks);
/// The shortest decimal that reads back as the same double; null for NaN and infinities.
void cp_json_add_number(cp_buf *buf, double value);
