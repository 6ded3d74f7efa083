#include "store/cache.h"

#include "store/db.h"

#include <string.h>

bool cp_store_get_file_digest(cp_store *store, cp_str path, uint64_t bytes, int64_t mtime_ns,
                              uint64_t inode, cp_sha256 *out) {
    static const char sql[] = "SELECT sha256 FROM file_digests"
                              " WHERE path = ? AND bytes = ? AND mtime_ns = ? AND inode = ?";
    cp_err ignored = {0};
    cp_query q = {.store = store, .stmt = store->get_digest};
    if (!q.stmt && cp_query_open(&q, store, sql, &ignored) != CP_OK)
        return false;
    store->get_digest = q.stmt;
    cp_put_text(&q, path);
    cp_put_u64(&q, bytes);
    cp_put_int(&q, mtime_ns);
    cp_put_u64(&q, inode);
    bool has = false;
    if (cp_query_next(&has, &q, &ignored) != CP_OK)
        has = false;
    const void *blob = has ? sqlite3_column_blob(q.stmt, 0) : NULL;
    has = blob && sqlite3_column_bytes(q.stmt, 0) == (int)sizeof out->b;
    if (has)
        memcpy(out->b, blob, sizeof out->b);
    (void)sqlite3_reset(q.stmt);
    return has;
}

cp_status cp_store_put_file_digest(cp_store *store, cp_str path, uint64_t bytes, int64_t mtime_ns,
                                   uint64_t inode, const cp_sha256 *digest, cp_err *err) {
    CP_ASSERT(store->in_batch);
    cp_query q = {.store = store, .stmt = store->put_digest};
    if (!q.stmt)
        CP_TRY(cp_query_open(&q, store,
                             "INSERT OR REPLACE INTO file_digests VALUES (?, ?, ?, ?, ?)", err));
    store->put_digest = q.stmt;
    cp_put_text(&q, path);
    cp_put_u64(&q, bytes);
    cp_put_int(&q, mtime_ns);
    cp_put_u64(&q, inode);
    CP_ASSERT(sqlite3_bind_blob(q.stmt, ++q.at, digest->b, sizeof digest->b, SQLITE_STATIC) ==
              SQLITE_OK);
    return cp_query_run(&q, err);
}

cp_status cp_store_file_digests_begin(cp_store *store, cp_err *err) {
    cp_txn txn = {0};
    CP_TRY(cp_txn_begin(&txn, store, "BEGIN IMMEDIATE", err));
    store->in_batch = true;
    return CP_OK;
}

cp_status cp_store_file_digests_commit(cp_store *store, cp_err *err) {
    CP_ASSERT(store->in_batch);
    CP_AUTOV(cp_txn) txn = {.store = store};
    store->in_batch = false;
    return cp_txn_commit(&txn, err);
}

cp_status cp_store_put_value(cp_store *store, cp_str key, cp_str value, cp_err *err) {
    CP_AUTOV(cp_txn) txn = {0};
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_txn_begin(&txn, store, "BEGIN IMMEDIATE", err));
    CP_TRY(cp_query_open(&q, store, "INSERT OR REPLACE INTO records VALUES (?, ?)", err));
    cp_put_text(&q, key);
    cp_put_text(&q, value);
    CP_TRY(cp_query_run(&q, err));
    return cp_txn_commit(&txn, err);
}

cp_status cp_store_get_value(cp_str *out, cp_store *store, cp_str key, cp_arena *arena,
                             cp_err *err) {
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_query_open(&q, store, "SELECT value FROM records WHERE key = ?", err));
    cp_put_text(&q, key);
    bool has;
    CP_TRY(cp_query_next(&has, &q, err));
    if (!has)
        return cp_fail(err, CP_ENOTFOUND, "store %.*s: nothing is kept under \"%.*s\"",
                       CP_STR_ARG(store->path), CP_STR_ARG(key));
    *out = cp_take_text(&q, arena);
    return CP_OK;
}
