// compare.h - two answers of a function, field by field.
#pragma once

#include "profile/cold.h"

/// One place where two answers differ. Texts in the arena; values as JSON, cut at 200 bytes.
typedef struct cp_difference {
    cp_str event;
    cp_str field;         ///< JSON pointer (RFC 6901); "" = the whole answer
    cp_str expected, got; ///< "(absent)" for a missing member
} cp_difference;

enum { CP_DIFFERENCES = 100 };

typedef struct cp_differences {
    cp_difference v[CP_DIFFERENCES];
    size_t n;
    bool more; ///< there were more than fit
} cp_differences;

/// Adds what differs between `expected` and `got` for that event: results member by member, with
/// numbers equal within the event's tolerance; errors by type and message; outcomes by kind.
/// Pointers in the event's `ignore` (and all below them) are not compared.
void cp_compare(cp_differences *out, const cp_test_event *event, const cp_run_answer *expected,
                const cp_run_answer *got, cp_arena *arena);
