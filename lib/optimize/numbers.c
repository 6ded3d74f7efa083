#include "optimize/numbers.h"

#include "data/json.h"
#include "numbers_data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBERS_FORMAT "cloudpack.numbers/1"
#define NUMBERS_BYTES_MAX (1u << 20)

typedef struct field {
    const char *key, *unit;
    size_t offset;
} field;

static const field fields[] = {
#define CP_NUMBER(key, unit) {#key, unit, offsetof(cp_numbers, key)},
#include "tier/numbers.def"
#undef CP_NUMBER
};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

typedef struct loader {
    cp_number_set *set;
    bool have[FIELD_COUNT];
    cp_arena *arena;
    cp_err *err;
} loader;

static cp_status need_text(const cp_json *entry, const char *key, const char *where, cp_str want,
                           cp_err *err) {
    cp_str text = cp_json_str(cp_json_get(entry, key));
    if (text.n == 0)
        return cp_fail(err, CP_EFORMAT, "%s/%s: must be a text that is not empty", where, key);
    if (want.n && !cp_str_eq(text, want))
        return cp_fail(err, CP_EFORMAT, "%s/%s: is \"%.*s\", must be \"%.*s\"", where, key,
                       CP_STR_ARG(text), CP_STR_ARG(want));
    return CP_OK;
}

static cp_status load_number(loader *l, const cp_json *entry, const char *region) {
    cp_str key = cp_json_key(entry);
    size_t i = 0;
    while (i < FIELD_COUNT && !cp_str_is(key, fields[i].key))
        i++;
    char where[160];
    (void)snprintf(where, sizeof where, "/regions/%.40s/%.*s", region,
                   (int)(key.n < 80 ? key.n : 80), key.p);
    if (i == FIELD_COUNT)
        return cp_fail(l->err, CP_EFORMAT, "%s: no such number", where);
    double v = cp_json_num(cp_json_get(entry, "value"), NAN);
    if (!isfinite(v) || v < 0)
        return cp_fail(l->err, CP_EFORMAT, "%s/value: must be a number that is not negative",
                       where);
    CP_TRY(need_text(entry, "unit", where, cp_str_of(fields[i].unit), l->err));
    CP_TRY(need_text(entry, "source", where, (cp_str){0}, l->err));
    CP_TRY(need_text(entry, "date", where, (cp_str){0}, l->err));
    memcpy((char *)&l->set->numbers + fields[i].offset, &v, sizeof v);
    l->have[i] = true;
    return CP_OK;
}

static cp_status load_region(loader *l, const cp_json *regions, const char *region, bool *known) {
    const cp_json *list = cp_json_get(regions, region);
    *known = list != NULL;
    if (list && !cp_json_is_object(list))
        return cp_fail(l->err, CP_EFORMAT, "/regions/%.40s: must be an object", region);
    for (const cp_json *entry = cp_json_first(list); entry; entry = cp_json_next(entry))
        CP_TRY(load_number(l, entry, region));
    return CP_OK;
}

static cp_status load_root(loader *l, const cp_json *root, cp_str region) {
    if (!cp_str_is(cp_json_str(cp_json_get(root, "format")), NUMBERS_FORMAT))
        return cp_fail(l->err, CP_EFORMAT, "/format: must be \"%s\"", NUMBERS_FORMAT);
    CP_TRY(need_text(root, "date", "", (cp_str){0}, l->err));
    CP_TRY(need_text(root, "kind", "", (cp_str){0}, l->err));
    CP_TRY(need_text(root, "default_region", "", (cp_str){0}, l->err));
    const cp_json *regions = cp_json_get(root, "regions");
    if (!cp_json_is_object(regions))
        return cp_fail(l->err, CP_EFORMAT, "/regions: must be an object");
    const char *base = cp_arena_cstr(l->arena, cp_json_str(cp_json_get(root, "default_region")));
    bool known;
    CP_TRY(load_region(l, regions, base, &known));
    if (!known)
        return cp_fail(l->err, CP_EFORMAT, "/regions: has no default region \"%s\"", base);
    bool prices = cp_str_is(cp_json_str(cp_json_get(root, "kind")), "prices");
    if (prices)
        l->set->price_date = cp_arena_str(l->arena, cp_json_str(cp_json_get(root, "date")));
    if (region.n && !cp_str_is(region, base)) {
        CP_TRY(load_region(l, regions, cp_arena_cstr(l->arena, region), &known));
        if (prices)
            l->set->region_known = known;
    }
    return CP_OK;
}

static cp_status load_text(loader *l, cp_str text, const char *name, cp_str region) {
    CP_AUTO(cp_json_doc) doc = NULL;
    CP_TRY(cp_json_parse(&doc, text, NUMBERS_BYTES_MAX, name, l->err));
    if (load_root(l, cp_json_root(doc), region) != CP_OK)
        return cp_wrap(l->err, "%s", name);
    return CP_OK;
}

// What the tiers divide by.
static cp_status check_positive(const cp_numbers *n, cp_err *err) {
    const double values[] = {n->bandwidth_mb_s,       n->local_mb_s,     n->s3_range,
                             n->s3files_direct_range, n->unzipped_bytes, n->memory_max_mb};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (!(values[i] > 0))
            return cp_fail(err, CP_EFORMAT,
                           "bandwidth_mb_s, local_mb_s, s3_range, s3files_direct_range, "
                           "unzipped_bytes and memory_max_mb must be over 0");
    return CP_OK;
}

cp_status cp_numbers_load(cp_number_set *out, cp_str region, cp_str prices_json,
                          const char *prices_name, cp_arena *arena, cp_err *err) {
    *out = (cp_number_set){.region_known = true};
    loader l = {.set = out, .arena = arena, .err = err};
    for (size_t i = 0; i < cp_numbers_data_count; i++) {
        const cp_embedded *e = &cp_numbers_data[i];
        if (prices_json.n && strncmp(e->name, "prices", 6) == 0)
            continue;
        CP_TRY(load_text(&l, (cp_str){(const char *)e->data, e->bytes}, e->name, region));
    }
    if (prices_json.n)
        CP_TRY(load_text(&l, prices_json, prices_name ? prices_name : "--prices", region));
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (!l.have[i])
            return cp_fail(err, CP_EFORMAT, "%s: the number \"%s\" (%s) is missing",
                           prices_json.n && prices_name ? prices_name : "built-in data",
                           fields[i].key, fields[i].unit);
    return check_positive(&out->numbers, err);
}
