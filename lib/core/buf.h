// buf.h - text or bytes being built, with a maximum that is set at the start.
//
// Appending never fails by itself: going over the maximum drops the bytes and sets `over`, which
// whoever feeds foreign data into a buffer must look at before using the result.
#pragma once

#include "core/err.h"
#include "core/str.h"

typedef struct cp_buf {
    char *p; ///< always NUL-terminated once something was appended; NULL before
    size_t n, cap;
    size_t max; ///< most bytes it will hold; 0 = 1 GiB
    bool over;  ///< something was dropped
} cp_buf;

/// Frees the bytes; the buffer is empty and usable again (`max` is kept).
void cp_buf_cleanup(cp_buf *buf);
/// Empties the buffer and keeps its memory.
void cp_buf_clear(cp_buf *buf);
void cp_buf_add(cp_buf *buf, cp_str s);
void cp_buf_add_c(cp_buf *buf, char c);
void cp_buf_addf(cp_buf *buf, const char *fmt, ...) CP_PRINTF(2, 3);
/// Little-endian integers, for the binary formats.
void cp_buf_add_u16(cp_buf *buf, uint16_t v);
void cp_buf_add_u32(cp_buf *buf, uint32_t v);
void cp_buf_add_u64(cp_buf *buf, uint64_t v);
/// Borrows what is in the buffer.
cp_str cp_buf_str(const cp_buf *buf);
