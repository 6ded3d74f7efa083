#include "build/build.h"

#include "build/output.h"
#include "build/record.h"
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"

#include <time.h>

enum { MOST_CACHED = 1 << 20 };

static double now_seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static cp_build_options with_defaults(const cp_build_options *options, cp_arena *arena) {
    cp_build_options o = *options;
    o.level = o.level ? o.level : 6;
    o.local_limit_bytes = o.local_limit_bytes ? o.local_limit_bytes : CP_LOCAL_LIMIT_BYTES;
    o.out_dir = cp_arena_str(arena, o.out_dir);
    o.work_dir = cp_arena_str(arena, o.work_dir);
    return o;
}

static cp_status check_options(const cp_build_options *o, cp_err *err) {
    if (o->level < 1 || o->level > 12)
        return cp_fail(err, CP_EUSAGE, "compression level %d: it goes from 1 to 12", o->level);
    if (o->optimize < 0 || o->optimize > 2)
        return cp_fail(err, CP_EUSAGE, "optimisation level %d: it goes from 0 to 2", o->optimize);
    if (o->mount.n &&
        (o->mount.p[0] != '/' || !cp_path_is_safe(cp_str_sub(o->mount, 1, o->mount.n)))) {
        cp_fail(err, CP_EUSAGE, "mount path '%.*s' is not a plain absolute path",
                CP_STR_ARG(o->mount));
        return cp_hint(err, "such as /mnt/cloudpack");
    }
    if (o->shelf.n && !cp_path_is_safe(o->shelf)) {
        cp_fail(err, CP_EUSAGE, "shelf '%.*s' is not bucket/prefix", CP_STR_ARG(o->shelf));
        return cp_hint(err, "such as my-bucket/cloudpack");
    }
    return CP_OK;
}

static void finish(cp_build_result *out, cp_output *e) {
    out->artifacts = cp_vec_to_arena(&e->artifacts, e->arena);
    out->artifact_count = (uint32_t)e->artifacts.n;
    out->compiled = e->counts.compiled;
    out->reused = e->counts.reused;
    out->local_unzipped_bytes = e->local_bytes;
}

static cp_status produce(cp_build_result *out, cp_output *e, cp_err *err) {
    cp_layout *l = e->layout;
    CP_TRY(cp_layout_natives(l, e->ctx, err));
    CP_TRY(cp_layout_compile(l, &e->counts, e->ctx, err));
    cp_layout_groups(l);
    cp_layout_ids(l);
    cp_layout_members(l);
    CP_TRY(cp_output_packs(e, err));
    CP_TRY(cp_output_entries(e, err));
    CP_TRY(cp_output_archives(e, err));
    finish(out, e);
    return CP_OK;
}

// What a killed build was writing into the cache; its staging folder is how we know of it.
static cp_status sweep_cache(const cp_layout *l, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_str cache = cp_path_join(&scratch, l->options->work_dir, CP_STR("cache"));
    if (!cp_file_is_dir(cache))
        return CP_OK;
    const cp_entry *entries;
    size_t count;
    CP_TRY(cp_tree_list(&entries, &count, cache, NULL, NULL, MOST_CACHED, &scratch, err));
    for (size_t i = 0; i < count; i++)
        if (cp_str_search(cp_path_base(entries[i].rel), CP_STR(".tmp-")) != SIZE_MAX)
            CP_TRY(cp_tree_remove(cp_path_join(&scratch, cache, entries[i].rel), err));
    return CP_OK;
}

static cp_status build_changed(cp_build_result *out, cp_layout *l, const cp_sha256 *key,
                               cp_digest_cache *cache, const cp_ctx *ctx, cp_err *err) {
    cp_output e = {.layout = l, .ctx = ctx, .arena = l->arena, .cache = cache};
    e.staging = cp_path_join(l->arena, l->options->work_dir, CP_STR("staging"));
    if (cp_file_exists(e.staging))
        CP_TRY(sweep_cache(l, err));
    cp_status status = cp_tree_remove(e.staging, err);
    if (status == CP_OK)
        status = cp_dir_make(e.staging, err);
    if (status == CP_OK)
        status = produce(out, &e, err);
    cp_output_cleanup(&e);
    if (status == CP_OK)
        status = cp_record_sweep(l, out, err);
    if (status == CP_OK)
        status = cp_record_save(l, key, out, err);
    cp_err later;
    if (cp_tree_remove(e.staging, &later) != CP_OK && status == CP_OK) {
        *err = later;
        status = later.status;
    }
    return status;
}

static cp_status build(cp_build_result *out, cp_layout *l, cp_digest_cache *cache,
                       const cp_ctx *ctx, cp_err *err) {
    CP_TRY(cp_layout_roles(l, err));
    CP_TRY(cp_layout_digests(l, cache, ctx, err));
    cp_sha256 key = cp_record_key(l);
    if (!cp_record_valid(out, l, &key, cache, ctx, l->arena))
        CP_TRY(build_changed(out, l, &key, cache, ctx, err));
    return cp_digest_cache_save(cache, err);
}

cp_status cp_build(cp_build_result *out, const cp_build_options *options, const cp_facts *facts,
                   const cp_plan *plan, const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    double start = now_seconds();
    cp_build_options o = with_defaults(options, arena);
    *out = (cp_build_result){0};
    CP_TRY(check_options(&o, err));
    cp_interpreter python;
    CP_TRY(cp_interpreter_probe(&python, o.python, facts->python, ctx, arena, err));
    CP_TRY(cp_dir_make(o.out_dir, err));
    CP_TRY(cp_record_adopt(&o, err));
    CP_TRY(cp_dir_make(cp_path_join(arena, o.work_dir, CP_STR("cache")), err));
    CP_AUTO(cp_digest_cache) cache = NULL;
    cp_digest_cache_open(&cache, cp_path_join(arena, o.work_dir, CP_STR("cache/digests")));
    cp_layout layout = {
        .facts = facts, .plan = plan, .options = &o, .python = &python, .arena = arena};
    cp_status status = build(out, &layout, cache, ctx, err);
    cp_layout_cleanup(&layout);
    out->seconds = now_seconds() - start;
    return status == CP_OK ? CP_OK : cp_wrap(err, "build");
}

void cp_build_to_json(cp_jsonw *w, const cp_build_result *result) {
    cp_jsonw_object(w, NULL);
    cp_jsonw_str(w, "format", CP_STR("cloudpack.build/1"));
    cp_jsonw_array(w, "artifacts");
    for (uint32_t i = 0; i < result->artifact_count; i++) {
        const cp_artifact *a = &result->artifacts[i];
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "kind", a->kind);
        cp_jsonw_str(w, "path", a->path);
        cp_jsonw_u64(w, "bytes", a->bytes);
        cp_jsonw_u64(w, "unzipped_bytes", a->unzipped_bytes);
        cp_jsonw_str(w, "sha256", a->sha256);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
    cp_jsonw_u64(w, "compiled", result->compiled);
    cp_jsonw_u64(w, "reused", result->reused);
    cp_jsonw_bool(w, "unchanged", result->unchanged);
    cp_jsonw_u64(w, "local_unzipped_bytes", result->local_unzipped_bytes);
    cp_jsonw_fixed(w, "seconds", result->seconds, 3);
    cp_jsonw_end(w);
}
