#include "analyze/analyze.h"

#include "analyze/graph.h"
#include "analyze/handler.h"
#include "core/path.h"

#include <time.h>

static double now_s(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static cp_status check_options(const cp_analyze_options *o, cp_err *err) {
    uint64_t minor;
    if (!cp_str_starts(o->python, CP_STR("3.")) ||
        !cp_str_to_u64(&minor, cp_str_sub(o->python, 2, o->python.n)) || minor < 8 || minor > 15)
        return cp_fail(err, CP_EUSAGE, "target Python '%.*s': expected 3.8 to 3.15",
                       CP_STR_ARG(o->python));
    if (!cp_str_is(o->arch, "x86_64") && !cp_str_is(o->arch, "arm64"))
        return cp_fail(err, CP_EUSAGE, "target CPU '%.*s': expected x86_64 or arm64",
                       CP_STR_ARG(o->arch));
    return CP_OK;
}

static cp_py_index *make_index(const cp_listing *l, const cp_analyze_options *options) {
    cp_py_index *index = cp_py_index_new(options->python, options->arch);
    for (uint32_t i = 0; i < l->file_count; i++)
        if (l->files[i].kind == CP_FILE_SOURCE || l->files[i].kind == CP_FILE_EXTENSION)
            cp_py_index_add(index, l->files[i].root, l->files[i].rel, i);
    cp_py_index_finish(index);
    return index;
}

static void fill_modules(cp_facts *facts, const cp_graph *g, cp_listing *l, cp_arena *arena) {
    static const cp_module_kind kinds[] = {CP_MODULE_SOURCE, CP_MODULE_EXTENSION,
                                           CP_MODULE_NAMESPACE};
    cp_module_fact *modules = CP_ARENA_ARRAY(arena, cp_module_fact, g->count);
    for (uint32_t i = 0; i < g->count; i++) {
        const cp_py_module *m = &g->modules[i];
        modules[i] = (cp_module_fact){
            .name = cp_arena_str(arena, m->name),
            .kind = kinds[m->kind],
            .file = m->file,
            .package = m->package,
            .initial = g->node[i].initial,
            .reached = g->node[i].reached,
            .why_from = g->node[i].reached ? g->node[i].why_from : CP_NONE,
            .why_line = g->node[i].why_line,
        };
        if (m->file != CP_NONE)
            l->files[m->file].module = i;
    }
    facts->modules = modules;
    facts->module_count = g->count;
}

static void fill_facts(cp_facts *facts, const cp_graph *g, cp_listing *l, const cp_handler *handler,
                       cp_arena *arena) {
    const cp_analyze_options *o = g->options;
    *facts = (cp_facts){
        .handler = cp_arena_fmt(arena, "%.*s.%.*s", CP_STR_ARG(handler->module),
                                CP_STR_ARG(handler->function)),
        .handler_module = cp_arena_str(arena, handler->module),
        .handler_function = cp_arena_str(arena, handler->function),
        .python = cp_arena_str(arena, o->python),
        .arch = cp_arena_str(arena, o->arch),
        .project_root = l->project_root,
        .site_root = l->site_root,
        .natives = l->natives,
        .native_count = l->native_count,
        .distributions = l->distributions,
        .distribution_count = l->distribution_count,
        .imports = cp_vec_to_arena(&g->imports, arena),
        .import_count = (uint32_t)g->imports.n,
        .opaque = cp_vec_to_arena(&g->opaque, arena),
        .opaque_count = (uint32_t)g->opaque.n,
        .missing = cp_vec_to_arena(&g->missing, arena),
        .missing_count = (uint32_t)g->missing.n,
    };
    fill_modules(facts, g, l, arena);
    facts->files = l->files;
    facts->file_count = l->file_count;
}

static cp_status run(cp_facts *facts, const cp_analyze_options *options, const cp_ctx *ctx,
                     cp_arena *arena, cp_err *err) {
    cp_listing listing;
    CP_TRY(cp_listing_make(&listing, options, ctx, arena, err));
    CP_AUTO(cp_py_index) index = make_index(&listing, options);
    CP_AUTOV(cp_graph) graph = {0};
    cp_graph_init(&graph, options, ctx, &listing, index, arena);
    cp_handler handler;
    CP_TRY(cp_handler_find(&handler, &graph, err));
    CP_TRY(cp_graph_walk(&graph, handler.position, err));
    fill_facts(facts, &graph, &listing, &handler, arena);
    return CP_OK;
}

cp_status cp_analyze(const cp_facts **out, const cp_analyze_options *options, const cp_ctx *ctx,
                     cp_arena *arena, cp_err *err) {
    static const cp_ctx none = {0};
    double start = now_s();
    CP_TRY(check_options(options, err));
    cp_facts *facts = CP_ARENA_NEW(arena, cp_facts);
    CP_TRY(run(facts, options, ctx ? ctx : &none, arena, err));
    facts->seconds = now_s() - start;
    *out = facts;
    return CP_OK;
}
