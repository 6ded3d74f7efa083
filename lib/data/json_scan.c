// json_scan.c - a recursive-descent recogniser that copies what it accepts.
//
// cJSON alone takes "01", raw control bytes and invalid UTF-8, cuts strings at \u0000 and long
// numbers at 63 characters, and says neither line nor column. So the text is checked here first,
// and what cJSON cannot hold is rewritten into forms that it can.
#include "data/json_scan.h"

#include "core/arena.h"
#include "data/json_text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 200, EXACT_DIGITS = 15, CJSON_NUMBER_MAX = 60 };

typedef struct scan {
    cp_str text;
    size_t at;
    unsigned depth;
    const char *name;
    cp_buf *safe;
    cp_err *err;
} scan;

// Columns count characters, from 1.
static cp_status fail_at(scan *s, size_t at, const char *what) {
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < at && i < s->text.n; i++) {
        if (s->text.p[i] == '\n')
            line++, column = 1;
        else if (((unsigned char)s->text.p[i] & 0xC0) != 0x80)
            column++;
    }
    return cp_fail(s->err, CP_EFORMAT, "%s:%u:%u: %s", s->name, line, column, what);
}

// The current byte, or -1 at the end.
static int peek(const scan *s) {
    return s->at < s->text.n ? (unsigned char)s->text.p[s->at] : -1;
}

static void skip_space(scan *s) {
    for (int c; (c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r';)
        s->at++;
}

static bool take(scan *s, char c) {
    if (peek(s) != c)
        return false;
    s->at++;
    cp_buf_add_c(s->safe, c);
    return true;
}

static bool digits(scan *s) {
    size_t from = s->at;
    while (isdigit(peek(s)))
        s->at++;
    return s->at > from;
}

// Copies the accepted number [from, at) as it is or as a raw-number string.
static cp_status put_number(scan *s, size_t from, bool integer) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_str text = cp_str_sub(s->text, from, s->at);
    if (!isfinite(strtod(cp_arena_cstr(&arena, text), NULL)))
        return fail_at(s, from, "this number is larger than a double can be (1.8e308)");
    bool exact = !integer || text.n - (text.p[0] == '-') <= EXACT_DIGITS;
    if (exact && text.n <= CJSON_NUMBER_MAX) {
        cp_buf_add(s->safe, text);
        return CP_OK;
    }
    cp_buf_add_c(s->safe, '"');
    cp_buf_add_c(s->safe, CP_JSON_RAW_NUMBER);
    cp_buf_add(s->safe, text);
    cp_buf_add_c(s->safe, '"');
    return CP_OK;
}

static cp_status number(scan *s) {
    size_t from = s->at;
    bool integer = true;
    if (peek(s) == '-')
        s->at++;
    if (peek(s) == '0') {
        s->at++;
        if (isdigit(peek(s)))
            return fail_at(s, from, "a number must not start with 0");
    } else if (!digits(s)) {
        return fail_at(s, from, "expected a number after '-'");
    }
    if (peek(s) == '.') {
        integer = false;
        s->at++;
        if (!digits(s))
            return fail_at(s, s->at, "expected a digit after the decimal point");
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        integer = false;
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        if (!digits(s))
            return fail_at(s, s->at, "expected a digit in the exponent");
    }
    return put_number(s, from, integer);
}

// The four hexadecimal digits at `at`, or -1.
static int hex4(const scan *s, size_t at) {
    int value = 0;
    for (size_t i = 0; i < 4; i++) {
        int c = at + i < s->text.n ? (unsigned char)s->text.p[at + i] : 0;
        if (!isxdigit(c))
            return -1;
        value = value * 16 + (isdigit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

// After "\u". A pair is copied; what UTF-8 has no bytes for is written as a mark.
static cp_status unicode_escape(scan *s, size_t from) {
    int unit = hex4(s, s->at);
    if (unit < 0)
        return fail_at(s, from, "\\u must be followed by four hexadecimal digits");
    s->at += 4;
    int second = -1;
    if (unit >= 0xD800 && unit < 0xDC00 &&
        cp_str_starts(cp_str_sub(s->text, s->at, s->text.n), CP_STR("\\u")))
        second = hex4(s, s->at + 2);
    if (second >= 0xDC00 && second < 0xE000) {
        s->at += 6;
        cp_buf_add(s->safe, cp_str_sub(s->text, from, s->at));
    } else if (unit == 0) {
        cp_buf_add(s->safe, CP_STR("\xC0\x80"));
    } else if (unit >= 0xD800 && unit < 0xE000) {
        const char mark[] = {(char)0xED, (char)(0x80 | ((unit >> 6) & 0x3F)),
                             (char)(0x80 | (unit & 0x3F))};
        cp_buf_add(s->safe, (cp_str){mark, sizeof mark});
    } else {
        cp_buf_add(s->safe, cp_str_sub(s->text, from, s->at));
    }
    return CP_OK;
}

static cp_status escape(scan *s) {
    size_t from = s->at++;
    int c = peek(s);
    if (c < 0)
        return fail_at(s, s->at, "the text ends inside a string");
    s->at++;
    if (c == 'u')
        return unicode_escape(s, from);
    if (c == 0 || !strchr("\"\\/bfnrt", c))
        return fail_at(s, from, "unknown escape in a string");
    cp_buf_add(s->safe, cp_str_sub(s->text, from, s->at));
    return CP_OK;
}

static cp_status string(scan *s) {
    if (!take(s, '"'))
        return fail_at(s, s->at, "expected a string in double quotes");
    while (!take(s, '"')) {
        int c = peek(s);
        if (c < 0)
            return fail_at(s, s->at, "the text ends inside a string");
        if (c < 0x20)
            return fail_at(s, s->at, "a control character in a string must be escaped");
        if (c == '\\') {
            CP_TRY(escape(s));
            continue;
        }
        size_t length = cp_utf8_length(s->text, s->at);
        if (length == 0)
            return fail_at(s, s->at, "not valid UTF-8");
        cp_buf_add(s->safe, cp_str_sub(s->text, s->at, s->at + length));
        s->at += length;
    }
    return CP_OK;
}

static cp_status value(scan *s);

static cp_status member(scan *s) {
    CP_TRY(string(s));
    skip_space(s);
    if (!take(s, ':'))
        return fail_at(s, s->at, "expected ':' after the key");
    return value(s);
}

static cp_status container(scan *s, char closer, cp_status (*item)(scan *)) {
    if (++s->depth > MAX_DEPTH)
        return fail_at(s, s->at - 1, "nested deeper than 200 levels");
    skip_space(s);
    bool done = take(s, closer);
    while (!done) {
        skip_space(s);
        CP_TRY(item(s));
        skip_space(s);
        done = take(s, closer);
        if (!done && !take(s, ','))
            return fail_at(s, s->at, closer == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
    }
    s->depth--;
    return CP_OK;
}

static bool word(scan *s, cp_str literal) {
    if (!cp_str_starts(cp_str_sub(s->text, s->at, s->text.n), literal))
        return false;
    s->at += literal.n;
    cp_buf_add(s->safe, literal);
    return true;
}

static cp_status value(scan *s) {
    skip_space(s);
    int c = peek(s);
    if (c == '{' || c == '[') {
        (void)take(s, (char)c);
        return c == '{' ? container(s, '}', member) : container(s, ']', value);
    }
    if (c == '"')
        return string(s);
    if (c == '-' || isdigit(c))
        return number(s);
    if (word(s, CP_STR("true")) || word(s, CP_STR("false")) || word(s, CP_STR("null")))
        return CP_OK;
    return fail_at(s, s->at, c < 0 ? "expected a value, the text ends" : "expected a value");
}

cp_status cp_json_scan(cp_buf *safe, cp_str text, const char *name, cp_err *err) {
    scan s = {.text = text, .name = name, .safe = safe, .err = err};
    CP_TRY(value(&s));
    skip_space(&s);
    if (s.at < text.n)
        return fail_at(&s, s.at, "nothing may follow the value");
    return CP_OK;
}
