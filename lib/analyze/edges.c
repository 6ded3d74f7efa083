// edges.c - what each kind of statement loads.
#include "analyze/graph.h"
#include "py/name.h"
#include "py/stdlib.h"

// A name that is neither in the package set nor in the standard library.
static void note_missing(cp_graph *graph, uint32_t from, const cp_edge *edge) {
    if (graph->recording && !cp_py_is_stdlib(edge->target, graph->options->python))
        cp_vec_push(&graph->missing, (cp_place_fact){
                                         .from = from,
                                         .line = edge->line,
                                         .text = cp_arena_str(graph->arena, edge->target),
                                         .context = edge->context,
                                     });
}

static cp_edge edge_like(const cp_py_import *r, const cp_place *place) {
    cp_str binds = {0}; // a call binds nothing
    if (r->kind != CP_PY_CALL)
        binds = r->alias.n              ? r->alias
                : r->kind == CP_PY_FROM ? r->name
                                        : cp_py_top_level(r->module);
    return (cp_edge){
        .module = CP_NONE,
        .line = r->line,
        .context = place->context,
        .initial = place->initial,
        .binds = binds,
        .deferrable = place->context == CP_IMPORT_INIT && !r->used && r->kind != CP_PY_CALL &&
                      !cp_str_is(binds, "*") && !(r->flags & CP_PY_IN_CLASS),
    };
}

static cp_str dotted(cp_graph *graph, cp_str a, cp_str b) {
    return a.n && b.n ? cp_arena_fmt(graph->arena, "%.*s.%.*s", CP_STR_ARG(a), CP_STR_ARG(b))
           : a.n      ? a
                      : b;
}

// Loads a.b and what encloses it. Returns its position, or CP_NONE when it is missing or of the
// standard library.
static uint32_t load(cp_graph *graph, uint32_t from, cp_str a, cp_str b, cp_edge *edge) {
    edge->module = cp_graph_find(graph, a, b);
    if (edge->module != CP_NONE) {
        edge->target = graph->modules[edge->module].name;
    } else {
        edge->target = graph->recording ? dotted(graph, a, b) : (cp_str){0};
        // What is there of a dotted name is executed before the import fails.
        for (cp_str part = cp_py_parent(b); part.n; part = cp_py_parent(part)) {
            uint32_t parent = cp_graph_find(graph, a, part);
            if (parent != CP_NONE && !graph->recording) {
                cp_graph_mark(graph, parent, edge->initial && graph->node[from].initial, from,
                              edge->line);
                break;
            }
        }
        note_missing(graph, from, edge);
    }
    cp_graph_edge(graph, from, edge);
    return edge->module;
}

static void load_star(cp_graph *graph, uint32_t from, uint32_t base, cp_edge *edge) {
    const cp_py_source *s = graph->node[base].source;
    if (!graph->node[base].scanned)
        graph->node[from].dirty = true;
    cp_rules_star(graph, from, base, edge);
    if (!s || !s->has_all)
        return;
    for (uint32_t i = 0; i < s->all_count; i++) {
        cp_edge each = *edge;
        each.module = cp_graph_find(graph, graph->modules[base].name, s->all[i]);
        if (each.module != CP_NONE) {
            each.target = graph->modules[each.module].name;
            cp_graph_edge(graph, from, &each);
        } else {
            cp_graph_attribute(graph, from, base, s->all[i], edge);
        }
    }
}

static void from_import(cp_graph *graph, uint32_t module, const cp_py_import *r,
                        const cp_place *place) {
    cp_edge edge = edge_like(r, place);
    cp_str base = {0};
    if (r->level && !cp_graph_base(graph, module, r->level, &base)) {
        edge.target = r->module;
        note_missing(graph, module, &edge);
        return;
    }
    uint32_t at = cp_graph_find(graph, base, r->module);
    bool star = cp_str_is(r->name, "*");
    if (at != CP_NONE && !star) {
        uint32_t sub = cp_graph_find(graph, graph->modules[at].name, r->name);
        if (sub != CP_NONE) {
            edge.module = sub;
            edge.target = graph->modules[sub].name;
            cp_graph_edge(graph, module, &edge);
            return;
        }
    }
    at = load(graph, module, base, r->module, &edge);
    if (at == CP_NONE)
        return;
    if (star)
        load_star(graph, module, at, &edge);
    else
        cp_graph_attribute(graph, module, at, r->name, &edge);
    bool runs = place->initial && graph->node[module].initial;
    if (runs && (r->called || cp_graph_is_called(graph, module, edge.binds)))
        cp_graph_call(graph, at, r->name);
}

// The package argument of import_module: a literal, or __name__, or something that means the
// package the module is in.
static bool call_base(cp_graph *graph, uint32_t module, const cp_py_import *r, cp_str *base) {
    cp_str argument = r->name;
    size_t equals = cp_str_find(argument, '=', 0);
    if (equals != SIZE_MAX)
        argument = cp_str_trim(cp_str_sub(argument, equals + 1, argument.n));
    if (argument.n > 2 && (argument.p[0] == '"' || argument.p[0] == '\'')) {
        *base = cp_str_sub(argument, 1, argument.n - 1);
        for (uint32_t level = r->level; level > 1; level--)
            *base = cp_py_parent(*base);
        return base->n > 0;
    }
    if (!cp_str_is(argument, "__name__"))
        return cp_graph_base(graph, module, r->level, base);
    *base = graph->modules[module].name; // taken as a package, whether it is one or not
    for (uint32_t level = r->level; level > 1; level--)
        *base = cp_py_parent(*base);
    return base->n > 0;
}

static void call_import(cp_graph *graph, uint32_t module, const cp_py_import *r,
                        const cp_place *place) {
    cp_edge edge = edge_like(r, place);
    edge.context = CP_IMPORT_DYNAMIC;
    cp_str base = {0};
    if (r->level && !call_base(graph, module, r, &base))
        return;
    (void)load(graph, module, base, r->module, &edge);
}

// True inside a module's own __getattr__, whose names come from whoever asks.
static bool in_getattr(const cp_py_source *s, uint32_t block) {
    cp_str outer = {0};
    for (; block != CP_PY_NO_BLOCK; block = s->blocks[block].parent)
        if (s->blocks[block].kind == CP_PY_BLOCK_DEF || s->blocks[block].kind == CP_PY_BLOCK_CLASS)
            outer = s->blocks[block].head;
    return cp_str_is(outer, "__getattr__");
}

static void load_children(cp_graph *graph, uint32_t module, uint32_t package, cp_str stem,
                          uint32_t line) {
    cp_str above = graph->modules[package].name;
    for (uint32_t i = package + 1; i < graph->count; i++) {
        cp_str name = graph->modules[i].name;
        if (!cp_str_starts(name, above))
            break;
        if (name.p[above.n] != '.')
            continue;
        cp_str child = cp_str_sub(name, above.n + 1, name.n);
        if (cp_str_find(child, '.', 0) != SIZE_MAX || !cp_str_starts(child, stem) ||
            cp_str_is(child, "tests"))
            continue;
        cp_edge edge = {.module = i, .target = name, .line = line, .context = CP_IMPORT_DYNAMIC};
        cp_graph_edge(graph, module, &edge);
    }
}

// f"pkg.sub_{x}" can be any child of pkg that starts with "sub_".
static void load_family(cp_graph *graph, uint32_t module, const cp_py_import *r) {
    cp_str prefix = r->module, base = {0};
    uint32_t level = 0;
    while (prefix.n && prefix.p[0] == '.') {
        level++;
        prefix = cp_str_sub(prefix, 1, prefix.n);
    }
    if (level && !cp_graph_base(graph, module, level, &base))
        return;
    size_t dot = cp_str_rfind(prefix, '.');
    cp_str stem = dot == SIZE_MAX ? prefix : cp_str_sub(prefix, dot + 1, prefix.n);
    uint32_t package =
        cp_graph_find(graph, base, dot != SIZE_MAX ? cp_str_sub(prefix, 0, dot) : (cp_str){0});
    if (package != CP_NONE && graph->modules[package].package)
        load_children(graph, module, package, stem, r->line);
}

// `for name in ("a", "b"): __import__(name)`: the literals of the loop around it.
static void load_loop(cp_graph *graph, uint32_t module, const cp_py_import *r,
                      const cp_place *place) {
    const cp_py_source *s = graph->node[module].source;
    size_t open = cp_str_find(r->name, '(', 0), close = cp_str_find(r->name, ')', 0);
    if (open == SIZE_MAX || close == SIZE_MAX)
        return;
    cp_str variable = cp_str_trim(cp_str_sub(r->name, open + 1, close)), head = {0};
    for (uint32_t b = r->block; b != CP_PY_NO_BLOCK; b = s->blocks[b].parent)
        if (s->blocks[b].kind == CP_PY_BLOCK_FOR && cp_str_starts(s->blocks[b].head, variable))
            head = s->blocks[b].head;
    cp_str rest = cp_str_trim(cp_str_sub(head, variable.n, head.n));
    if (!cp_py_is_identifier(variable) || !cp_str_starts(rest, CP_STR("in")))
        return;
    for (size_t at = 0; (at = cp_str_find(rest, '"', at)) != SIZE_MAX;) {
        size_t end = cp_str_find(rest, '"', at + 1);
        cp_str name = cp_str_sub(rest, at + 1, end);
        if (end == SIZE_MAX)
            return;
        if (cp_py_is_module_name(name)) {
            cp_edge edge = {
                .line = r->line, .context = CP_IMPORT_DYNAMIC, .initial = place->initial};
            (void)load(graph, module, (cp_str){0}, name, &edge);
        }
        at = end + 1;
    }
}

// A literal that starts with the name of a module: it may be loaded some time, by a table of lazy
// exports, a registry or an event handler. A top-level name alone is too little to go by.
static void text_edge(cp_graph *graph, uint32_t module, const cp_py_import *r) {
    cp_str base = {0};
    if (r->level && !cp_graph_base(graph, module, r->level, &base))
        return;
    for (cp_str part = r->module; part.n; part = cp_py_parent(part)) {
        uint32_t at = cp_graph_find(graph, base, part);
        if (at == CP_NONE)
            continue;
        cp_edge edge = {.module = at,
                        .target = graph->modules[at].name,
                        .line = r->line,
                        .context = CP_IMPORT_DYNAMIC};
        if (r->level || cp_str_find(part, '.', 0) != SIZE_MAX)
            cp_graph_edge(graph, module, &edge);
        return;
    }
}

static void opaque_import(cp_graph *graph, uint32_t module, const cp_py_import *r,
                          const cp_place *place) {
    if (graph->recording)
        cp_vec_push(&graph->opaque, (cp_place_fact){
                                        .from = module,
                                        .line = r->line,
                                        .text = cp_arena_str(graph->arena, r->name),
                                        .context = place->context,
                                    });
    load_loop(graph, module, r, place);
    if (r->module.n && !in_getattr(graph->node[module].source, r->block))
        load_family(graph, module, r);
}

static void plain_import(cp_graph *graph, uint32_t module, const cp_py_import *r,
                         const cp_place *place) {
    cp_edge edge = edge_like(r, place);
    (void)load(graph, module, (cp_str){0}, r->module, &edge);
}

static void statement_edges(cp_graph *graph, uint32_t module, const cp_py_import *r) {
    cp_place place = cp_graph_place(graph, module, r);
    if (place.dead) {
        if (graph->recording && place.context == CP_IMPORT_TYPING) {
            cp_edge edge = edge_like(r, &place);
            cp_str base = {0};
            if (r->level)
                (void)cp_graph_base(graph, module, r->level, &base);
            edge.module = cp_graph_find(graph, base, r->module);
            edge.target = dotted(graph, base, r->module);
            cp_graph_edge(graph, module, &edge);
        }
        return;
    }
    switch (r->kind) {
    case CP_PY_IMPORT:
        plain_import(graph, module, r, &place);
        break;
    case CP_PY_FROM:
        from_import(graph, module, r, &place);
        break;
    case CP_PY_CALL:
        call_import(graph, module, r, &place);
        break;
    case CP_PY_OPAQUE:
        opaque_import(graph, module, r, &place);
        break;
    case CP_PY_STRING:
        text_edge(graph, module, r);
        break;
    case CP_PY_ATTACH: // found by cp_graph_attribute, when somebody asks
    case CP_PY_STUB:
        break;
    }
}

static uint32_t distribution_of(const cp_graph *graph, uint32_t module) {
    uint32_t file = graph->modules[module].file;
    return file == CP_NONE ? CP_NONE : graph->listing->files[file].distribution;
}

// True when the distribution of `module` cannot be installed without that of `other`.
static bool requires(const cp_graph *graph, uint32_t module, uint32_t other) {
    uint32_t a = distribution_of(graph, module), b = distribution_of(graph, other);
    if (a == CP_NONE || b == CP_NONE)
        return false;
    const cp_requires *r = &graph->listing->requires[a];
    for (size_t i = 0; i < r->count; i++)
        if (cp_str_eq(r->names[i], graph->listing->distributions[b].name))
            return true;
    return false;
}

// A name in a compiled module, of its own package or of one that it requires, is taken as imported
// with it. Of any other it is a maybe (pyarrow names pandas), which makes nothing initial.
static void native_edges(cp_graph *graph, uint32_t module) {
    const cp_node *n = &graph->node[module];
    cp_str top = cp_py_top_level(graph->modules[module].name);
    for (uint32_t i = 0; i < n->native_count; i++) {
        cp_str name = graph->modules[n->natives[i]].name;
        cp_edge edge = {
            .module = n->natives[i],
            .target = name,
            .context = CP_IMPORT_NATIVE,
            .initial =
                (cp_str_eq(cp_py_top_level(name), top) || requires(graph, module, n->natives[i])) &&
                !cp_rules_is_fallback(name),
        };
        cp_graph_edge(graph, module, &edge);
    }
}

void cp_graph_edges(cp_graph *graph, uint32_t module) {
    const cp_py_source *s = graph->node[module].source;
    for (uint32_t i = 0; s && i < s->import_count; i++)
        statement_edges(graph, module, &s->imports[i]);
    if (s)
        cp_graph_chains(graph, module);
    native_edges(graph, module);
    cp_rules_edges(graph, module);
}
