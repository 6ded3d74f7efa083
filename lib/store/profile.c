#include "store/facts.h"
#include "store/table.h"

static void put_module(cp_query *q, const void *row) {
    const cp_module_profile *m = row;
    cp_put_text(q, m->name);
    cp_put_real(q, m->self_ms);
    cp_put_int(q, m->order);
    cp_put_int(q, m->phase);
    cp_put_int(q, m->used);
}

static void take_module(cp_query *q, void *row, const cp_limits *limits, cp_arena *arena) {
    (void)limits;
    cp_module_profile *m = row;
    m->name = cp_take_text(q, arena);
    m->self_ms = cp_take_real(q);
    m->order = cp_take_below(q, UINT32_MAX);
    m->phase = cp_take_below(q, UINT32_MAX);
    m->used = cp_take_bool(q);
}

static void put_opened(cp_query *q, const void *row) {
    cp_put_int(q, *(const uint32_t *)row);
}

static void take_opened(cp_query *q, void *row, const cp_limits *limits, cp_arena *arena) {
    (void)limits;
    (void)arena;
    *(uint32_t *)row = cp_take_below(q, UINT32_MAX);
}

static void put_head(cp_query *q, const cp_profile *p) {
    cp_put_int(q, p->runs);
    cp_put_real(q, p->init_ms);
    cp_put_real(q, p->init_p95_ms);
    cp_put_real(q, p->first_ms);
    cp_put_real(q, p->first_p95_ms);
    cp_put_real(q, p->cpu_ms);
    cp_put_real(q, p->runtime_ms);
    cp_put_u64(q, p->peak_memory_bytes);
    cp_put_text(q, p->facts_digest);
}

static void take_head(cp_query *q, cp_profile *p, cp_arena *arena) {
    p->runs = cp_take_below(q, UINT32_MAX);
    p->init_ms = cp_take_real(q);
    p->init_p95_ms = cp_take_real(q);
    p->first_ms = cp_take_real(q);
    p->first_p95_ms = cp_take_real(q);
    p->cpu_ms = cp_take_real(q);
    p->runtime_ms = cp_take_real(q);
    p->peak_memory_bytes = cp_take_u64(q);
    p->facts_digest = cp_take_text(q, arena);
}

static const cp_table MODULES = {"profile_modules",         NULL,       "id",       6,
                                 sizeof(cp_module_profile), put_module, take_module};
static const cp_table OPENED = {"profile_opened", NULL,       "id",       2,
                                sizeof(uint32_t), put_opened, take_opened};

cp_status cp_store_put_profile(cp_store *store, const cp_profile *profile, cp_err *err) {
    CP_AUTOV(cp_txn) txn = {0};
    CP_TRY(cp_txn_begin(&txn, store, "BEGIN IMMEDIATE", err));
    CP_TRY(cp_db_exec(
        store, "DELETE FROM profile; DELETE FROM profile_modules; DELETE FROM profile_opened",
        err));
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_query_open(&q, store, "INSERT INTO profile VALUES (1,?,?,?,?,?,?,?,?,?)", err));
    put_head(&q, profile);
    CP_TRY(cp_query_run(&q, err));
    CP_TRY(cp_table_write(store, &MODULES, 0, profile->modules, profile->module_count, err));
    CP_TRY(cp_table_write(store, &OPENED, 0, profile->opened, profile->opened_count, err));
    return cp_txn_commit(&txn, err);
}

static cp_status read_head(cp_profile *p, cp_store *store, cp_arena *arena, cp_err *err) {
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_query_open(&q, store, "SELECT * FROM profile WHERE id = 1", err));
    bool has;
    CP_TRY(cp_query_next(&has, &q, err));
    if (!has) {
        cp_fail(err, CP_ENOTFOUND, "store %.*s: the function was not profiled yet",
                CP_STR_ARG(store->path));
        return cp_hint(err, "run `cloudpack profile` first");
    }
    q.at = 1;
    take_head(&q, p, arena);
    return q.bad ? cp_db_damaged(store, "profile", err) : CP_OK;
}

cp_status cp_store_get_profile(const cp_profile **out, cp_store *store, cp_arena *arena,
                               cp_err *err) {
    cp_profile *p = CP_ARENA_NEW(arena, cp_profile);
    CP_AUTOV(cp_txn) txn = {0};
    CP_TRY(cp_txn_begin(&txn, store, "BEGIN", err));
    CP_TRY(read_head(p, store, arena, err));
    CP_TRY(cp_table_count(&p->module_count, store, &MODULES, 0, err));
    CP_TRY(cp_table_count(&p->opened_count, store, &OPENED, 0, err));
    void *rows = NULL;
    CP_TRY(cp_table_read(&rows, store, &MODULES, 0, p->module_count, NULL, arena, err));
    p->modules = rows;
    CP_TRY(cp_table_read(&rows, store, &OPENED, 0, p->opened_count, NULL, arena, err));
    p->opened = rows;
    *out = p;
    return cp_txn_commit(&txn, err);
}
