#include "core/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

cp_str cp_str_of(const char *c) {
    return (cp_str){c ? c : "", c ? strlen(c) : 0};
}

bool cp_str_eq(cp_str a, cp_str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool cp_str_is(cp_str a, const char *b) {
    return cp_str_eq(a, cp_str_of(b));
}

int cp_str_cmp(cp_str a, cp_str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool cp_str_starts(cp_str s, cp_str prefix) {
    return s.n >= prefix.n && cp_str_eq(cp_str_sub(s, 0, prefix.n), prefix);
}

bool cp_str_ends(cp_str s, cp_str suffix) {
    return s.n >= suffix.n && cp_str_eq(cp_str_sub(s, s.n - suffix.n, s.n), suffix);
}

size_t cp_str_find(cp_str s, char c, size_t from) {
    if (from >= s.n)
        return SIZE_MAX;
    const char *hit = memchr(s.p + from, c, s.n - from);
    return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

size_t cp_str_rfind(cp_str s, char c) {
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == c)
            return i - 1;
    return SIZE_MAX;
}

size_t cp_str_search(cp_str s, cp_str needle) {
    if (needle.n == 0)
        return 0;
    const char *hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

cp_str cp_str_sub(cp_str s, size_t from, size_t to) {
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return (cp_str){s.p ? s.p + from : "", to - from};
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

cp_str cp_str_trim(cp_str s) {
    while (s.n && is_space(s.p[0]))
        s = (cp_str){s.p + 1, s.n - 1};
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

cp_str cp_str_next(cp_str *rest, char sep) {
    size_t at = cp_str_find(*rest, sep, 0);
    cp_str part = *rest;
    if (at == SIZE_MAX) {
        *rest = (cp_str){NULL, 0};
        return part;
    }
    part.n = at;
    *rest = (cp_str){rest->p + at + 1, rest->n - at - 1};
    return part;
}

bool cp_str_to_u64(uint64_t *out, cp_str s) {
    uint64_t value = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned)(s.p[i] - '0');
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return s.n > 0;
}

bool cp_str_to_double(double *out, cp_str s) {
    char text[64], *end = NULL;
    if (s.n == 0 || s.n >= sizeof text || is_space(s.p[0]))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("0123456789+-.eE", s.p[i]) || s.p[i] == '\0')
            return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = strtod(text, &end);
    return end == text + s.n && isfinite(*out);
}

bool cp_str_eq_nocase(cp_str a, cp_str b) {
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        unsigned char x = (unsigned char)a.p[i], y = (unsigned char)b.p[i];
        if (x >= 'A' && x <= 'Z')
            x = (unsigned char)(x + 32);
        if (y >= 'A' && y <= 'Z')
            y = (unsigned char)(y + 32);
        if (x != y)
            return false;
    }
    return true;
}

size_t cp_str_distance(cp_str a, cp_str b) {
    enum { LONGEST = 64 };
    size_t row[LONGEST + 1];
    if (a.n > LONGEST || b.n > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t best = diagonal + (a.p[i - 1] != b.p[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b.n];
}
