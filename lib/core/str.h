// str.h - a borrowed piece of text or bytes: pointer and length, not NUL-terminated.
//
// The only string parameter type of the house; C strings appear at the borders to the operating
// system and the libraries. A cp_str never owns: it lives as long as what it points into (an arena,
// a mapped file, a literal).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cp_str {
    const char *p;
    size_t n;
} cp_str;

/// For printf: `printf("%.*s", CP_STR_ARG(s))`.
#define CP_STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""
/// A literal as a cp_str; usable in initialisers.
#define CP_LIT(lit)                                                                                \
    { "" lit, sizeof(lit) - 1 }
/// A literal as an expression.
#define CP_STR(lit) ((cp_str)CP_LIT(lit))

/// Borrows a C string; NULL gives the empty string.
cp_str cp_str_of(const char *c);
/// Same bytes.
bool cp_str_eq(cp_str a, cp_str b);
/// Same bytes as the C string.
bool cp_str_is(cp_str a, const char *b);
/// Byte order, shorter first; as qsort wants it.
int cp_str_cmp(cp_str a, cp_str b);
bool cp_str_starts(cp_str s, cp_str prefix);
bool cp_str_ends(cp_str s, cp_str suffix);
/// Offset of the first `c` at or after `from`, or SIZE_MAX.
size_t cp_str_find(cp_str s, char c, size_t from);
/// Offset of the last `c`, or SIZE_MAX.
size_t cp_str_rfind(cp_str s, char c);
/// Offset of the first occurrence of `needle`, or SIZE_MAX; the empty needle is found at 0.
size_t cp_str_search(cp_str s, cp_str needle);
/// [from, to), both clamped to the length.
cp_str cp_str_sub(cp_str s, size_t from, size_t to);
/// Without leading and trailing spaces, tabs, CR and LF.
cp_str cp_str_trim(cp_str s);
/// Cuts `*rest` at the first `sep`: returns what is before it and leaves what is after it. When
/// there is no `sep`, returns everything and leaves `rest->p` NULL. Loop: `while (rest.p) { cp_str
/// part = cp_str_next(&rest, ','); }`
cp_str cp_str_next(cp_str *rest, char sep);
/// Decimal digits only, no sign, no space; false when empty, not a number or over UINT64_MAX.
bool cp_str_to_u64(uint64_t *out, cp_str s);
/// A finite decimal number, all of `s`, in the C locale; false otherwise.
bool cp_str_to_double(double *out, cp_str s);
/// Case-insensitive for ASCII letters.
bool cp_str_eq_nocase(cp_str a, cp_str b);
/// Levenshtein distance of two short texts; longer than 64 bytes counts as far apart (SIZE_MAX).
size_t cp_str_distance(cp_str a, cp_str b);
