#include "core/buf.h"

#include "core/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MAX = 1 << 30 };

void cp_buf_cleanup(cp_buf *buf) {
    free(buf->p);
    *buf = (cp_buf){.max = buf->max};
}

void cp_buf_clear(cp_buf *buf) {
    buf->n = 0;
    buf->over = false;
    if (buf->p)
        buf->p[0] = '\0';
}

static bool reserve(cp_buf *buf, size_t more) {
    size_t max = buf->max ? buf->max : DEFAULT_MAX;
    if (more > max || buf->n > max - more) {
        buf->over = true;
        return false;
    }
    if (buf->cap < buf->n + more + 1) {
        size_t cap = buf->cap ? buf->cap * 2 : 256;
        while (cap < buf->n + more + 1)
            cap *= 2;
        buf->p = cp_xrealloc(buf->p, cap);
        buf->cap = cap;
    }
    return true;
}

void cp_buf_add(cp_buf *buf, cp_str s) {
    if (!reserve(buf, s.n))
        return;
    if (s.n)
        memcpy(buf->p + buf->n, s.p, s.n);
    buf->n += s.n;
    buf->p[buf->n] = '\0';
}

void cp_buf_add_c(cp_buf *buf, char c) {
    cp_buf_add(buf, (cp_str){&c, 1});
}

void cp_buf_addf(cp_buf *buf, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    CP_ASSERT(n >= 0);
    if (reserve(buf, (size_t)n)) {
        (void)vsnprintf(buf->p + buf->n, (size_t)n + 1, fmt, again);
        buf->n += (size_t)n;
    }
    va_end(again);
}

static void add_le(cp_buf *buf, uint64_t v, size_t bytes) {
    char le[8];
    for (size_t i = 0; i < bytes; i++)
        le[i] = (char)(unsigned char)(v >> (8 * i));
    cp_buf_add(buf, (cp_str){le, bytes});
}

void cp_buf_add_u16(cp_buf *buf, uint16_t v) {
    add_le(buf, v, 2);
}

void cp_buf_add_u32(cp_buf *buf, uint32_t v) {
    add_le(buf, v, 4);
}

void cp_buf_add_u64(cp_buf *buf, uint64_t v) {
    add_le(buf, v, 8);
}

cp_str cp_buf_str(const cp_buf *buf) {
    return (cp_str){buf->p ? buf->p : "", buf->n};
}
