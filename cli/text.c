#include "text.h"

#include <string.h>

cp_str cp_text_bytes(cp_arena *arena, uint64_t bytes) {
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    if (bytes < 1000)
        return cp_arena_fmt(arena, "%u bytes", (unsigned)bytes);
    double value = (double)bytes / 1000;
    size_t unit = 0;
    for (; value >= 999.95 && unit < 3; unit++)
        value /= 1000;
    return cp_arena_fmt(arena, "%.1f %s", value, units[unit]);
}

cp_str cp_text_count(cp_arena *arena, uint64_t n) {
    cp_str digits = cp_arena_fmt(arena, "%llu", (unsigned long long)n);
    size_t commas = (digits.n - 1) / 3;
    char *out = cp_arena_alloc(arena, digits.n + commas + 1);
    size_t k = 0;
    for (size_t i = 0; i < digits.n; i++) {
        if (i && (digits.n - i) % 3 == 0)
            out[k++] = ',';
        out[k++] = digits.p[i];
    }
    return (cp_str){out, k};
}

cp_str cp_text_ms(cp_arena *arena, double ms) {
    if (ms >= 10000)
        return cp_arena_fmt(arena, "%.1f s", ms / 1000);
    return cp_arena_fmt(arena, ms < 10 ? "%.1f ms" : "%.0f ms", ms);
}

cp_str cp_text_usd(cp_arena *arena, double usd) {
    if (usd != 0 && usd < 0.01 && usd > -0.01)
        return cp_arena_fmt(arena, "$%.4f", usd);
    return cp_arena_fmt(arena, "$%.2f", usd);
}

void cp_table_start(cp_table *table, cp_arena *arena, unsigned columns) {
    CP_ASSERT(columns > 0 && columns <= CP_TABLE_COLUMNS);
    *table = (cp_table){.arena = arena, .columns = columns};
}

void cp_table_add(cp_table *table, cp_str cell) {
    if (table->count == table->cap) {
        table->cap = table->cap ? table->cap * 2 : 64;
        cp_str *cells = CP_ARENA_ARRAY(table->arena, cp_str, table->cap);
        if (table->count)
            memcpy(cells, table->cells, table->count * sizeof *cells);
        table->cells = cells;
    }
    table->cells[table->count++] = cell;
}

// Characters, not bytes: UTF-8 continuation bytes take no room.
static size_t width_of(cp_str s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static bool is_number(const cp_table *t, unsigned column) {
    if (column == 0 || t->count < 2 * (size_t)t->columns)
        return false;
    for (size_t i = t->columns + column; i < t->count; i += t->columns) {
        cp_str cell = t->cells[i];
        if (cell.n && !strchr("0123456789$-+", cell.p[0]))
            return false;
    }
    return true;
}

void cp_table_render(const cp_table *table, cp_buf *out, unsigned indent) {
    size_t widths[CP_TABLE_COLUMNS] = {0};
    bool right[CP_TABLE_COLUMNS] = {false};
    for (size_t i = 0; i < table->count; i++)
        if (width_of(table->cells[i]) > widths[i % table->columns])
            widths[i % table->columns] = width_of(table->cells[i]);
    for (unsigned c = 0; c < table->columns; c++)
        right[c] = is_number(table, c);
    for (size_t i = 0; i < table->count; i++) {
        unsigned c = (unsigned)(i % table->columns);
        cp_str cell = table->cells[i];
        bool last = c + 1 == table->columns;
        size_t pad = widths[c] - width_of(cell);
        cp_buf_addf(out, "%*s%*s%.*s", c ? 2 : (int)indent, "", right[c] ? (int)pad : 0, "",
                    CP_STR_ARG(cell));
        if (last)
            cp_buf_add_c(out, '\n');
        else if (!right[c])
            cp_buf_addf(out, "%*s", (int)pad, "");
    }
}
