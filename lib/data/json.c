#include "data/json.h"

#include "core/buf.h"
#include "data/json_scan.h"
#include "data/json_text.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double MAX_EXACT = 9007199254740992.0; // 2^53

struct cp_json_doc {
    cJSON *root;
};

static const cJSON *c(const cp_json *node) {
    return (const cJSON *)node;
}

static const cp_json *j(const cJSON *node) {
    return (const cp_json *)node;
}

cp_status cp_json_parse(cp_json_doc **out, cp_str text, size_t max_bytes, const char *name,
                        cp_err *err) {
    if (text.n > max_bytes)
        return cp_fail(err, CP_EFORMAT, "%s: %zu bytes, at most %zu are read", name, text.n,
                       max_bytes);
    if (cp_str_starts(text, CP_STR("\xEF\xBB\xBF")))
        text = cp_str_sub(text, 3, text.n);
    CP_AUTOV(cp_buf) safe = {.max = SIZE_MAX};
    CP_TRY(cp_json_scan(&safe, text, name, err));
    cJSON *root = cJSON_ParseWithLength(safe.p, safe.n + 1);
    if (!root) // the scanner accepts nothing that cJSON refuses, so this is memory
        cp_out_of_memory(safe.n);
    *out = cp_xcalloc(1, sizeof **out);
    (*out)->root = root;
    return CP_OK;
}

void cp_json_doc_cleanup(cp_json_doc **doc) {
    if (!*doc)
        return;
    cJSON_Delete((*doc)->root);
    free(*doc);
    *doc = NULL;
}

const cp_json *cp_json_root(const cp_json_doc *doc) {
    return doc ? j(doc->root) : NULL;
}

const cp_json *cp_json_get(const cp_json *object, const char *key) {
    return cp_json_is_object(object) ? j(cJSON_GetObjectItemCaseSensitive(c(object), key)) : NULL;
}

static bool is_container(const cp_json *node) {
    return cp_json_is_object(node) || cp_json_is_array(node);
}

const cp_json *cp_json_first(const cp_json *container) {
    return is_container(container) ? j(c(container)->child) : NULL;
}

const cp_json *cp_json_next(const cp_json *node) {
    return node ? j(c(node)->next) : NULL;
}

cp_str cp_json_key(const cp_json *node) {
    return cp_str_of(node ? c(node)->string : NULL);
}

size_t cp_json_count(const cp_json *container) {
    size_t count = 0;
    for (const cp_json *n = cp_json_first(container); n; n = cp_json_next(n))
        count++;
    return count;
}

// The digits of a number that is kept as text, else NULL.
static const char *raw_number(const cp_json *node) {
    const char *text = node && cJSON_IsString(c(node)) ? c(node)->valuestring : NULL;
    return text && text[0] == CP_JSON_RAW_NUMBER ? text + 1 : NULL;
}

bool cp_json_is_object(const cp_json *node) {
    return cJSON_IsObject(c(node));
}

bool cp_json_is_array(const cp_json *node) {
    return cJSON_IsArray(c(node));
}

bool cp_json_is_string(const cp_json *node) {
    return cJSON_IsString(c(node)) && !raw_number(node);
}

bool cp_json_is_number(const cp_json *node) {
    return cJSON_IsNumber(c(node)) || raw_number(node);
}

bool cp_json_is_bool(const cp_json *node) {
    return cJSON_IsBool(c(node));
}

bool cp_json_is_null(const cp_json *node) {
    return cJSON_IsNull(c(node));
}

cp_str cp_json_str(const cp_json *node) {
    return cp_str_of(cp_json_is_string(node) ? c(node)->valuestring : NULL);
}

double cp_json_num(const cp_json *node, double fallback) {
    const char *raw = raw_number(node);
    if (raw)
        return strtod(raw, NULL);
    return cJSON_IsNumber(c(node)) ? c(node)->valuedouble : fallback;
}

bool cp_json_bool(const cp_json *node, bool fallback) {
    return cp_json_is_bool(node) ? cJSON_IsTrue(c(node)) : fallback;
}

static const char *type_name(const cp_json *node) {
    return !node                     ? "nothing"
           : cp_json_is_object(node) ? "an object"
           : cp_json_is_array(node)  ? "an array"
           : cp_json_is_string(node) ? "a string"
           : cp_json_is_number(node) ? "a number"
           : cp_json_is_bool(node)   ? "true or false"
                                     : "null";
}

static cp_status wrong_type(cp_err *err, const char *where, const char *key, const char *expected,
                            const cp_json *found) {
    return cp_fail(err, CP_EFORMAT, "%s: \"%s\": expected %s, found %s", where, key, expected,
                   type_name(found));
}

cp_status cp_json_need_str(cp_str *out, const cp_json *object, const char *key, const char *where,
                           cp_err *err) {
    const cp_json *node = cp_json_get(object, key);
    if (!cp_json_is_string(node))
        return wrong_type(err, where, key, "a string", node);
    *out = cp_json_str(node);
    return CP_OK;
}

cp_status cp_json_need_num(double *out, const cp_json *object, const char *key, const char *where,
                           cp_err *err) {
    const cp_json *node = cp_json_get(object, key);
    if (!cp_json_is_number(node))
        return wrong_type(err, where, key, "a number", node);
    *out = cp_json_num(node, 0);
    return CP_OK;
}

cp_status cp_json_need_u64(uint64_t *out, const cp_json *object, const char *key, const char *where,
                           cp_err *err) {
    double value = 0;
    CP_TRY(cp_json_need_num(&value, object, key, where, err));
    const char *raw = raw_number(cp_json_get(object, key));
    // 2^53 + 1 would round to 2^53, so a kept text must be looked at as text.
    uint64_t exact = 0;
    bool fits = raw && !strpbrk(raw, ".eE-") ? cp_str_to_u64(&exact, cp_str_of(raw)) : !raw;
    if (!raw && value >= 0 && value <= MAX_EXACT && floor(value) - value == 0)
        exact = (uint64_t)value;
    else if (!raw)
        fits = false;
    if (!fits || exact > (uint64_t)MAX_EXACT)
        return cp_fail(
            err, CP_EFORMAT,
            "%s: \"%s\": expected a whole number from 0 to 9007199254740992, found %.17g", where,
            key, value);
    *out = exact;
    return CP_OK;
}

cp_status cp_json_need_array(const cp_json **out, const cp_json *object, const char *key,
                             const char *where, cp_err *err) {
    const cp_json *node = cp_json_get(object, key);
    if (!cp_json_is_array(node))
        return wrong_type(err, where, key, "an array", node);
    *out = node;
    return CP_OK;
}

static void add_text(cp_buf *buf, const cp_json *node) {
    bool object = cp_json_is_object(node);
    if (object || cp_json_is_array(node)) {
        cp_buf_add_c(buf, object ? '{' : '[');
        for (const cp_json *n = cp_json_first(node); n; n = cp_json_next(n)) {
            if (n != cp_json_first(node))
                cp_buf_add_c(buf, ',');
            if (object) {
                cp_json_add_string(buf, cp_json_key(n), true);
                cp_buf_add_c(buf, ':');
            }
            add_text(buf, n);
        }
        cp_buf_add_c(buf, object ? '}' : ']');
    } else if (cp_json_is_string(node)) {
        cp_json_add_string(buf, cp_json_str(node), true);
    } else if (raw_number(node)) {
        cp_buf_add(buf, cp_str_of(raw_number(node)));
    } else if (cp_json_is_number(node)) {
        cp_json_add_number(buf, cp_json_num(node, 0));
    } else {
        cp_buf_add(buf, cp_json_is_null(node) || !node ? CP_STR("null")
                        : cp_json_bool(node, false)    ? CP_STR("true")
                                                       : CP_STR("false"));
    }
}

cp_str cp_json_text(const cp_json *node, cp_arena *arena) {
    CP_AUTOV(cp_buf) buf = {.max = SIZE_MAX};
    add_text(&buf, node);
    return cp_arena_str(arena, cp_buf_str(&buf));
}

static bool is_integer(const cp_json *node) {
    const char *raw = raw_number(node);
    double value = cp_json_num(node, 0);
    return raw ? !strpbrk(raw, ".eE") : fabs(value) <= MAX_EXACT && floor(value) - value == 0;
}

static bool numbers_equal(const cp_json *a, const cp_json *b, double rel) {
    double x = cp_json_num(a, 0), y = cp_json_num(b, 0);
    if (is_integer(a) && is_integer(b)) {
        const char *p = raw_number(a), *q = raw_number(b);
        return p && q ? strcmp(p, q) == 0 : x - y == 0;
    }
    return fabs(x - y) <= rel * fmax(fabs(x), fabs(y));
}

static bool scalars_equal(const cp_json *a, const cp_json *b, double rel) {
    if (cp_json_is_number(a) && cp_json_is_number(b))
        return numbers_equal(a, b, rel);
    if (cp_json_is_string(a) && cp_json_is_string(b))
        return cp_str_eq(cp_json_str(a), cp_json_str(b));
    if (cp_json_is_bool(a) && cp_json_is_bool(b))
        return cp_json_bool(a, false) == cp_json_bool(b, false);
    return (cp_json_is_null(a) || !a) && (cp_json_is_null(b) || !b) && !a == !b;
}

// One step of a path on the way down, so that a pointer is only built for a difference.
typedef struct step {
    const struct step *up;
    const cp_json *member; // of an object, or NULL
    size_t index;          // in an array
} step;

static void add_pointer(cp_buf *buf, const step *at) {
    if (!at)
        return;
    add_pointer(buf, at->up);
    cp_buf_add_c(buf, '/');
    if (!at->member) {
        cp_buf_addf(buf, "%zu", at->index);
        return;
    }
    cp_str key = cp_json_key(at->member);
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == '~' || key.p[i] == '/')
            cp_buf_add(buf, key.p[i] == '~' ? CP_STR("~0") : CP_STR("~1"));
        else
            cp_buf_add_c(buf, key.p[i]);
    }
}

typedef struct comparison {
    double rel;
    cp_str *pointer;
    cp_arena *arena;
} comparison;

static bool differ(const comparison *cmp, const step *at) {
    CP_AUTOV(cp_buf) buf = {0};
    add_pointer(&buf, at);
    *cmp->pointer = cp_arena_str(cmp->arena, cp_buf_str(&buf));
    return false;
}

static int by_key(const void *a, const void *b) {
    const cp_json *const *x = a, *const *y = b;
    return cp_str_cmp(cp_json_key(*x), cp_json_key(*y));
}

// The members sorted by key; NULL for an empty object. Free with free().
static const cp_json **sorted_members(const cp_json *object, size_t count) {
    const cp_json **members = count ? cp_xcalloc(count, sizeof *members) : NULL;
    size_t i = 0;
    for (const cp_json *n = cp_json_first(object); n; n = cp_json_next(n))
        members[i++] = n;
    if (count)
        qsort(members, count, sizeof *members, by_key);
    return members;
}

static bool equal(const comparison *cmp, const cp_json *a, const cp_json *b, const step *at);

static bool objects_equal(const comparison *cmp, const cp_json *a, const cp_json *b,
                          const step *at) {
    size_t n = cp_json_count(a), m = cp_json_count(b), i = 0, k = 0;
    const cp_json **x = sorted_members(a, n), **y = sorted_members(b, m);
    bool same = true;
    while (same && (i < n || k < m)) {
        int order = i == n ? 1 : k == m ? -1 : by_key(&x[i], &y[k]);
        step here = {at, order <= 0 ? x[i] : y[k], 0};
        same = order == 0 ? equal(cmp, x[i], y[k], &here) : differ(cmp, &here);
        i++, k++;
    }
    free(x);
    free(y);
    return same;
}

static bool arrays_equal(const comparison *cmp, const cp_json *a, const cp_json *b,
                         const step *at) {
    const cp_json *x = cp_json_first(a), *y = cp_json_first(b);
    for (size_t i = 0; x || y; i++, x = cp_json_next(x), y = cp_json_next(y)) {
        step here = {at, NULL, i};
        if (!x || !y)
            return differ(cmp, &here);
        if (!equal(cmp, x, y, &here))
            return false;
    }
    return true;
}

static bool equal(const comparison *cmp, const cp_json *a, const cp_json *b, const step *at) {
    if (cp_json_is_object(a) && cp_json_is_object(b))
        return objects_equal(cmp, a, b, at);
    if (cp_json_is_array(a) && cp_json_is_array(b))
        return arrays_equal(cmp, a, b, at);
    return (!is_container(a) && !is_container(b) && scalars_equal(a, b, cmp->rel)) ||
           differ(cmp, at);
}

bool cp_json_equal(const cp_json *a, const cp_json *b, double rel, cp_str *pointer,
                   cp_arena *arena) {
    return equal(&(comparison){rel, pointer, arena}, a, b, NULL);
}
