#include "build/layout.h"

#include "build/native.h"
#include "core/path.h"
#include "core/pool.h"

void cp_layout_cleanup(cp_layout *l) {
    for (size_t i = 0; i < l->packs.n; i++) {
        cp_vec_free(&l->packs.v[i].items);
        cp_vec_free(&l->packs.v[i].members);
    }
    cp_vec_free(&l->groups);
    cp_vec_free(&l->members);
    cp_vec_free(&l->packs);
    cp_vec_free(&l->loose);
    cp_vec_free(&l->libs);
}

static cp_place place_of(cp_tier_id tier) {
    switch (tier) {
    case CP_TIER_BUNDLE:
        return CP_PLACE_BUNDLE;
    case CP_TIER_LAYER:
        return CP_PLACE_LAYER;
    case CP_TIER_EFS:
    case CP_TIER_S3FILES:
        return CP_PLACE_MOUNT;
    default:
        return CP_PLACE_S3;
    }
}

static cp_str first_part(cp_str path, char sep) {
    size_t at = cp_str_find(path, sep, 0);
    return cp_str_sub(path, 0, at == SIZE_MAX ? path.n : at);
}

// The module that a file is; false for a file that another one of the same name hides.
static bool is_module(const cp_facts *facts, uint32_t file) {
    uint32_t module = facts->files[file].module;
    return module != CP_NONE && facts->modules[module].file == file;
}

static cp_str top_level(const cp_facts *facts, uint32_t file) {
    if (is_module(facts, file))
        return first_part(facts->modules[facts->files[file].module].name, '.');
    return first_part(facts->files[file].rel, '/');
}

static bool keeps_files(const cp_layout *l, uint32_t file) {
    for (size_t i = 0; i < l->options->keep_count; i++)
        if (cp_str_eq(l->options->keep_files[i], top_level(l->facts, file)))
            return true;
    return false;
}

static cp_role role_of(const cp_layout *l, const cp_asset *asset, uint32_t file) {
    const cp_file_fact *f = &l->facts->files[file];
    bool module = is_module(l->facts, file);
    if (f->root == CP_ROOT_PROJECT)
        return CP_ROLE_PROJECT;
    if (f->kind == CP_FILE_METADATA || asset->kind == CP_ASSET_META)
        return CP_ROLE_META;
    if (keeps_files(l, file))
        return CP_ROLE_KEEP;
    if (f->kind == CP_FILE_SOURCE && module)
        return asset->kind == CP_ASSET_COLD ? CP_ROLE_TEXT : CP_ROLE_CODE;
    if (f->kind == CP_FILE_EXTENSION && module)
        return CP_ROLE_EXT;
    // In a data asset a library is one that ctypes opens by path: it has to be a file.
    bool linked = f->kind == CP_FILE_LIBRARY && asset->kind != CP_ASSET_DATA;
    return linked ? CP_ROLE_LIB : CP_ROLE_DATA;
}

static cp_status set_role(cp_layout *l, uint32_t a, uint32_t file, cp_err *err) {
    const cp_asset *asset = &l->plan->assets[a];
    cp_layout_file *f = &l->files[file];
    cp_str rel = l->facts->files[file].rel;
    if (f->role != CP_ROLE_NONE)
        return cp_fail(err, CP_EUSAGE, "plan: %.*s is in the assets %.*s and %.*s", CP_STR_ARG(rel),
                       CP_STR_ARG(l->plan->assets[f->asset].name), CP_STR_ARG(asset->name));
    f->role = role_of(l, asset, file);
    f->asset = a;
    f->cold = asset->kind == CP_ASSET_COLD;
    f->place = place_of(asset->tier);
    bool remote = f->place != CP_PLACE_BUNDLE && f->place != CP_PLACE_LAYER;
    if (f->role == CP_ROLE_PROJECT && f->place != CP_PLACE_BUNDLE)
        return cp_fail(err, CP_EUSAGE,
                       "plan: asset %.*s holds the project's own %.*s, which can only be in the "
                       "bundle",
                       CP_STR_ARG(asset->name), CP_STR_ARG(rel));
    // Plain files that the standard import system has to find must be local.
    if (remote && (f->role == CP_ROLE_META || f->role == CP_ROLE_KEEP))
        f->place = CP_PLACE_BUNDLE;
    return CP_OK;
}

static cp_status check_tiers(const cp_layout *l, cp_err *err) {
    for (uint32_t a = 0; a < l->plan->asset_count; a++) {
        const cp_asset *asset = &l->plan->assets[a];
        cp_place place = place_of(asset->tier);
        if (asset->file_count && place == CP_PLACE_S3 && l->options->shelf.n == 0) {
            cp_fail(err, CP_EUSAGE, "the plan puts %.*s in S3, and no shelf is configured",
                    CP_STR_ARG(asset->name));
            return cp_hint(err, "set the shelf (bucket/prefix) in cloudpack.yml");
        }
        if (asset->file_count && place == CP_PLACE_MOUNT && l->options->mount.n == 0) {
            cp_fail(err, CP_EUSAGE, "the plan puts %.*s on a mount, and none is configured",
                    CP_STR_ARG(asset->name));
            return cp_hint(err, "set the mount path (such as /mnt/cloudpack) in cloudpack.yml");
        }
    }
    return CP_OK;
}

cp_status cp_layout_roles(cp_layout *l, cp_err *err) {
    CP_TRY(check_tiers(l, err));
    l->files = CP_ARENA_ARRAY(l->arena, cp_layout_file, l->facts->file_count);
    for (uint32_t i = 0; i < l->facts->file_count; i++)
        l->files[i] =
            (cp_layout_file){.asset = CP_NONE, .group = CP_NONE, .job = CP_NONE, .member = CP_NONE};
    for (uint32_t a = 0; a < l->plan->asset_count; a++)
        for (uint32_t i = 0; i < l->plan->assets[a].file_count; i++)
            CP_TRY(set_role(l, a, l->plan->assets[a].files[i], err));
    return CP_OK;
}

cp_status cp_layout_digests(cp_layout *l, cp_digest_cache *cache, const cp_ctx *ctx, cp_err *err) {
    uint32_t count = l->facts->file_count, n = 0;
    CP_AUTOV(cp_arena) scratch = {0};
    cp_digest_job *jobs = CP_ARENA_ARRAY(&scratch, cp_digest_job, count);
    uint32_t *file = CP_ARENA_ARRAY(&scratch, uint32_t, count);
    uint32_t newer = 0;
    for (uint32_t i = 0; i < count; i++)
        if (l->files[i].role != CP_ROLE_NONE) {
            jobs[n].path = cp_facts_path(&scratch, l->facts, i);
            file[n++] = i;
        }
    if (cp_digest_files(cache, jobs, n, ctx, err) != CP_OK) {
        if (err->status == CP_ENOTFOUND)
            err->status = CP_ESTALE;
        return cp_hint(err,
                       "the files changed since they were analyzed: run `cloudpack analyze` and "
                       "`cloudpack optimize` again");
    }
    for (uint32_t i = 0; i < n; i++) {
        const cp_file_fact *fact = &l->facts->files[file[i]];
        uint64_t was = fact->bytes;
        newer += fact->kind == CP_FILE_SOURCE && fact->mtime_ns != jobs[i].mtime_ns;
        l->files[file[i]].digest = jobs[i].digest;
        if (jobs[i].bytes != was) {
            cp_fail(err, CP_ESTALE, "%.*s has %llu bytes and had %llu when it was analyzed",
                    CP_STR_ARG(jobs[i].path), (unsigned long long)jobs[i].bytes,
                    (unsigned long long)was);
            return cp_hint(err, "run `cloudpack analyze` and `cloudpack optimize` again");
        }
    }
    if (newer) // nothing is lost by it: what is imported anew costs a miss
        cp_warn(
            ctx ? ctx->sink : NULL, "build",
            "%u source files were written since they were analyzed; `cloudpack analyze` looks at "
            "their imports again",
            newer);
    return CP_OK;
}

static cp_status check_native(void *self, size_t index, uint32_t worker, cp_err *err) {
    (void)worker;
    const cp_layout *l = self;
    const cp_layout_file *f = &l->files[index];
    cp_file_kind kind = l->facts->files[index].kind;
    bool native = kind == CP_FILE_EXTENSION || kind == CP_FILE_LIBRARY;
    if (!native || f->cold || f->role == CP_ROLE_NONE || f->role == CP_ROLE_DATA)
        return CP_OK;
    CP_AUTOV(cp_arena) scratch = {0};
    return cp_native_check(cp_facts_path(&scratch, l->facts, (uint32_t)index), l->facts->arch, err);
}

cp_status cp_layout_natives(const cp_layout *l, const cp_ctx *ctx, cp_err *err) {
    return cp_pool_run(ctx ? ctx->threads : 0, l->facts->file_count, check_native,
                       (void *)(uintptr_t)l, err);
}

static bool wants_bytecode(const cp_layout *l, uint32_t file) {
    cp_role role = l->files[file].role;
    return role == CP_ROLE_CODE ||
           ((role == CP_ROLE_PROJECT || role == CP_ROLE_KEEP) && is_module(l->facts, file) &&
            l->facts->files[file].kind == CP_FILE_SOURCE);
}

// A file whose bytecode could not be made.
static cp_status take_failure(cp_layout *l, uint32_t file, const cp_ctx *ctx, cp_err *err) {
    const cp_compile_job *job = &l->jobs[l->files[file].job];
    bool reached = l->facts->modules[l->facts->files[file].module].reached;
    if (l->files[file].role == CP_ROLE_PROJECT && reached) {
        cp_fail(err, CP_EFORMAT, "%.*s:%u:%u: %.*s", CP_STR_ARG(job->src), job->line, job->column,
                CP_STR_ARG(job->error));
        return cp_hint(err, "the function could not be imported either: correct the line");
    }
    cp_warn_at(ctx ? ctx->sink : NULL, "build", job->src, job->line, job->column,
               "does not compile and is shipped as text: %.*s", CP_STR_ARG(job->error));
    if (l->files[file].role == CP_ROLE_CODE)
        l->files[file].role = CP_ROLE_TEXT;
    l->files[file].job = CP_NONE;
    return CP_OK;
}

cp_status cp_layout_compile(cp_layout *l, cp_compile_counts *counts, const cp_ctx *ctx,
                            cp_err *err) {
    l->jobs = CP_ARENA_ARRAY(l->arena, cp_compile_job, l->facts->file_count);
    for (uint32_t i = 0; i < l->facts->file_count; i++) {
        if (!wants_bytecode(l, i))
            continue;
        const cp_file_fact *f = &l->facts->files[i];
        const char *base = f->root == CP_ROOT_PROJECT ? "/var/task/" : CP_NEUTRAL_SITE;
        l->files[i].job = l->job_count;
        l->jobs[l->job_count++] =
            (cp_compile_job){.src = cp_facts_path(l->arena, l->facts, i),
                             .name = cp_arena_fmt(l->arena, "%s%.*s", base, CP_STR_ARG(f->rel)),
                             .digest = l->files[i].digest};
    }
    cp_compile_settings settings = {l->python, l->options->work_dir, l->options->optimize};
    CP_TRY(cp_compile_all(l->jobs, l->job_count, &settings, counts, ctx, l->arena, err));
    for (uint32_t i = 0; i < l->facts->file_count; i++)
        if (l->files[i].job != CP_NONE && !l->jobs[l->files[i].job].ok)
            CP_TRY(take_failure(l, i, ctx, err));
    return CP_OK;
}
