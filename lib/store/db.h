// db.h - SQLite in the words of the house (private to lib/store).
//
// Statements are filled and read from left to right with one call a column, so that an INSERT, its
// SELECT and the C struct can be compared by eye.
#pragma once

#include "core/arena.h"
#include "store/store.h"

#include <sqlite3.h>

struct cp_store {
    sqlite3 *db;
    cp_arena arena;
    cp_str path;
    sqlite3_stmt *get_digest, *put_digest; ///< prepared at first use
    bool in_batch;
};

/// Most rows of one table that are read: a store is a file that anyone can write.
enum { CP_STORE_MAX_ROWS = 5000000 };

/// Turns the state of the connection into words: "store PATH: doing what: why".
cp_status cp_db_fail(cp_store *store, const char *what, cp_err *err);
/// CP_EFORMAT: the store has a row that cp_store cannot have written.
cp_status cp_db_damaged(cp_store *store, const char *table, cp_err *err);
CP_MUST_CHECK cp_status cp_db_exec(cp_store *store, const char *sql, cp_err *err);

/// A transaction that is rolled back unless committed.
typedef struct cp_txn {
    cp_store *store; ///< NULL when there is none open
} cp_txn;
/// `begin` is "BEGIN" to read, "BEGIN IMMEDIATE" to write.
CP_MUST_CHECK cp_status cp_txn_begin(cp_txn *out, cp_store *store, const char *begin, cp_err *err);
CP_MUST_CHECK cp_status cp_txn_commit(cp_txn *txn, cp_err *err);
void cp_txn_cleanup(cp_txn *txn);

/// A statement with the next column to fill or to read.
typedef struct cp_query {
    cp_store *store;
    sqlite3_stmt *stmt;
    int at;
    bool bad; ///< a column was out of its range
} cp_query;
CP_MUST_CHECK cp_status cp_query_open(cp_query *out, cp_store *store, const char *sql, cp_err *err);
void cp_query_cleanup(cp_query *q);

void cp_put_text(cp_query *q, cp_str text); ///< borrowed until cp_query_run
void cp_put_int(cp_query *q, int64_t value);
void cp_put_u64(cp_query *q, uint64_t value);   ///< kept bit for bit
void cp_put_index(cp_query *q, uint32_t index); ///< CP_NONE becomes NULL
void cp_put_real(cp_query *q, double value);
/// Runs an INSERT, UPDATE or DELETE and makes it ready for the next row.
CP_MUST_CHECK cp_status cp_query_run(cp_query *q, cp_err *err);

/// The next row of a SELECT; `*has` is false after the last one.
CP_MUST_CHECK cp_status cp_query_next(bool *has, cp_query *q, cp_err *err);
cp_str cp_take_text(cp_query *q, cp_arena *arena);
int64_t cp_take_int(cp_query *q);
uint64_t cp_take_u64(cp_query *q);
double cp_take_real(cp_query *q);
bool cp_take_bool(cp_query *q);
/// A number in [0, limit), else `bad`.
uint32_t cp_take_below(cp_query *q, uint32_t limit);
/// The same, or NULL as CP_NONE.
uint32_t cp_take_index(cp_query *q, uint32_t limit);

/// One number from a query without parameters, at most CP_STORE_MAX_ROWS, else CP_EFORMAT.
CP_MUST_CHECK cp_status cp_db_count(uint32_t *out, cp_store *store, const char *sql, cp_err *err);
