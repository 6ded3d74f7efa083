// json_scan.h - strict checking of JSON text before cJSON sees it (private to lib/data).
#pragma once

#include "core/buf.h"

/// First byte of a string that stands for a number which a double cannot hold exactly (an integer
/// of more than 15 digits) or which cJSON would cut (over 60 characters). C1 never occurs in UTF-8.
#define CP_JSON_RAW_NUMBER '\xC1'

/// Checks that `text` is one JSON value (RFC 8259: nothing lenient, valid UTF-8, nesting at most
/// 200, numbers within the range of a double) and appends an equivalent to `safe` that cJSON reads
/// without loss: U+0000 and lone surrogates as in json_text.h, numbers as above.
/// Fails with CP_EFORMAT: "NAME:LINE:COL: what is wrong".
CP_MUST_CHECK cp_status cp_json_scan(cp_buf *safe, cp_str text, const char *name, cp_err *err);
