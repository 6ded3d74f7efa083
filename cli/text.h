// text.h - numbers for people, and tables in columns.
#pragma once

#include "core/arena.h"
#include "core/buf.h"

/// "118.3 MB" (1 MB = 1,000,000 bytes), "812 bytes".
cp_str cp_text_bytes(cp_arena *arena, uint64_t bytes);
/// "1,234,567".
cp_str cp_text_count(cp_arena *arena, uint64_t n);
/// "812 ms", "2.31 s", "0.4 ms".
cp_str cp_text_ms(cp_arena *arena, double ms);
/// "$1.23", "$0.0012".
cp_str cp_text_usd(cp_arena *arena, double usd);

enum { CP_TABLE_COLUMNS = 8 };

/// Rows of text; the first row is the heading. Columns are as wide as their widest cell; all but
/// the first are aligned to the right when their body starts with a digit, '$' or '-'.
typedef struct cp_table {
    cp_arena *arena;
    unsigned columns;
    cp_str *cells; ///< row after row
    size_t count, cap;
} cp_table;

void cp_table_start(cp_table *table, cp_arena *arena, unsigned columns);
void cp_table_add(cp_table *table, cp_str cell);
/// Every line starts with `indent` spaces and has no trailing space.
void cp_table_render(const cp_table *table, cp_buf *out, unsigned indent);
