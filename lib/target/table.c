#include "target/table.h"

#include "core/err.h"
#include "target_data.h"

static cp_str table_text(const char *name) {
    for (size_t i = 0; i < cp_target_data_count; i++)
        if (cp_str_is(cp_str_of(cp_target_data[i].name), name))
            return (cp_str){(const char *)cp_target_data[i].data, cp_target_data[i].bytes};
    cp_assert_failed(__FILE__, __LINE__, "the table is embedded");
}

cp_str cp_table_value(const char *name, cp_str version) {
    cp_str other = {0};
    for (cp_str rest = table_text(name); rest.p;) {
        cp_str line = cp_str_next(&rest, '\n');
        if (line.n == 0 || line.p[0] == '#')
            continue;
        cp_str key = cp_str_next(&line, ' ');
        if (cp_str_eq(key, version))
            return line;
        if (cp_str_is(key, "*"))
            other = line;
    }
    CP_ASSERT(other.n > 0);
    return other;
}
