#include "build/manifest.h"

static const char *asset_kind_name(cp_asset_kind kind) {
    static const char *const names[] = {"project", "code", "library", "data", "metadata", "cold"};
    return names[kind];
}

static void write_roots_and_packs(cp_jsonw *w, const cp_catalog *c) {
    static const char *const kinds[] = {"task", "opt", "mount", "s3"};
    cp_jsonw_array(w, "roots");
    for (uint32_t i = 0; i < c->root_count; i++) {
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "kind", cp_str_of(kinds[c->roots[i].kind]));
        cp_jsonw_str(w, "path", c->roots[i].path);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
    cp_jsonw_array(w, "packs");
    for (uint32_t i = 0; i < c->pack_count; i++) {
        CP_AUTOV(cp_arena) scratch = {0};
        const cp_catalog_pack *p = &c->packs[i];
        uint64_t members = 0;
        for (uint32_t k = 0; k < c->member_count; k++)
            members += c->members[k].pack == i && !(c->members[k].flags & CP_MEMBER_LOOSE);
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "name", p->name);
        cp_jsonw_u64(w, "root", p->root);
        cp_jsonw_u64(w, "bytes", p->bytes);
        cp_jsonw_str(w, "sha256", cp_sha256_hex(&scratch, &p->digest));
        cp_jsonw_bool(w, "prefetch", (p->flags & CP_PACK_PREFETCH) != 0);
        cp_jsonw_u64(w, "members", members);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
}

static uint64_t count_at(const cp_layout *l, const cp_asset *asset, cp_place place) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < asset->file_count; i++)
        n += place == CP_PLACE_COUNT || l->files[asset->files[i]].place == place;
    return n;
}

static void write_files(cp_jsonw *w, const cp_layout *l, const cp_asset *asset) {
    cp_jsonw_array(w, "files");
    for (uint32_t i = 0; i < asset->file_count; i++)
        cp_jsonw_str(w, NULL, l->facts->files[asset->files[i]].rel);
    cp_jsonw_end(w);
}

static void write_assets(cp_jsonw *w, const cp_layout *l, cp_place place) {
    cp_jsonw_array(w, "assets");
    for (uint32_t a = 0; a < l->plan->asset_count; a++) {
        const cp_asset *asset = &l->plan->assets[a];
        uint64_t files = count_at(l, asset, place);
        if (files == 0)
            continue;
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "name", asset->name);
        cp_jsonw_str(w, "tier", cp_str_of(cp_tier_id_name(asset->tier)));
        cp_jsonw_str(w, "kind", cp_str_of(asset_kind_name(asset->kind)));
        cp_jsonw_u64(w, "bytes", asset->bytes);
        cp_jsonw_bool(w, "initial", asset->initial);
        cp_jsonw_str(w, "why", asset->why);
        if (place == CP_PLACE_COUNT)
            write_files(w, l, asset);
        else
            cp_jsonw_u64(w, "files", files);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
}

void cp_manifest_write(cp_buf *out, const cp_output *e, const char *artifact, cp_place place) {
    CP_AUTOV(cp_arena) scratch = {0};
    const cp_layout *l = e->layout;
    cp_jsonw w = {.buf = out, .indent = 2};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "format", CP_STR("cloudpack.manifest/1"));
    cp_jsonw_str(&w, "artifact", cp_str_of(artifact));
    cp_jsonw_str(&w, "handler", l->facts->handler);
    cp_jsonw_str(&w, "python", l->facts->python);
    cp_jsonw_str(&w, "arch", l->facts->arch);
    cp_jsonw_u64(&w, "optimize", (uint64_t)l->options->optimize);
    // A layer stays the same while only the function changes, so it does not name the catalog.
    if (place != CP_PLACE_LAYER) {
        cp_jsonw_str(&w, "catalog_sha256", cp_sha256_hex(&scratch, &e->catalog_digest));
        write_roots_and_packs(&w, &e->catalog);
    }
    write_assets(&w, l, place);
    cp_jsonw_end(&w);
}
