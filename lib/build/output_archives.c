// The size limit and the archives.
#include "build/manifest.h"
#include "build/output.h"
#include "build/record.h"
#include "core/file.h"
#include "core/path.h"

static uint64_t entry_bytes(const cp_zip_entry *entry) {
    return entry->path.n ? entry->size : entry->bytes.n;
}

// Names the three biggest local assets.
static void add_biggest(cp_buf *out, const cp_layout *l) {
    const cp_asset *seen[3] = {NULL};
    for (int n = 0; n < 3; n++) {
        for (uint32_t a = 0; a < l->plan->asset_count; a++) {
            const cp_asset *asset = &l->plan->assets[a];
            bool local = asset->tier == CP_TIER_BUNDLE || asset->tier == CP_TIER_LAYER;
            if (local && asset != seen[0] && asset != seen[1] &&
                (!seen[n] || asset->bytes > seen[n]->bytes))
                seen[n] = asset;
        }
        if (seen[n])
            cp_buf_addf(out, "%s%.*s (%llu)", n ? ", " : "", CP_STR_ARG(seen[n]->name),
                        (unsigned long long)seen[n]->bytes);
    }
}

cp_status cp_output_check_size(cp_output *e, cp_err *err) {
    const cp_layout *l = e->layout;
    uint64_t limit = l->options->local_limit_bytes;
    e->local_bytes = 0;
    for (int place = 0; place < 2; place++)
        for (size_t i = 0; i < e->entries[place].n; i++)
            e->local_bytes += entry_bytes(&e->entries[place].v[i]);
    if (e->local_bytes <= limit)
        return CP_OK;
    CP_AUTOV(cp_buf) biggest = {0};
    add_biggest(&biggest, l);
    cp_fail(err, CP_EINFEASIBLE,
            "function zip and layer unzip to %llu bytes, %llu over the limit of %llu; the biggest "
            "local assets: %s",
            (unsigned long long)e->local_bytes, (unsigned long long)(e->local_bytes - limit),
            (unsigned long long)limit, biggest.p ? biggest.p : "none");
    return cp_hint(err,
                   "run optimize with a shelf or a mount, so that the plan can move %llu bytes",
                   (unsigned long long)(e->local_bytes - limit));
}

// Digest over the entries and whatever else decides the archive's bytes.
static cp_str content_of(const cp_output *e, cp_place place) {
    cp_sha256_stream *s = cp_sha256_new();
    cp_sha256_add_field(
        s, cp_arena_fmt(e->arena, "zip 1 %s level %d", CP_VERSION, e->layout->options->level));
    for (size_t i = 0; i < e->entries[place].n; i++) {
        const cp_zip_entry *entry = &e->entries[place].v[i];
        cp_sha256_add_field(s, entry->name);
        cp_sha256_add_field(s, entry->executable ? CP_STR("x") : CP_STR("-"));
        cp_sha256_add(s, (cp_str){(const char *)e->digests[place].v[i].b, sizeof(cp_sha256)});
    }
    cp_sha256 digest = cp_sha256_end(s);
    return cp_sha256_hex(e->arena, &digest);
}

static cp_status write_archive(cp_output *e, cp_place place, const char *kind, const char *file,
                               cp_err *err) {
    cp_zip_totals totals;
    cp_artifact former;
    cp_str path = cp_output_path(e, cp_str_of(file)), content = content_of(e, place);
    if (cp_record_reusable(&former, e->layout, path, content, e->cache, e->ctx, e->arena)) {
        cp_vec_push(&e->artifacts, former);
        return CP_OK;
    }
    cp_step(e->ctx ? e->ctx->sink : NULL, "build", "writing %s (%zu entries)", file,
            e->entries[place].n);
    CP_TRY(cp_zip_write(&totals, path, e->entries[place].v, e->entries[place].n,
                        e->layout->options->level, e->ctx, err));
    cp_output_artifact(e, kind, path, totals.bytes, totals.unzipped_bytes, &totals.digest);
    e->artifacts.v[e->artifacts.n - 1].content = content;
    return CP_OK;
}

static cp_str manifest_text(cp_output *e, const char *artifact, cp_place place) {
    CP_AUTOV(cp_buf) buf = {0};
    cp_manifest_write(&buf, e, artifact, place);
    return cp_arena_str(e->arena, cp_buf_str(&buf));
}

static void add_manifest(cp_output *e, const char *artifact, cp_place place, cp_str name) {
    cp_str text = manifest_text(e, artifact, place);
    cp_sha256 digest = cp_sha256_of(text);
    cp_output_add(e, place, (cp_zip_entry){.name = name, .bytes = text}, &digest);
}

static cp_status write_plain(cp_output *e, const char *kind, const char *file, cp_str bytes,
                             cp_err *err) {
    cp_sha256 digest = cp_sha256_of(bytes);
    cp_str path = cp_output_path(e, cp_str_of(file));
    CP_TRY(cp_file_write(path, bytes, err));
    cp_output_artifact(e, kind, path, bytes.n, bytes.n, &digest);
    return CP_OK;
}

cp_status cp_output_archives(cp_output *e, cp_err *err) {
    add_manifest(e, "bundle", CP_PLACE_BUNDLE, CP_STR("cloudpack/manifest.json"));
    bool layer = e->layout->roots[CP_PLACE_LAYER] != CP_NONE;
    if (layer)
        add_manifest(
            e, "layer", CP_PLACE_LAYER,
            cp_arena_fmt(e->arena, "cloudpack/%s/manifest.json", e->layout->ids[CP_PLACE_LAYER].p));
    CP_TRY(cp_output_check_size(e, err));
    if (layer)
        CP_TRY(write_archive(e, CP_PLACE_LAYER, "layer", "layer-1.zip", err));
    CP_TRY(write_archive(e, CP_PLACE_BUNDLE, "bundle", "function.zip", err));
    CP_TRY(write_plain(e, "catalog", "catalog.bin", e->catalog_bytes, err));
    return write_plain(e, "manifest", "manifest.json", manifest_text(e, "all", CP_PLACE_COUNT),
                       err);
}
