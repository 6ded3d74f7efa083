#include "store/plans.h"

#include "store/table.h"

static void put_asset(cp_query *q, const void *row) {
    const cp_asset *a = row;
    cp_put_text(q, a->name);
    cp_put_int(q, a->kind);
    cp_put_u64(q, a->bytes);
    cp_put_u64(q, a->zipped_bytes);
    cp_put_real(q, a->import_ms);
    cp_put_real(q, a->use_probability);
    cp_put_int(q, a->initial);
    cp_put_int(q, a->allowed);
    cp_put_int(q, a->tier);
    cp_put_text(q, a->why);
}

static void take_asset(cp_query *q, void *row, const cp_limits *limits, cp_arena *arena) {
    (void)limits;
    cp_asset *a = row;
    a->name = cp_take_text(q, arena);
    a->kind = (cp_asset_kind)cp_take_below(q, CP_ASSET_COLD + 1);
    a->bytes = cp_take_u64(q);
    a->zipped_bytes = cp_take_u64(q);
    a->import_ms = cp_take_real(q);
    a->use_probability = cp_take_real(q);
    a->initial = cp_take_bool(q);
    a->allowed = cp_take_below(q, 1U << CP_TIER_COUNT);
    a->tier = (cp_tier_id)cp_take_below(q, CP_TIER_COUNT);
    a->why = cp_take_text(q, arena);
}

static const uint32_t *get_files(const void *rows, uint32_t owner, uint32_t *count) {
    const cp_asset *a = (const cp_asset *)rows + owner;
    *count = a->file_count;
    return a->files;
}

static void set_files(void *rows, uint32_t owner, const uint32_t *list, uint32_t count) {
    cp_asset *a = (cp_asset *)rows + owner;
    a->files = list;
    a->file_count = count;
}

static const uint32_t *get_needs(const void *rows, uint32_t owner, uint32_t *count) {
    const cp_asset *a = (const cp_asset *)rows + owner;
    *count = a->need_count;
    return a->needs;
}

static void set_needs(void *rows, uint32_t owner, const uint32_t *list, uint32_t count) {
    cp_asset *a = (cp_asset *)rows + owner;
    a->needs = list;
    a->need_count = count;
}

static const cp_table ASSETS = {"plan_assets",    "plan",    "asset",   12,
                                sizeof(cp_asset), put_asset, take_asset};
static const cp_lists FILES = {"plan_asset_files", "plan", "asset", "file", get_files, set_files};
static const cp_lists NEEDS = {"plan_asset_needs", "plan", "asset", "needs", get_needs, set_needs};

static void put_head(cp_query *q, const cp_plan *p) {
    cp_put_text(q, p->status);
    cp_put_text(q, p->fit);
    cp_put_text(q, p->objective_name);
    cp_put_real(q, p->objective);
    cp_put_real(q, p->bound);
    cp_put_real(q, p->gap);
    cp_put_text(q, p->solver);
    cp_put_real(q, p->solve_ms);
    cp_put_text(q, p->model);
    cp_put_text(q, p->price_date);
    cp_put_text(q, p->region);
    cp_put_int(q, p->memory_mb);
    cp_put_int(q, p->percentile);
    cp_put_real(q, p->max_latency_ms);
    cp_put_real(q, p->budget_usd_month);
    cp_put_real(q, p->traffic_month);
    cp_put_real(q, p->cold_starts_month);
    const cp_prediction *d = &p->predicted;
    const double parts[] = {d->p50_ms,      d->p95_ms,      d->p99_ms,       d->init_ms,
                            d->usd_month,   d->usd_storage, d->usd_requests, d->usd_transfer,
                            d->usd_compute, d->usd_fixed};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cp_put_real(q, parts[i]);
    cp_put_u64(q, p->local_bytes);
    cp_put_u64(q, p->remote_bytes);
    cp_put_text(q, p->digest);
}

static void take_head(cp_query *q, cp_plan *p, cp_arena *arena) {
    p->status = cp_take_text(q, arena);
    p->fit = cp_take_text(q, arena);
    p->objective_name = cp_take_text(q, arena);
    p->objective = cp_take_real(q);
    p->bound = cp_take_real(q);
    p->gap = cp_take_real(q);
    p->solver = cp_take_text(q, arena);
    p->solve_ms = cp_take_real(q);
    p->model = cp_take_text(q, arena);
    p->price_date = cp_take_text(q, arena);
    p->region = cp_take_text(q, arena);
    p->memory_mb = cp_take_below(q, UINT32_MAX);
    p->percentile = cp_take_below(q, UINT32_MAX);
    p->max_latency_ms = cp_take_real(q);
    p->budget_usd_month = cp_take_real(q);
    p->traffic_month = cp_take_real(q);
    p->cold_starts_month = cp_take_real(q);
    cp_prediction *d = &p->predicted;
    double *parts[] = {&d->p50_ms,      &d->p95_ms,      &d->p99_ms,       &d->init_ms,
                       &d->usd_month,   &d->usd_storage, &d->usd_requests, &d->usd_transfer,
                       &d->usd_compute, &d->usd_fixed};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        *parts[i] = cp_take_real(q);
    p->local_bytes = cp_take_u64(q);
    p->remote_bytes = cp_take_u64(q);
    p->digest = cp_take_text(q, arena);
}

static cp_status check(const cp_plan *plan, cp_err *err) {
    for (uint32_t i = 0; i < plan->asset_count; i++)
        for (uint32_t j = 0; j < plan->assets[i].need_count; j++)
            if (plan->assets[i].needs[j] >= plan->asset_count)
                return cp_fail(err, CP_EUSAGE, "store: asset %.*s needs one that is not there",
                               CP_STR_ARG(plan->assets[i].name));
    return CP_OK;
}

cp_status cp_store_put_plan(cp_store *store, const cp_plan *plan, int64_t created_at_ms,
                            cp_err *err) {
    CP_TRY(check(plan, err));
    CP_AUTOV(cp_txn) txn = {0};
    CP_TRY(cp_txn_begin(&txn, store, "BEGIN IMMEDIATE", err));
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(
        cp_query_open(&q, store,
                      "INSERT INTO plans VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?"
                      ",?,?,?,?,?,?,?,?,?)",
                      err));
    cp_put_int(&q, created_at_ms);
    put_head(&q, plan);
    CP_TRY(cp_query_run(&q, err));
    int64_t id = sqlite3_last_insert_rowid(store->db);
    CP_TRY(cp_table_write(store, &ASSETS, id, plan->assets, plan->asset_count, err));
    CP_TRY(cp_lists_write(store, &FILES, id, plan->assets, plan->asset_count, err));
    CP_TRY(cp_lists_write(store, &NEEDS, id, plan->assets, plan->asset_count, err));
    CP_AUTOV(cp_query) trim = {0};
    CP_TRY(cp_query_open(&trim, store,
                         "DELETE FROM plans WHERE id NOT IN"
                         " (SELECT id FROM plans ORDER BY id DESC LIMIT ?)",
                         err));
    cp_put_int(&trim, CP_STORE_PLANS_KEPT);
    CP_TRY(cp_query_run(&trim, err));
    return cp_txn_commit(&txn, err);
}

static cp_status read_head(cp_plan *p, int64_t *id, int64_t *created_at_ms, cp_store *store,
                           cp_arena *arena, cp_err *err) {
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_query_open(&q, store, "SELECT * FROM plans ORDER BY id DESC LIMIT 1", err));
    bool has;
    CP_TRY(cp_query_next(&has, &q, err));
    if (!has) {
        cp_fail(err, CP_ENOTFOUND, "store %.*s: there is no plan yet", CP_STR_ARG(store->path));
        return cp_hint(err, "run `cloudpack optimize` first");
    }
    *id = cp_take_int(&q);
    int64_t created = cp_take_int(&q);
    if (created_at_ms)
        *created_at_ms = created;
    take_head(&q, p, arena);
    return q.bad ? cp_db_damaged(store, "plans", err) : CP_OK;
}

cp_status cp_store_get_plan(const cp_plan **out, int64_t *created_at_ms, cp_store *store,
                            cp_arena *arena, cp_err *err) {
    cp_plan *p = CP_ARENA_NEW(arena, cp_plan);
    CP_AUTOV(cp_txn) txn = {0};
    CP_TRY(cp_txn_begin(&txn, store, "BEGIN", err));
    int64_t id = 0;
    CP_TRY(read_head(p, &id, created_at_ms, store, arena, err));
    CP_TRY(cp_table_count(&p->asset_count, store, &ASSETS, id, err));
    void *rows = NULL;
    CP_TRY(cp_table_read(&rows, store, &ASSETS, id, p->asset_count, NULL, arena, err));
    CP_TRY(cp_lists_read(store, &FILES, id, rows, p->asset_count, UINT32_MAX, arena, err));
    CP_TRY(cp_lists_read(store, &NEEDS, id, rows, p->asset_count, p->asset_count, arena, err));
    p->assets = rows;
    *out = p;
    return cp_txn_commit(&txn, err);
}

uint32_t cp_store_plan_count(cp_store *store) {
    cp_err ignored = {0};
    uint32_t count = 0;
    return cp_db_count(&count, store, "SELECT count(*) FROM plans", &ignored) == CP_OK ? count : 0;
}
