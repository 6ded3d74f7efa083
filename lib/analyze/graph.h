// graph.h - which modules can be reached from the handler, and which of them are executed while it
// is imported.
//
// Two grades spread over the same edges: `reached` over all that may ever run, `initial` only over
// what runs at import. Work goes in waves: scan all files that are newly reached (in parallel),
// then look at the edges of what is new or was waiting for one of those scans, until nothing
// changes. The order of modules is by name, so neither disk nor threads decide anything.
#pragma once

#include "analyze/condition.h"
#include "analyze/files.h"
#include "core/buf.h"
#include "core/intern.h"
#include "core/vec.h"
#include "py/resolve.h"
#include "py/scan.h"

typedef struct cp_node {
    bool reached, initial;
    bool scanned; // source or native names are there (or never will be)
    bool dirty;   // its edges must be looked at (again)
    const cp_py_source *source;
    const cp_py_source *stub; // the .pyi that lazy_loader.attach_stub reads
    const uint32_t *natives;  // modules named inside a compiled one
    uint32_t native_count;
    uint32_t why_from, why_line;
} cp_node;

typedef struct cp_graph {
    const cp_analyze_options *options;
    const cp_ctx *ctx;
    const cp_listing *listing;
    cp_py_index *index;
    const cp_py_module *modules;
    uint32_t count;
    cp_node *node; // by module
    cp_condition_target target;
    cp_intern *called; // "module-position:function" run at import from another module
    cp_arena *arena;   // of the result
    cp_arena *worker_arena;
    uint32_t worker_count;
    cp_buf scratch;
    bool changed;

    bool recording; // the last pass, which writes facts instead of spreading grades
    CP_VEC(cp_import_fact) imports;
    CP_VEC(cp_place_fact) opaque;
    CP_VEC(cp_place_fact) missing;
} cp_graph;

/// An empty graph over the listing; `index` is borrowed. Free with cp_graph_cleanup.
void cp_graph_init(cp_graph *graph, const cp_analyze_options *options, const cp_ctx *ctx,
                   const cp_listing *listing, cp_py_index *index, cp_arena *arena);
void cp_graph_cleanup(cp_graph *graph);
/// Scans one module now: for the handler, whose damage is an error.
void cp_graph_scan(cp_graph *graph, uint32_t module);
/// Spreads from `module`, which is initial, until nothing changes, then records the facts. Fails
/// with CP_EINTR only.
CP_MUST_CHECK cp_status cp_graph_walk(cp_graph *graph, uint32_t module, cp_err *err);

// Between graph.c and its helpers.

/// A thing that a statement may load.
typedef struct cp_edge {
    uint32_t module; // CP_NONE: not in the package set
    cp_str target;   // as written in facts
    uint32_t line;
    cp_import_context context;
    bool initial; // runs when the importing module does
    cp_str binds;
    bool deferrable;
} cp_edge;

/// Follows or records an edge of `from`.
void cp_graph_edge(cp_graph *graph, uint32_t from, const cp_edge *edge);
/// Marks a module and its parents.
void cp_graph_mark(cp_graph *graph, uint32_t module, bool initial, uint32_t from, uint32_t line);
/// A function of `module` is called while something initial is imported.
void cp_graph_call(cp_graph *graph, uint32_t module, cp_str function);
bool cp_graph_is_called(cp_graph *graph, uint32_t module, cp_str function);
/// Position of "a.b", or CP_NONE. Either part may be empty.
uint32_t cp_graph_find(cp_graph *graph, cp_str a, cp_str b);

/// edges.c: all edges of a scanned module.
void cp_graph_edges(cp_graph *graph, uint32_t module);
/// lazy.c: attribute chains and names that a package loads on access; `module` has them in its
/// text.
void cp_graph_chains(cp_graph *graph, uint32_t module);
void cp_graph_attribute(cp_graph *graph, uint32_t from, uint32_t package, cp_str name,
                        const cp_edge *like);
/// "pkg" of a relative import in `module`: what its leading dots mean; false beyond the top.
bool cp_graph_base(const cp_graph *graph, uint32_t module, uint32_t level, cp_str *base);

/// place.c: when and whether the statement runs.
typedef struct cp_place {
    cp_import_context context;
    bool initial;
    bool dead; // never runs on the target
} cp_place;
cp_place cp_graph_place(cp_graph *graph, uint32_t module, const cp_py_import *record);

/// native.c: the modules of the index that the constants of a compiled file name.
void cp_native_names(const uint32_t **out, uint32_t *count, const cp_graph *graph, uint32_t module,
                     cp_str rodata, cp_arena *arena);

/// rules.c: what the rules table adds for a module.
void cp_rules_edges(cp_graph *graph, uint32_t module);
/// ... and for `from base import *`.
void cp_rules_star(cp_graph *graph, uint32_t from, uint32_t base, const cp_edge *like);
/// True for a module that compiled ones name only to try it when another is not there.
bool cp_rules_is_fallback(cp_str module);
