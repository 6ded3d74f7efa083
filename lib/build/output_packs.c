// Packs and the catalog.
#include "build/output.h"
#include "core/file.h"
#include "core/path.h"

#include <unistd.h>

static cp_status staged_path(cp_output *e, cp_layout_pack *pack, size_t number, cp_err *err) {
    const char *id = cp_arena_cstr(e->arena, e->layout->ids[pack->place]);
    switch (pack->place) {
    case CP_PLACE_S3:
        pack->staged = cp_output_path(e, cp_arena_fmt(e->arena, "objects/cas/staged-%zu", number));
        break;
    case CP_PLACE_MOUNT:
        pack->staged = cp_output_path(e, cp_arena_fmt(e->arena, "mount/%s/site.pack", id));
        break;
    default:
        pack->staged = cp_arena_fmt(e->arena, "%.*s/%s.pack", CP_STR_ARG(e->staging),
                                    pack->place == CP_PLACE_LAYER ? "layer" : "bundle");
    }
    return cp_dir_make(cp_path_dir(pack->staged), err);
}

static void complete_members(cp_layout *l, const cp_layout_pack *pack) {
    for (size_t i = 0; i < pack->items.n; i++) {
        const cp_pack_item *item = &pack->items.v[i];
        cp_catalog_member *m = &l->members.v[pack->members.v[i]];
        m->offset = item->offset;
        m->stored_bytes = item->stored_bytes;
        m->raw_bytes = item->raw_bytes;
        m->digest = item->digest;
        if (item->deflated)
            m->flags |= CP_MEMBER_DEFLATED;
    }
}

// An object is named by its content, so the same content is uploaded once for ever.
static cp_status publish_object(cp_output *e, cp_layout_pack *pack, cp_str *name, cp_err *err) {
    cp_str hex = cp_sha256_hex(e->arena, &pack->totals.digest);
    *name = cp_arena_fmt(e->arena, "cas/%s", hex.p);
    cp_str path = cp_output_path(e, cp_arena_fmt(e->arena, "objects/%s", name->p));
    CP_TRY(cp_file_rename(pack->staged, path, err));
    cp_output_artifact(e, "object", path, pack->totals.bytes, pack->totals.bytes,
                       &pack->totals.digest);
    return CP_OK;
}

static cp_status write_pack(cp_output *e, cp_layout_pack *pack, size_t number, cp_str *name,
                            cp_err *err) {
    cp_pack_settings settings = {e->layout->python->minor, e->layout->options->level};
    CP_TRY(staged_path(e, pack, number, err));
    if (cp_pack_write(&pack->totals, pack->staged, pack->items.v, pack->items.n, &settings, e->ctx,
                      err) != CP_OK)
        return cp_wrap(err, "pack %.*s", CP_STR_ARG(pack->staged));
    complete_members(e->layout, pack);
    *name = CP_STR("site.pack");
    if (pack->place == CP_PLACE_S3)
        return publish_object(e, pack, name, err);
    if (pack->place == CP_PLACE_MOUNT)
        cp_output_artifact(e, "mount", pack->staged, pack->totals.bytes, pack->totals.bytes,
                           &pack->totals.digest);
    return CP_OK;
}

static const cp_catalog_group *make_groups(cp_output *e) {
    cp_layout *l = e->layout;
    cp_catalog_group *groups = CP_ARENA_ARRAY(e->arena, cp_catalog_group, l->groups.n);
    for (uint32_t i = 0; i < l->groups.n; i++) {
        const cp_layout_group *g = &l->groups.v[i];
        groups[i].root = l->roots[g->home];
        groups[i].flags = g->scratch ? CP_GROUP_SCRATCH : 0;
    }
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < l->members.n; i++) {
            const cp_catalog_member *m = &l->members.v[i];
            cp_catalog_group *g = &groups[m->group];
            if (m->kind != CP_MEMBER_DATA || !(g->flags & CP_GROUP_SCRATCH))
                continue;
            if (pass == 0) {
                g->ref_count++;
                continue;
            }
            if (!g->refs) {
                g->refs = CP_ARENA_ARRAY(e->arena, uint32_t, g->ref_count);
                g->ref_count = 0;
            }
            ((uint32_t *)(uintptr_t)g->refs)[g->ref_count++] = i;
        }
    return groups;
}

static cp_status make_catalog(cp_output *e, const cp_catalog_pack *packs, cp_err *err) {
    cp_layout *l = e->layout;
    e->catalog = (cp_catalog){.minor = l->python->minor,
                              .roots = l->root_list,
                              .packs = packs,
                              .groups = make_groups(e),
                              .members = l->members.v,
                              .libs = l->libs.v,
                              .root_count = l->root_count,
                              .pack_count = (uint32_t)l->packs.n,
                              .group_count = (uint32_t)l->groups.n,
                              .member_count = (uint32_t)l->members.n,
                              .lib_count = (uint32_t)l->libs.n};
    CP_AUTOV(cp_buf) bytes = {0};
    CP_TRY(cp_catalog_write(&bytes, &e->catalog, err));
    e->catalog_bytes = cp_arena_str(e->arena, cp_buf_str(&bytes));
    e->catalog_digest = cp_sha256_of(e->catalog_bytes);
    // What the runtime will trust must be what our own reader accepts.
    CP_AUTOV(cp_arena) scratch = {0};
    cp_catalog back;
    if (cp_catalog_open(&back, e->catalog_bytes, &scratch, err) != CP_OK)
        return cp_wrap(err, "the new catalog is not sound");
    return CP_OK;
}

cp_status cp_output_packs(cp_output *e, cp_err *err) {
    cp_layout *l = e->layout;
    cp_catalog_pack *packs = CP_ARENA_ARRAY(e->arena, cp_catalog_pack, l->packs.n);
    for (uint32_t i = 0; i < l->packs.n; i++) {
        cp_layout_pack *pack = &l->packs.v[i];
        cp_step(e->ctx ? e->ctx->sink : NULL, "build", "packing %zu members (%.*s)", pack->items.n,
                CP_STR_ARG(pack->key));
        CP_TRY(write_pack(e, pack, i, &packs[i].name, err));
        packs[i].root = l->roots[pack->place];
        packs[i].flags = pack->prefetch ? CP_PACK_PREFETCH : 0;
        packs[i].bytes = pack->totals.bytes;
        packs[i].digest = pack->totals.digest;
    }
    return make_catalog(e, packs, err);
}
