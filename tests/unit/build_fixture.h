// build_fixture.h - facts and plans made from a folder by rules simple enough to be read at a
// glance, for the tests of lib/build. Everything below the site folder counts as reached.
#pragma once

#include "build/build.h"
#include "core/child.h"
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "core/vec.h"

#include <criterion/criterion.h>

typedef struct fixture {
    cp_arena arena;
    cp_str dir, project, site;
    cp_facts facts;
    cp_plan plan;
    cp_err err;
} fixture;

/// Site files below `prefix` that `kind` takes and no earlier rule took.
typedef struct rule {
    const char *prefix;
    cp_asset_kind kind;
    cp_tier_id tier;
} rule;

static inline cp_str fx_path(fixture *fx, const char *rel) {
    return cp_path_join(&fx->arena, fx->dir, cp_str_of(rel));
}

static inline void fx_write(fixture *fx, const char *rel, cp_str text) {
    cp_str path = fx_path(fx, rel);
    cr_assert_eq(cp_dir_make(cp_path_dir(path), &fx->err), CP_OK);
    cr_assert_eq(cp_file_write(path, text, &fx->err), CP_OK, "%s", fx->err.message);
}

static inline void fx_open(fixture *fx) {
    cr_assert_eq(cp_dir_temporary(&fx->dir, CP_STR(""), "cp-build", &fx->arena, &fx->err), CP_OK);
    fx->project = fx_path(fx, "project");
    fx->site = fx_path(fx, "site");
}

static inline void fx_close(fixture *fx) {
    cr_assert_eq(cp_tree_remove(fx->dir, &fx->err), CP_OK);
    cp_arena_cleanup(&fx->arena);
}

static inline bool fx_keep(void *self, cp_str rel, cp_str name, cp_entry_kind kind) {
    (void)self, (void)rel, (void)kind;
    return !cp_str_is(name, "__pycache__");
}

static inline cp_file_kind fx_kind(cp_str rel) {
    if (cp_str_search(rel, CP_STR(".dist-info/")) != SIZE_MAX)
        return CP_FILE_METADATA;
    if (cp_str_ends(rel, CP_STR(".py")))
        return CP_FILE_SOURCE;
    if (cp_str_search(rel, CP_STR(".libs/")) != SIZE_MAX)
        return CP_FILE_LIBRARY;
    return cp_str_ends(rel, CP_STR(".so")) ? CP_FILE_EXTENSION : CP_FILE_DATA;
}

// "a/b/__init__.py" -> "a.b", "a/c.cpython-311-x.so" -> "a.c".
static inline cp_str fx_module_name(fixture *fx, cp_str rel, bool *package) {
    cp_str base = cp_path_base(rel), dir = cp_path_dir(rel);
    size_t dot = cp_str_find(base, '.', 0);
    cp_str stem = cp_str_sub(base, 0, dot == SIZE_MAX ? base.n : dot);
    *package = cp_str_is(stem, "__init__");
    cp_str path = *package ? dir : cp_path_join(&fx->arena, dir, stem);
    char *name = cp_arena_cstr(&fx->arena, path);
    for (size_t i = 0; i < path.n; i++)
        name[i] = name[i] == '/' ? '.' : name[i];
    return (cp_str){name, path.n};
}

// A listing goes folder by folder; facts are sorted by whole paths.
static inline int fx_by_rel(const void *a, const void *b) {
    const cp_entry *x = a, *y = b;
    return cp_str_cmp(x->rel, y->rel);
}

typedef CP_VEC(cp_module_fact) fx_modules;
typedef CP_VEC(cp_file_fact) fx_files;

static inline void fx_scan(fixture *fx, cp_root root, fx_files *files, fx_modules *modules) {
    const cp_entry *entries = NULL;
    size_t count = 0;
    cp_str folder = root == CP_ROOT_PROJECT ? fx->project : fx->site;
    if (!cp_file_is_dir(folder))
        return;
    cr_assert_eq(
        cp_tree_list(&entries, &count, folder, fx_keep, NULL, 100000, &fx->arena, &fx->err), CP_OK);
    cp_entry *sorted = CP_ARENA_ARRAY(&fx->arena, cp_entry, count);
    for (size_t i = 0; i < count; i++)
        sorted[i] = entries[i];
    qsort(sorted, count, sizeof *sorted, fx_by_rel);
    for (size_t i = 0; i < count; i++) {
        const cp_entry *e = &sorted[i];
        if (e->kind != CP_ENTRY_FILE)
            continue;
        cp_file_fact f = {.root = root,
                          .rel = e->rel,
                          .kind = fx_kind(e->rel),
                          .bytes = e->bytes,
                          .mtime_ns = e->mtime_ns,
                          .inode = e->inode,
                          .executable = e->executable,
                          .distribution = CP_NONE,
                          .module = CP_NONE};
        if (f.kind == CP_FILE_SOURCE || f.kind == CP_FILE_EXTENSION) {
            cp_module_fact m = {.kind = f.kind == CP_FILE_SOURCE ? CP_MODULE_SOURCE
                                                                 : CP_MODULE_EXTENSION,
                                .file = (uint32_t)files->n,
                                .initial = true,
                                .reached = true,
                                .why_from = CP_NONE};
            m.name = fx_module_name(fx, e->rel, &m.package);
            cp_vec_push(modules, m);
        }
        cp_vec_push(files, f);
    }
}

static inline int fx_by_name(const void *a, const void *b) {
    const cp_module_fact *x = a, *y = b;
    int c = cp_str_cmp(x->name, y->name);
    return c ? c : (int)x->kind - (int)y->kind;
}

// Folders with modules and without __init__ are namespaces.
static inline void fx_add_namespaces(fixture *fx, fx_modules *modules) {
    size_t real = modules->n;
    for (size_t i = 0; i < real; i++)
        for (size_t dot = 0; (dot = cp_str_find(modules->v[i].name, '.', dot)) != SIZE_MAX; dot++) {
            cp_str parent = cp_str_sub(modules->v[i].name, 0, dot);
            bool known = false;
            for (size_t k = 0; k < modules->n && !known; k++)
                known = cp_str_eq(modules->v[k].name, parent);
            if (!known)
                cp_vec_push(modules, (cp_module_fact){.name = cp_arena_str(&fx->arena, parent),
                                                      .kind = CP_MODULE_NAMESPACE,
                                                      .file = CP_NONE,
                                                      .package = true,
                                                      .reached = true});
        }
}

/// Facts of what is in project/ and site/ now, for the given Python.
static inline void fx_facts(fixture *fx, const char *python) {
    fx_files files = {0};
    fx_modules modules = {0};
    fx_scan(fx, CP_ROOT_PROJECT, &files, &modules);
    fx_scan(fx, CP_ROOT_SITE, &files, &modules);
    fx_add_namespaces(fx, &modules);
    qsort(modules.v, modules.n, sizeof *modules.v, fx_by_name);
    size_t kept = 0;
    for (size_t i = 0; i < modules.n; i++)
        if (!kept || !cp_str_eq(modules.v[kept - 1].name, modules.v[i].name))
            modules.v[kept++] = modules.v[i];
    modules.n = kept;
    for (size_t i = 0; i < modules.n; i++)
        if (modules.v[i].file != CP_NONE)
            files.v[modules.v[i].file].module = (uint32_t)i;
    fx->facts = (cp_facts){.handler = CP_STR("app.handler"),
                           .handler_module = CP_STR("app"),
                           .handler_function = CP_STR("handler"),
                           .python = cp_str_of(python),
                           .arch = CP_STR("x86_64"),
                           .project_root = fx->project,
                           .site_root = fx->site,
                           .files = cp_vec_to_arena(&files, &fx->arena),
                           .file_count = (uint32_t)files.n,
                           .modules = cp_vec_to_arena(&modules, &fx->arena),
                           .module_count = (uint32_t)modules.n};
    cp_vec_free(&files);
    cp_vec_free(&modules);
}

static inline bool fx_takes(const rule *r, const cp_file_fact *f) {
    bool native = f->kind == CP_FILE_EXTENSION || f->kind == CP_FILE_LIBRARY;
    if (f->root == CP_ROOT_PROJECT || !cp_str_starts(f->rel, cp_str_of(r->prefix)))
        return r->kind == CP_ASSET_PROJECT && f->root == CP_ROOT_PROJECT;
    switch (r->kind) {
    case CP_ASSET_CODE:
        return f->kind == CP_FILE_SOURCE || native;
    case CP_ASSET_LIBRARY:
        return f->kind == CP_FILE_LIBRARY;
    case CP_ASSET_DATA:
        return f->kind == CP_FILE_DATA;
    case CP_ASSET_META:
        return f->kind == CP_FILE_METADATA;
    case CP_ASSET_COLD:
        return f->kind != CP_FILE_METADATA;
    default:
        return false;
    }
}

/// One asset per rule.
static inline void fx_plan(fixture *fx, const rule *rules, uint32_t count) {
    cp_asset *assets = CP_ARENA_ARRAY(&fx->arena, cp_asset, count);
    bool *taken = CP_ARENA_ARRAY(&fx->arena, bool, fx->facts.file_count);
    for (uint32_t a = 0; a < count; a++) {
        uint32_t *files = CP_ARENA_ARRAY(&fx->arena, uint32_t, fx->facts.file_count), n = 0;
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < fx->facts.file_count; i++)
            if (!taken[i] && fx_takes(&rules[a], &fx->facts.files[i])) {
                taken[i] = true;
                files[n++] = i;
                bytes += fx->facts.files[i].bytes;
            }
        assets[a] = (cp_asset){.name = cp_arena_fmt(&fx->arena, "%s#%u", rules[a].prefix, a),
                               .kind = rules[a].kind,
                               .files = files,
                               .file_count = n,
                               .bytes = bytes,
                               .initial = rules[a].kind != CP_ASSET_COLD,
                               .tier = rules[a].tier,
                               .why = CP_STR("a test")};
    }
    fx->plan = (cp_plan){
        .status = CP_STR("optimal"), .assets = assets, .asset_count = count, .digest = CP_STR("0")};
}

/// Path of a Python 3.`minor`, or an empty string.
static inline cp_str fx_python(fixture *fx, unsigned minor) {
    const char *find = "for p in /usr/bin/python3.$1 python3.$1; do $p -c 'import sys; "
                       "print(sys.executable) if sys.version_info[1] == int(sys.argv[1]) else "
                       "exit(1)' $1 2>/dev/null && exit; done; true";
    const char *argv[] = {"sh", "-c", find, "sh", cp_arena_fmt(&fx->arena, "%u", minor).p, NULL};
    cp_child_spec spec = {.argv = argv};
    CP_AUTOV(cp_child_result) r = {0};
    cr_assert_eq(cp_child_run(&r, &spec, NULL, &fx->err), CP_OK);
    return cp_arena_str(&fx->arena, cp_str_trim(cp_buf_str(&r.out)));
}
