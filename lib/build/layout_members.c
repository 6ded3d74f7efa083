// The catalog's rows and the packs that hold their bytes.
#include "build/layout.h"
#include "core/path.h"

enum { SMALL_ASSET = 1 << 20 };

static bool is_local(cp_place place) {
    return place == CP_PLACE_BUNDLE || place == CP_PLACE_LAYER;
}

// Libraries and data at hand are plain files; on a mount or in S3 everything is in packs.
static bool is_loose(const cp_layout *l, const cp_layout_file *f) {
    if (!is_local(f->place))
        return false;
    if (f->role == CP_ROLE_DATA)
        return !l->groups.v[f->group].scratch;
    return (f->role == CP_ROLE_EXT || f->role == CP_ROLE_LIB) && !f->cold;
}

static uint32_t find_pack(cp_layout *l, cp_str key, cp_place place, bool prefetch) {
    for (uint32_t i = 0; i < l->packs.n; i++)
        if (cp_str_eq(l->packs.v[i].key, key))
            return i;
    cp_vec_push(
        &l->packs,
        (cp_layout_pack){.key = cp_arena_str(l->arena, key), .place = place, .prefetch = prefetch});
    return (uint32_t)l->packs.n - 1;
}

// One pack for each local place and mount; in S3 one for all that is prefetched, and one for each
// asset that is fetched at first use, small ones together by distribution.
static uint32_t pack_of(cp_layout *l, uint32_t file, bool source) {
    static const char *const keys[] = {"bundle", "layer", "mount"};
    const cp_layout_file *f = &l->files[file];
    const cp_asset *asset = &l->plan->assets[f->asset];
    if (f->place != CP_PLACE_S3)
        return find_pack(l, cp_str_of(keys[f->place]), f->place, false);
    if (asset->tier == CP_TIER_S3_PREFETCH && !source)
        return find_pack(l, CP_STR("prefetch"), CP_PLACE_S3, true);
    // Nothing asks for sources while the stream runs: they would only take its time.
    if (asset->tier == CP_TIER_S3_PREFETCH)
        return find_pack(l, CP_STR("sources"), CP_PLACE_S3, false);
    uint32_t distribution = l->facts->files[file].distribution;
    cp_str key = asset->bytes < SMALL_ASSET
                     ? cp_arena_fmt(l->arena, "distribution %u", distribution)
                     : cp_arena_fmt(l->arena, "asset %u", f->asset);
    return find_pack(l, key, CP_PLACE_S3, false);
}

static void put_in_pack(cp_layout *l, uint32_t member, uint32_t file, bool source) {
    uint32_t index = pack_of(l, file, source);
    const cp_layout_file *f = &l->files[file];
    cp_pack_item item = {.path = cp_facts_path(l->arena, l->facts, file),
                         .size = l->facts->files[file].bytes,
                         .deflate = source || f->cold || f->role == CP_ROLE_DATA ||
                                    f->role == CP_ROLE_TEXT};
    if (f->role == CP_ROLE_CODE && !source) {
        item.path = (cp_str){0};
        item.job = &l->jobs[f->job];
        item.rename = cp_layout_rename(l, file);
    }
    cp_layout_pack *pack = &l->packs.v[index];
    cp_vec_push(&pack->items, item);
    cp_vec_push(&pack->members, member);
    l->members.v[member].pack = index;
}

static cp_member_kind kind_of(cp_role role) {
    switch (role) {
    case CP_ROLE_CODE:
        return CP_MEMBER_CODE;
    case CP_ROLE_TEXT:
        return CP_MEMBER_TEXT;
    case CP_ROLE_EXT:
        return CP_MEMBER_EXT;
    case CP_ROLE_LIB:
        return CP_MEMBER_LIB;
    default:
        return CP_MEMBER_DATA;
    }
}

static cp_str slash_name(const cp_layout *l, cp_str rel) {
    return cp_arena_fmt(l->arena, "/%.*s", CP_STR_ARG(rel));
}

static void add_file(cp_layout *l, uint32_t file) {
    cp_layout_file *f = &l->files[file];
    const cp_file_fact *fact = &l->facts->files[file];
    cp_member_kind kind = kind_of(f->role);
    bool named = kind != CP_MEMBER_LIB && kind != CP_MEMBER_DATA;
    cp_catalog_member m = {.rel = fact->rel,
                           .kind = kind,
                           .pack = CP_NO_PACK,
                           .root = l->roots[f->place],
                           .group = f->group,
                           .source = CP_NO_MEMBER};
    m.name = named ? l->facts->modules[fact->module].name : slash_name(l, fact->rel);
    if (named && l->facts->modules[fact->module].package)
        m.flags |= CP_MEMBER_PACKAGE;
    if (l->plan->assets[f->asset].initial)
        m.flags |= CP_MEMBER_INIT;
    f->member = (uint32_t)l->members.n;
    if (is_loose(l, f)) {
        m.flags |= CP_MEMBER_LOOSE;
        m.stored_bytes = m.raw_bytes = fact->bytes;
        m.digest = f->digest;
        cp_vec_push(&l->members, m);
        cp_vec_push(&l->loose, (cp_layout_loose){file, f->place, false});
        return;
    }
    cp_vec_push(&l->members, m);
    put_in_pack(l, f->member, file, false);
}

// Source text of compiled modules, for tracebacks: behind all else in its pack, or a plain file.
static void add_source(cp_layout *l, uint32_t file) {
    cp_layout_file *f = &l->files[file];
    const cp_layout_group *g = &l->groups.v[f->group];
    if (l->options->source_files && is_local(f->place) && !g->scratch && g->home == f->place) {
        cp_vec_push(&l->loose, (cp_layout_loose){file, g->home, false});
        return;
    }
    cp_str rel = l->facts->files[file].rel;
    uint32_t member = (uint32_t)l->members.n;
    l->members.v[f->member].source = member;
    cp_vec_push(&l->members, (cp_catalog_member){.name = slash_name(l, rel),
                                                 .rel = rel,
                                                 .kind = CP_MEMBER_SOURCE,
                                                 .root = l->roots[f->place],
                                                 .group = f->group,
                                                 .source = CP_NO_MEMBER});
    put_in_pack(l, member, file, true);
}

// Namespace packages that a catalogued module lies below. Modules are sorted by name, so those
// below follow at once.
static void add_namespaces(cp_layout *l) {
    for (uint32_t i = 0; i < l->facts->module_count; i++) {
        const cp_module_fact *ns = &l->facts->modules[i];
        if (ns->kind != CP_MODULE_NAMESPACE)
            continue;
        cp_str below = cp_arena_fmt(l->arena, "%.*s.", CP_STR_ARG(ns->name));
        uint32_t group = CP_NONE;
        for (uint32_t k = i + 1; k < l->facts->module_count && group == CP_NONE; k++) {
            const cp_module_fact *m = &l->facts->modules[k];
            if (!cp_str_starts(m->name, below))
                break;
            if (m->file != CP_NONE && l->files[m->file].member != CP_NONE)
                group = l->files[m->file].group;
        }
        if (group == CP_NONE)
            continue;
        char *rel = cp_arena_cstr(l->arena, ns->name);
        for (size_t k = 0; k < ns->name.n; k++)
            rel[k] = rel[k] == '.' ? '/' : rel[k];
        cp_vec_push(&l->members, (cp_catalog_member){.name = ns->name,
                                                     .rel = {rel, ns->name.n},
                                                     .kind = CP_MEMBER_NS,
                                                     .flags = CP_MEMBER_PACKAGE,
                                                     .pack = CP_NO_PACK,
                                                     .root = l->roots[l->groups.v[group].home],
                                                     .group = group,
                                                     .source = CP_NO_MEMBER});
    }
}

static void add_loose(cp_layout *l) {
    for (uint32_t i = 0; i < l->facts->file_count; i++) {
        const cp_layout_file *f = &l->files[i];
        if (f->role == CP_ROLE_META || f->role == CP_ROLE_KEEP)
            cp_vec_push(&l->loose, (cp_layout_loose){i, f->place, f->job != CP_NONE});
    }
}

// The libraries that a native file needs, as members.
static void add_needs(cp_layout *l) {
    for (uint32_t i = 0; i < l->facts->native_count; i++) {
        const cp_native_fact *native = &l->facts->natives[i];
        uint32_t member = l->files[native->file].member;
        if (member == CP_NONE || l->members.v[member].kind == CP_MEMBER_DATA)
            continue;
        uint32_t *needs = CP_ARENA_ARRAY(l->arena, uint32_t, native->need_count), n = 0;
        for (uint32_t k = 0; k < native->need_count; k++) {
            uint32_t need = l->files[native->needs[k]].member;
            if (need != CP_NONE && need != member && l->members.v[need].kind == CP_MEMBER_LIB)
                needs[n++] = need;
        }
        l->members.v[member].needs = needs;
        l->members.v[member].need_count = n;
    }
}

enum { UNSEEN, OPEN, DONE };

// Depth first; an arc back to a library that is still open would be a cycle, which the dynamic
// linker cannot load in order either: it is left out.
static void visit_lib(cp_layout *l, char *state, uint32_t member) {
    cp_catalog_member *m = &l->members.v[member];
    state[member] = OPEN;
    uint32_t kept = 0, *needs = CP_ARENA_ARRAY(l->arena, uint32_t, m->need_count);
    for (uint32_t i = 0; i < m->need_count; i++) {
        if (state[m->needs[i]] == UNSEEN)
            visit_lib(l, state, m->needs[i]);
        if (state[m->needs[i]] == DONE)
            needs[kept++] = m->needs[i];
    }
    m->needs = needs;
    m->need_count = kept;
    state[member] = DONE;
    cp_vec_push(&l->libs, member);
}

static void order_libs(cp_layout *l) {
    CP_AUTOV(cp_arena) scratch = {0};
    char *state = CP_ARENA_ARRAY(&scratch, char, l->members.n);
    for (uint32_t i = 0; i < l->members.n; i++)
        if (l->members.v[i].kind == CP_MEMBER_LIB && state[i] == UNSEEN)
            visit_lib(l, state, i);
}

void cp_layout_members(cp_layout *l) {
    for (int cold = 0; cold < 2; cold++)
        for (uint32_t a = 0; a < l->plan->asset_count; a++)
            for (uint32_t i = 0; i < l->plan->assets[a].file_count; i++) {
                uint32_t file = l->plan->assets[a].files[i];
                if (l->files[file].role >= CP_ROLE_CODE && l->files[file].cold == (cold == 1))
                    add_file(l, file);
            }
    for (uint32_t a = 0; a < l->plan->asset_count; a++)
        for (uint32_t i = 0; i < l->plan->assets[a].file_count; i++)
            if (l->files[l->plan->assets[a].files[i]].role == CP_ROLE_CODE)
                add_source(l, l->plan->assets[a].files[i]);
    add_namespaces(l);
    add_loose(l);
    add_needs(l);
    order_libs(l);
}
