#include "analyze/detect.h"

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"

#include <string.h>

enum { LARGEST = 1 << 20, MOST_ENTRIES = 100000 };

struct search {
    cp_detected *out;
    cp_str project;
    cp_arena *arena;
};

// Empty when absent, unreadable or too large: detection only suggests.
static cp_str read_text(struct search *s, cp_str name) {
    cp_err ignored = {0};
    cp_str text = {"", 0};
    if (cp_file_read(&text, s->arena, cp_path_join(s->arena, s->project, name), LARGEST,
                     &ignored) != CP_OK)
        return CP_STR("");
    return text;
}

static void keep(cp_str *value, cp_str *from, cp_str found, cp_str where) {
    if (value->n == 0 && found.n) {
        *value = found;
        *from = where;
    }
}

// "key: value" of a YAML line, without quotes and comment; false when the line has another key.
static bool yaml_value(cp_str *value, cp_str line, const char *key) {
    cp_str trimmed = cp_str_trim(line), k = cp_str_of(key);
    if (cp_str_starts(trimmed, CP_STR("- ")))
        trimmed = cp_str_trim(cp_str_sub(trimmed, 2, trimmed.n));
    if (trimmed.n <= k.n || !cp_str_eq_nocase(cp_str_sub(trimmed, 0, k.n), k) ||
        trimmed.p[k.n] != ':')
        return false;
    cp_str v = cp_str_trim(cp_str_sub(trimmed, k.n + 1, trimmed.n));
    size_t comment = cp_str_search(v, CP_STR(" #"));
    if (comment != SIZE_MAX)
        v = cp_str_trim(cp_str_sub(v, 0, comment));
    if (v.n >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.n - 1] == v.p[0])
        v = cp_str_sub(v, 1, v.n - 1);
    *value = v;
    return v.n > 0 && v.p[0] != '!' && v.p[0] != '$';
}

static bool is_handler(cp_str line) {
    cp_str v;
    return yaml_value(&v, line, "Handler") && cp_str_find(v, '.', 0) != SIZE_MAX &&
           cp_str_find(v, '{', 0) == SIZE_MAX;
}

static bool is_number(cp_str v) {
    uint64_t n;
    return cp_str_to_u64(&n, v);
}

static void take_template_line(struct search *s, cp_str line, cp_str where) {
    cp_str v;
    if (is_handler(line) && yaml_value(&v, line, "Handler"))
        keep(&s->out->handler, &s->out->handler_from, v, where);
    else if (yaml_value(&v, line, "MemorySize") && is_number(v))
        keep(&s->out->memory, &s->out->memory_from, v, where);
    else if (yaml_value(&v, line, "Timeout") && is_number(v))
        keep(&s->out->timeout, &s->out->timeout_from, v, where);
    else if ((yaml_value(&v, line, "Architectures") && cp_str_is(v, "[arm64]")) ||
             cp_str_is(cp_str_trim(line), "- arm64"))
        keep(&s->out->arch, &s->out->arch_from, CP_STR("arm64"), where);
    else if (yaml_value(&v, line, "Runtime") && cp_str_starts(v, CP_STR("python3.")))
        keep(&s->out->python, &s->out->python_from, cp_str_sub(v, 6, v.n), where);
    else if (yaml_value(&v, line, "architecture") &&
             (cp_str_is(v, "arm64") || cp_str_is(v, "x86_64")))
        keep(&s->out->arch, &s->out->arch_from, v, where);
}

struct lines {
    cp_str *v;
    size_t n;
    const char *file;
};

static struct lines split(cp_str text, const char *file, cp_arena *arena) {
    struct lines l = {.file = file};
    for (cp_str rest = text; rest.p && rest.n; l.n++)
        (void)cp_str_next(&rest, '\n');
    l.v = CP_ARENA_ARRAY(arena, cp_str, l.n);
    for (size_t i = 0; i < l.n; i++)
        l.v[i] = cp_str_next(&text, '\n');
    return l;
}

// Spaces before the text; a blank line belongs to whatever is around it.
static size_t indent_of(cp_str line) {
    size_t n = 0;
    while (n < line.n && line.p[n] == ' ')
        n++;
    return cp_str_trim(line).n ? n : SIZE_MAX;
}

// The other properties of the function whose handler is in line `at`: they come before what the
// rest of the file says about other functions, and only here CodeUri counts.
static void take_block(struct search *s, const struct lines *l, size_t at) {
    size_t indent = indent_of(l->v[at]), first = at, last = at;
    while (first > 0 && indent_of(l->v[first - 1]) >= indent)
        first--;
    while (last + 1 < l->n && indent_of(l->v[last + 1]) >= indent)
        last++;
    for (size_t i = first; i <= last; i++) {
        cp_str where = cp_arena_fmt(s->arena, "%s:%zu", l->file, i + 1), v;
        take_template_line(s, l->v[i], where);
        if (!yaml_value(&v, l->v[i], "CodeUri"))
            continue;
        while (cp_str_starts(v, CP_STR("./")))
            v = cp_str_sub(v, 2, v.n);
        while (cp_str_ends(v, CP_STR("/")))
            v = cp_str_sub(v, 0, v.n - 1);
        if (cp_file_is_dir(cp_path_join(s->arena, s->project, v)) && !cp_str_is(v, "."))
            keep(&s->out->project, &s->out->project_from, v, where);
    }
}

static void read_templates(struct search *s) {
    static const char *const names[] = {"template.yaml", "template.yml", "serverless.yml",
                                        "serverless.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct lines l = split(read_text(s, cp_str_of(names[i])), names[i], s->arena);
        for (size_t k = 0; k < l.n && s->out->handler.n == 0; k++)
            if (is_handler(l.v[k]))
                take_block(s, &l, k);
        for (size_t k = 0; k < l.n; k++)
            take_template_line(s, l.v[k], cp_arena_fmt(s->arena, "%s:%zu", names[i], k + 1));
    }
}

// The first "3.N" of a text, as "3.N".
static cp_str minor_version(cp_str text) {
    size_t at = cp_str_search(text, CP_STR("3."));
    if (at == SIZE_MAX)
        return CP_STR("");
    size_t end = at + 2;
    while (end < text.n && text.p[end] >= '0' && text.p[end] <= '9')
        end++;
    return end > at + 2 ? cp_str_sub(text, at, end) : CP_STR("");
}

static void read_python_version(struct search *s) {
    cp_str pinned = minor_version(read_text(s, CP_STR(".python-version")));
    keep(&s->out->python, &s->out->python_from, pinned, CP_STR(".python-version"));
    for (cp_str rest = read_text(s, CP_STR("pyproject.toml")); rest.p && rest.n;) {
        cp_str line = cp_str_trim(cp_str_next(&rest, '\n'));
        if (cp_str_starts(line, CP_STR("requires-python")))
            keep(&s->out->python, &s->out->python_from, minor_version(line),
                 CP_STR("pyproject.toml"));
    }
}

// The function defined at the left margin with one of the usual names.
static cp_str handler_function(cp_str text) {
    static const char *const heads[] = {"def lambda_handler(", "def handler(", "def main(event",
                                        "async def handler("};
    static const char *const names[] = {"lambda_handler", "handler", "main", "handler"};
    while (text.p) {
        cp_str line = cp_str_next(&text, '\n');
        for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
            if (cp_str_starts(line, cp_str_of(heads[i])))
                return cp_str_of(names[i]);
    }
    return CP_STR("");
}

static void try_source(struct search *s, cp_str rel) {
    cp_str function = handler_function(read_text(s, rel));
    if (function.n == 0)
        return;
    cp_str module = cp_str_sub(rel, 0, rel.n - 3);
    cp_str handler = cp_arena_fmt(s->arena, "%.*s.%.*s", CP_STR_ARG(module), CP_STR_ARG(function));
    if (cp_str_eq(handler, s->out->handler))
        return;
    if (s->out->handler.n == 0)
        keep(&s->out->handler, &s->out->handler_from, handler, rel);
    else if (cp_str_search(s->out->rivals, handler) == SIZE_MAX)
        s->out->rivals = s->out->rivals.n
                             ? cp_arena_fmt(s->arena, "%.*s, %.*s", CP_STR_ARG(s->out->rivals),
                                            CP_STR_ARG(handler))
                             : handler;
}

static bool keep_shallow(void *self, cp_str rel, cp_str name, cp_entry_kind kind) {
    (void)self;
    if (kind == CP_ENTRY_DIR)
        return cp_str_is(rel, "src") || cp_str_is(rel, "events");
    return cp_str_ends(name, CP_STR(".py")) || cp_str_ends(name, CP_STR(".json"));
}

static cp_status search_sources(struct search *s, cp_err *err) {
    static const char *const usual[] = {
        "lambda_function.py",     "app.py",     "handler.py",    "main.py", "index.py",
        "src/lambda_function.py", "src/app.py", "src/handler.py"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (cp_file_exists(cp_path_join(s->arena, s->project, cp_str_of(usual[i]))))
            try_source(s, cp_str_of(usual[i]));
    const cp_entry *entries;
    size_t count;
    CP_TRY(cp_tree_list(&entries, &count, s->project, keep_shallow, NULL, MOST_ENTRIES, s->arena,
                        err));
    for (size_t i = 0; i < count; i++)
        if (entries[i].kind == CP_ENTRY_FILE && cp_str_ends(entries[i].rel, CP_STR(".py")))
            try_source(s, entries[i].rel);
    return CP_OK;
}

static cp_str function_name(cp_arena *arena, cp_str folder) {
    char *name = cp_arena_cstr(arena, folder);
    for (size_t i = 0; i < folder.n; i++) {
        char c = name[i];
        bool good =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (!good)
            name[i] = '-';
    }
    return (cp_str){name, folder.n > 64 ? 64 : folder.n};
}

static void find_requirements(struct search *s, cp_str folder) {
    static const char *const names[] = {"uv.lock", "requirements.txt", "pyproject.toml"};
    for (size_t i = 0; i < sizeof names / sizeof *names && s->out->requirements.n == 0; i++) {
        cp_str rel = cp_path_join(s->arena, folder, cp_str_of(names[i]));
        if (cp_file_exists(cp_path_join(s->arena, s->project, rel)))
            s->out->requirements = rel;
    }
}

cp_status cp_detect(cp_detected *out, cp_str project, cp_arena *arena, cp_err *err) {
    *out = (cp_detected){.name = function_name(arena, cp_path_base(project))};
    struct search s = {.out = out, .project = project, .arena = arena};
    read_templates(&s);
    read_python_version(&s);
    if (out->project.n)
        find_requirements(&s, out->project);
    find_requirements(&s, CP_STR(""));
    return search_sources(&s, err);
}
