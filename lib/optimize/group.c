#include "optimize/group.h"

#include "core/buf.h"
#include "core/intern.h"
#include "core/path.h"
#include "core/vec.h"
#include "optimize/classify.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS = 14 };

typedef struct grouper {
    const cp_facts *facts;
    const cp_profile *profile;
    const cp_module_use *modules;
    const cp_file_use *use;
    const cp_numbers *numbers;
    const cp_group_options *options;
    cp_arena *arena;
    cp_intern *folders;     ///< "i:numpy/linalg" -> bytes of that use in the folder and below
    uint64_t *folder_bytes; ///< by id of `folders`
    cp_intern *tops;        ///< "i:numpy" -> bytes
    uint64_t *top_bytes;
    cp_str *users; ///< of each library: the keys of the assets that need it, sorted and joined
    cp_intern *keys;
    uint32_t *key_of; ///< of each file
    uint32_t level;
} grouper;

static uint64_t big_bytes(uint32_t level) {
    return (UINT64_C(4) << 20) << level;
}
static uint64_t folder_least(uint32_t level) {
    return (UINT64_C(512) << 10) << level;
}
static uint64_t small_bytes(uint32_t level) {
    return (UINT64_C(16) << 10) << level;
}

static char letter(cp_file_class cls) {
    return "pmidlxc"[cls];
}

static cp_str distribution_of(const grouper *g, const cp_file_fact *f) {
    if (f->distribution < g->facts->distribution_count)
        return g->facts->distributions[f->distribution].name;
    return cp_top_of(f->rel);
}

// What counts as the package of a file: cold files go by distribution.
static cp_str top_key(grouper *g, uint32_t i) {
    const cp_file_fact *f = &g->facts->files[i];
    cp_str top = g->use[i].cls == CP_CLASS_COLD ? distribution_of(g, f) : cp_top_of(f->rel);
    return cp_arena_fmt(g->arena, "%c:%.*s", letter(g->use[i].cls), CP_STR_ARG(top));
}

static bool is_code(cp_file_class cls) {
    return cls == CP_CLASS_INITIAL || cls == CP_CLASS_DEFERRED;
}

static void add_folder(grouper *g, uint32_t i) {
    const cp_file_fact *f = &g->facts->files[i];
    for (cp_str dir = cp_path_dir(f->rel); dir.n > 0; dir = cp_path_dir(dir)) {
        cp_str key = cp_arena_fmt(g->arena, "%c:%.*s", letter(g->use[i].cls), CP_STR_ARG(dir));
        uint32_t id = cp_intern_add(g->folders, key).i;
        g->folder_bytes[id] += f->bytes;
    }
}

// Sums by folder and by package, once; files that are big at this level are left out by the caller.
static void add_sums(grouper *g) {
    size_t depth = 1;
    for (uint32_t i = 0; i < g->facts->file_count; i++) {
        cp_str rel = g->facts->files[i].rel;
        for (size_t at = 0; (at = cp_str_find(rel, '/', at)) != SIZE_MAX; at++)
            depth++;
    }
    g->folder_bytes = cp_xcalloc(depth, sizeof *g->folder_bytes);
    g->top_bytes = cp_xcalloc((size_t)g->facts->file_count + 1, sizeof *g->top_bytes);
    for (uint32_t i = 0; i < g->facts->file_count; i++) {
        if (g->facts->files[i].bytes >= big_bytes(g->level))
            continue;
        if (is_code(g->use[i].cls))
            add_folder(g, i);
        g->top_bytes[cp_intern_add(g->tops, top_key(g, i)).i] += g->facts->files[i].bytes;
    }
}

static void drop_sums(grouper *g) {
    free(g->folder_bytes);
    free(g->top_bytes);
    cp_intern_cleanup(&g->folders);
    cp_intern_cleanup(&g->tops);
}

static bool is_small(grouper *g, uint32_t i) {
    cp_id id = cp_intern_find(g->tops, top_key(g, i));
    return id.i != CP_NO_ID.i && g->top_bytes[id.i] < small_bytes(g->level);
}

// The nearest folder that is large enough by itself, else the package.
static cp_str code_key(grouper *g, uint32_t i) {
    const cp_file_fact *f = &g->facts->files[i];
    for (cp_str dir = cp_path_dir(f->rel); cp_str_find(dir, '/', 0) != SIZE_MAX;
         dir = cp_path_dir(dir)) {
        cp_str key = cp_arena_fmt(g->arena, "%c:%.*s", letter(g->use[i].cls), CP_STR_ARG(dir));
        if (g->folder_bytes[cp_intern_find(g->folders, key).i] >= folder_least(g->level))
            return key;
    }
    return top_key(g, i);
}

static cp_str file_key(grouper *g, uint32_t i) {
    const cp_file_fact *f = &g->facts->files[i];
    cp_file_class cls = g->use[i].cls;
    if (cls == CP_CLASS_PROJECT || cls == CP_CLASS_META)
        return cp_arena_fmt(g->arena, "%c:", letter(cls));
    if (f->bytes >= big_bytes(g->level))
        return cp_arena_fmt(g->arena, "f:%.*s", CP_STR_ARG(f->rel));
    if (cls == CP_CLASS_LIBRARY) {
        cp_str dir = g->level < LEVELS / 2 ? cp_path_dir(f->rel) : CP_STR("");
        cp_str users = g->level < LEVELS - 2 ? g->users[i] : CP_STR("");
        return cp_arena_fmt(g->arena, "l:%.*s:%d:%.*s", CP_STR_ARG(dir), g->use[i].initial,
                            CP_STR_ARG(users));
    }
    if (is_small(g, i))
        return cp_arena_fmt(g->arena, "%c:", letter(cls));
    return is_code(cls) ? code_key(g, i) : top_key(g, i);
}

static int by_id(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

typedef CP_VEC(uint32_t) ids;

// Which assets need each library, needs of needs included.
static void visit_needs(const grouper *g, const uint32_t *native_of, uint32_t *mark, ids *users,
                        ids *stack, uint32_t from) {
    stack->n = 0;
    cp_vec_push(stack, from);
    while (stack->n > 0) {
        uint32_t file = stack->v[--stack->n], n = native_of[file];
        for (uint32_t k = 0; n != CP_NONE && k < g->facts->natives[n].need_count; k++) {
            uint32_t need = g->facts->natives[n].needs[k];
            if (need >= g->facts->file_count || mark[need] == from + 1)
                continue;
            mark[need] = from + 1;
            if (g->use[need].cls == CP_CLASS_LIBRARY)
                cp_vec_push(&users[need], g->key_of[from]);
            cp_vec_push(stack, need);
        }
    }
}

// A library that one asset needs takes that asset's key; the others get the list of their users.
static void name_users(grouper *g, uint32_t file, ids *list) {
    if (list->n == 0)
        return;
    qsort(list->v, list->n, sizeof *list->v, by_id);
    uint32_t first = list->v[0];
    bool single = list->v[list->n - 1] == first;
    if (single && g->facts->files[file].bytes < big_bytes(g->level)) {
        g->key_of[file] = first;
        return;
    }
    cp_buf text = {0};
    for (size_t i = 0; i < list->n; i++)
        if (i == 0 || list->v[i] != list->v[i - 1])
            cp_buf_addf(&text, "%u,", list->v[i]);
    g->users[file] = cp_arena_str(g->arena, cp_buf_str(&text));
    cp_buf_cleanup(&text);
}

static void find_users(grouper *g) {
    const cp_facts *f = g->facts;
    CP_AUTOV(cp_arena) scratch = {0};
    uint32_t *native_of = CP_ARENA_ARRAY(&scratch, uint32_t, f->file_count);
    uint32_t *mark = CP_ARENA_ARRAY(&scratch, uint32_t, f->file_count);
    ids *users = CP_ARENA_ARRAY(&scratch, ids, f->file_count), stack = {0};
    for (uint32_t i = 0; i < f->file_count; i++)
        native_of[i] = CP_NONE;
    for (uint32_t i = 0; i < f->native_count; i++)
        if (f->natives[i].file < f->file_count)
            native_of[f->natives[i].file] = i;
    for (uint32_t i = 0; i < f->native_count; i++) {
        uint32_t file = f->natives[i].file;
        if (file < f->file_count && g->use[file].cls != CP_CLASS_LIBRARY)
            visit_needs(g, native_of, mark, users, &stack, file);
    }
    for (uint32_t i = 0; i < f->file_count; i++) {
        if (g->use[i].cls == CP_CLASS_LIBRARY)
            name_users(g, i, &users[i]);
        cp_vec_free(&users[i]);
    }
    cp_vec_free(&stack);
}

// Keys of all files at this level; the number of different ones.
static uint32_t assign_keys(grouper *g) {
    g->folders = cp_intern_new();
    g->tops = cp_intern_new();
    cp_intern_cleanup(&g->keys);
    g->keys = cp_intern_new();
    add_sums(g);
    for (uint32_t i = 0; i < g->facts->file_count; i++) {
        g->users[i] = CP_STR("");
        g->key_of[i] = CP_NONE;
        if (g->use[i].cls != CP_CLASS_LIBRARY)
            g->key_of[i] = cp_intern_add(g->keys, file_key(g, i)).i;
    }
    find_users(g);
    for (uint32_t i = 0; i < g->facts->file_count; i++)
        if (g->key_of[i] == CP_NONE)
            g->key_of[i] = cp_intern_add(g->keys, file_key(g, i)).i;
    drop_sums(g);
    return cp_intern_count(g->keys);
}

// --- circles ---

typedef struct circles {
    ids *needs; ///< of each key
    uint32_t *index, *low, *stack, *to;
    bool *on;
    uint32_t next, depth;
} circles;

// Tarjan; the depth is bounded by the number of assets.
static void connect(circles *c, uint32_t v) {
    c->index[v] = c->low[v] = ++c->next;
    c->stack[c->depth++] = v;
    c->on[v] = true;
    for (size_t k = 0; k < c->needs[v].n; k++) {
        uint32_t w = c->needs[v].v[k];
        if (!c->index[w]) {
            connect(c, w);
            c->low[v] = c->low[w] < c->low[v] ? c->low[w] : c->low[v];
        } else if (c->on[w] && c->index[w] < c->low[v]) {
            c->low[v] = c->index[w];
        }
    }
    if (c->low[v] != c->index[v])
        return;
    uint32_t least = v, start = c->depth;
    do {
        start--;
        least = c->stack[start] < least ? c->stack[start] : least;
    } while (c->stack[start] != v);
    for (uint32_t k = start; k < c->depth; k++) {
        c->to[c->stack[k]] = least;
        c->on[c->stack[k]] = false;
    }
    c->depth = start;
}

static void collect_needs(const grouper *g, ids *needs) {
    const cp_facts *f = g->facts;
    for (uint32_t i = 0; i < f->native_count; i++)
        for (uint32_t k = 0; k < f->natives[i].need_count; k++) {
            uint32_t user = f->natives[i].file, need = f->natives[i].needs[k];
            if (user >= f->file_count || need >= f->file_count)
                continue;
            uint32_t a = g->key_of[user], b = g->key_of[need];
            bool known = a == b;
            for (size_t q = 0; q < needs[a].n && !known; q++)
                known = needs[a].v[q] == b;
            if (!known)
                cp_vec_push(&needs[a], b);
        }
}

// --- assets ---

typedef struct member {
    uint32_t key, file;
    uint64_t order;
} member;

static int by_key_and_order(const void *a, const void *b) {
    const member *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->file < y->file ? -1 : x->file > y->file;
}

static cp_asset_kind kind_of(cp_file_class cls) {
    static const cp_asset_kind kinds[] = {CP_ASSET_PROJECT, CP_ASSET_META,    CP_ASSET_CODE,
                                          CP_ASSET_CODE,    CP_ASSET_LIBRARY, CP_ASSET_DATA,
                                          CP_ASSET_COLD};
    return kinds[cls];
}

static void add_bytes(cp_asset *a, const cp_file_fact *f, cp_file_class cls) {
    double bytes = (double)f->bytes, local = bytes, zipped = bytes * CP_GROUP_ZIP_NATIVE;
    if (cls == CP_CLASS_COLD) {
        local = zipped = bytes * CP_GROUP_COLD;
    } else if (f->kind == CP_FILE_SOURCE) {
        double code = bytes * CP_GROUP_BYTECODE, text = bytes * CP_GROUP_SOURCE;
        local = code + text;
        zipped = code * CP_GROUP_ZIP_BYTECODE + text;
    }
    a->bytes += (uint64_t)local + (local > (double)(uint64_t)local);
    a->zipped_bytes += (uint64_t)zipped + 1;
}

static void add_member(grouper *g, cp_asset *a, uint32_t file, bool first) {
    const cp_file_fact *f = &g->facts->files[file];
    const cp_file_use *u = &g->use[file];
    cp_asset_kind kind = kind_of(u->cls);
    // Merged circles take the kind with the most rules, and code before library.
    if (first || kind == CP_ASSET_DATA || (kind == CP_ASSET_CODE && a->kind == CP_ASSET_LIBRARY))
        a->kind = kind;
    a->initial |= u->initial;
    if (u->probability > a->use_probability)
        a->use_probability = u->probability;
    if (f->module < g->facts->module_count && g->modules[f->module].initial)
        a->import_ms += g->modules[f->module].self_ms;
    else if (u->cls == CP_CLASS_LIBRARY && u->initial && !g->profile)
        a->import_ms += cp_use_estimate_ms(f, g->numbers); // in a profile it is in its user's time
    add_bytes(a, f, u->cls);
}

static uint32_t allowed_of(const cp_asset *a, bool layers) {
    uint32_t bundle = 1u << CP_TIER_BUNDLE;
    uint32_t local = bundle | (layers ? 1u << CP_TIER_LAYER : 0);
    uint32_t mounts = 1u << CP_TIER_EFS | 1u << CP_TIER_S3FILES;
    switch (a->kind) {
    case CP_ASSET_PROJECT:
        return bundle;
    case CP_ASSET_META:
        return local;
    case CP_ASSET_DATA:
        // Put on disk as a whole when the package is imported for the first time.
        return local | (a->initial ? 0 : 1u << CP_TIER_S3_DEMAND);
    case CP_ASSET_CODE:
    case CP_ASSET_LIBRARY:
    case CP_ASSET_COLD:
        break;
    }
    return local | mounts | (a->initial ? 1u << CP_TIER_S3_PREFETCH : 1u << CP_TIER_S3_DEMAND);
}

static cp_str name_of(grouper *g, uint32_t key, const cp_asset *a) {
    cp_str text = cp_intern_text(g->keys, (cp_id){key}), rest = cp_str_sub(text, 2, text.n);
    const char *use = a->initial || a->kind != CP_ASSET_CODE ? "" : " (deferred)";
    if (a->kind == CP_ASSET_PROJECT)
        return CP_STR("project");
    if (a->kind == CP_ASSET_META)
        return CP_STR("metadata");
    if (text.p[0] == 'f')
        return cp_arena_str(g->arena, rest);
    if (text.p[0] == 'l')
        return cp_arena_fmt(g->arena, "%.*s%s",
                            CP_STR_ARG(a->file_count == 1
                                           ? g->facts->files[a->files[0]].rel
                                           : cp_path_dir(g->facts->files[a->files[0]].rel)),
                            a->file_count == 1 ? "" : " (libraries)");
    if (rest.n == 0)
        rest = CP_STR("small packages");
    const char *what = a->kind == CP_ASSET_DATA   ? " (data)"
                       : a->kind == CP_ASSET_COLD ? " (not reached)"
                                                  : use;
    return cp_arena_fmt(g->arena, "%.*s%s", CP_STR_ARG(rest), what);
}

typedef struct draft {
    cp_asset asset;
    uint32_t key;
    uint64_t order;
} draft;

static int by_first_use(const void *a, const void *b) {
    const draft *x = a, *y = b;
    if (x->asset.initial != y->asset.initial)
        return x->asset.initial ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return cp_str_cmp(x->asset.name, y->asset.name);
}

static void unique_names(grouper *g, draft *drafts, uint32_t count) {
    CP_AUTO(cp_intern) names = cp_intern_new();
    for (uint32_t i = 0; i < count; i++) {
        cp_str base = drafts[i].asset.name;
        for (uint32_t k = 2; cp_intern_find(names, drafts[i].asset.name).i != CP_NO_ID.i; k++)
            drafts[i].asset.name = cp_arena_fmt(g->arena, "%.*s #%u", CP_STR_ARG(base), k);
        (void)cp_intern_add(names, drafts[i].asset.name);
    }
}

static uint32_t make_drafts(grouper *g, draft *drafts, const uint32_t *to) {
    uint32_t n = g->facts->file_count, count = 0;
    member *members = CP_ARENA_ARRAY(g->arena, member, n);
    for (uint32_t i = 0; i < n; i++)
        members[i] = (member){to[g->key_of[i]], i, g->use[i].order};
    if (n > 0)
        qsort(members, n, sizeof *members, by_key_and_order);
    for (uint32_t i = 0; i < n;) {
        draft *d = &drafts[count++];
        uint32_t end = i;
        while (end < n && members[end].key == members[i].key)
            end++;
        uint32_t *files = CP_ARENA_ARRAY(g->arena, uint32_t, end - i);
        *d = (draft){.key = members[i].key, .order = members[i].order};
        if (g->use[members[i].file].cls == CP_CLASS_PROJECT)
            d->order = 0;
        d->asset.files = files;
        for (uint32_t k = i; k < end; k++) {
            add_member(g, &d->asset, members[k].file, k == i);
            files[d->asset.file_count++] = members[k].file;
        }
        if (d->asset.initial)
            d->asset.use_probability = 1;
        d->asset.allowed = allowed_of(&d->asset, g->options->layers);
        d->asset.name = name_of(g, d->key, &d->asset);
        i = end;
    }
    if (count > 0)
        qsort(drafts, count, sizeof *drafts, by_first_use);
    unique_names(g, drafts, count);
    return count;
}

static void set_needs(grouper *g, cp_asset *asset, uint32_t key, const ids *needs,
                      const uint32_t *to, const uint32_t *at, uint32_t keys) {
    ids list = {0};
    for (uint32_t k = 0; k < keys; k++) {
        if (to[k] != key)
            continue;
        for (size_t q = 0; q < needs[k].n; q++)
            if (to[needs[k].v[q]] != key)
                cp_vec_push(&list, at[to[needs[k].v[q]]]);
    }
    if (list.n > 0)
        qsort(list.v, list.n, sizeof *list.v, by_id);
    size_t n = 0;
    for (size_t i = 0; i < list.n; i++)
        if (i == 0 || list.v[i] != list.v[i - 1])
            list.v[n++] = list.v[i];
    list.n = n;
    asset->needs = cp_vec_to_arena(&list, g->arena);
    asset->need_count = (uint32_t)n;
    cp_vec_free(&list);
}

static void build_assets(grouper *g, cp_asset **out, uint32_t *out_count) {
    CP_AUTOV(cp_arena) scratch = {0};
    uint32_t keys = cp_intern_count(g->keys);
    circles c = {.needs = CP_ARENA_ARRAY(&scratch, ids, keys),
                 .index = CP_ARENA_ARRAY(&scratch, uint32_t, keys),
                 .low = CP_ARENA_ARRAY(&scratch, uint32_t, keys),
                 .stack = CP_ARENA_ARRAY(&scratch, uint32_t, keys),
                 .to = CP_ARENA_ARRAY(&scratch, uint32_t, keys),
                 .on = CP_ARENA_ARRAY(&scratch, bool, keys)};
    collect_needs(g, c.needs);
    for (uint32_t k = 0; k < keys; k++)
        if (!c.index[k])
            connect(&c, k);
    draft *drafts = CP_ARENA_ARRAY(&scratch, draft, keys);
    uint32_t count = make_drafts(g, drafts, c.to);
    uint32_t *at = CP_ARENA_ARRAY(&scratch, uint32_t, keys);
    for (uint32_t i = 0; i < count; i++)
        at[drafts[i].key] = i;
    cp_asset *assets = CP_ARENA_ARRAY(g->arena, cp_asset, count);
    for (uint32_t i = 0; i < count; i++) {
        assets[i] = drafts[i].asset;
        set_needs(g, &assets[i], drafts[i].key, c.needs, c.to, at, keys);
    }
    for (uint32_t k = 0; k < keys; k++)
        cp_vec_free(&c.needs[k]);
    *out = assets;
    *out_count = count;
}

cp_status cp_group(cp_asset **assets, uint32_t *count, const cp_facts *facts,
                   const cp_profile *profile, const cp_numbers *numbers,
                   const cp_group_options *options, cp_arena *arena, cp_err *err) {
    if (options->max_assets < CP_GROUP_MIN_ASSETS)
        return cp_fail(err, CP_EUSAGE, "max_assets is %u, must be at least %d", options->max_assets,
                       CP_GROUP_MIN_ASSETS);
    const cp_module_use *modules = cp_use_of_modules(facts, profile, numbers, arena);
    grouper g = {.facts = facts,
                 .profile = profile,
                 .modules = modules,
                 .use = cp_classify_files(facts, profile, modules, arena),
                 .numbers = numbers,
                 .options = options,
                 .arena = arena,
                 .users = CP_ARENA_ARRAY(arena, cp_str, facts->file_count),
                 .key_of = CP_ARENA_ARRAY(arena, uint32_t, facts->file_count)};
    while (assign_keys(&g) > options->max_assets && g.level + 1 < LEVELS)
        g.level++;
    build_assets(&g, assets, count);
    cp_intern_cleanup(&g.keys);
    return CP_OK;
}
