#include "optimize/classify.h"

#include "core/intern.h"
#include "core/path.h"

typedef struct classifier {
    const cp_facts *facts;
    const cp_profile *profile;
    const cp_module_use *modules;
    cp_file_use *use;
    uint32_t *native_of; ///< of each file; CP_NONE
    bool *linked;        ///< some native needs this file
    cp_intern *reached;  ///< packages that have a reached module
    struct package {
        bool initial;       ///< some module of it runs during init
        double probability; ///< of its likeliest module being needed
    } * packages;           ///< parallel to `reached`
} classifier;

cp_str cp_top_of(cp_str rel) {
    size_t slash = cp_str_find(rel, '/', 0);
    if (slash != SIZE_MAX)
        return cp_str_sub(rel, 0, slash);
    size_t dot = cp_str_find(rel, '.', 0);
    return cp_str_sub(rel, 0, dot == SIZE_MAX ? rel.n : dot);
}

// The package of a file when some module of it is reached, else NULL.
static const struct package *package_of(const classifier *c, cp_str rel) {
    cp_id id = cp_intern_find(c->reached, cp_top_of(rel));
    return id.i == CP_NO_ID.i ? NULL : &c->packages[id.i];
}

static void note_reached(classifier *c) {
    for (uint32_t m = 0; m < c->facts->module_count; m++) {
        if (!c->modules[m].reached)
            continue;
        cp_str name = c->facts->modules[m].name;
        size_t dot = cp_str_find(name, '.', 0);
        cp_id id = cp_intern_add(c->reached, cp_str_sub(name, 0, dot == SIZE_MAX ? name.n : dot));
        struct package *p = &c->packages[id.i];
        p->initial |= c->modules[m].initial;
        if (c->modules[m].probability > p->probability)
            p->probability = c->modules[m].probability;
    }
}

static void note_natives(classifier *c) {
    for (uint32_t i = 0; i < c->facts->file_count; i++)
        c->native_of[i] = CP_NONE;
    for (uint32_t i = 0; i < c->facts->native_count; i++) {
        const cp_native_fact *n = &c->facts->natives[i];
        if (n->file < c->facts->file_count)
            c->native_of[n->file] = i;
        for (uint32_t k = 0; k < n->need_count; k++)
            if (n->needs[k] < c->facts->file_count)
                c->linked[n->needs[k]] = true;
    }
}

static void classify_module(cp_file_use *u, const cp_module_use *m) {
    u->cls = m->initial ? CP_CLASS_INITIAL : m->reached ? CP_CLASS_DEFERRED : CP_CLASS_COLD;
    u->initial = m->initial;
    u->probability = m->probability;
    if (m->order != CP_NONE) // odd, so that a library can come just before it
        u->order = (uint64_t)m->order * 2 + 1 + (m->initial ? 0 : (UINT64_C(1) << 40));
}

// A second name of a library (libx.so beside libx.so.1): what is linked has the name in DT_SONAME.
static bool is_alias(const classifier *c, uint32_t i) {
    const cp_file_fact *f = &c->facts->files[i];
    uint32_t n = c->native_of[i];
    if (n == CP_NONE || c->facts->natives[n].soname.n == 0)
        return false;
    cp_str soname = c->facts->natives[n].soname, dir = cp_path_dir(f->rel);
    if (cp_str_eq(cp_path_base(f->rel), soname))
        return false;
    CP_AUTOV(cp_arena) scratch = {0};
    return cp_facts_find_file(c->facts, f->root, cp_path_join(&scratch, dir, soname)) != CP_NONE;
}

// Read by path, like the libraries that nothing links to: ctypes opens those.
static bool is_data(const classifier *c, uint32_t i) {
    const cp_file_fact *f = &c->facts->files[i];
    if (f->module != CP_NONE)
        return false;
    return f->kind == CP_FILE_DATA || f->kind == CP_FILE_MODEL ||
           (f->kind == CP_FILE_LIBRARY && !c->linked[i] && !is_alias(c, i));
}

static void classify_file(classifier *c, uint32_t i) {
    const cp_file_fact *f = &c->facts->files[i];
    cp_file_use *u = &c->use[i];
    *u = (cp_file_use){.cls = CP_CLASS_COLD, .order = UINT64_MAX, .probability = CP_USE_COLD};
    if (f->module != CP_NONE && f->module < c->facts->module_count)
        classify_module(u, &c->modules[f->module]);
    if (f->root == CP_ROOT_PROJECT) {
        u->cls = CP_CLASS_PROJECT;
        u->initial = true;
        u->probability = 1;
    } else if (f->kind == CP_FILE_METADATA) {
        u->cls = CP_CLASS_META;
        u->probability = 1;
    } else if (is_data(c, i) && cp_str_find(f->rel, '/', 0) != SIZE_MAX) {
        const struct package *p = package_of(c, f->rel);
        u->cls = p ? CP_CLASS_DATA : CP_CLASS_COLD;
        u->initial = p && p->initial;
        u->probability = !p ? CP_USE_COLD : p->initial ? 1 : p->probability;
    }
}

// A library is used as its users are; needs of needs too.
static void pull_library(classifier *c, uint32_t user, uint32_t file, uint32_t depth) {
    if (depth > 64 || c->facts->files[file].root == CP_ROOT_PROJECT)
        return; // deeper than any real chain: a circle
    cp_file_use *u = &c->use[file];
    const cp_file_use *by = &c->use[user];
    bool changed = false;
    if (c->facts->files[file].kind == CP_FILE_LIBRARY && u->cls == CP_CLASS_COLD) {
        u->cls = CP_CLASS_LIBRARY;
        changed = true;
    }
    if (by->initial && !u->initial)
        changed = u->initial = true;
    if (by->probability > u->probability) {
        u->probability = by->probability;
        changed = true;
    }
    uint64_t order = by->order == UINT64_MAX || by->order == 0 ? by->order : by->order - 1;
    if (order < u->order) {
        u->order = order;
        changed = true;
    }
    if (!changed)
        return;
    uint32_t n = c->native_of[file];
    for (uint32_t k = 0; n != CP_NONE && k < c->facts->natives[n].need_count; k++)
        if (c->facts->natives[n].needs[k] < c->facts->file_count)
            pull_library(c, file, c->facts->natives[n].needs[k], depth + 1);
}

static void pull_libraries(classifier *c) {
    for (uint32_t i = 0; i < c->facts->native_count; i++) {
        const cp_native_fact *n = &c->facts->natives[i];
        if (n->file >= c->facts->file_count || c->use[n->file].cls == CP_CLASS_COLD ||
            c->use[n->file].cls == CP_CLASS_LIBRARY)
            continue;
        for (uint32_t k = 0; k < n->need_count; k++)
            if (n->needs[k] < c->facts->file_count)
                pull_library(c, n->file, n->needs[k], 0);
    }
}

// What ran in the profile opened this by path, whatever it is.
static void keep_opened(classifier *c) {
    for (uint32_t i = 0; c->profile && i < c->profile->opened_count; i++) {
        uint32_t file = c->profile->opened[i];
        if (file < c->facts->file_count && c->use[file].cls == CP_CLASS_COLD) {
            c->use[file].cls = CP_CLASS_DATA;
            c->use[file].initial = true; // when is not known
            c->use[file].probability = 1;
        }
    }
}

cp_file_use *cp_classify_files(const cp_facts *facts, const cp_profile *profile,
                               const cp_module_use *modules, cp_arena *arena) {
    CP_AUTO(cp_intern) reached = cp_intern_new();
    classifier c = {.facts = facts,
                    .profile = profile,
                    .modules = modules,
                    .use = CP_ARENA_ARRAY(arena, cp_file_use, facts->file_count),
                    .native_of = CP_ARENA_ARRAY(arena, uint32_t, facts->file_count),
                    .linked = CP_ARENA_ARRAY(arena, bool, facts->file_count),
                    .reached = reached,
                    .packages = CP_ARENA_ARRAY(arena, struct package, facts->module_count)};
    note_reached(&c);
    note_natives(&c);
    for (uint32_t i = 0; i < facts->file_count; i++)
        classify_file(&c, i);
    pull_libraries(&c);
    keep_opened(&c);
    return c.use;
}
