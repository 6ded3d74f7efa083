#include "py/dist.h"

#include "core/vec.h"
#include "py/name.h"

void cp_py_metadata(cp_str *name, cp_str *version, cp_str text) {
    *name = *version = (cp_str){0};
    for (cp_str rest = text; rest.p;) {
        cp_str line = cp_str_next(&rest, '\n');
        if (cp_str_trim(line).n == 0)
            return;
        size_t colon = cp_str_find(line, ':', 0);
        if (colon == SIZE_MAX || line.p[0] == ' ' || line.p[0] == '\t')
            continue;
        cp_str key = cp_str_sub(line, 0, colon);
        cp_str value = cp_str_trim(cp_str_sub(line, colon + 1, line.n));
        if (name->n == 0 && cp_str_eq_nocase(key, CP_STR("Name")))
            *name = value;
        else if (version->n == 0 && cp_str_eq_nocase(key, CP_STR("Version")))
            *version = value;
    }
}

// "numpy" of "numpy >=1.26 ; python_version < '3.14'"; empty for what only an extra asks for.
static cp_str required_name(cp_str value) {
    size_t marker = cp_str_find(value, ';', 0);
    if (marker != SIZE_MAX &&
        cp_str_search(cp_str_sub(value, marker, value.n), CP_STR("extra")) != SIZE_MAX)
        return (cp_str){0};
    size_t n = 0;
    while (n < value.n && !strchr(" ;<>=!~([,@\t", value.p[n]))
        n++;
    return cp_str_sub(value, 0, n);
}

void cp_py_requires(const cp_str **out, size_t *count, cp_str text, cp_arena *arena) {
    CP_VEC(cp_str) names = {0};
    for (cp_str rest = text; rest.p;) {
        cp_str line = cp_str_next(&rest, '\n'), key = CP_STR("Requires-Dist:");
        if (cp_str_trim(line).n == 0)
            break;
        if (!cp_str_starts(line, key))
            continue;
        cp_str name = required_name(cp_str_trim(cp_str_sub(line, key.n, line.n)));
        if (name.n)
            cp_vec_push(&names, cp_py_normalise(arena, name));
    }
    *out = cp_vec_to_arena(&names, arena);
    *count = names.n;
    cp_vec_free(&names);
}

// A quoted field: the cursor is after its opening quote. False when it is never closed.
static bool quoted_field(cp_str *field, cp_str text, size_t *at, uint32_t *line, cp_arena *arena) {
    char *to = cp_arena_alloc(arena, text.n - *at + 1);
    size_t n = 0;
    while (*at < text.n) {
        char c = text.p[(*at)++];
        if (c == '"') {
            if (*at == text.n || text.p[*at] != '"') {
                *field = (cp_str){to, n};
                return true;
            }
            (*at)++;
        }
        *line += c == '\n';
        to[n++] = c;
    }
    return false;
}

static cp_str plain_field(cp_str text, size_t *at) {
    size_t from = *at;
    while (*at < text.n && text.p[*at] != ',' && text.p[*at] != '\n')
        (*at)++;
    return cp_str_trim(cp_str_sub(text, from, *at));
}

// One row; `*fields` is how many it has, of which the first three are kept.
static bool read_row(cp_str field[3], size_t *fields, cp_str text, size_t *at, uint32_t *line,
                     cp_arena *arena) {
    *fields = 0;
    for (;;) {
        cp_str value;
        if (*at < text.n && text.p[*at] == '"') {
            ++*at;
            if (!quoted_field(&value, text, at, line, arena))
                return false;
            (void)plain_field(text, at); // a CR, or junk after the quote
        } else {
            value = plain_field(text, at);
        }
        if (*fields < 3)
            field[*fields] = value;
        ++*fields;
        if (*at == text.n || text.p[*at] == '\n')
            break;
        ++*at;
    }
    *at += *at < text.n;
    return true;
}

cp_status cp_py_record(const cp_py_record_row **out, size_t *count, cp_str text, cp_arena *arena,
                       cp_err *err) {
    CP_VEC(cp_py_record_row) rows = {0};
    uint32_t line = 1;
    cp_status status = CP_OK;
    for (size_t at = 0; at < text.n && status == CP_OK; line++) {
        cp_str field[3] = {{0}};
        size_t fields;
        uint32_t first = line;
        cp_py_record_row row = {0};
        if (!read_row(field, &fields, text, &at, &line, arena))
            status = cp_fail(err, CP_EFORMAT, "line %u: a quote is never closed", first);
        else if (fields == 1 && field[0].n == 0)
            continue;
        else if (fields != 3)
            status = cp_fail(err, CP_EFORMAT, "line %u: %zu fields, expected path,hash,size", first,
                             fields);
        else if (field[2].n && !cp_str_to_u64(&row.bytes, field[2]))
            status = cp_fail(err, CP_EFORMAT, "line %u: '%.*s' is no size", first,
                             CP_STR_ARG(cp_str_sub(field[2], 0, 40)));
        row.path = field[0];
        row.hash = field[1];
        if (status == CP_OK)
            cp_vec_push(&rows, row);
    }
    *out = cp_vec_to_arena(&rows, arena);
    *count = rows.n;
    cp_vec_free(&rows);
    return status;
}

void cp_py_entry_points(const cp_py_entry_point **out, size_t *count, cp_str text,
                        cp_arena *arena) {
    CP_VEC(cp_py_entry_point) entries = {0};
    cp_str group = {0};
    for (cp_str rest = text; rest.p;) {
        cp_str line = cp_str_trim(cp_str_next(&rest, '\n'));
        size_t equals = cp_str_find(line, '=', 0);
        if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
            continue;
        if (line.p[0] == '[' && line.p[line.n - 1] == ']')
            group = cp_str_trim(cp_str_sub(line, 1, line.n - 1));
        else if (equals != SIZE_MAX && group.n)
            cp_vec_push(&entries, (cp_py_entry_point){
                                      .group = group,
                                      .name = cp_str_trim(cp_str_sub(line, 0, equals)),
                                      .value = cp_str_trim(cp_str_sub(line, equals + 1, line.n)),
                                  });
    }
    *out = cp_vec_to_arena(&entries, arena);
    *count = entries.n;
    cp_vec_free(&entries);
}

void cp_py_wheel_tags(const cp_str **out, size_t *count, cp_str text, cp_arena *arena) {
    CP_VEC(cp_str) tags = {0};
    for (cp_str rest = text; rest.p;) {
        cp_str line = cp_str_trim(cp_str_next(&rest, '\n'));
        if (cp_str_starts(line, CP_STR("Tag:")))
            cp_vec_push(&tags, cp_str_trim(cp_str_sub(line, 4, line.n)));
    }
    *out = cp_vec_to_arena(&tags, arena);
    *count = tags.n;
    cp_vec_free(&tags);
}

static uint64_t minor_of(cp_str python) {
    uint64_t minor = 0;
    return cp_str_starts(python, CP_STR("3.")) &&
                   cp_str_to_u64(&minor, cp_str_sub(python, 2, python.n))
               ? minor
               : 0;
}

// "cp311", "py3", "py39"; `any_older` for stable-ABI and pure wheels, which run on later versions.
static bool python_fits(cp_str tag, uint64_t minor, bool any_older) {
    uint64_t asked = 0;
    if (cp_str_is(tag, "py3"))
        return true;
    if (!cp_str_starts(tag, CP_STR("cp3")) && !cp_str_starts(tag, CP_STR("py3")))
        return false;
    if (!cp_str_to_u64(&asked, cp_str_sub(tag, 3, tag.n)))
        return false;
    return asked == minor || ((any_older || tag.p[0] == 'p') && asked < minor);
}

static bool platform_fits(cp_str tag, cp_str arch) {
    if (cp_str_is(tag, "any"))
        return true;
    cp_str machine = cp_str_is(arch, "arm64") ? CP_STR("_aarch64") : CP_STR("_x86_64");
    return cp_str_ends(tag, machine) &&
           (cp_str_starts(tag, CP_STR("manylinux")) || cp_str_starts(tag, CP_STR("linux_")));
}

bool cp_py_tag_fits(cp_str tag, cp_str python, cp_str arch) {
    cp_str rest = tag;
    cp_str pythons = cp_str_next(&rest, '-'), abis = cp_str_next(&rest, '-'), platforms = rest;
    uint64_t minor = minor_of(python);
    bool platform = false;
    while (platforms.p)
        platform |= platform_fits(cp_str_next(&platforms, '.'), arch);
    if (!platform || minor == 0)
        return false;
    while (abis.p) {
        cp_str abi = cp_str_next(&abis, '.');
        bool stable = cp_str_is(abi, "abi3") || cp_str_is(abi, "none");
        if (!stable && !python_fits(abi, minor, false))
            continue;
        for (cp_str some = pythons; some.p;)
            if (python_fits(cp_str_next(&some, '.'), minor, stable))
                return true;
    }
    return false;
}
