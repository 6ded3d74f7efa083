#include "store/store.h"

#include "core/file.h"
#include "core/path.h"
#include "store/db.h"
#include "store_schema.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x63706b31, BUSY_MS = 5000, HEADER_BYTES = 100 }; // "cpk1"

unsigned cp_store_version(void) {
    return (unsigned)cp_store_schema_count;
}

static uint32_t big_endian(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool has_bytes(cp_str path, const char *suffix) {
    CP_AUTOV(cp_arena) arena = {0};
    struct stat st;
    return stat(cp_arena_fmt(&arena, "%.*s%s", CP_STR_ARG(path), suffix).p, &st) == 0 &&
           st.st_size > 0;
}

static cp_status refuse(cp_err *err, cp_str path, const char *why) {
    cp_fail(err, CP_EFORMAT, "store %.*s: %s; it was left as it is", CP_STR_ARG(path), why);
    return cp_hint(err, "move it away, or name another place with --store");
}

static cp_status refuse_newer(cp_err *err, cp_str path, int64_t version) {
    cp_fail(err, CP_EFORMAT,
            "store %.*s: written by a newer cloudpack (version %lld, this one knows %u)",
            CP_STR_ARG(path), (long long)version, cp_store_version());
    return cp_hint(err, "use the newer cloudpack, or name another place with --store");
}

// Looks at the 100-byte header (sqlite.org/fileformat2.html, 1.3) without SQLite, which might write
// beside or into a file that is not ours: application id at 68, version at 60, pages at 28, page
// size at 16. `*exists` is false for no file and for an empty one.
static cp_status look_at_header(bool *exists, cp_str path, cp_err *err) {
    struct stat st;
    CP_AUTOV(cp_arena) arena = {0};
    *exists = false;
    if (!cp_file_exists(path))
        return CP_OK;
    CP_TRY(cp_file_stat(&st, path, err));
    if (!S_ISREG(st.st_mode))
        return cp_fail(err, CP_EIO, "store %.*s: not a regular file", CP_STR_ARG(path));
    if (st.st_size == 0)
        return CP_OK;
    unsigned char head[HEADER_BYTES] = {0};
    int fd = open(cp_arena_cstr(&arena, path), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof head, 0);
    if (fd >= 0)
        (void)close(fd);
    if (n < 0)
        return cp_fail(err, CP_EIO, "store %.*s: not readable", CP_STR_ARG(path));
    *exists = true;
    if (n < HEADER_BYTES || memcmp(head, "SQLite format 3", 16) != 0)
        return refuse(err, path, "not a cloudpack store");
    // A journal means that a first write was cut off: SQLite undoes it, then we look again.
    if (has_bytes(path, "-journal"))
        return CP_OK;
    if (big_endian(head + 68) != APPLICATION_ID)
        return refuse(err, path, "an SQLite file of another program");
    uint32_t page = (uint32_t)head[16] << 8 | head[17], pages = big_endian(head + 28);
    if (!has_bytes(path, "-wal") &&
        (uint64_t)st.st_size < (uint64_t)pages * (page == 1 ? 65536 : page))
        return refuse(err, path, "cut off or damaged");
    if (big_endian(head + 60) > cp_store_version())
        return refuse_newer(err, path, big_endian(head + 60));
    return CP_OK;
}

static cp_status pragma(int64_t *out, cp_store *store, const char *sql, cp_err *err) {
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_query_open(&q, store, sql, err));
    bool has;
    CP_TRY(cp_query_next(&has, &q, err));
    *out = has ? cp_take_int(&q) : 0;
    return CP_OK;
}

// What the header says once SQLite has the last word on it, and that nothing of someone else is
// here.
static cp_status check_owner(int64_t *version, cp_store *store, cp_err *err) {
    int64_t application = 0, objects = 0;
    CP_TRY(pragma(&application, store, "PRAGMA application_id", err));
    CP_TRY(pragma(version, store, "PRAGMA user_version", err));
    CP_TRY(pragma(&objects, store, "SELECT count(*) FROM sqlite_schema", err));
    bool empty = application == 0 && *version == 0 && objects == 0;
    if (!empty && application != APPLICATION_ID)
        return refuse(err, store->path, "an SQLite file of another program");
    if (*version < 0 || *version > cp_store_version())
        return refuse_newer(err, store->path, *version);
    return CP_OK;
}

// One migration: the version is read again under the lock, since another process may have been
// faster.
static cp_status migrate_one(cp_store *store, int64_t number, cp_err *err) {
    CP_AUTOV(cp_txn) txn = {0};
    CP_TRY(cp_txn_begin(&txn, store, "BEGIN IMMEDIATE", err));
    int64_t version = 0;
    CP_TRY(check_owner(&version, store, err));
    if (version + 1 != number)
        return cp_txn_commit(&txn, err);
    const cp_embedded *file = &cp_store_schema[number - 1];
    CP_ASSERT(strtol(file->name, NULL, 10) == number);
    CP_AUTOV(cp_arena) arena = {0};
    cp_str bump = cp_arena_fmt(&arena, "PRAGMA application_id = %d; PRAGMA user_version = %lld",
                               APPLICATION_ID, (long long)number);
    if (cp_db_exec(store, (const char *)file->data, err) != CP_OK)
        return cp_wrap(err, "migration %s", file->name);
    CP_TRY(cp_db_exec(store, bump.p, err));
    return cp_txn_commit(&txn, err);
}

static cp_status quick_check(cp_store *store, cp_err *err) {
    CP_AUTOV(cp_query) q = {0};
    CP_AUTOV(cp_arena) arena = {0};
    CP_TRY(cp_query_open(&q, store, "PRAGMA quick_check(1)", err));
    bool has;
    CP_TRY(cp_query_next(&has, &q, err));
    return has && cp_str_is(cp_take_text(&q, &arena), "ok")
               ? CP_OK
               : refuse(err, store->path, "cut off or damaged");
}

static cp_status migrate(cp_store *store, cp_err *err) {
    int64_t version = 0;
    CP_TRY(check_owner(&version, store, err));
    if (version > 0 && version < cp_store_version())
        CP_TRY(quick_check(store, err));
    for (int64_t number = version + 1; number <= cp_store_version(); number++)
        CP_TRY(migrate_one(store, number, err));
    return CP_OK;
}

static cp_status set_up(cp_store *store, cp_err *err) {
    (void)sqlite3_busy_timeout(store->db, BUSY_MS);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    CP_TRY(migrate(store, err));
    // Only now: before the first commit the application id would be in the log alone, where the
    // look at the header does not see it.
    return cp_db_exec(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", err);
}

cp_status cp_store_open(cp_store **out, cp_str path, cp_err *err) {
    bool exists;
    CP_TRY(look_at_header(&exists, path, err));
    cp_str folder = cp_path_dir(path);
    if (!exists && folder.n)
        CP_TRY(cp_dir_make(folder, err));
    CP_AUTO(cp_store) store = cp_xcalloc(1, sizeof *store);
    store->path = cp_arena_str(&store->arena, path);
    if (sqlite3_open_v2(store->path.p, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                        NULL) != SQLITE_OK)
        return cp_db_fail(store, "open", err);
    CP_TRY(set_up(store, err));
    *out = store;
    store = NULL;
    return CP_OK;
}

void cp_store_cleanup(cp_store **store) {
    if (!*store)
        return;
    (void)sqlite3_finalize((*store)->get_digest);
    (void)sqlite3_finalize((*store)->put_digest);
    (void)sqlite3_close((*store)->db); // an open batch is rolled back
    cp_arena_cleanup(&(*store)->arena);
    free(*store);
    *store = NULL;
}
