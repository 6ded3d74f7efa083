#include "data/jsonw.h"

#include "data/json_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static void newline(cp_jsonw *w) {
    if (!w->indent)
        return;
    cp_buf_add_c(w->buf, '\n');
    for (unsigned i = 0; i < w->depth * w->indent; i++)
        cp_buf_add_c(w->buf, ' ');
}

// Everything that stands before a value: comma, line, key.
static void before(cp_jsonw *w, const char *key) {
    bool in_object = w->depth && w->closers[w->depth - 1] == '}';
    CP_ASSERT(in_object == (key != NULL));
    CP_ASSERT(w->depth || !w->need_comma); // one document
    if (w->need_comma)
        cp_buf_add_c(w->buf, ',');
    if (w->depth)
        newline(w);
    if (key) {
        cp_json_add_string(w->buf, cp_str_of(key), false);
        cp_buf_add(w->buf, w->indent ? CP_STR(": ") : CP_STR(":"));
    }
    w->need_comma = true;
}

static void open(cp_jsonw *w, const char *key, char opener, char closer) {
    before(w, key);
    CP_ASSERT(w->depth < sizeof w->closers);
    cp_buf_add_c(w->buf, opener);
    w->closers[w->depth++] = closer;
    w->need_comma = false;
}

void cp_jsonw_object(cp_jsonw *w, const char *key) {
    open(w, key, '{', '}');
}

void cp_jsonw_array(cp_jsonw *w, const char *key) {
    open(w, key, '[', ']');
}

void cp_jsonw_end(cp_jsonw *w) {
    CP_ASSERT(w->depth);
    w->depth--;
    if (w->need_comma)
        newline(w);
    cp_buf_add_c(w->buf, w->closers[w->depth]);
    w->need_comma = true;
    if (w->depth == 0 && w->indent)
        cp_buf_add_c(w->buf, '\n');
}

void cp_jsonw_str(cp_jsonw *w, const char *key, cp_str value) {
    before(w, key);
    cp_json_add_string(w->buf, value, false);
}

void cp_jsonw_u64(cp_jsonw *w, const char *key, uint64_t value) {
    before(w, key);
    cp_buf_addf(w->buf, "%" PRIu64, value);
}

void cp_jsonw_i64(cp_jsonw *w, const char *key, int64_t value) {
    before(w, key);
    cp_buf_addf(w->buf, "%" PRId64, value);
}

void cp_jsonw_num(cp_jsonw *w, const char *key, double value) {
    before(w, key);
    cp_json_add_number(w->buf, value);
}

void cp_jsonw_fixed(cp_jsonw *w, const char *key, double value, unsigned decimals) {
    CP_ASSERT(decimals <= 17);
    if (!isfinite(value) || fabs(value) >= 9007199254740992.0) { // whole already
        cp_jsonw_num(w, key, value);
        return;
    }
    char text[48];
    int n = snprintf(text, sizeof text, "%.*f", (int)decimals, value);
    CP_ASSERT(n > 0 && (size_t)n < sizeof text);
    cp_str s = {text, (size_t)n};
    if (decimals) {
        while (cp_str_ends(s, CP_STR("0")))
            s.n--;
        if (cp_str_ends(s, CP_STR(".")))
            s.n--;
    }
    before(w, key);
    cp_buf_add(w->buf, cp_str_is(s, "-0") ? CP_STR("0") : s);
}

void cp_jsonw_bool(cp_jsonw *w, const char *key, bool value) {
    before(w, key);
    cp_buf_add(w->buf, value ? CP_STR("true") : CP_STR("false"));
}

void cp_jsonw_null(cp_jsonw *w, const char *key) {
    before(w, key);
    cp_buf_add(w->buf, CP_STR("null"));
}

void cp_jsonw_raw(cp_jsonw *w, const char *key, cp_str json) {
    before(w, key);
    cp_buf_add(w->buf, json);
}
