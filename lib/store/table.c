#include "store/table.h"

static const char *insert_sql(cp_arena *arena, const char *name, int columns) {
    CP_ASSERT(columns > 0 && columns < 64);
    char marks[128];
    for (int i = 0; i < columns; i++) {
        marks[2 * i] = '?';
        marks[2 * i + 1] = ',';
    }
    marks[2 * columns - 1] = '\0';
    return cp_arena_fmt(arena, "INSERT INTO %s VALUES (%s)", name, marks).p;
}

// "SELECT what FROM name [WHERE scope = ?] [order]", with the scope filled in.
static cp_status select_from(cp_query *out, cp_store *store, const char *what, const char *name,
                             const char *scope, int64_t scope_value, const char *order,
                             cp_err *err) {
    CP_AUTOV(cp_arena) arena = {0};
    const char *where = scope ? cp_arena_fmt(&arena, " WHERE %s = ?", scope).p : "";
    cp_str sql = cp_arena_fmt(&arena, "SELECT %s FROM %s%s %s", what, name, where, order);
    CP_TRY(cp_query_open(out, store, sql.p, err));
    if (scope)
        cp_put_int(out, scope_value);
    return CP_OK;
}

static cp_status count_rows(uint32_t *out, cp_store *store, const char *name, const char *scope,
                            int64_t scope_value, cp_err *err) {
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(select_from(&q, store, "count(*)", name, scope, scope_value, "", err));
    bool has;
    CP_TRY(cp_query_next(&has, &q, err));
    *out = has ? cp_take_below(&q, CP_STORE_MAX_ROWS + 1) : 0;
    return q.bad ? cp_db_damaged(store, name, err) : CP_OK;
}

cp_status cp_table_write(cp_store *store, const cp_table *table, int64_t scope, const void *rows,
                         uint32_t count, cp_err *err) {
    CP_AUTOV(cp_arena) arena = {0};
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_query_open(&q, store, insert_sql(&arena, table->name, table->columns), err));
    for (uint32_t i = 0; i < count; i++) {
        if (table->scope)
            cp_put_int(&q, scope);
        cp_put_int(&q, i);
        table->put(&q, (const char *)rows + i * table->size);
        CP_TRY(cp_query_run(&q, err));
    }
    return CP_OK;
}

cp_status cp_table_count(uint32_t *out, cp_store *store, const cp_table *table, int64_t scope,
                         cp_err *err) {
    return count_rows(out, store, table->name, table->scope, scope, err);
}

cp_status cp_table_read(void **out, cp_store *store, const cp_table *table, int64_t scope,
                        uint32_t count, const cp_limits *limits, cp_arena *arena, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    CP_AUTOV(cp_query) q = {0};
    const char *order = cp_arena_fmt(&scratch, "ORDER BY %s", table->id).p;
    CP_TRY(select_from(&q, store, "*", table->name, table->scope, scope, order, err));
    char *rows = cp_arena_array(arena, count, table->size);
    for (uint32_t i = 0;; i++) {
        bool has;
        CP_TRY(cp_query_next(&has, &q, err));
        if (!has && i == count)
            break;
        q.at = table->scope ? 1 : 0;
        if (!has || i == count || cp_take_int(&q) != i)
            return cp_db_damaged(store, table->name, err);
        table->take(&q, rows + i * table->size, limits, arena);
        if (q.bad || q.at != table->columns)
            return cp_db_damaged(store, table->name, err);
    }
    *out = rows;
    return CP_OK;
}

cp_status cp_lists_write(cp_store *store, const cp_lists *lists, int64_t scope, const void *rows,
                         uint32_t count, cp_err *err) {
    CP_AUTOV(cp_arena) arena = {0};
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_query_open(&q, store, insert_sql(&arena, lists->name, lists->scope ? 4 : 3), err));
    for (uint32_t owner = 0; owner < count; owner++) {
        uint32_t length;
        const uint32_t *list = lists->get(rows, owner, &length);
        for (uint32_t i = 0; i < length; i++) {
            if (lists->scope)
                cp_put_int(&q, scope);
            cp_put_int(&q, owner);
            cp_put_int(&q, i);
            cp_put_int(&q, list[i]);
            CP_TRY(cp_query_run(&q, err));
        }
    }
    return CP_OK;
}

cp_status cp_lists_read(cp_store *store, const cp_lists *lists, int64_t scope, void *rows,
                        uint32_t count, uint32_t limit, cp_arena *arena, cp_err *err) {
    uint32_t total;
    CP_TRY(count_rows(&total, store, lists->name, lists->scope, scope, err));
    uint32_t *values = CP_ARENA_ARRAY(arena, uint32_t, total);
    CP_AUTOV(cp_arena) scratch = {0};
    CP_AUTOV(cp_query) q = {0};
    const char *what = cp_arena_fmt(&scratch, "%s, %s", lists->owner, lists->value).p;
    const char *order = cp_arena_fmt(&scratch, "ORDER BY %s, position", lists->owner).p;
    CP_TRY(select_from(&q, store, what, lists->name, lists->scope, scope, order, err));
    uint32_t owner = 0, from = 0;
    for (uint32_t i = 0; i < total; i++) {
        bool has;
        CP_TRY(cp_query_next(&has, &q, err));
        uint32_t mine = has ? cp_take_below(&q, count) : 0;
        values[i] = has ? cp_take_below(&q, limit) : 0;
        if (!has || q.bad)
            return cp_db_damaged(store, lists->name, err);
        for (; owner < mine; owner++, from = i)
            lists->set(rows, owner, values + from, i - from);
    }
    for (; owner < count; owner++, from = total)
        lists->set(rows, owner, values + from, total - from);
    return CP_OK;
}
