#include "core/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cp_arena_block {
    struct cp_arena_block *next;
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

enum { FIRST_BLOCK = 16 * 1024, LARGEST_BLOCK = 1024 * 1024 };

_Noreturn void cp_out_of_memory(size_t bytes) {
    (void)fprintf(stderr, "cloudpack: out of memory (asked for %zu bytes)\n", bytes);
    exit(1);
}

void *cp_xmalloc(size_t bytes) {
    void *p = malloc(bytes ? bytes : 1);
    if (!p)
        cp_out_of_memory(bytes);
    return p;
}

void *cp_xcalloc(size_t count, size_t size) {
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p)
        cp_out_of_memory(count);
    return p;
}

void *cp_xrealloc(void *old, size_t bytes) {
    void *p = realloc(old, bytes ? bytes : 1);
    if (!p)
        cp_out_of_memory(bytes);
    return p;
}

void cp_arena_cleanup(cp_arena *arena) {
    for (struct cp_arena_block *b = arena->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    *arena = (cp_arena){0};
}

static void add_block(cp_arena *arena, size_t bytes) {
    struct cp_arena_block *b = cp_xcalloc(1, sizeof *b + bytes);
    b->size = bytes;
    b->next = arena->head;
    arena->head = b;
    arena->used = 0;
}

void *cp_arena_alloc(cp_arena *arena, size_t bytes) {
    if (bytes > SIZE_MAX / 2)
        cp_out_of_memory(bytes);
    arena->total_bytes += bytes;
#ifdef CP_ARENA_MALLOC
    add_block(arena, bytes ? bytes : 1);
    return arena->head->data;
#else
    size_t align = alignof(max_align_t), need = (bytes + align - 1) / align * align;
    if (!arena->head || arena->head->size - arena->used < need) {
        size_t block = arena->head ? arena->head->size * 2 : FIRST_BLOCK;
        if (block > LARGEST_BLOCK)
            block = LARGEST_BLOCK;
        add_block(arena, block > need ? block : need);
    }
    void *p = arena->head->data + arena->used;
    arena->used += need;
    return p;
#endif
}

void *cp_arena_array(cp_arena *arena, size_t count, size_t size) {
    if (size && count > SIZE_MAX / 2 / size)
        cp_out_of_memory(SIZE_MAX);
    return cp_arena_alloc(arena, count * size);
}

cp_str cp_arena_str(cp_arena *arena, cp_str s) {
    return (cp_str){cp_arena_cstr(arena, s), s.n};
}

char *cp_arena_cstr(cp_arena *arena, cp_str s) {
    char *p = cp_arena_alloc(arena, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    return p;
}

cp_str cp_arena_fmt(cp_arena *arena, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    CP_ASSERT(n >= 0);
    char *p = cp_arena_alloc(arena, (size_t)n + 1);
    (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (cp_str){p, (size_t)n};
}
