#include "config/config.h"

#include "config/keys.h"
#include "core/file.h"
#include "core/path.h"
#include "core/vec.h"
#include "data/yaml.h"

#include <ctype.h>
#include <string.h>

void cp_config_default(cp_config *out) {
    *out = (cp_config){0};
    cp_err err = {0};
    for (size_t k = 0; k < cp_key_count; k++) {
        cp_str initial = cp_str_of(cp_keys[k].initial);
        if (initial.n)
            CP_ASSERT(cp_key_set(out, k, &initial, 1, NULL, &err) == CP_OK);
    }
}

typedef struct loader {
    cp_config *config;
    const char *name;
    cp_arena *arena;
    cp_err *err;
} loader;

static const char *place(const loader *l, uint32_t line, uint32_t column) {
    return cp_arena_fmt(l->arena, "%s:%u:%u", l->name, line, column).p;
}

static cp_status set_scalar_or_list(const loader *l, size_t key, const cp_yaml *node) {
    const char *origin = place(l, node->line, node->column);
    bool list = cp_keys[key].kind == CP_KEY_LIST;
    if (node->kind == CP_YAML_MAP || (node->kind == CP_YAML_LIST && !list)) {
        cp_fail(l->err, CP_EFORMAT, "%s: %s: expected %s, found %s", origin, cp_keys[key].path,
                list ? "a list" : "one value",
                node->kind == CP_YAML_MAP ? "keys below it" : "a list");
        return list ? cp_hint(l->err, "write `%s: [a, b]`", cp_keys[key].path)
                    : cp_hint(l->err, "write `%s: value`", cp_keys[key].path);
    }
    if (node->kind == CP_YAML_SCALAR) {
        CP_TRY(cp_config_set(l->config, cp_str_of(cp_keys[key].path), node->text, origin, l->arena,
                             l->err));
        return CP_OK;
    }
    cp_str *items = CP_ARENA_ARRAY(l->arena, cp_str, node->count);
    size_t count = 0;
    for (const cp_yaml *item = node->first; item; item = item->next) {
        if (item->kind != CP_YAML_SCALAR)
            return cp_fail(l->err, CP_EFORMAT, "%s: %s: expected a text as item",
                           place(l, item->line, item->column), cp_keys[key].path);
        items[count++] = item->text;
    }
    if (cp_key_set(l->config, key, items, count, l->arena, l->err) != CP_OK)
        return cp_wrap(l->err, "%s", origin);
    l->config->origins[key] = origin;
    return CP_OK;
}

// True when some key starts with "path.".
static bool is_group(cp_str path) {
    for (size_t k = 0; k < cp_key_count; k++) {
        cp_str known = cp_str_of(cp_keys[k].path);
        if (known.n > path.n && known.p[path.n] == '.' && cp_str_starts(known, path))
            return true;
    }
    return false;
}

static cp_status load_map(const loader *l, const cp_yaml *map, cp_str prefix) {
    for (const cp_yaml *m = map->first; m; m = m->next) {
        cp_str path = prefix.n ? cp_arena_fmt(l->arena, "%s.%s", prefix.p, m->key.p) : m->key;
        const char *origin = place(l, m->key_line, m->key_column);
        size_t key = cp_str_find(m->key, '-', 0) == SIZE_MAX ? cp_key_find(path) : SIZE_MAX;
        if (key != SIZE_MAX && cp_yaml_is_empty(m)) {
            continue; // "key:" with nothing behind it: the default
        } else if (key != SIZE_MAX) {
            CP_TRY(set_scalar_or_list(l, key, m));
        } else if (prefix.n == 0 && is_group(path)) {
            if (m->kind == CP_YAML_MAP)
                CP_TRY(load_map(l, m, path));
            else if (!cp_yaml_is_empty(m))
                return cp_fail(l->err, CP_EFORMAT, "%s: %s: expected keys below it, found %s",
                               place(l, m->line, m->column), path.p,
                               m->kind == CP_YAML_LIST ? "a list" : "one value");
        } else {
            return cp_key_unknown(path, origin, l->err);
        }
    }
    return CP_OK;
}

cp_status cp_config_parse(cp_config *out, cp_str text, const char *name, cp_arena *arena,
                          cp_err *err) {
    const cp_yaml *root = NULL;
    CP_TRY(cp_yaml_parse(&root, text, name, arena, err));
    loader l = {out, name, arena, err};
    if (root->kind != CP_YAML_MAP) {
        cp_fail(err, CP_EFORMAT, "%s:%u:%u: expected `key: value` lines", name, root->line,
                root->column);
        return cp_hint(err, "`cloudpack init` writes a commented file to start from");
    }
    if (load_map(&l, root, CP_STR("")) == CP_OK)
        return CP_OK;
    return err->status = CP_EFORMAT; // a file is wrong, not the command line
}

cp_status cp_config_load(cp_config *out, cp_str path, cp_arena *arena, cp_err *err) {
    cp_str text;
    if (cp_file_read(&text, arena, path, CP_YAML_MAX_BYTES, err) != CP_OK)
        return err->status == CP_ENOTFOUND ? cp_hint(err, "`cloudpack init` writes one")
                                           : err->status;
    out->folder = cp_path_dir(cp_arena_str(arena, path));
    return cp_config_parse(out, text, cp_arena_cstr(arena, path), arena, err);
}

cp_status cp_config_set(cp_config *config, cp_str key, cp_str value, const char *origin,
                        cp_arena *arena, cp_err *err) {
    size_t k = cp_key_find(key);
    if (k == SIZE_MAX)
        return cp_key_unknown(key, origin, err);
    CP_VEC(cp_str) values = {0};
    if (cp_keys[k].kind == CP_KEY_LIST) {
        cp_str rest = value;
        while (rest.p)
            cp_vec_push(&values, cp_str_trim(cp_str_next(&rest, ',')));
    } else {
        cp_vec_push(&values, value);
    }
    cp_status status = cp_key_set(config, k, values.v, values.n, arena, err);
    cp_vec_free(&values);
    if (status != CP_OK)
        return cp_wrap(err, "%s", origin);
    config->origins[k] = cp_arena_cstr(arena, cp_str_of(origin));
    return CP_OK;
}

// "mount.kind" -> "CLOUDPACK_MOUNT_KIND"
static const char *env_name(cp_arena *arena, const char *path) {
    char *name = cp_arena_cstr(arena, cp_arena_fmt(arena, "CLOUDPACK_%s", path));
    for (char *c = name; *c; c++)
        *c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
    return name;
}

cp_status cp_config_from_env(cp_config *config, const char *const *env, cp_arena *arena,
                             cp_err *err) {
    for (size_t k = 0; k < cp_key_count; k++) {
        const char *name = env_name(arena, cp_keys[k].path);
        size_t n = strlen(name);
        for (const char *const *e = env; *e; e++)
            if (strncmp(*e, name, n) == 0 && (*e)[n] == '=' && (*e)[n + 1])
                CP_TRY(cp_config_set(config, cp_str_of(cp_keys[k].path), cp_str_of(*e + n + 1),
                                     name, arena, err));
    }
    return CP_OK;
}

const char *cp_config_origin(const cp_config *config, cp_str key) {
    size_t k = cp_key_find(key);
    return k == SIZE_MAX ? NULL : config->origins[k];
}
