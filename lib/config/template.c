// template.c - the commented cloudpack.yml, from the same table that reads it.
#include "config/keys.h"
#include "data/jsonw.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

// Plain only when no YAML reader could take it for syntax, and ours not for "nothing".
static bool is_plain(cp_str s) {
    if (s.n == 0 || !(isalnum((unsigned char)s.p[0]) || strchr("./_", s.p[0])))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool inner_colon = s.p[i] == ':' && i + 1 < s.n && !strchr(" \t", s.p[i + 1]);
        if (!isalnum((unsigned char)s.p[i]) && !strchr("./_-=+@", s.p[i]) && !inner_colon)
            return false;
    }
    double number;
    if (cp_str_to_double(&number, s)) // 3.10 is 3.1 to other readers
        return false;
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (cp_str_eq_nocase(s, cp_str_of(words[i])))
            return false;
    return true;
}

static void add_text(cp_buf *out, cp_str s) {
    if (is_plain(s))
        cp_buf_add(out, s);
    else
        cp_jsonw_str(&(cp_jsonw){.buf = out}, NULL, s);
}

static void add_number(cp_buf *out, double value, const char *unit) {
    cp_jsonw w = {.buf = out};
    if (*unit && value < 1e-4) // units follow plain decimals only, no exponent
        cp_jsonw_fixed(&w, NULL, value, 15);
    else
        cp_jsonw_num(&w, NULL, value);
    cp_buf_add(out, cp_str_of(unit));
}

static void add_value(cp_buf *out, const cp_config *config, const cp_key_row *row) {
    const void *field = (const char *)config + row->offset;
    const cp_config_list *list = field;
    switch (row->kind) {
    case CP_KEY_COUNT:
    case CP_KEY_BYTES:
    case CP_KEY_MEMORY:
        cp_buf_addf(out, "%" PRIu64, *(const uint64_t *)field);
        break;
    case CP_KEY_REAL:
    case CP_KEY_DURATION:
    case CP_KEY_MONEY:
    case CP_KEY_RATE:
        add_number(out, *(const double *)field,
                   row->kind == CP_KEY_DURATION ? "ms"
                   : row->kind == CP_KEY_MONEY  ? "usd/month"
                   : row->kind == CP_KEY_RATE   ? "/month"
                                                : "");
        break;
    case CP_KEY_LIST:
        cp_buf_add_c(out, '[');
        for (size_t i = 0; i < list->n; i++) {
            if (i)
                cp_buf_add(out, CP_STR(", "));
            add_text(out, list->v[i]);
        }
        cp_buf_add_c(out, ']');
        break;
    default:
        add_text(out, *(const cp_str *)field);
    }
}

cp_str cp_config_text(cp_arena *arena, const cp_config *config, size_t key) {
    CP_AUTOV(cp_buf) buf = {0};
    if (config->origins[key] || cp_keys[key].initial[0])
        add_value(&buf, config, &cp_keys[key]);
    return cp_arena_str(arena, cp_buf_str(&buf));
}

// "mount" of "mount.kind"; empty for a top-level key.
static cp_str group_of(const cp_key_row *row) {
    cp_str path = cp_str_of(row->path);
    size_t dot = cp_str_find(path, '.', 0);
    return dot == SIZE_MAX ? CP_STR("") : cp_str_sub(path, 0, dot);
}

static bool group_is_set(const cp_config *config, cp_str group) {
    for (size_t k = 0; k < cp_key_count; k++)
        if (config->origins[k] && cp_str_eq(group_of(&cp_keys[k]), group))
            return true;
    return false;
}

static void add_help(cp_buf *out, const cp_key_row *row, const char *indent) {
    cp_buf_addf(out, "%s# %s", indent, row->help);
    cp_str choices = cp_str_of(row->choices);
    for (const char *between = " ("; choices.p && choices.n; between = ", ") {
        cp_str choice = cp_str_next(&choices, '|');
        cp_buf_addf(out, "%s%.*s%s", between, CP_STR_ARG(choice), choices.p ? "" : ")");
    }
    cp_buf_add_c(out, '\n');
}

static void add_key(cp_buf *out, const cp_config *found, size_t k) {
    const cp_key_row *row = &cp_keys[k];
    cp_str group = group_of(row), name = cp_str_of(row->path);
    const char *indent = group.n ? "  " : "";
    if (group.n)
        name = cp_str_sub(name, group.n + 1, name.n);
    add_help(out, row, indent);
    cp_buf_addf(out, "%s%s%.*s: ", found->origins[k] ? "" : "#", indent, CP_STR_ARG(name));
    if (found->origins[k])
        add_value(out, found, row);
    else
        cp_buf_add(out, cp_str_of(row->initial[0] ? row->initial : row->example));
    cp_buf_add_c(out, '\n');
}

void cp_config_write_template(cp_buf *out, const cp_config *found) {
    cp_buf_add(out,
               CP_STR("# cloudpack.yml - settings of one function; cloudpack.yml(5) says more.\n"
                      "# A line with a leading # shows the default, or an example where there "
                      "is none.\n"));
    cp_str group = CP_STR("");
    for (size_t k = 0; k < cp_key_count; k++) {
        cp_str mine = group_of(&cp_keys[k]);
        bool opens = mine.n && !cp_str_eq(mine, group);
        if (opens || !mine.n)
            cp_buf_add_c(out, '\n');
        if (opens)
            cp_buf_addf(out, "%s%.*s:\n", group_is_set(found, mine) ? "" : "#", CP_STR_ARG(mine));
        group = mine;
        add_key(out, found, k);
    }
}
