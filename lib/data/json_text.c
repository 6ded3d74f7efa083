#include "data/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_tail(cp_str s, size_t at) {
    return at < s.n && ((unsigned char)s.p[at] & 0xC0) == 0x80;
}

// The second byte of E0, ED, F0 and F4 sequences has a narrower range: no overlong forms, no
// surrogates, nothing above U+10FFFF.
static bool second_fits(unsigned char lead, unsigned char second) {
    switch (lead) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second < 0xA0;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second < 0x90;
    default:
        return true;
    }
}

size_t cp_utf8_length(cp_str s, size_t at) {
    if (at >= s.n)
        return 0;
    unsigned char lead = (unsigned char)s.p[at];
    if (lead < 0x80)
        return 1;
    size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if (!is_tail(s, at + i))
            return 0;
    if (length && !second_fits(lead, (unsigned char)s.p[at + 1]))
        return 0;
    return length;
}

static void add_ascii(cp_buf *buf, char c) {
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i + 1 < sizeof shorts; i += 2) {
        if (shorts[i] == c) {
            cp_buf_add_c(buf, '\\');
            cp_buf_add_c(buf, shorts[i + 1]);
            return;
        }
    }
    if ((unsigned char)c < 0x20)
        cp_buf_addf(buf, "\\u%04x", (unsigned)c);
    else
        cp_buf_add_c(buf, c);
}

// Writes a mark at `at` and returns its length, or 0 when there is none.
static size_t add_mark(cp_buf *buf, cp_str s, size_t at) {
    unsigned char lead = (unsigned char)s.p[at];
    if (lead == 0xC0 && is_tail(s, at + 1)) {
        cp_buf_add(buf, CP_STR("\\u0000"));
        return 2;
    }
    if (lead != 0xED || !is_tail(s, at + 1) || !is_tail(s, at + 2))
        return 0;
    cp_buf_addf(buf, "\\u%04x",
                0xD000U | ((unsigned)(s.p[at + 1] & 0x3F) << 6) | (unsigned)(s.p[at + 2] & 0x3F));
    return 3;
}

void cp_json_add_string(cp_buf *buf, cp_str s, bool marks) {
    cp_buf_add_c(buf, '"');
    for (size_t i = 0; i < s.n;) {
        size_t length = cp_utf8_length(s, i);
        if (length == 1) {
            add_ascii(buf, s.p[i]);
        } else if (length) {
            cp_buf_add(buf, cp_str_sub(s, i, i + length));
        } else if (!marks || !(length = add_mark(buf, s, i))) {
            cp_buf_add(buf, CP_STR("\xEF\xBF\xBD"));
            length = 1;
        }
        i += length;
    }
    cp_buf_add_c(buf, '"');
}

void cp_json_add_number(cp_buf *buf, double value) {
    if (!isfinite(value)) {
        cp_buf_add(buf, CP_STR("null"));
        return;
    }
    char text[40];
    bool whole = fabs(value) < 9007199254740992.0 && trunc(value) - value == 0;
    if (whole) {
        (void)snprintf(text, sizeof text, "%.0f", value);
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            (void)snprintf(text, sizeof text, "%.*g", digits, value);
            if (strtod(text, NULL) - value == 0)
                break;
        }
    }
    cp_buf_add(buf, cp_str_of(text));
}
