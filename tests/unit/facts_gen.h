// facts_gen.h - facts made by hand for tests of optimize: files are added in any order, then
// sorted.
#pragma once

#include "core/path.h"
#include "core/vec.h"
#include "model/facts.h"

#include <string.h>

typedef struct gen_facts {
    cp_arena *arena;
    CP_VEC(cp_file_fact) files;
    CP_VEC(cp_module_fact) modules;
    CP_VEC(cp_import_fact) imports;
    CP_VEC(cp_native_fact) natives;
    cp_facts facts;
} gen_facts;

// One file; `module` is its dotted name or NULL. use: 'i' initial, 'd' reached, '-' not reached.
static inline void gen_file(gen_facts *g, cp_root root, const char *rel, cp_file_kind kind,
                            uint64_t bytes, const char *module, char use) {
    cp_vec_push(&g->files, (cp_file_fact){.root = root,
                                          .rel = cp_str_of(rel),
                                          .kind = kind,
                                          .bytes = bytes,
                                          .distribution = CP_NONE,
                                          .module = CP_NONE});
    if (!module)
        return;
    cp_vec_push(
        &g->modules,
        (cp_module_fact){.name = cp_str_of(module),
                         .kind = kind == CP_FILE_EXTENSION ? CP_MODULE_EXTENSION : CP_MODULE_SOURCE,
                         .file = (uint32_t)(g->files.n - 1),
                         .initial = use == 'i',
                         .reached = use != '-',
                         .why_from = CP_NONE});
}

static inline int gen_file_order(const void *a, const void *b) {
    const cp_file_fact *x = *(const cp_file_fact *const *)a, *y = *(const cp_file_fact *const *)b;
    return x->root != y->root ? (x->root < y->root ? -1 : 1) : cp_str_cmp(x->rel, y->rel);
}

static inline int gen_module_order(const void *a, const void *b) {
    return cp_str_cmp(((const cp_module_fact *)a)->name, ((const cp_module_fact *)b)->name);
}

// Sorts files and modules as cp_facts wants them and links them.
static inline const cp_facts *gen_finish(gen_facts *g) {
    uint32_t n = (uint32_t)g->files.n;
    const cp_file_fact **order = CP_ARENA_ARRAY(g->arena, const cp_file_fact *, n);
    cp_file_fact *files = CP_ARENA_ARRAY(g->arena, cp_file_fact, n);
    uint32_t *to = CP_ARENA_ARRAY(g->arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++)
        order[i] = &g->files.v[i];
    if (n)
        qsort(order, n, sizeof *order, gen_file_order);
    for (uint32_t i = 0; i < n; i++) {
        files[i] = *order[i];
        to[order[i] - g->files.v] = i;
    }
    if (g->modules.n)
        qsort(g->modules.v, g->modules.n, sizeof *g->modules.v, gen_module_order);
    for (uint32_t m = 0; m < g->modules.n; m++) {
        g->modules.v[m].file = to[g->modules.v[m].file];
        files[g->modules.v[m].file].module = m;
    }
    g->facts = (cp_facts){.handler = CP_STR("app.handler"),
                          .handler_module = CP_STR("app"),
                          .handler_function = CP_STR("handler"),
                          .python = CP_STR("3.11"),
                          .arch = CP_STR("x86_64"),
                          .files = files,
                          .file_count = n,
                          .modules = cp_vec_to_arena(&g->modules, g->arena),
                          .module_count = (uint32_t)g->modules.n,
                          .imports = cp_vec_to_arena(&g->imports, g->arena),
                          .import_count = (uint32_t)g->imports.n,
                          .natives = cp_vec_to_arena(&g->natives, g->arena),
                          .native_count = (uint32_t)g->natives.n};
    cp_vec_free(&g->files);
    cp_vec_free(&g->modules);
    cp_vec_free(&g->imports);
    cp_vec_free(&g->natives);
    return &g->facts;
}

// After gen_finish: `user` needs `need` by DT_NEEDED (paths in site-packages).
static inline void gen_need(gen_facts *g, const char *user, const char *need) {
    uint32_t *needs = CP_ARENA_ARRAY(g->arena, uint32_t, 1);
    needs[0] = cp_facts_find_file(&g->facts, CP_ROOT_SITE, cp_str_of(need));
    cp_native_fact *all = CP_ARENA_ARRAY(g->arena, cp_native_fact, g->facts.native_count + 1);
    if (g->facts.native_count)
        memcpy(all, g->facts.natives, g->facts.native_count * sizeof *all);
    all[g->facts.native_count++] =
        (cp_native_fact){.file = cp_facts_find_file(&g->facts, CP_ROOT_SITE, cp_str_of(user)),
                         .needs = needs,
                         .need_count = 1};
    g->facts.natives = all;
}

// After gen_finish: an import statement.
static inline void gen_import(gen_facts *g, const char *from, uint32_t line, const char *target,
                              cp_import_context context) {
    cp_import_fact *all = CP_ARENA_ARRAY(g->arena, cp_import_fact, g->facts.import_count + 1);
    if (g->facts.import_count)
        memcpy(all, g->facts.imports, g->facts.import_count * sizeof *all);
    all[g->facts.import_count++] =
        (cp_import_fact){.from = cp_facts_find_module(&g->facts, cp_str_of(from)),
                         .line = line,
                         .target = cp_str_of(target),
                         .context = context,
                         .module = cp_facts_find_module(&g->facts, cp_str_of(target))};
    g->facts.imports = all;
}

// A function with a numpy-like package: code, a subpackage, extensions with libraries, data, tests.
// `scale` multiplies the large files.
static inline const cp_facts *gen_numeric(gen_facts *g, uint64_t scale) {
    const cp_root site = CP_ROOT_SITE;
    gen_file(g, CP_ROOT_PROJECT, "app.py", CP_FILE_SOURCE, 2000, "app", 'i');
    gen_file(g, CP_ROOT_PROJECT, "conf.json", CP_FILE_DATA, 500, NULL, '-');
    gen_file(g, site, "num/__init__.py", CP_FILE_SOURCE, 30000, "num", 'i');
    gen_file(g, site, "num/core.so", CP_FILE_EXTENSION, 3000000 * scale, "num.core", 'i');
    gen_file(g, site, "num/table.txt", CP_FILE_DATA, 40000, NULL, '-');
    gen_file(g, site, "num/linalg/__init__.py", CP_FILE_SOURCE, 700000, "num.linalg", 'i');
    gen_file(g, site, "num/linalg/fast.so", CP_FILE_EXTENSION, 900000, "num.linalg.fast", 'i');
    gen_file(g, site, "num/plot/__init__.py", CP_FILE_SOURCE, 800000, "num.plot", 'd');
    gen_file(g, site, "num/plot/big.so", CP_FILE_EXTENSION, 6000000 * scale, "num.plot.big", 'd');
    gen_file(g, site, "num/tests/test_all.py", CP_FILE_SOURCE, 900000, "num.tests.test_all", '-');
    gen_file(g, site, "num.libs/libblas.so", CP_FILE_LIBRARY, 8000000 * scale, NULL, '-');
    gen_file(g, site, "num.libs/libone.so", CP_FILE_LIBRARY, 50000, NULL, '-');
    gen_file(g, site, "num.libs/libnobody.so", CP_FILE_LIBRARY, 70000, NULL, '-');
    gen_file(g, site, "num-1.0.dist-info/METADATA", CP_FILE_METADATA, 3000, NULL, '-');
    gen_file(g, site, "unused/__init__.py", CP_FILE_SOURCE, 5000000, "unused", '-');
    gen_file(g, site, "unused/table.csv", CP_FILE_DATA, 9000000 * scale, NULL, '-');
    (void)gen_finish(g);
    gen_need(g, "num/core.so", "num.libs/libblas.so");
    gen_need(g, "num/linalg/fast.so", "num.libs/libblas.so");
    gen_need(g, "num/linalg/fast.so", "num.libs/libone.so");
    gen_import(g, "app", 1, "num", CP_IMPORT_INIT);
    gen_import(g, "num", 9, "num.linalg", CP_IMPORT_INIT);
    gen_import(g, "num", 2, "num.core", CP_IMPORT_INIT);
    gen_import(g, "num.linalg", 3, "num.linalg.fast", CP_IMPORT_INIT);
    gen_import(g, "app", 5, "num.plot", CP_IMPORT_DEFERRED);
    return &g->facts;
}
