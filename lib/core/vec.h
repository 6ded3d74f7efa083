// vec.h - a growing array of any type; the only container besides ids, bitsets and arenas.
//
//     CP_VEC(cp_str) names = {0};
//     cp_vec_push(&names, name);
//     for (size_t i = 0; i < names.n; i++) use(names.v[i]);
//     cp_vec_free(&names);
#pragma once

#include "core/arena.h"

#include <stdlib.h>
#include <string.h>

#define CP_VEC(T)                                                                                  \
    struct {                                                                                       \
        T *v;                                                                                      \
        size_t n, cap;                                                                             \
    }

/// Appends one element (an expression; evaluated once).
#define cp_vec_push(vec, ...)                                                                      \
    do {                                                                                           \
        if ((vec)->n == (vec)->cap) {                                                              \
            (vec)->cap = (vec)->cap ? (vec)->cap * 2 : 16;                                         \
            (vec)->v = cp_xrealloc((vec)->v, (vec)->cap * sizeof *(vec)->v);                       \
        }                                                                                          \
        (vec)->v[(vec)->n++] = (__VA_ARGS__);                                                      \
    } while (0)

/// Frees the storage and empties the vector.
#define cp_vec_free(vec) (free((vec)->v), (vec)->v = NULL, (vec)->n = 0, (vec)->cap = 0)

/// Copies the elements into `arena`; the result is NULL-free even when empty.
#define cp_vec_to_arena(vec, arena)                                                                \
    ((vec)->n ? memcpy(cp_arena_array((arena), (vec)->n, sizeof *(vec)->v), (vec)->v,              \
                       (vec)->n * sizeof *(vec)->v)                                                \
              : cp_arena_alloc((arena), 0))
