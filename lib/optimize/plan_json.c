#include "core/intern.h"
#include "data/json.h"
#include "data/jsonw.h"
#include "optimize/optimize.h"

#include <stdio.h>

#define PLAN_FORMAT "cloudpack.plan/1"
#define PLAN_BYTES_MAX (512u << 20)

static const char *const kinds[] = {"project", "code",     "library",
                                    "data",    "metadata", "not reached"};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

cp_str cp_plan_digest(const cp_plan *plan, const cp_facts *facts, cp_arena *arena) {
    cp_sha256_stream *h = cp_sha256_new();
    cp_sha256_add_field(h, CP_STR(PLAN_FORMAT));
    cp_sha256_add_field(h, facts->handler);
    cp_sha256_add_field(h, facts->python);
    cp_sha256_add_field(h, facts->arch);
    for (uint32_t j = 0; j < plan->asset_count; j++) {
        const cp_asset *a = &plan->assets[j];
        cp_sha256_add_field(h, a->name);
        cp_sha256_add_field(h, cp_str_of(kinds[a->kind]));
        cp_sha256_add_field(h, cp_str_of(cp_tier_id_name(a->tier)));
        for (uint32_t k = 0; k < a->file_count; k++) {
            const cp_file_fact *f = &facts->files[a->files[k]];
            cp_sha256_add_field(h, f->root == CP_ROOT_PROJECT ? CP_STR("project") : CP_STR("site"));
            cp_sha256_add_field(h, f->rel);
            cp_sha256_add_field(h, cp_str_of(cp_file_kind_name(f->kind)));
            char bytes[32];
            int n = snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)f->bytes);
            cp_sha256_add_field(h, (cp_str){bytes, (size_t)n});
        }
    }
    cp_sha256 digest = cp_sha256_end(h);
    return cp_sha256_hex(arena, &digest);
}

static void put_prediction(cp_jsonw *w, const cp_prediction *p) {
    cp_jsonw_object(w, "latency_ms");
    cp_jsonw_fixed(w, "p50", p->p50_ms, 3);
    cp_jsonw_fixed(w, "p95", p->p95_ms, 3);
    cp_jsonw_fixed(w, "p99", p->p99_ms, 3);
    cp_jsonw_fixed(w, "init", p->init_ms, 3);
    cp_jsonw_end(w);
    cp_jsonw_object(w, "cost_usd_month");
    cp_jsonw_fixed(w, "total", p->usd_month, 9);
    cp_jsonw_object(w, "parts");
    cp_jsonw_fixed(w, "storage", p->usd_storage, 9);
    cp_jsonw_fixed(w, "requests", p->usd_requests, 9);
    cp_jsonw_fixed(w, "transfer", p->usd_transfer, 9);
    cp_jsonw_fixed(w, "compute", p->usd_compute, 9);
    cp_jsonw_fixed(w, "fixed", p->usd_fixed, 9);
    cp_jsonw_end(w);
    cp_jsonw_end(w);
}

static void put_tiers(cp_jsonw *w, const cp_plan *plan) {
    cp_jsonw_array(w, "tiers");
    for (uint32_t t = 0; t < CP_TIER_COUNT; t++) {
        uint64_t assets = 0, bytes = 0;
        for (uint32_t j = 0; j < plan->asset_count; j++)
            if ((uint32_t)plan->assets[j].tier == t) {
                assets++;
                bytes += plan->assets[j].bytes;
            }
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "name", cp_str_of(cp_tier_id_name((cp_tier_id)t)));
        cp_jsonw_u64(w, "assets", assets);
        cp_jsonw_u64(w, "bytes", bytes);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
}

static void put_ids(cp_jsonw *w, const char *key, const uint32_t *ids, uint32_t count) {
    cp_jsonw_array(w, key);
    for (uint32_t k = 0; k < count; k++)
        cp_jsonw_u64(w, NULL, ids[k]);
    cp_jsonw_end(w);
}

static void put_asset(cp_jsonw *w, const cp_asset *a) {
    cp_jsonw_object(w, NULL);
    cp_jsonw_str(w, "name", a->name);
    cp_jsonw_str(w, "tier", cp_str_of(cp_tier_id_name(a->tier)));
    cp_jsonw_u64(w, "bytes", a->bytes);
    cp_jsonw_bool(w, "deferred", !a->initial);
    cp_jsonw_str(w, "why", a->why);
    cp_jsonw_str(w, "kind", cp_str_of(kinds[a->kind]));
    cp_jsonw_u64(w, "zipped_bytes", a->zipped_bytes);
    cp_jsonw_num(w, "import_ms", a->import_ms);
    cp_jsonw_num(w, "use_probability", a->use_probability);
    cp_jsonw_array(w, "allowed");
    for (uint32_t t = 0; t < CP_TIER_COUNT; t++)
        if (a->allowed & CP_TIER_BIT(t))
            cp_jsonw_str(w, NULL, cp_str_of(cp_tier_id_name((cp_tier_id)t)));
    cp_jsonw_end(w);
    put_ids(w, "needs", a->needs, a->need_count);
    put_ids(w, "files", a->files, a->file_count);
    cp_jsonw_end(w);
}

void cp_plan_to_json(cp_buf *out, const cp_plan *p) {
    cp_jsonw w = {.buf = out, .indent = 1};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "format", CP_STR(PLAN_FORMAT));
    cp_jsonw_str(&w, "status", p->status);
    cp_jsonw_str(&w, "case", p->fit);
    cp_jsonw_str(&w, "objective_name", p->objective_name);
    cp_jsonw_num(&w, "objective", p->objective);
    cp_jsonw_num(&w, "bound", p->bound);
    cp_jsonw_num(&w, "gap", p->gap);
    put_prediction(&w, &p->predicted);
    put_tiers(&w, p);
    cp_jsonw_str(&w, "solver", p->solver);
    cp_jsonw_fixed(&w, "solve_ms", p->solve_ms, 3);
    cp_jsonw_str(&w, "model", p->model);
    cp_jsonw_str(&w, "price_date", p->price_date);
    cp_jsonw_str(&w, "region", p->region);
    cp_jsonw_u64(&w, "memory_mb", p->memory_mb);
    cp_jsonw_u64(&w, "percentile", p->percentile);
    cp_jsonw_num(&w, "max_latency_ms", p->max_latency_ms);
    cp_jsonw_num(&w, "budget_usd_month", p->budget_usd_month);
    cp_jsonw_num(&w, "traffic_month", p->traffic_month);
    cp_jsonw_num(&w, "cold_starts_month", p->cold_starts_month);
    cp_jsonw_u64(&w, "local_bytes", p->local_bytes);
    cp_jsonw_u64(&w, "remote_bytes", p->remote_bytes);
    cp_jsonw_str(&w, "digest", p->digest);
    cp_jsonw_array(&w, "assets");
    for (uint32_t j = 0; j < p->asset_count; j++)
        put_asset(&w, &p->assets[j]);
    cp_jsonw_end(&w);
    cp_jsonw_end(&w);
}

// --- reading ---

typedef struct reader {
    const cp_facts *facts;
    cp_plan *plan;
    cp_arena *arena;
    cp_err *err;
} reader;

static cp_status get_str(cp_str *out, const cp_json *object, const char *key, const char *where,
                         reader *r) {
    CP_TRY(cp_json_need_str(out, object, key, where, r->err));
    *out = cp_arena_str(r->arena, *out);
    return CP_OK;
}

static cp_status get_u32(uint32_t *out, const cp_json *object, const char *key, const char *where,
                         reader *r) {
    uint64_t v;
    CP_TRY(cp_json_need_u64(&v, object, key, where, r->err));
    if (v > UINT32_MAX)
        return cp_fail(r->err, CP_EFORMAT, "%s/%s: is too large", where, key);
    *out = (uint32_t)v;
    return CP_OK;
}

static cp_status read_ids(const uint32_t **out, uint32_t *count, const cp_json *object,
                          const char *key, uint32_t limit, const char *where, reader *r) {
    const cp_json *list;
    CP_TRY(cp_json_need_array(&list, object, key, where, r->err));
    size_t n = cp_json_count(list);
    if (n > limit)
        return cp_fail(r->err, CP_EFORMAT, "%s/%s: has %zu members, at most %u", where, key, n,
                       limit);
    uint32_t *ids = CP_ARENA_ARRAY(r->arena, uint32_t, n);
    uint32_t k = 0;
    for (const cp_json *u = cp_json_first(list); u; u = cp_json_next(u), k++) {
        double v = cp_json_num(u, -1);
        if (!(v >= 0 && v < (double)limit) || v != (double)(uint32_t)v)
            return cp_fail(r->err, CP_EFORMAT, "%s/%s/%u: must be a whole number under %u", where,
                           key, k, limit);
        ids[k] = (uint32_t)v;
    }
    *out = ids;
    *count = k;
    return CP_OK;
}

static bool tier_named(cp_tier_id *out, cp_str name) {
    for (uint32_t t = 0; t < CP_TIER_COUNT; t++)
        if (cp_str_is(name, cp_tier_id_name((cp_tier_id)t))) {
            *out = (cp_tier_id)t;
            return true;
        }
    return false;
}

static cp_status read_rules(cp_asset *a, const cp_json *node, const char *where, reader *r) {
    cp_str text;
    CP_TRY(cp_json_need_str(&text, node, "tier", where, r->err));
    if (!tier_named(&a->tier, text))
        return cp_fail(r->err, CP_EFORMAT, "%s/tier: no such tier: \"%.*s\"", where,
                       CP_STR_ARG(text));
    CP_TRY(cp_json_need_str(&text, node, "kind", where, r->err));
    uint32_t kind = 0;
    while (kind < KIND_COUNT && !cp_str_is(text, kinds[kind]))
        kind++;
    if (kind == KIND_COUNT)
        return cp_fail(r->err, CP_EFORMAT, "%s/kind: no such kind: \"%.*s\"", where,
                       CP_STR_ARG(text));
    a->kind = (cp_asset_kind)kind;
    const cp_json *list;
    CP_TRY(cp_json_need_array(&list, node, "allowed", where, r->err));
    for (const cp_json *u = cp_json_first(list); u; u = cp_json_next(u)) {
        cp_tier_id t;
        if (!tier_named(&t, cp_json_str(u)))
            return cp_fail(r->err, CP_EFORMAT, "%s/allowed: no such tier", where);
        a->allowed |= CP_TIER_BIT(t);
    }
    if (!(a->allowed & CP_TIER_BIT(a->tier)))
        return cp_fail(r->err, CP_EFORMAT, "%s/tier: %s is not allowed for it", where,
                       cp_tier_id_name(a->tier));
    return CP_OK;
}

static cp_status read_asset(cp_asset *a, uint32_t j, uint32_t count, const cp_json *node,
                            reader *r) {
    char where[64];
    (void)snprintf(where, sizeof where, "/assets/%u", j);
    CP_TRY(get_str(&a->name, node, "name", where, r));
    CP_TRY(get_str(&a->why, node, "why", where, r));
    CP_TRY(cp_json_need_u64(&a->bytes, node, "bytes", where, r->err));
    CP_TRY(cp_json_need_u64(&a->zipped_bytes, node, "zipped_bytes", where, r->err));
    CP_TRY(cp_json_need_num(&a->import_ms, node, "import_ms", where, r->err));
    CP_TRY(cp_json_need_num(&a->use_probability, node, "use_probability", where, r->err));
    if (!cp_json_is_bool(cp_json_get(node, "deferred")))
        return cp_fail(r->err, CP_EFORMAT, "%s/deferred: must be true or false", where);
    a->initial = !cp_json_bool(cp_json_get(node, "deferred"), true);
    CP_TRY(read_rules(a, node, where, r));
    CP_TRY(read_ids(&a->needs, &a->need_count, node, "needs", count, where, r));
    return read_ids(&a->files, &a->file_count, node, "files", r->facts->file_count, where, r);
}

static cp_status read_assets(const cp_json *root, reader *r) {
    const cp_json *list;
    CP_TRY(cp_json_need_array(&list, root, "assets", "", r->err));
    size_t n = cp_json_count(list);
    if (n > CP_PROBLEM_ITEMS_MAX)
        return cp_fail(r->err, CP_EFORMAT, "/assets: has %zu members, at most %d", n,
                       CP_PROBLEM_ITEMS_MAX);
    cp_asset *assets = CP_ARENA_ARRAY(r->arena, cp_asset, n);
    CP_AUTO(cp_intern) names = cp_intern_new();
    uint32_t j = 0;
    for (const cp_json *u = cp_json_first(list); u; u = cp_json_next(u), j++) {
        CP_TRY(read_asset(&assets[j], j, (uint32_t)n, u, r));
        if (cp_intern_add(names, assets[j].name).i != j)
            return cp_fail(r->err, CP_EFORMAT, "/assets/%u/name: duplicate \"%.*s\"", j,
                           CP_STR_ARG(assets[j].name));
    }
    r->plan->assets = assets;
    r->plan->asset_count = j;
    return CP_OK;
}

static cp_status read_prediction(cp_prediction *p, const cp_json *root, reader *r) {
    const cp_json *latency = cp_json_get(root, "latency_ms"),
                  *cost = cp_json_get(root, "cost_usd_month"), *parts = cp_json_get(cost, "parts");
    const struct {
        double *out;
        const cp_json *object;
        const char *key, *where;
    } list[] = {{&p->p50_ms, latency, "p50", "/latency_ms"},
                {&p->p95_ms, latency, "p95", "/latency_ms"},
                {&p->p99_ms, latency, "p99", "/latency_ms"},
                {&p->init_ms, latency, "init", "/latency_ms"},
                {&p->usd_month, cost, "total", "/cost_usd_month"},
                {&p->usd_storage, parts, "storage", "/cost_usd_month/parts"},
                {&p->usd_requests, parts, "requests", "/cost_usd_month/parts"},
                {&p->usd_transfer, parts, "transfer", "/cost_usd_month/parts"},
                {&p->usd_compute, parts, "compute", "/cost_usd_month/parts"},
                {&p->usd_fixed, parts, "fixed", "/cost_usd_month/parts"}};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        CP_TRY(cp_json_need_num(list[i].out, list[i].object, list[i].key, list[i].where, r->err));
    return CP_OK;
}

static cp_status read_texts(const cp_json *root, reader *r) {
    cp_plan *p = r->plan;
    const struct {
        cp_str *out;
        const char *key;
    } list[] = {{&p->status, "status"},         {&p->fit, "case"},
                {&p->solver, "solver"},         {&p->objective_name, "objective_name"},
                {&p->model, "model"},           {&p->region, "region"},
                {&p->price_date, "price_date"}, {&p->digest, "digest"}};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        CP_TRY(get_str(list[i].out, root, list[i].key, "", r));
    return CP_OK;
}

static cp_status read_head(const cp_json *root, reader *r) {
    cp_plan *p = r->plan;
    cp_str format;
    CP_TRY(cp_json_need_str(&format, root, "format", "", r->err));
    if (!cp_str_is(format, PLAN_FORMAT))
        return cp_fail(r->err, CP_EFORMAT, "/format: is \"%.*s\", this program reads \"%s\"",
                       CP_STR_ARG(format), PLAN_FORMAT);
    const struct {
        double *out;
        const char *key;
    } list[] = {{&p->objective, "objective"},
                {&p->bound, "bound"},
                {&p->gap, "gap"},
                {&p->solve_ms, "solve_ms"},
                {&p->max_latency_ms, "max_latency_ms"},
                {&p->budget_usd_month, "budget_usd_month"},
                {&p->traffic_month, "traffic_month"},
                {&p->cold_starts_month, "cold_starts_month"}};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        CP_TRY(cp_json_need_num(list[i].out, root, list[i].key, "", r->err));
    CP_TRY(get_u32(&p->memory_mb, root, "memory_mb", "", r));
    CP_TRY(get_u32(&p->percentile, root, "percentile", "", r));
    CP_TRY(cp_json_need_u64(&p->local_bytes, root, "local_bytes", "", r->err));
    CP_TRY(cp_json_need_u64(&p->remote_bytes, root, "remote_bytes", "", r->err));
    return read_texts(root, r);
}

static cp_status read_plan(const cp_json *root, reader *r) {
    CP_TRY(read_head(root, r));
    CP_TRY(read_prediction(&r->plan->predicted, root, r));
    CP_TRY(read_assets(root, r));
    cp_str digest = cp_plan_digest(r->plan, r->facts, r->arena);
    if (cp_str_eq(digest, r->plan->digest))
        return CP_OK;
    cp_fail(r->err, CP_ESTALE, "the plan is about other files than those analyzed last");
    return cp_hint(r->err, "run `cloudpack optimize` again");
}

cp_status cp_plan_from_json(cp_plan **out, cp_str text, const char *name, const cp_facts *facts,
                            cp_arena *arena, cp_err *err) {
    CP_AUTO(cp_json_doc) doc = NULL;
    CP_TRY(cp_json_parse(&doc, text, PLAN_BYTES_MAX, name, err));
    reader r = {.facts = facts, .plan = CP_ARENA_NEW(arena, cp_plan), .arena = arena, .err = err};
    if (read_plan(cp_json_root(doc), &r) != CP_OK)
        return cp_wrap(err, "%s", name);
    *out = r.plan;
    return CP_OK;
}
