#include "analyze/graph.h"

#include "core/file.h"
#include "core/path.h"
#include "core/pool.h"
#include "py/name.h"

#define MAX_NATIVE_BYTES (4ull << 30)

void cp_graph_init(cp_graph *graph, const cp_analyze_options *options, const cp_ctx *ctx,
                   const cp_listing *listing, cp_py_index *index, cp_arena *arena) {
    *graph = (cp_graph){
        .options = options,
        .ctx = ctx,
        .listing = listing,
        .index = index,
        .arena = arena,
        .called = cp_intern_new(),
    };
    graph->modules = cp_py_index_modules(index, &graph->count);
    graph->node = CP_ARENA_ARRAY(arena, cp_node, graph->count);
    graph->worker_count = cp_pool_threads(ctx->threads, 64);
    graph->worker_arena = cp_xcalloc(graph->worker_count, sizeof *graph->worker_arena);
    uint64_t minor = 0;
    (void)cp_str_to_u64(&minor, cp_str_sub(options->python, 2, options->python.n));
    graph->target.minor = (unsigned)minor;
    graph->target.machine =
        cp_str_is(options->arch, "arm64") ? CP_STR("aarch64") : CP_STR("x86_64");
}

void cp_graph_cleanup(cp_graph *graph) {
    for (uint32_t i = 0; i < graph->worker_count; i++)
        cp_arena_cleanup(&graph->worker_arena[i]);
    free(graph->worker_arena);
    graph->worker_count = 0;
    cp_intern_free(graph->called);
    cp_buf_cleanup(&graph->scratch);
    cp_vec_free(&graph->imports);
    cp_vec_free(&graph->opaque);
    cp_vec_free(&graph->missing);
}

uint32_t cp_graph_find(cp_graph *graph, cp_str a, cp_str b) {
    if (b.n == 0)
        return a.n ? cp_py_index_find(graph->index, a) : CP_NONE;
    cp_buf_clear(&graph->scratch);
    cp_buf_add(&graph->scratch, a);
    if (a.n)
        cp_buf_add_c(&graph->scratch, '.');
    cp_buf_add(&graph->scratch, b);
    return cp_py_index_find(graph->index, cp_buf_str(&graph->scratch));
}

bool cp_graph_base(const cp_graph *graph, uint32_t module, uint32_t level, cp_str *base) {
    *base = graph->modules[module].name;
    if (!graph->modules[module].package)
        *base = cp_py_parent(*base);
    while (level-- > 1 && base->n)
        *base = cp_py_parent(*base);
    return base->n > 0;
}

void cp_graph_mark(cp_graph *graph, uint32_t module, bool initial, uint32_t from, uint32_t line) {
    for (cp_str name = graph->modules[module].name; module != CP_NONE;
         name = cp_py_parent(name), module = cp_graph_find(graph, name, (cp_str){0})) {
        cp_node *n = &graph->node[module];
        if (n->reached && (n->initial || !initial))
            continue;
        // The reason that counts is the one that makes it initial.
        n->why_from = from;
        n->why_line = line;
        n->reached = true;
        n->initial |= initial;
        n->dirty = true;
        graph->changed = true;
    }
}

static cp_str called_key(cp_graph *graph, uint32_t module, cp_str function) {
    cp_buf_clear(&graph->scratch);
    cp_buf_addf(&graph->scratch, "%u:%.*s", module, CP_STR_ARG(function));
    return cp_buf_str(&graph->scratch);
}

void cp_graph_call(cp_graph *graph, uint32_t module, cp_str function) {
    uint32_t before = cp_intern_count(graph->called);
    if (cp_intern_add(graph->called, called_key(graph, module, function)).i != before)
        return;
    graph->node[module].dirty = true;
    graph->changed = true;
}

bool cp_graph_is_called(cp_graph *graph, uint32_t module, cp_str function) {
    return cp_intern_find(graph->called, called_key(graph, module, function)).i != CP_NO_ID.i;
}

static void record_edge(cp_graph *graph, uint32_t from, const cp_edge *edge) {
    cp_vec_push(&graph->imports, (cp_import_fact){
                                     .from = from,
                                     .line = edge->line,
                                     .target = cp_arena_str(graph->arena, edge->target),
                                     .context = edge->context,
                                     .binds = cp_arena_str(graph->arena, edge->binds),
                                     .deferrable = edge->deferrable,
                                     .module = edge->module,
                                 });
}

void cp_graph_edge(cp_graph *graph, uint32_t from, const cp_edge *edge) {
    if (graph->recording)
        record_edge(graph, from, edge);
    else if (edge->module != CP_NONE && edge->module != from)
        cp_graph_mark(graph, edge->module, edge->initial && graph->node[from].initial, from,
                      edge->line);
}

static const cp_py_source *scan_file(cp_graph *graph, uint32_t file, cp_arena *arena,
                                     cp_err *trouble) {
    CP_AUTOV(cp_arena) text_arena = {0};
    cp_str text;
    cp_str path = cp_listing_path(graph->listing, file, &text_arena);
    if (cp_file_read(&text, &text_arena, path, CP_PY_MAX_BYTES, trouble) != CP_OK)
        return NULL;
    cp_py_source *source = CP_ARENA_NEW(arena, cp_py_source);
    cp_py_scan(source, text, arena);
    return source;
}

// "pkg/__init__.pyi" for "pkg/__init__.py", when it is there.
static uint32_t stub_of(const cp_graph *graph, uint32_t file, cp_arena *arena) {
    const cp_file_fact *f = &graph->listing->files[file];
    cp_str rel = cp_arena_fmt(arena, "%.*si", CP_STR_ARG(f->rel));
    cp_facts view = {.files = graph->listing->files, .file_count = graph->listing->file_count};
    return cp_facts_find_file(&view, f->root, rel);
}

static void scan_source(cp_graph *graph, uint32_t module, cp_arena *arena, cp_err *trouble) {
    cp_node *n = &graph->node[module];
    uint32_t file = graph->modules[module].file;
    n->source = scan_file(graph, file, arena, trouble);
    for (uint32_t i = 0; n->source && !n->stub && i < n->source->import_count; i++) {
        if (n->source->imports[i].kind != CP_PY_STUB)
            continue;
        uint32_t stub = stub_of(graph, file, arena);
        if (stub == CP_NONE)
            break;
        n->stub = scan_file(graph, stub, arena, trouble);
    }
}

static void scan_native(cp_graph *graph, uint32_t module, cp_arena *arena, cp_err *trouble) {
    CP_AUTOV(cp_arena) scratch = {0};
    CP_AUTOV(cp_map) map = {{0}};
    cp_elf elf;
    cp_str path = cp_listing_path(graph->listing, graph->modules[module].file, &scratch);
    if (cp_map_open(&map, path, MAX_NATIVE_BYTES, trouble) != CP_OK ||
        cp_elf_read(&elf, map.bytes, path, &scratch, trouble) != CP_OK)
        return;
    cp_node *n = &graph->node[module];
    cp_native_names(&n->natives, &n->native_count, graph, module, elf.rodata, arena);
}

struct wave {
    cp_graph *graph;
    const uint32_t *modules;
    cp_err *trouble;
};

static cp_status scan_one(void *self, size_t index, uint32_t worker, cp_err *err) {
    struct wave *w = self;
    (void)err;
    uint32_t module = w->modules[index];
    cp_arena *arena = &w->graph->worker_arena[worker];
    if (w->graph->modules[module].kind == CP_PY_MODULE_SOURCE)
        scan_source(w->graph, module, arena, &w->trouble[index]);
    else
        scan_native(w->graph, module, arena, &w->trouble[index]);
    return CP_OK;
}

static void report(const cp_graph *graph, uint32_t module, const cp_err *trouble) {
    const cp_node *n = &graph->node[module];
    const cp_py_source *broken = n->source && n->source->damage ? n->source : NULL;
    if (trouble->status != CP_OK)
        cp_warn(graph->ctx->sink, "analyze", "%s", trouble->message);
    if (broken)
        cp_warn_at(graph->ctx->sink, "analyze",
                   cp_listing_path(graph->listing, graph->modules[module].file, graph->arena),
                   broken->damage_line, broken->damage_column, "%s; imports after it are not seen",
                   broken->damage);
}

static cp_status scan_all(cp_graph *graph, const uint32_t *modules, size_t count, cp_err *err) {
    struct wave w = {graph, modules, cp_xcalloc(count, sizeof(cp_err))};
    uint32_t threads = count < 8 ? 1 : graph->worker_count;
    cp_status status = cp_pool_run(threads, count, scan_one, &w, err);
    for (size_t i = 0; i < count; i++) {
        graph->node[modules[i]].scanned = true;
        report(graph, modules[i], &w.trouble[i]);
    }
    free(w.trouble);
    return status;
}

void cp_graph_scan(cp_graph *graph, uint32_t module) {
    cp_err trouble = {0};
    cp_node *n = &graph->node[module];
    if (graph->modules[module].kind == CP_PY_MODULE_SOURCE)
        scan_source(graph, module, &graph->worker_arena[0], &trouble);
    n->scanned = true;
    if (trouble.status != CP_OK)
        cp_warn(graph->ctx->sink, "analyze", "%s", trouble.message);
}

static cp_status scan_wave(cp_graph *graph, cp_err *err) {
    CP_VEC(uint32_t) fresh = {0};
    for (uint32_t i = 0; i < graph->count; i++) {
        cp_node *n = &graph->node[i];
        if (!n->reached || n->scanned)
            continue;
        if (graph->modules[i].kind == CP_PY_MODULE_NAMESPACE)
            n->scanned = true;
        else
            cp_vec_push(&fresh, i);
    }
    cp_status status = fresh.n ? scan_all(graph, fresh.v, fresh.n, err) : CP_OK;
    cp_vec_free(&fresh);
    return status;
}

cp_status cp_graph_walk(cp_graph *graph, uint32_t module, cp_err *err) {
    cp_graph_mark(graph, module, true, CP_NONE, 0);
    do {
        if (cp_interrupted(graph->ctx))
            return cp_fail(err, CP_EINTR, "analyze: interrupted");
        CP_TRY(scan_wave(graph, err));
        graph->changed = false;
        for (uint32_t i = 0; i < graph->count; i++) {
            cp_node *n = &graph->node[i];
            if (!n->reached || !n->scanned || !n->dirty)
                continue;
            n->dirty = false;
            cp_graph_edges(graph, i);
        }
    } while (graph->changed);
    graph->recording = true;
    for (uint32_t i = 0; i < graph->count; i++)
        if (graph->node[i].reached)
            cp_graph_edges(graph, i);
    return CP_OK;
}
