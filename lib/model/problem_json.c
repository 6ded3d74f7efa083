#include "core/intern.h"
#include "data/json.h"
#include "data/jsonw.h"
#include "model/problem.h"

#include <inttypes.h>
#include <stdio.h>

#define PROBLEM_FORMAT "cloudpack.problem/1"
#define PROBLEM_BYTES_MAX (256u << 20)

static void put_limit(cp_jsonw *w, const char *key, int64_t v) {
    if (v == CP_NO_LIMIT)
        cp_jsonw_null(w, key);
    else
        cp_jsonw_i64(w, key, v);
}

static void put_nonzero(cp_jsonw *w, const char *key, int64_t v) {
    if (v != 0)
        cp_jsonw_i64(w, key, v);
}

static void put_choice(cp_jsonw *w, const cp_problem *p, const char *tier,
                       const cp_problem_choice *c) {
    cp_jsonw_object(w, tier);
    cp_jsonw_i64(w, "nusd", c->nusd);
    put_nonzero(w, "import_us", c->import_us);
    put_nonzero(w, "stream_us", c->stream_us);
    put_nonzero(w, "first_us", c->first_us);
    put_nonzero(w, "platform_us", c->platform_us);
    cp_jsonw_object(w, "use");
    for (uint32_t i = 0; i < p->row_count; i++)
        put_nonzero(w, p->rows[i].name.p, c->use[i]);
    cp_jsonw_end(w);
    cp_jsonw_end(w);
}

static void put_head(cp_jsonw *w, const cp_problem *p) {
    cp_jsonw_str(w, "format", CP_STR(PROBLEM_FORMAT));
    cp_jsonw_str(w, "name", p->name);
    cp_jsonw_str(w, "objective",
                 p->objective == CP_OBJECTIVE_COST ? CP_STR("cost") : CP_STR("latency"));
    cp_jsonw_i64(w, "step", p->step);
    cp_jsonw_i64(w, "platform_us", p->platform_us);
    cp_jsonw_i64(w, "init_us", p->init_us);
    cp_jsonw_i64(w, "stream_start_us", p->stream_start_us);
    cp_jsonw_i64(w, "init_nusd_per_ms", p->init_nusd_per_ms);
    put_limit(w, "init_limit_us", p->init_limit_us);
    put_limit(w, "latency_limit_us", p->latency_limit_us);
    put_limit(w, "budget_nusd", p->budget_nusd);
    cp_jsonw_array(w, "tiers");
    for (uint32_t t = 0; t < p->tier_count; t++) {
        const cp_problem_tier *tier = &p->tiers[t];
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "name", tier->name);
        cp_jsonw_i64(w, "open_nusd", tier->open_nusd);
        cp_jsonw_i64(w, "open_us", tier->open_us);
        cp_jsonw_bool(w, "stream", tier->stream);
        cp_jsonw_bool(w, "mount", tier->mount);
        cp_jsonw_bool(w, "closed", tier->closed);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
    cp_jsonw_array(w, "rows");
    for (uint32_t i = 0; i < p->row_count; i++) {
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "name", p->rows[i].name);
        cp_jsonw_str(w, "unit", p->rows[i].unit);
        put_limit(w, "capacity", p->rows[i].capacity);
        cp_jsonw_i64(w, "fixed", p->rows[i].fixed);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
}

void cp_problem_to_json(cp_buf *out, const cp_problem *p) {
    CP_AUTOV(cp_arena) names = {0}; // keys are C strings
    cp_jsonw w = {.buf = out, .indent = 1};
    cp_jsonw_object(&w, NULL);
    put_head(&w, p);
    cp_problem copy = *p;
    cp_problem_row *rows = CP_ARENA_ARRAY(&names, cp_problem_row, p->row_count);
    for (uint32_t i = 0; i < p->row_count; i++) {
        rows[i] = p->rows[i];
        rows[i].name = cp_arena_str(&names, p->rows[i].name);
    }
    copy.rows = rows;
    cp_jsonw_array(&w, "items");
    for (uint32_t j = 0; j < p->item_count; j++) {
        const cp_problem_item *item = &p->items[j];
        cp_jsonw_object(&w, NULL);
        cp_jsonw_str(&w, "name", item->name);
        cp_jsonw_bool(&w, "initial", item->initial);
        cp_jsonw_array(&w, "needs");
        for (uint32_t k = 0; k < item->need_count; k++)
            cp_jsonw_str(&w, NULL, p->items[item->needs[k]].name);
        cp_jsonw_end(&w);
        cp_jsonw_object(&w, "choices");
        for (uint32_t t = 0; t < p->tier_count; t++)
            if (item->choices[t].allowed)
                put_choice(&w, &copy, cp_arena_cstr(&names, p->tiers[t].name), &item->choices[t]);
        cp_jsonw_end(&w);
        cp_jsonw_end(&w);
    }
    cp_jsonw_end(&w);
    cp_jsonw_end(&w);
}

// --- reading ---

typedef struct reader {
    cp_problem *p;
    cp_arena *arena;
    cp_err *err;
} reader;

#define WHERE_MAX 200

static cp_status want(cp_err *err, const char *where, const char *key, const char *what) {
    return cp_fail(err, CP_EFORMAT, "%s/%s: must be %s", where, key, what);
}

// A whole number in [0, 2^53); absent gives the fallback.
static cp_status get_int(int64_t *out, const cp_json *object, const char *key, int64_t fallback,
                         const char *where, cp_err *err) {
    const cp_json *node = cp_json_get(object, key);
    if (!node) {
        *out = fallback;
        return CP_OK;
    }
    double v = cp_json_is_number(node) ? cp_json_num(node, -1) : -1;
    if (!(v >= 0 && v <= (double)CP_PROBLEM_NUMBER_MAX) || v != (double)(int64_t)v)
        return want(err, where, key, "a whole number from 0 to 2^53 - 1");
    *out = (int64_t)v;
    return CP_OK;
}

static cp_status need_int(int64_t *out, const cp_json *object, const char *key, const char *where,
                          cp_err *err) {
    if (!cp_json_get(object, key))
        return cp_fail(err, CP_EFORMAT, "%s/%s: is missing", where, key);
    return get_int(out, object, key, 0, where, err);
}

// null and absent mean "not set".
static cp_status get_limit(int64_t *out, const cp_json *object, const char *key, const char *where,
                           cp_err *err) {
    *out = CP_NO_LIMIT;
    if (cp_json_is_null(cp_json_get(object, key)))
        return CP_OK;
    return get_int(out, object, key, CP_NO_LIMIT, where, err);
}

static cp_status get_bool(bool *out, const cp_json *object, const char *key, const char *where,
                          cp_err *err) {
    const cp_json *node = cp_json_get(object, key);
    if (node && !cp_json_is_bool(node))
        return want(err, where, key, "true or false");
    *out = cp_json_bool(node, false);
    return CP_OK;
}

static cp_status get_text(cp_str *out, const cp_json *object, const char *key, bool required,
                          const char *where, reader *r) {
    const cp_json *node = cp_json_get(object, key);
    if (!node && !required) {
        *out = (cp_str){"", 0};
        return CP_OK;
    }
    if (!cp_json_is_string(node))
        return want(r->err, where, key, "a text");
    *out = cp_arena_str(r->arena, cp_json_str(node));
    return CP_OK;
}

static cp_status get_list(const cp_json **out, size_t *count, const cp_json *object,
                          const char *key, size_t max, const char *where, cp_err *err) {
    *out = cp_json_get(object, key);
    *count = 0;
    if (!cp_json_is_array(*out))
        return want(err, where, key, "a list");
    *count = cp_json_count(*out);
    if (*count > max)
        return cp_fail(err, CP_EFORMAT, "%s/%s: has %zu members, at most %zu", where, key, *count,
                       max);
    return CP_OK;
}

static cp_status read_tiers(reader *r, const cp_json *root) {
    const cp_json *list;
    size_t n;
    CP_TRY(get_list(&list, &n, root, "tiers", CP_PROBLEM_TIERS_MAX, "", r->err));
    cp_problem_tier *tiers = CP_ARENA_ARRAY(r->arena, cp_problem_tier, n);
    uint32_t t = 0;
    for (const cp_json *node = cp_json_first(list); node; node = cp_json_next(node), t++) {
        char where[WHERE_MAX];
        (void)snprintf(where, sizeof where, "/tiers/%u", t);
        if (!cp_json_is_object(node))
            return cp_fail(r->err, CP_EFORMAT, "%s: must be an object", where);
        CP_TRY(get_text(&tiers[t].name, node, "name", true, where, r));
        CP_TRY(get_int(&tiers[t].open_nusd, node, "open_nusd", 0, where, r->err));
        CP_TRY(get_int(&tiers[t].open_us, node, "open_us", 0, where, r->err));
        CP_TRY(get_bool(&tiers[t].stream, node, "stream", where, r->err));
        CP_TRY(get_bool(&tiers[t].mount, node, "mount", where, r->err));
        CP_TRY(get_bool(&tiers[t].closed, node, "closed", where, r->err));
    }
    r->p->tiers = tiers;
    r->p->tier_count = t;
    return CP_OK;
}

static cp_status read_rows(reader *r, const cp_json *root) {
    const cp_json *list;
    size_t n;
    CP_TRY(get_list(&list, &n, root, "rows", CP_PROBLEM_ROWS_MAX, "", r->err));
    cp_problem_row *rows = CP_ARENA_ARRAY(r->arena, cp_problem_row, n);
    uint32_t i = 0;
    for (const cp_json *node = cp_json_first(list); node; node = cp_json_next(node), i++) {
        char where[WHERE_MAX];
        (void)snprintf(where, sizeof where, "/rows/%u", i);
        if (!cp_json_is_object(node))
            return cp_fail(r->err, CP_EFORMAT, "%s: must be an object", where);
        CP_TRY(get_text(&rows[i].name, node, "name", true, where, r));
        CP_TRY(get_text(&rows[i].unit, node, "unit", false, where, r));
        CP_TRY(get_limit(&rows[i].capacity, node, "capacity", where, r->err));
        CP_TRY(get_int(&rows[i].fixed, node, "fixed", 0, where, r->err));
    }
    r->p->rows = rows;
    r->p->row_count = i;
    return CP_OK;
}

static uint32_t find_tier(const cp_problem *p, cp_str name) {
    for (uint32_t t = 0; t < p->tier_count; t++)
        if (cp_str_eq(p->tiers[t].name, name))
            return t;
    return UINT32_MAX;
}

static uint32_t find_row(const cp_problem *p, cp_str name) {
    for (uint32_t i = 0; i < p->row_count; i++)
        if (cp_str_eq(p->rows[i].name, name))
            return i;
    return UINT32_MAX;
}

static cp_status read_choice(reader *r, cp_problem_choice *c, const cp_json *node,
                             const char *where) {
    if (!cp_json_is_object(node))
        return cp_fail(r->err, CP_EFORMAT, "%s: must be an object", where);
    if (c->allowed)
        return cp_fail(r->err, CP_EFORMAT, "%s: is there twice", where);
    c->allowed = true;
    CP_TRY(get_int(&c->nusd, node, "nusd", 0, where, r->err));
    CP_TRY(get_int(&c->import_us, node, "import_us", 0, where, r->err));
    CP_TRY(get_int(&c->stream_us, node, "stream_us", 0, where, r->err));
    CP_TRY(get_int(&c->first_us, node, "first_us", 0, where, r->err));
    CP_TRY(get_int(&c->platform_us, node, "platform_us", 0, where, r->err));
    const cp_json *use = cp_json_get(node, "use");
    if (use && !cp_json_is_object(use))
        return want(r->err, where, "use", "an object");
    char at[WHERE_MAX];
    (void)snprintf(at, sizeof at, "%.180s/use", where);
    for (const cp_json *u = cp_json_first(use); u; u = cp_json_next(u)) {
        uint32_t row = find_row(r->p, cp_json_key(u));
        if (row == UINT32_MAX)
            return cp_fail(r->err, CP_EFORMAT, "%s/%.*s: no such row", at,
                           CP_STR_ARG(cp_json_key(u)));
        if (c->use[row] != 0)
            return cp_fail(r->err, CP_EFORMAT, "%s/%.*s: is there twice", at,
                           CP_STR_ARG(cp_json_key(u)));
        CP_TRY(get_int(&c->use[row], use, r->p->rows[row].name.p, 0, at, r->err));
    }
    return CP_OK;
}

static cp_status read_item(reader *r, cp_problem_item *item, uint32_t j, const cp_json *node) {
    char where[WHERE_MAX];
    (void)snprintf(where, sizeof where, "/items/%u", j);
    if (!cp_json_is_object(node))
        return cp_fail(r->err, CP_EFORMAT, "%s: must be an object", where);
    CP_TRY(get_text(&item->name, node, "name", true, where, r));
    CP_TRY(get_bool(&item->initial, node, "initial", where, r->err));
    const cp_json *choices = cp_json_get(node, "choices");
    if (!cp_json_is_object(choices))
        return want(r->err, where, "choices", "an object");
    cp_problem_choice *list = CP_ARENA_ARRAY(r->arena, cp_problem_choice, r->p->tier_count);
    for (const cp_json *c = cp_json_first(choices); c; c = cp_json_next(c)) {
        char at[WHERE_MAX];
        cp_str name = cp_json_key(c);
        (void)snprintf(at, sizeof at, "/items/%u/choices/%.*s", j, (int)(name.n < 80 ? name.n : 80),
                       name.p);
        uint32_t t = find_tier(r->p, name);
        if (t == UINT32_MAX)
            return cp_fail(r->err, CP_EFORMAT, "%s: no such tier", at);
        CP_TRY(read_choice(r, &list[t], c, at));
    }
    item->choices = list;
    return CP_OK;
}

static cp_status read_needs(reader *r, cp_problem_item *item, uint32_t j, const cp_json *node,
                            const cp_intern *names, size_t *total) {
    const cp_json *list = cp_json_get(node, "needs");
    if (!list)
        return CP_OK;
    char where[WHERE_MAX];
    (void)snprintf(where, sizeof where, "/items/%u", j);
    size_t n;
    CP_TRY(get_list(&list, &n, node, "needs", CP_PROBLEM_NEEDS_MAX, where, r->err));
    *total += n;
    if (*total > CP_PROBLEM_NEEDS_MAX)
        return cp_fail(r->err, CP_EFORMAT, "%s/needs: over %d needs altogether", where,
                       CP_PROBLEM_NEEDS_MAX);
    uint32_t *needs = CP_ARENA_ARRAY(r->arena, uint32_t, n);
    uint32_t k = 0;
    for (const cp_json *u = cp_json_first(list); u; u = cp_json_next(u), k++) {
        cp_id id = cp_json_is_string(u) ? cp_intern_find(names, cp_json_str(u)) : CP_NO_ID;
        if (id.i == CP_NO_ID.i)
            return cp_fail(r->err, CP_EFORMAT, "%s/needs/%u: no item of that name", where, k);
        needs[k] = id.i;
    }
    item->needs = needs;
    item->need_count = k;
    return CP_OK;
}

static cp_status read_items(reader *r, const cp_json *root) {
    const cp_json *list;
    size_t n, total = 0;
    CP_TRY(get_list(&list, &n, root, "items", CP_PROBLEM_ITEMS_MAX, "", r->err));
    cp_problem_item *items = CP_ARENA_ARRAY(r->arena, cp_problem_item, n);
    CP_AUTO(cp_intern) names = cp_intern_new();
    uint32_t j = 0;
    for (const cp_json *node = cp_json_first(list); node; node = cp_json_next(node), j++) {
        CP_TRY(read_item(r, &items[j], j, node));
        if (cp_intern_add(names, items[j].name).i != j)
            return cp_fail(r->err, CP_EFORMAT, "/items/%u/name: duplicate \"%.*s\"", j,
                           CP_STR_ARG(items[j].name));
    }
    j = 0;
    for (const cp_json *node = cp_json_first(list); node; node = cp_json_next(node), j++)
        CP_TRY(read_needs(r, &items[j], j, node, names, &total));
    r->p->items = items;
    r->p->item_count = j;
    return CP_OK;
}

static cp_status read_head(reader *r, const cp_json *root) {
    if (!cp_json_is_object(root))
        return cp_fail(r->err, CP_EFORMAT, "/: must be an object");
    cp_str format, objective;
    CP_TRY(get_text(&format, root, "format", true, "", r));
    if (!cp_str_is(format, PROBLEM_FORMAT))
        return cp_fail(r->err, CP_EFORMAT, "/format: is \"%.*s\", this program reads \"%s\"",
                       CP_STR_ARG(format), PROBLEM_FORMAT);
    CP_TRY(get_text(&r->p->name, root, "name", false, "", r));
    CP_TRY(get_text(&objective, root, "objective", true, "", r));
    if (!cp_str_is(objective, "cost") && !cp_str_is(objective, "latency"))
        return want(r->err, "", "objective", "\"cost\" or \"latency\"");
    r->p->objective = cp_str_is(objective, "cost") ? CP_OBJECTIVE_COST : CP_OBJECTIVE_LATENCY;
    CP_TRY(get_int(&r->p->step, root, "step", 1, "", r->err));
    CP_TRY(need_int(&r->p->init_us, root, "init_us", "", r->err));
    CP_TRY(get_int(&r->p->platform_us, root, "platform_us", 0, "", r->err));
    CP_TRY(get_int(&r->p->stream_start_us, root, "stream_start_us", 0, "", r->err));
    CP_TRY(get_int(&r->p->init_nusd_per_ms, root, "init_nusd_per_ms", 0, "", r->err));
    CP_TRY(get_limit(&r->p->init_limit_us, root, "init_limit_us", "", r->err));
    CP_TRY(get_limit(&r->p->latency_limit_us, root, "latency_limit_us", "", r->err));
    return get_limit(&r->p->budget_nusd, root, "budget_nusd", "", r->err);
}

static cp_status read_all(reader *r, const cp_json *root) {
    CP_TRY(read_head(r, root));
    CP_TRY(read_tiers(r, root));
    CP_TRY(read_rows(r, root));
    CP_TRY(cp_problem_validate(r->p, r->err)); // names must be good before items refer to them
    CP_TRY(read_items(r, root));
    return cp_problem_validate(r->p, r->err);
}

cp_status cp_problem_from_json(cp_problem **out, cp_str text, const char *name, cp_arena *arena,
                               cp_err *err) {
    CP_AUTO(cp_json_doc) doc = NULL;
    CP_TRY(cp_json_parse(&doc, text, PROBLEM_BYTES_MAX, name, err));
    reader r = {.p = CP_ARENA_NEW(arena, cp_problem), .arena = arena, .err = err};
    if (read_all(&r, cp_json_root(doc)) != CP_OK)
        return cp_wrap(err, "%s", name);
    *out = r.p;
    return CP_OK;
}
