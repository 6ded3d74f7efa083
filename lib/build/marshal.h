// marshal.h - one form for equal bytecode.
//
// CPython's marshal writes a "may be referred to" flag (FLAG_REF) on every object that something in
// the compiling process happened to hold, so the same source gives different bytes from one process
// to the next (bpo-34033). The canonical form keeps the flag where a reference follows and nowhere
// else, numbers the references anew, interns one-character strings (the interpreter shares those
// anyway) and sorts the elements of frozensets, whose order comes from the hash seed and the flags.
//
// A stream, as CPython 3.10 to 3.14 write it for code objects (version 4; little-endian):
//
//   object = type byte | 0x80 when flagged, then by type
//     N F T . S        None, False, True, Ellipsis, StopIteration   nothing; the flag means nothing
//     i                int32                                        l  int32 n, |n| 15-bit digits
//     g, y             8, 16 bytes of IEEE double                   s  int32 n, n bytes
//     z Z              byte n, n ASCII bytes (Z: interned)          a A  the same with int32 n
//     u t              int32 n, n bytes of UTF-8 (t: interned)
//     )  (  >          small tuple (byte n), tuple, frozenset (int32 n), then n objects
//     :                slice (3.14): 3 objects
//     c                code, 3.10: 6 int32, 8 objects, int32 first line, 1 object
//                      code, 3.11 on: 5 int32, 8 objects, int32 first line, 2 objects
//     r                int32: the n-th flagged object, counted where objects start
#pragma once

#include "core/buf.h"

/// A file name to put in place of another one: every string of the stream that equals `from` is
/// written as `to`. Both empty: none. This is how bytecode compiled once is placed anywhere.
typedef struct cp_marshal_rename {
    cp_str from, to;
} cp_marshal_rename;

/// Appends the canonical form of `in` to `out`, for CPython 3.`minor`. Loading it gives a code
/// object equal to that of `in` (apart from the file name). The canonical form of a canonical form
/// is itself.
///
/// Fails with CP_EFORMAT, naming the byte offset, for anything that is not one object of the types
/// above (lists, dicts and text floats are not in code objects), is nested more than 500 deep, or
/// contains itself; `out` may then hold a part.
CP_MUST_CHECK cp_status cp_marshal_canonical(cp_buf *out, cp_str in, unsigned minor,
                                             cp_marshal_rename rename, cp_err *err);
