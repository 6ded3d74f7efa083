#include "store/db.h"

#include "model/facts.h"

static cp_status hint_damaged(cp_store *store, cp_err *err) {
    return cp_hint(err, "move %.*s away and run `cloudpack analyze` to make a new one",
                   CP_STR_ARG(store->path));
}

cp_status cp_db_fail(cp_store *store, const char *what, cp_err *err) {
    int code = sqlite3_errcode(store->db) & 0xFF;
    bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR ||
                   code == SQLITE_MISMATCH || code == SQLITE_CONSTRAINT;
    cp_fail(err, damaged ? CP_EFORMAT : CP_EIO, "store %.*s: %s: %s", CP_STR_ARG(store->path), what,
            sqlite3_errmsg(store->db));
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return cp_hint(err, "another cloudpack is using it: wait until it is done and try again");
    if (code == SQLITE_FULL)
        return cp_hint(err, "free some space and run the same command again; nothing was changed");
    if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM)
        return cp_hint(err,
                       "the folder and the file must be writable; --store names another place");
    return damaged ? hint_damaged(store, err) : err->status;
}

cp_status cp_db_damaged(cp_store *store, const char *table, cp_err *err) {
    cp_fail(err, CP_EFORMAT, "store %.*s: table %s has rows that cloudpack does not write",
            CP_STR_ARG(store->path), table);
    return hint_damaged(store, err);
}

cp_status cp_db_exec(cp_store *store, const char *sql, cp_err *err) {
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return cp_db_fail(store, "write", err);
    return CP_OK;
}

cp_status cp_txn_begin(cp_txn *out, cp_store *store, const char *begin, cp_err *err) {
    if (store->in_batch)
        return cp_fail(err, CP_EUSAGE, "store: a batch of file digests is open");
    if (sqlite3_exec(store->db, begin, NULL, NULL, NULL) != SQLITE_OK)
        return cp_db_fail(store, "begin", err);
    out->store = store;
    return CP_OK;
}

cp_status cp_txn_commit(cp_txn *txn, cp_err *err) {
    if (sqlite3_exec(txn->store->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return cp_db_fail(txn->store, "commit", err);
    txn->store = NULL;
    return CP_OK;
}

void cp_txn_cleanup(cp_txn *txn) {
    if (txn->store) // fails only when SQLite has rolled back by itself
        (void)sqlite3_exec(txn->store->db, "ROLLBACK", NULL, NULL, NULL);
    txn->store = NULL;
}

cp_status cp_query_open(cp_query *out, cp_store *store, const char *sql, cp_err *err) {
    *out = (cp_query){.store = store};
    if (sqlite3_prepare_v2(store->db, sql, -1, &out->stmt, NULL) != SQLITE_OK)
        return cp_db_fail(store, "prepare", err);
    return CP_OK;
}

void cp_query_cleanup(cp_query *q) {
    (void)sqlite3_finalize(q->stmt);
    q->stmt = NULL;
}

// Binding fails only for a parameter that is not there (a bug) or without memory.
static void bound(int code) {
    CP_ASSERT(code == SQLITE_OK);
}

void cp_put_text(cp_query *q, cp_str text) {
    bound(sqlite3_bind_text64(q->stmt, ++q->at, text.p ? text.p : "", text.n, SQLITE_STATIC,
                              SQLITE_UTF8));
}

void cp_put_int(cp_query *q, int64_t value) {
    bound(sqlite3_bind_int64(q->stmt, ++q->at, value));
}

void cp_put_u64(cp_query *q, uint64_t value) {
    cp_put_int(q, (int64_t)value);
}

void cp_put_index(cp_query *q, uint32_t index) {
    if (index == CP_NONE)
        bound(sqlite3_bind_null(q->stmt, ++q->at));
    else
        cp_put_int(q, index);
}

void cp_put_real(cp_query *q, double value) {
    bound(sqlite3_bind_double(q->stmt, ++q->at, value));
}

cp_status cp_query_run(cp_query *q, cp_err *err) {
    CP_ASSERT(q->at == sqlite3_bind_parameter_count(q->stmt));
    q->at = 0;
    int code = sqlite3_step(q->stmt);
    cp_status status = code == SQLITE_DONE ? CP_OK : cp_db_fail(q->store, "write", err);
    (void)sqlite3_reset(q->stmt);
    return status;
}

cp_status cp_query_next(bool *has, cp_query *q, cp_err *err) {
    int code = sqlite3_step(q->stmt);
    q->at = 0;
    *has = code == SQLITE_ROW;
    return *has || code == SQLITE_DONE ? CP_OK : cp_db_fail(q->store, "read", err);
}

cp_str cp_take_text(cp_query *q, cp_arena *arena) {
    int column = q->at++;
    const char *text = (const char *)sqlite3_column_text(q->stmt, column);
    size_t n = (size_t)sqlite3_column_bytes(q->stmt, column);
    return cp_arena_str(arena, (cp_str){text ? text : "", text ? n : 0});
}

int64_t cp_take_int(cp_query *q) {
    return sqlite3_column_int64(q->stmt, q->at++);
}

uint64_t cp_take_u64(cp_query *q) {
    return (uint64_t)cp_take_int(q);
}

double cp_take_real(cp_query *q) {
    return sqlite3_column_double(q->stmt, q->at++);
}

bool cp_take_bool(cp_query *q) {
    return cp_take_below(q, 2) == 1;
}

uint32_t cp_take_below(cp_query *q, uint32_t limit) {
    int64_t value = cp_take_int(q);
    if (value >= 0 && value < (int64_t)limit)
        return (uint32_t)value;
    q->bad = true;
    return 0;
}

uint32_t cp_take_index(cp_query *q, uint32_t limit) {
    if (sqlite3_column_type(q->stmt, q->at) != SQLITE_NULL)
        return cp_take_below(q, limit);
    q->at++;
    return CP_NONE;
}

cp_status cp_db_count(uint32_t *out, cp_store *store, const char *sql, cp_err *err) {
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_query_open(&q, store, sql, err));
    bool has;
    CP_TRY(cp_query_next(&has, &q, err));
    uint32_t value = has ? cp_take_below(&q, CP_STORE_MAX_ROWS + 1) : 0;
    if (q.bad)
        return cp_fail(err, CP_EFORMAT, "store %.*s: more than %d rows in one table",
                       CP_STR_ARG(store->path), CP_STORE_MAX_ROWS);
    *out = value;
    return CP_OK;
}
