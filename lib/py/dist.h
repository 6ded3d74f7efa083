// dist.h - the metadata of an installed distribution: its .dist-info folder.
//
// All texts are foreign: rows are bounded by the size of the file, and paths are handed out as they
// stand there; who joins them to a root asks cp_path_is_safe first (RECORD may say "../../bin/x").
#pragma once

#include "core/arena.h"

/// The `Name` and `Version` of METADATA (core metadata: RFC 822 headers up to the first empty
/// line). Empty when absent. `*name` is as written; both borrow from `text`.
void cp_py_metadata(cp_str *name, cp_str *version, cp_str text);

/// The distributions that `Requires-Dist` asks for without an extra, normalised, in `arena`. Other
/// markers (python_version, platform) are not looked at.
void cp_py_requires(const cp_str **out, size_t *count, cp_str text, cp_arena *arena);

/// One line of RECORD.
typedef struct cp_py_record_row {
    cp_str path;
    cp_str hash;    ///< "sha256=..." (urlsafe base64 without padding), or empty
    uint64_t bytes; ///< 0 when absent
} cp_py_record_row;

/// The rows of RECORD (CSV with three fields, PEP 376 and 427), in `arena`.
/// Fails with CP_EFORMAT and the line for an unclosed quote, a row that has not three fields, or a
/// size that is no number.
CP_MUST_CHECK cp_status cp_py_record(const cp_py_record_row **out, size_t *count, cp_str text,
                                     cp_arena *arena, cp_err *err);

/// One line of entry_points.txt: [group] name = value.
typedef struct cp_py_entry_point {
    cp_str group, name, value; ///< borrow from the text
} cp_py_entry_point;

/// The entries of entry_points.txt, in `arena`; lines that are none are passed over, as Python
/// does.
void cp_py_entry_points(const cp_py_entry_point **out, size_t *count, cp_str text, cp_arena *arena);

/// The `Tag:` lines of WHEEL ("cp311-cp311-manylinux_2_17_x86_64"), borrowing from `text`.
void cp_py_wheel_tags(const cp_str **out, size_t *count, cp_str text, cp_arena *arena);

/// Whether a wheel with that tag runs on CPython `python` ("3.11") on Linux `arch` ("x86_64",
/// "arm64") with glibc. An unreadable tag does not.
bool cp_py_tag_fits(cp_str tag, cp_str python, cp_str arch);
