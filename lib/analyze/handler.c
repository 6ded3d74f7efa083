#include "analyze/handler.h"

#include "core/path.h"
#include "py/name.h"

#include <sys/stat.h>

enum { MAX_NAME = 256 };

// "pkg/mod" -> "pkg.mod", as Lambda's bootstrap does.
static cp_str module_of_path(cp_arena *arena, cp_str path) {
    char *to = cp_arena_cstr(arena, path);
    for (size_t i = 0; i < path.n; i++)
        if (to[i] == '/')
            to[i] = '.';
    return (cp_str){to, path.n};
}

static cp_status parse(cp_handler *h, cp_str text, cp_str project, cp_arena *arena, cp_err *err) {
    *h = (cp_handler){.position = CP_NONE};
    cp_str path = cp_str_trim(text), below;
    while (cp_str_starts(path, CP_STR("./")))
        path = cp_str_sub(path, 2, path.n);
    if (cp_path_below(&below, path, project))
        path = below;
    size_t colon = cp_str_rfind(path, ':');
    if (colon != SIZE_MAX) {
        h->function = cp_str_sub(path, colon + 1, path.n);
        path = cp_str_sub(path, 0, colon);
    }
    if (cp_str_ends(path, CP_STR(".py"))) {
        path = cp_str_sub(path, 0, path.n - 3);
    } else if (colon == SIZE_MAX) {
        size_t dot = cp_str_rfind(path, '.');
        if (dot == SIZE_MAX) {
            (void)cp_fail(err, CP_EUSAGE, "handler '%.*s': expected module.function or file.py",
                          CP_STR_ARG(text));
            return cp_hint(err, "for example app.handler, or app.py:handler");
        }
        h->function = cp_str_sub(path, dot + 1, path.n);
        path = cp_str_sub(path, 0, dot);
    }
    h->module = module_of_path(arena, path);
    bool module = h->module.n <= MAX_NAME && cp_py_is_module_name(h->module);
    if (module && (h->function.n == 0 || cp_py_is_identifier(h->function)))
        return CP_OK;
    cp_str wrong = cp_str_sub(module ? h->function : path, 0, MAX_NAME);
    (void)cp_fail(err, CP_EUSAGE, "handler '%.*s': '%.*s' is no name of a %s", CP_STR_ARG(text),
                  CP_STR_ARG(wrong), module ? "function" : "module");
    return cp_hint(err, "the handler is module.function, its file below the project folder");
}

// Edit distance, at most `limit` + 1: how far two names are apart.
static unsigned distance(cp_str a, cp_str b, unsigned limit) {
    unsigned row[MAX_NAME + 1];
    if (a.n > MAX_NAME || b.n > MAX_NAME)
        return limit + 1;
    for (unsigned j = 0; j <= b.n; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            unsigned change = corner + (a.p[i - 1] != b.p[j - 1]);
            unsigned other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            corner = row[j];
            row[j] = change < other ? change : other;
        }
    }
    return row[b.n] > limit ? limit + 1 : row[b.n];
}

static cp_str source_path(const cp_graph *g, cp_str module) {
    cp_str rel = cp_arena_fmt(g->arena, "%.*s.py", CP_STR_ARG(module));
    char *p = cp_arena_cstr(g->arena, rel);
    for (size_t i = 0; i + 3 < rel.n; i++)
        p[i] = p[i] == '.' ? '/' : p[i];
    return cp_path_join(g->arena, g->listing->project_root, (cp_str){p, rel.n});
}

// A folder, a pipe or a dangling link where the source should be.
static bool is_odd_file(const cp_graph *g, cp_str module) {
    struct stat st;
    return lstat(source_path(g, module).p, &st) == 0;
}

static cp_status no_module(cp_graph *g, const cp_handler *h, cp_err *err) {
    cp_str near = {0};
    unsigned best = 4;
    for (uint32_t i = 0; i < g->count; i++) {
        const cp_py_module *m = &g->modules[i];
        if (m->file == CP_NONE || g->listing->files[m->file].root != CP_ROOT_PROJECT)
            continue;
        unsigned d = distance(m->name, h->module, best - 1);
        if (d < best) {
            best = d;
            near = m->name;
        }
    }
    if (is_odd_file(g, h->module)) {
        cp_str path = source_path(g, h->module);
        return cp_fail(err, CP_EIO,
                       "handler module '%.*s': %.*s is no regular file that can be read",
                       CP_STR_ARG(h->module), CP_STR_ARG(path));
    }
    cp_str file = cp_arena_str(g->arena, h->module);
    (void)cp_fail(err, CP_ENOTFOUND, "handler module '%.*s': no such file below %.*s",
                  CP_STR_ARG(file), CP_STR_ARG(g->listing->project_root));
    if (near.n)
        return cp_hint(err, "did you mean '%.*s'?", CP_STR_ARG(near));
    return cp_hint(err, "the handler is module.function, its file below the project folder");
}

static bool binds(const cp_py_import *r, cp_str name) {
    if (r->flags & CP_PY_IN_FUNCTION)
        return false;
    if (r->kind == CP_PY_FROM && cp_str_is(r->name, "*"))
        return true; // cannot be told
    cp_str bound = r->alias.n              ? r->alias
                   : r->kind == CP_PY_FROM ? r->name
                                           : cp_py_top_level(r->module);
    return (r->kind == CP_PY_FROM || r->kind == CP_PY_IMPORT) && cp_str_eq(bound, name);
}

static bool defines(const cp_py_source *s, cp_str name) {
    if (cp_py_find_name(s, name))
        return true;
    for (uint32_t i = 0; i < s->import_count; i++)
        if (binds(&s->imports[i], name))
            return true;
    return false;
}

static cp_status no_function(const cp_py_source *s, cp_str file, cp_str function, cp_err *err) {
    const cp_py_name *near = NULL;
    unsigned best = 4;
    for (uint32_t i = 0; i < s->name_count; i++) {
        unsigned d = distance(s->names[i].text, function, best - 1);
        if (d < best) {
            best = d;
            near = &s->names[i];
        }
    }
    (void)cp_fail(err, CP_ENOTFOUND, "%.*s: function '%.*s' is not defined", CP_STR_ARG(file),
                  CP_STR_ARG(function));
    if (near)
        return cp_hint(err, "did you mean '%.*s' (line %u)?", CP_STR_ARG(near->text), near->line);
    for (uint32_t i = 0; i < s->name_count; i++)
        if (s->names[i].function)
            return cp_hint(err, "it defines '%.*s' (line %u)", CP_STR_ARG(s->names[i].text),
                           s->names[i].line);
    return cp_hint(err, "it defines no function");
}

static cp_status find_function(cp_handler *h, const cp_py_source *s, cp_str file, cp_err *err) {
    static const char *const usual[] = {"handler", "lambda_handler"};
    for (size_t i = 0; i < 2 && h->function.n == 0; i++)
        if (cp_py_find_name(s, cp_str_of(usual[i])))
            h->function = cp_str_of(usual[i]);
    if (h->function.n == 0)
        return no_function(s, file, cp_str_of(usual[0]), err);
    return defines(s, h->function) ? CP_OK : no_function(s, file, h->function, err);
}

cp_status cp_handler_find(cp_handler *out, cp_graph *graph, cp_err *err) {
    CP_TRY(parse(out, graph->options->handler, graph->listing->project_root, graph->arena, err));
    out->position = cp_graph_find(graph, out->module, (cp_str){0});
    if (out->position == CP_NONE)
        return no_module(graph, out, err);
    uint32_t file = graph->modules[out->position].file;
    if (file == CP_NONE) {
        (void)cp_fail(err, CP_ENOTFOUND, "handler module '%.*s' is a folder without __init__.py",
                      CP_STR_ARG(out->module));
        return cp_hint(err, "the handler is module.function: name a module of that folder");
    }
    cp_graph_scan(graph, out->position);
    const cp_py_source *s = graph->node[out->position].source;
    cp_str path = cp_listing_path(graph->listing, file, graph->arena);
    if (!s && graph->modules[out->position].kind == CP_PY_MODULE_SOURCE)
        return cp_fail(err, CP_EIO, "%.*s cannot be read", CP_STR_ARG(path));
    if (!s)
        return CP_OK; // a compiled handler: its names are not known
    if (s->damage) {
        (void)cp_fail(err, CP_EFORMAT, "%.*s:%u:%u: %s", CP_STR_ARG(path), s->damage_line,
                      s->damage_column, s->damage);
        return cp_hint(err, "Python would refuse this file too: correct it and run again");
    }
    return find_function(out, s, path, err);
}
