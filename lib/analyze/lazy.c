// lazy.c - modules that load when somebody touches an attribute: PEP 562 __getattr__, lazy_loader,
// and dotted access to a submodule.
#include "analyze/graph.h"
#include "py/name.h"

static bool is_lazy_package(const cp_node *n) {
    if (!n->source)
        return false;
    if (n->source->has_getattr)
        return true;
    for (uint32_t i = 0; i < n->source->import_count; i++)
        if (n->source->imports[i].kind == CP_PY_ATTACH || n->source->imports[i].kind == CP_PY_STUB)
            return true;
    return false;
}

static void lazy_edge(cp_graph *graph, uint32_t from, uint32_t module, const cp_edge *like) {
    cp_edge edge = *like;
    edge.module = module;
    edge.target = graph->modules[module].name;
    edge.context = CP_IMPORT_LAZY;
    edge.deferrable = false;
    cp_graph_edge(graph, from, &edge);
}

// lazy_loader.attach(submod_attrs={"sub": ["name"]}).
static void attached(cp_graph *graph, uint32_t from, uint32_t package, cp_str name,
                     const cp_edge *like) {
    const cp_py_source *s = graph->node[package].source;
    for (uint32_t i = 0; i < s->import_count; i++) {
        const cp_py_import *r = &s->imports[i];
        if (r->kind != CP_PY_ATTACH || !cp_str_eq(r->name, name))
            continue;
        uint32_t at = cp_graph_find(graph, graph->modules[package].name, r->module);
        if (at != CP_NONE)
            lazy_edge(graph, from, at, like);
    }
}

// The same, from `from .sub import name` of the .pyi.
static void attached_by_stub(cp_graph *graph, uint32_t from, uint32_t package, cp_str name,
                             const cp_edge *like) {
    const cp_py_source *s = graph->node[package].stub;
    for (uint32_t i = 0; s && i < s->import_count; i++) {
        const cp_py_import *r = &s->imports[i];
        cp_str base = {0};
        if (r->kind != CP_PY_FROM || !cp_str_eq(r->name, name) || r->level == 0 ||
            !cp_graph_base(graph, package, r->level, &base))
            continue;
        uint32_t at = cp_graph_find(graph, base, r->module);
        if (at != CP_NONE)
            lazy_edge(graph, from, at, like);
    }
}

static bool offers(const cp_py_source *s, cp_str name) {
    for (uint32_t i = 0; s && i < s->all_count; i++)
        if (cp_str_eq(s->all[i], name))
            return true;
    return false;
}

// Packages that load through __getattr__ repeat their table for type checkers, as imports under
// TYPE_CHECKING; that copy can be read whatever form the table has.
static void attached_by_typing(cp_graph *graph, uint32_t from, uint32_t package, cp_str name,
                               const cp_edge *like) {
    const cp_py_source *s = graph->node[package].source;
    for (uint32_t i = 0; i < s->import_count; i++) {
        const cp_py_import *r = &s->imports[i];
        cp_str base = {0};
        if (r->kind != CP_PY_FROM || !(r->flags & CP_PY_IN_TYPING) ||
            (r->level && !cp_graph_base(graph, package, r->level, &base)))
            continue;
        uint32_t at = cp_graph_find(graph, base, r->module);
        if (at == CP_NONE)
            continue;
        const cp_node *n = &graph->node[at];
        bool star = cp_str_is(r->name, "*");
        if (star && !n->scanned) { // its __all__ decides: read it, then ask again
            cp_graph_mark(graph, at, false, package, r->line);
            graph->node[from].dirty = true;
        }
        if (star ? offers(n->source, name) : cp_str_eq(r->name, name))
            lazy_edge(graph, from, at, like);
    }
}

void cp_graph_attribute(cp_graph *graph, uint32_t from, uint32_t package, cp_str name,
                        const cp_edge *like) {
    const cp_node *n = &graph->node[package];
    if (!n->scanned)
        graph->node[from].dirty = true; // asked again when it is
    if (!n->source || !is_lazy_package(n))
        return;
    attached(graph, from, package, name, like);
    attached_by_stub(graph, from, package, name, like);
    if (n->source->has_getattr)
        attached_by_typing(graph, from, package, name, like);
}

// Follows the parts of `rest` below `at` as attributes.
static void follow(cp_graph *graph, uint32_t from, uint32_t at, cp_str rest,
                   const cp_py_chain *chain) {
    cp_edge like = {.line = chain->line, .initial = chain->init, .context = CP_IMPORT_LAZY};
    while (rest.n) {
        cp_str part = cp_str_next(&rest, '.');
        cp_node *n = &graph->node[at];
        if (n->reached && !n->scanned)
            graph->node[from].dirty = true;
        uint32_t sub = cp_graph_find(graph, graph->modules[at].name, part);
        if (sub == CP_NONE) {
            if (n->source)
                cp_graph_attribute(graph, from, at, part, &like);
            if (chain->called && rest.n == 0 && graph->node[from].initial && n->reached)
                cp_graph_call(graph, at, part);
            return;
        }
        if (n->source && is_lazy_package(n))
            lazy_edge(graph, from, sub, &like);
        at = sub;
    }
}

// The module that a statement binds to `name`, or CP_NONE.
static uint32_t bound_module(cp_graph *graph, uint32_t module, const cp_py_import *r, cp_str name) {
    cp_str base = {0};
    if (r->kind == CP_PY_IMPORT) {
        if (r->alias.n)
            return cp_str_eq(r->alias, name) ? cp_graph_find(graph, r->module, base) : CP_NONE;
        cp_str top = cp_py_top_level(r->module);
        return cp_str_eq(top, name) ? cp_graph_find(graph, top, base) : CP_NONE;
    }
    if (r->kind != CP_PY_FROM || !cp_str_eq(r->alias.n ? r->alias : r->name, name))
        return CP_NONE;
    if (r->level && !cp_graph_base(graph, module, r->level, &base))
        return CP_NONE;
    uint32_t at = cp_graph_find(graph, base, r->module);
    return at == CP_NONE ? at : cp_graph_find(graph, graph->modules[at].name, r->name);
}

void cp_graph_chains(cp_graph *graph, uint32_t module) {
    const cp_py_source *s = graph->node[module].source;
    for (uint32_t c = 0; c < s->chain_count; c++) {
        const cp_py_chain *chain = &s->chains[c];
        cp_str rest = chain->text, root = cp_str_next(&rest, '.');
        uint32_t last = CP_NONE;
        for (uint32_t i = 0; i < s->import_count; i++) {
            if (s->imports[i].flags & CP_PY_IN_TYPING)
                continue;
            uint32_t at = bound_module(graph, module, &s->imports[i], root);
            if (at != CP_NONE && at != last)
                follow(graph, module, at, rest, chain);
            last = at != CP_NONE ? at : last;
        }
    }
}
