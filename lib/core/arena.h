// arena.h - memory that is freed all at once: one arena for the result of one stage.
//
// Allocation cannot fail: running out of memory ends the process with a message. Sizes that come
// from input must be bounded before they get here. With CP_ARENA_MALLOC each piece is its own
// malloc, so that AddressSanitizer sees overruns between pieces.
#pragma once

#include "core/err.h"
#include "core/str.h"

#include <stddef.h>

/// Start with `cp_arena a = {0};`, end with cp_arena_cleanup (or CP_AUTOV).
typedef struct cp_arena {
    struct cp_arena_block *head;
    size_t used;        ///< bytes handed out of the head block
    size_t total_bytes; ///< bytes handed out since the start
} cp_arena;

/// Frees everything; the arena is empty and usable again.
void cp_arena_cleanup(cp_arena *arena);

/// `bytes` of zeroed memory, aligned for any type; never NULL. Zero bytes gives a valid pointer.
void *cp_arena_alloc(cp_arena *arena, size_t bytes);
/// `count` zeroed elements; ends the process when the product overflows.
void *cp_arena_array(cp_arena *arena, size_t count, size_t size);
#define CP_ARENA_NEW(arena, T) ((T *)cp_arena_alloc((arena), sizeof(T)))
#define CP_ARENA_ARRAY(arena, T, count) ((T *)cp_arena_array((arena), (count), sizeof(T)))

/// A copy of `s` that is followed by a NUL, so `.p` may be handed to C functions.
cp_str cp_arena_str(cp_arena *arena, cp_str s);
/// The same as a C string.
char *cp_arena_cstr(cp_arena *arena, cp_str s);
/// printf into the arena; NUL-terminated.
cp_str cp_arena_fmt(cp_arena *arena, const char *fmt, ...) CP_PRINTF(2, 3);

/// malloc, realloc and calloc that end the process instead of returning NULL; for handles and
/// vectors.
void *cp_xmalloc(size_t bytes);
void *cp_xcalloc(size_t count, size_t size);
void *cp_xrealloc(void *old, size_t bytes);
/// Ends the process: out of memory while asking for `bytes`.
_Noreturn void cp_out_of_memory(size_t bytes);
