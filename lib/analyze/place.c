// place.c - when and whether an import statement runs, from the blocks around it.
#include "analyze/graph.h"
#include "py/name.h"
#include "py/stdlib.h"

static cp_truth block_truth(const cp_graph *graph, const cp_py_source *s, uint32_t block) {
    const cp_py_block *b = &s->blocks[block];
    cp_truth t = CP_TRUE;
    bool test = b->kind == CP_PY_BLOCK_IF || b->kind == CP_PY_BLOCK_ELIF;
    if (test || b->kind == CP_PY_BLOCK_WHILE)
        t = cp_condition_eval(b->head, &graph->target);
    if (b->kind == CP_PY_BLOCK_WHILE || b->kind == CP_PY_BLOCK_CASE)
        t = t == CP_FALSE ? CP_FALSE : CP_TRUE;
    // The branches before it must not have been taken.
    for (uint32_t prior = b->prior; prior != CP_PY_NO_BLOCK; prior = s->blocks[prior].prior) {
        const cp_py_block *p = &s->blocks[prior];
        if (p->kind != CP_PY_BLOCK_IF && p->kind != CP_PY_BLOCK_ELIF)
            break;
        t = cp_truth_and(t, cp_truth_not(cp_condition_eval(p->head, &graph->target)));
    }
    return t;
}

static bool is_inside(const cp_py_source *s, uint32_t block, uint32_t outer) {
    while (block != CP_PY_NO_BLOCK && block != outer)
        block = s->blocks[block].parent;
    return block == outer;
}

// True when the statement surely raises ImportError on the target.
static bool fails(cp_graph *graph, uint32_t module, const cp_py_import *r) {
    if (r->kind != CP_PY_IMPORT && r->kind != CP_PY_FROM)
        return false;
    cp_str base = {0};
    if (r->level && !cp_graph_base(graph, module, r->level, &base))
        return true;
    if (cp_graph_find(graph, base, r->module) != CP_NONE)
        return false;
    return r->level || !cp_py_is_stdlib(r->module, graph->options->python);
}

static bool body_fails(cp_graph *graph, uint32_t module, uint32_t body) {
    const cp_py_source *s = graph->node[module].source;
    for (uint32_t i = 0; i < s->import_count; i++) {
        const cp_py_import *r = &s->imports[i];
        if (is_inside(s, r->block, body) && fails(graph, module, r))
            return true;
    }
    return false;
}

// Whether an except or else branch of a try runs: when its body fails, or does not.
static bool branch_runs(cp_graph *graph, uint32_t module, uint32_t block) {
    const cp_py_source *s = graph->node[module].source;
    bool handler = s->blocks[block].kind == CP_PY_BLOCK_EXCEPT;
    while (block != CP_PY_NO_BLOCK && s->blocks[block].kind != CP_PY_BLOCK_TRY)
        block = s->blocks[block].prior;
    return block == CP_PY_NO_BLOCK || body_fails(graph, module, block) == handler;
}

static bool runs_with_class(cp_str method) {
    static const char *const names[] = {"__init__", "__new__", "__post_init__", "__set_name__",
                                        "__init_subclass__"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cp_str_is(method, names[i]))
            return true;
    return false;
}

// A statement inside a function runs at import when something calls that function at import: the
// module body, a decorator, or another module's body.
static bool function_runs(cp_graph *graph, uint32_t module, uint32_t block) {
    const cp_py_source *s = graph->node[module].source;
    cp_str inner = {0}, outer = {0};
    unsigned functions = 0;
    bool method = false;
    for (; block != CP_PY_NO_BLOCK; block = s->blocks[block].parent) {
        const cp_py_block *b = &s->blocks[block];
        if (b->kind != CP_PY_BLOCK_DEF && b->kind != CP_PY_BLOCK_CLASS)
            continue;
        method = b->kind == CP_PY_BLOCK_CLASS;
        functions += !method;
        inner = outer;
        outer = b->head;
    }
    // A function that is defined by a call is not called by it.
    if (functions > 1 || (method && !runs_with_class(inner)))
        return false;
    const cp_py_name *name = cp_py_find_name(s, outer);
    return (name && name->called) || cp_graph_is_called(graph, module, outer);
}

struct around {
    cp_truth truth;
    bool optional, idle;
};

static struct around look_around(cp_graph *graph, uint32_t module, const cp_py_import *r) {
    const cp_py_source *s = graph->node[module].source;
    struct around a = {.truth = CP_TRUE};
    for (uint32_t block = r->block; block != CP_PY_NO_BLOCK; block = s->blocks[block].parent) {
        const cp_py_block *b = &s->blocks[block];
        a.truth = cp_truth_and(a.truth, block_truth(graph, s, block));
        if (b->kind == CP_PY_BLOCK_TRY && b->catches)
            a.optional = true;
        if (b->kind == CP_PY_BLOCK_WITH && cp_str_search(b->head, CP_STR("suppress(")) != SIZE_MAX)
            a.optional = true;
        if (b->kind == CP_PY_BLOCK_EXCEPT ||
            (b->kind == CP_PY_BLOCK_ELSE && b->prior != CP_PY_NO_BLOCK &&
             s->blocks[b->prior].kind == CP_PY_BLOCK_EXCEPT)) {
            a.optional = true;
            a.idle |= !branch_runs(graph, module, block);
        }
    }
    return a;
}

cp_place cp_graph_place(cp_graph *graph, uint32_t module, const cp_py_import *record) {
    struct around a = look_around(graph, module, record);
    if (record->flags & CP_PY_IN_TYPING)
        return (cp_place){CP_IMPORT_TYPING, false, true};
    if (a.truth == CP_FALSE)
        return (cp_place){CP_IMPORT_CONDITIONAL, false, true};
    if (record->flags & CP_PY_IN_FUNCTION)
        return (cp_place){CP_IMPORT_DEFERRED, function_runs(graph, module, record->block), false};
    if ((record->flags & CP_PY_IS_LAZY) && graph->target.minor >= 15)
        return (cp_place){CP_IMPORT_LAZY, false, false};
    if (a.optional)
        return (cp_place){CP_IMPORT_OPTIONAL, !a.idle, false};
    return (cp_place){a.truth == CP_TRUE ? CP_IMPORT_INIT : CP_IMPORT_CONDITIONAL, true, false};
}
