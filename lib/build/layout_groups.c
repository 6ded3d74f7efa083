// Groups, homes and content names.
#include "build/layout.h"
#include "core/intern.h"

static cp_str first_part(cp_str path, char sep) {
    size_t at = cp_str_find(path, sep, 0);
    return cp_str_sub(path, 0, at == SIZE_MAX ? path.n : at);
}

static bool is_local(cp_place place) {
    return place == CP_PLACE_BUNDLE || place == CP_PLACE_LAYER;
}

static bool in_catalog(const cp_layout_file *f) {
    return f->role >= CP_ROLE_CODE;
}

static cp_str group_name(const cp_layout *l, uint32_t file) {
    const cp_file_fact *f = &l->facts->files[file];
    bool module = l->files[file].role != CP_ROLE_LIB && l->files[file].role != CP_ROLE_DATA;
    return module ? first_part(l->facts->modules[f->module].name, '.') : first_part(f->rel, '/');
}

// Home: where the data files are that are read by path; else where the first used code is, when
// that is local. Files of a package are looked at in the plan's order.
static void choose_home(cp_layout_group *g, const cp_layout_file *f) {
    if (f->cold)
        return;
    if (f->role == CP_ROLE_DATA) {
        if (!is_local(f->place))
            g->scratch = true;
        if (!g->has_data && is_local(f->place)) {
            g->home = f->place;
            g->has_local = true;
        }
        g->has_data = true;
    } else if (!g->has_local && is_local(f->place)) {
        g->home = f->place;
        g->has_local = true;
    }
}

// A kept package is one folder, so all its files follow those that are in the layer.
static void gather_kept(cp_layout *l) {
    CP_AUTO(cp_intern) names = cp_intern_new();
    CP_VEC(cp_place) places = {0};
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < l->facts->file_count; i++) {
            if (l->files[i].role != CP_ROLE_KEEP)
                continue;
            cp_id id = cp_intern_add(names, first_part(l->facts->files[i].rel, '/'));
            if (id.i == places.n)
                cp_vec_push(&places, CP_PLACE_BUNDLE);
            if (pass == 0 && l->files[i].place == CP_PLACE_LAYER)
                places.v[id.i] = CP_PLACE_LAYER;
            if (pass == 1)
                l->files[i].place = places.v[id.i];
        }
    cp_vec_free(&places);
}

void cp_layout_groups(cp_layout *l) {
    CP_AUTO(cp_intern) names = cp_intern_new();
    gather_kept(l);
    for (uint32_t a = 0; a < l->plan->asset_count; a++)
        for (uint32_t i = 0; i < l->plan->assets[a].file_count; i++) {
            uint32_t file = l->plan->assets[a].files[i];
            cp_layout_file *f = &l->files[file];
            if (!in_catalog(f))
                continue;
            cp_str name = group_name(l, file);
            f->group = cp_intern_add(names, name).i;
            if (f->group == l->groups.n)
                cp_vec_push(&l->groups, (cp_layout_group){.name = cp_arena_str(l->arena, name)});
            choose_home(&l->groups.v[f->group], f);
        }
    for (size_t i = 0; i < l->groups.n; i++) {
        cp_layout_group *g = &l->groups.v[i];
        g->scratch = g->scratch || !g->has_local;
        if (g->scratch)
            g->home = CP_PLACE_BUNDLE; // the catalog wants a root; the flag decides
    }
    // Plain data files can only be found below the home.
    for (uint32_t i = 0; i < l->facts->file_count; i++) {
        cp_layout_file *f = &l->files[i];
        if (f->role == CP_ROLE_DATA && is_local(f->place) && !l->groups.v[f->group].scratch)
            f->place = l->groups.v[f->group].home;
    }
}

struct line {
    cp_str text;
};

static int by_text(const void *a, const void *b) {
    const struct line *x = a, *y = b;
    return cp_str_cmp(x->text, y->text);
}

// 16 hex digits over what is at `place`: paths, roles, contents, and what shapes them otherwise.
static cp_str content_id(cp_layout *l, cp_place place) {
    CP_AUTOV(cp_arena) scratch = {0};
    struct line *lines = CP_ARENA_ARRAY(&scratch, struct line, l->facts->file_count);
    size_t n = 0;
    for (uint32_t i = 0; i < l->facts->file_count; i++) {
        const cp_layout_file *f = &l->files[i];
        if (f->role == CP_ROLE_NONE || f->role == CP_ROLE_PROJECT || f->place != place)
            continue;
        char home = '-';
        if (f->group != CP_NONE)
            home = l->groups.v[f->group].scratch ? 's' : l->groups.v[f->group].home ? 'l' : 'b';
        cp_str rel = l->facts->files[i].rel;
        lines[n++].text = cp_arena_fmt(&scratch, "%.*s\t%d%d%c\t%s\n", CP_STR_ARG(rel), f->role,
                                       f->cold, home, cp_sha256_hex(&scratch, &f->digest).p);
    }
    if (n == 0)
        return (cp_str){0};
    qsort(lines, n, sizeof *lines, by_text);
    cp_sha256_stream *s = cp_sha256_new();
    cp_sha256_add(s, cp_arena_fmt(&scratch, "cloudpack content 1\n%.*s %.*s -O%d level %d%s\n",
                                  CP_STR_ARG(l->python->tag), CP_STR_ARG(l->python->version),
                                  l->options->optimize, l->options->level,
                                  l->options->source_files ? " files" : ""));
    for (size_t i = 0; i < n; i++)
        cp_sha256_add(s, lines[i].text);
    cp_sha256 digest = cp_sha256_end(s);
    cp_str hex = cp_sha256_hex(&scratch, &digest);
    return cp_arena_str(l->arena, cp_str_sub(hex, 0, 16));
}

static bool is_used(const cp_layout *l, cp_place place) {
    for (uint32_t i = 0; i < l->facts->file_count; i++)
        if (l->files[i].role != CP_ROLE_NONE && l->files[i].place == place)
            return true;
    return false;
}

void cp_layout_ids(cp_layout *l) {
    static const cp_root_kind kinds[] = {CP_AT_TASK, CP_AT_OPT, CP_AT_MOUNT, CP_AT_S3};
    for (int place = 0; place < CP_PLACE_COUNT; place++) {
        l->roots[place] = CP_NONE;
        if (place != CP_PLACE_BUNDLE && !is_used(l, (cp_place)place))
            continue;
        cp_str path = CP_STR("cloudpack");
        if (place == CP_PLACE_LAYER || place == CP_PLACE_MOUNT)
            l->ids[place] = content_id(l, (cp_place)place);
        if (place == CP_PLACE_LAYER)
            path = cp_arena_fmt(l->arena, "cloudpack/%s", l->ids[place].p);
        else if (place == CP_PLACE_MOUNT)
            path =
                cp_arena_fmt(l->arena, "%.*s/%s", CP_STR_ARG(l->options->mount), l->ids[place].p);
        else if (place == CP_PLACE_S3)
            path = l->options->shelf;
        l->roots[place] = l->root_count;
        l->root_list[l->root_count++] = (cp_catalog_root){kinds[place], path};
    }
}

static cp_str home_folder(const cp_layout *l, cp_place home) {
    return home == CP_PLACE_LAYER
               ? cp_arena_fmt(l->arena, "/opt/cloudpack/%s/site/", l->ids[CP_PLACE_LAYER].p)
               : CP_STR("/var/task/cloudpack/site/");
}

cp_marshal_rename cp_layout_rename(const cp_layout *l, uint32_t file) {
    const cp_layout_file *f = &l->files[file];
    cp_str rel = l->facts->files[file].rel;
    cp_place home = f->group == CP_NONE ? f->place : l->groups.v[f->group].home;
    return (cp_marshal_rename){
        cp_arena_fmt(l->arena, CP_NEUTRAL_SITE "%.*s", CP_STR_ARG(rel)),
        cp_arena_fmt(l->arena, "%.*s%.*s", CP_STR_ARG(home_folder(l, home)), CP_STR_ARG(rel))};
}
