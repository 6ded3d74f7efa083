#include "build/record.h"

#include "build/embedded.h"
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "data/json.h"
#include "data/jsonw.h"

enum { MAX_RECORD = 64 << 20, MAX_ENTRIES = 1 << 20 };
static const cp_str format = CP_LIT("cloudpack.build-record/1");

static void add_number(cp_sha256_stream *s, uint64_t v) {
    cp_sha256_add(s, (cp_str){(const char *)&v, sizeof v});
}

static void add_options(cp_sha256_stream *s, const cp_build_options *o) {
    add_number(s, (uint64_t)o->level);
    add_number(s, (uint64_t)o->optimize);
    add_number(s, o->source_files);
    add_number(s, o->keep_count);
    for (size_t i = 0; i < o->keep_count; i++)
        cp_sha256_add_field(s, o->keep_files[i]);
    cp_sha256_add_field(s, o->shelf);
    cp_sha256_add_field(s, o->mount);
    add_number(s, o->local_limit_bytes);
    add_number(s, (uint64_t)o->gc_init_off << 1 | o->record_log);
    add_number(s, (uint64_t)o->connections << 32 | o->chunk_bytes);
}

static void add_file(cp_sha256_stream *s, const cp_layout *l, uint32_t file) {
    const cp_file_fact *f = &l->facts->files[file];
    add_number(s, (uint64_t)f->root << 16 | (uint64_t)f->kind << 8 | f->executable);
    cp_sha256_add_field(s, f->rel);
    add_number(s, f->bytes);
    cp_sha256_add(s, (cp_str){(const char *)l->files[file].digest.b, sizeof(cp_sha256)});
    if (f->module != CP_NONE) {
        const cp_module_fact *m = &l->facts->modules[f->module];
        cp_sha256_add_field(s, m->name);
        add_number(s, (uint64_t)(m->file == file) << 2 | (uint64_t)m->package << 1 | m->reached);
    }
    add_number(s, f->distribution);
}

static void add_assets(cp_sha256_stream *s, const cp_layout *l) {
    for (uint32_t a = 0; a < l->plan->asset_count; a++) {
        const cp_asset *asset = &l->plan->assets[a];
        cp_sha256_add_field(s, asset->name);
        cp_sha256_add_field(s, asset->why);
        add_number(s, (uint64_t)asset->kind << 16 | (uint64_t)asset->tier << 8 | asset->initial);
        add_number(s, asset->bytes);
        add_number(s, asset->file_count);
        for (uint32_t i = 0; i < asset->file_count; i++)
            add_file(s, l, asset->files[i]);
    }
}

static void add_facts(cp_sha256_stream *s, const cp_facts *facts) {
    cp_str texts[] = {facts->handler, facts->handler_module, facts->handler_function, facts->python,
                      facts->arch};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cp_sha256_add_field(s, texts[i]);
    for (uint32_t i = 0; i < facts->native_count; i++) {
        const cp_native_fact *n = &facts->natives[i];
        add_number(s, (uint64_t)n->file << 32 | n->need_count);
        for (uint32_t k = 0; k < n->need_count; k++)
            add_number(s, n->needs[k]);
    }
    for (uint32_t i = 0; i < facts->module_count; i++)
        if (facts->modules[i].kind == CP_MODULE_NAMESPACE)
            cp_sha256_add_field(s, facts->modules[i].name);
}

// Two builds of one version (while cloudpack itself is being changed) are two programs.
static cp_sha256 program_digest(void) {
    CP_AUTOV(cp_map) map = {{"", 0}};
    cp_err ignored = {0};
    if (cp_map_open(&map, CP_STR("/proc/self/exe"), UINT64_C(1) << 30, &ignored) != CP_OK)
        return (cp_sha256){{0}}; // the version alone decides then
    return cp_sha256_of(map.bytes);
}

cp_sha256 cp_record_key(const cp_layout *l) {
    cp_sha256_stream *s = cp_sha256_new();
    cp_sha256 runtime = cp_runtime_digest();
    cp_sha256_add_field(s, format);
    cp_sha256_add_field(s, CP_STR(CP_VERSION));
    cp_sha256 program = program_digest();
    cp_sha256_add_field(s, (cp_str){(const char *)program.b, sizeof program.b});
    cp_sha256_add_field(s, (cp_str){(const char *)runtime.b, sizeof runtime});
    cp_sha256_add_field(s, l->python->version);
    cp_sha256_add_field(s, l->python->tag);
    cp_sha256_add_field(s, (cp_str){(const char *)l->python->magic, sizeof l->python->magic});
    cp_sha256_add_field(s, l->plan->digest);
    add_options(s, l->options);
    add_facts(s, l->facts);
    add_assets(s, l);
    return cp_sha256_end(s);
}

static cp_str record_path(cp_str out_dir, cp_arena *arena) {
    return cp_path_join(arena, out_dir, CP_STR("build.json"));
}

static bool read_artifact(cp_artifact *out, const cp_json *node, const cp_layout *l,
                          cp_arena *arena) {
    cp_err ignored;
    cp_str rel;
    if (cp_json_need_str(&out->kind, node, "kind", "", &ignored) != CP_OK ||
        cp_json_need_str(&rel, node, "path", "", &ignored) != CP_OK ||
        cp_json_need_str(&out->sha256, node, "sha256", "", &ignored) != CP_OK ||
        cp_json_need_u64(&out->bytes, node, "bytes", "", &ignored) != CP_OK ||
        cp_json_need_u64(&out->unzipped_bytes, node, "unzipped_bytes", "", &ignored) != CP_OK ||
        !cp_path_is_safe(rel))
        return false;
    out->kind = cp_arena_str(arena, out->kind);
    out->sha256 = cp_arena_str(arena, out->sha256);
    out->path = cp_path_join(arena, l->options->out_dir, rel);
    out->content = cp_arena_str(arena, cp_json_str(cp_json_get(node, "content")));
    return true;
}

static bool are_whole(const cp_artifact *artifacts, size_t count, cp_digest_cache *cache,
                      const cp_ctx *ctx) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_err ignored;
    cp_digest_job *jobs = CP_ARENA_ARRAY(&scratch, cp_digest_job, count);
    for (size_t i = 0; i < count; i++)
        jobs[i].path = artifacts[i].path;
    if (cp_digest_files(cache, jobs, count, ctx, &ignored) != CP_OK)
        return false;
    for (size_t i = 0; i < count; i++)
        if (jobs[i].bytes != artifacts[i].bytes ||
            !cp_str_eq(cp_sha256_hex(&scratch, &jobs[i].digest), artifacts[i].sha256))
            return false;
    return true;
}

static bool read_record(cp_build_result *out, const cp_json *root, const cp_sha256 *key,
                        const cp_layout *l, cp_arena *arena) {
    cp_err ignored;
    uint64_t modules = 0;
    const cp_json *list = cp_json_get(root, "artifacts");
    if (!cp_str_eq(cp_json_str(cp_json_get(root, "key")), cp_sha256_hex(arena, key)) ||
        cp_json_need_u64(&out->local_unzipped_bytes, root, "local_unzipped_bytes", "", &ignored) !=
            CP_OK ||
        cp_json_need_u64(&modules, root, "modules", "", &ignored) != CP_OK)
        return false;
    cp_artifact *artifacts = CP_ARENA_ARRAY(arena, cp_artifact, cp_json_count(list));
    for (const cp_json *n = cp_json_first(list); n; n = cp_json_next(n))
        if (!read_artifact(&artifacts[out->artifact_count++], n, l, arena))
            return false;
    out->artifacts = artifacts;
    out->reused = (uint32_t)modules;
    return out->artifact_count > 0;
}

static bool open_record(cp_json_doc **doc, cp_str out_dir) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_err ignored;
    cp_str text;
    return cp_file_read(&text, &scratch, record_path(out_dir, &scratch), MAX_RECORD, &ignored) ==
               CP_OK &&
           cp_json_parse(doc, text, MAX_RECORD, "build.json", &ignored) == CP_OK &&
           cp_str_eq(cp_json_str(cp_json_get(cp_json_root(*doc), "format")), format);
}

bool cp_record_valid(cp_build_result *out, const cp_layout *l, const cp_sha256 *key,
                     cp_digest_cache *cache, const cp_ctx *ctx, cp_arena *arena) {
    CP_AUTO(cp_json_doc) doc = NULL;
    cp_build_result r = {.unchanged = true};
    if (!open_record(&doc, l->options->out_dir) ||
        !read_record(&r, cp_json_root(doc), key, l, arena) ||
        !are_whole(r.artifacts, r.artifact_count, cache, ctx))
        return false;
    *out = r;
    return true;
}

bool cp_record_reusable(cp_artifact *former, const cp_layout *l, cp_str path, cp_str content,
                        cp_digest_cache *cache, const cp_ctx *ctx, cp_arena *arena) {
    CP_AUTO(cp_json_doc) doc = NULL;
    if (!open_record(&doc, l->options->out_dir))
        return false;
    const cp_json *list = cp_json_get(cp_json_root(doc), "artifacts");
    for (const cp_json *n = cp_json_first(list); n; n = cp_json_next(n))
        if (read_artifact(former, n, l, arena) && cp_str_eq(former->path, path))
            return cp_str_eq(former->content, content) && are_whole(former, 1, cache, ctx);
    return false;
}

cp_status cp_record_save(const cp_layout *l, const cp_sha256 *key, const cp_build_result *result,
                         cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    CP_AUTOV(cp_buf) buf = {0};
    cp_jsonw w = {.buf = &buf, .indent = 2};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "format", format);
    cp_jsonw_str(&w, "key", cp_sha256_hex(&scratch, key));
    cp_jsonw_u64(&w, "local_unzipped_bytes", result->local_unzipped_bytes);
    cp_jsonw_u64(&w, "modules", (uint64_t)result->compiled + result->reused);
    cp_jsonw_array(&w, "artifacts");
    for (uint32_t i = 0; i < result->artifact_count; i++) {
        const cp_artifact *a = &result->artifacts[i];
        cp_str rel;
        CP_ASSERT(cp_path_below(&rel, a->path, l->options->out_dir));
        cp_jsonw_object(&w, NULL);
        cp_jsonw_str(&w, "kind", a->kind);
        cp_jsonw_str(&w, "path", rel);
        cp_jsonw_u64(&w, "bytes", a->bytes);
        cp_jsonw_u64(&w, "unzipped_bytes", a->unzipped_bytes);
        cp_jsonw_str(&w, "sha256", a->sha256);
        if (a->content.n)
            cp_jsonw_str(&w, "content", a->content);
        cp_jsonw_end(&w);
    }
    cp_jsonw_end(&w);
    cp_jsonw_end(&w);
    return cp_file_write(record_path(l->options->out_dir, &scratch), cp_buf_str(&buf), err);
}

cp_status cp_record_adopt(const cp_build_options *options, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    CP_AUTO(cp_json_doc) doc = NULL;
    const cp_entry *entries = NULL;
    size_t count = 0;
    cp_str below;
    if (cp_path_below(&below, options->out_dir, options->work_dir) ||
        open_record(&doc, options->out_dir))
        return CP_OK;
    CP_TRY(
        cp_tree_list(&entries, &count, options->out_dir, NULL, NULL, MAX_ENTRIES, &scratch, err));
    if (count) {
        cp_fail(err, CP_EUSAGE, "%.*s is not empty, and no build wrote it (there is %.*s)",
                CP_STR_ARG(options->out_dir), CP_STR_ARG(entries[0].rel));
        return cp_hint(err, "a build removes what it does not know: name a new or empty folder");
    }
    cp_str mark = cp_arena_fmt(&scratch, "{\"format\": \"%.*s\"}\n", CP_STR_ARG(format));
    return cp_file_write(record_path(options->out_dir, &scratch), mark, err);
}

// Files and folders that only builds make.
static bool is_ours(cp_str rel) {
    static const char *const starts[] = {"function.zip", "layer-", "catalog.bin", "manifest.json",
                                         "build.json."};
    size_t slash = cp_str_find(rel, '/', 0);
    cp_str first = cp_str_sub(rel, 0, slash == SIZE_MAX ? rel.n : slash);
    bool ours = cp_str_is(first, "objects") || cp_str_is(first, "mount");
    for (size_t i = 0; i < sizeof starts / sizeof *starts && !ours; i++)
        ours = cp_str_starts(rel, cp_str_of(starts[i]));
    return ours;
}

cp_status cp_record_sweep(const cp_layout *l, const cp_build_result *result, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    const cp_entry *entries = NULL;
    size_t count = 0;
    cp_str root = l->options->out_dir;
    CP_TRY(cp_tree_list(&entries, &count, root, NULL, NULL, MAX_ENTRIES, &scratch, err));
    for (size_t i = count; i-- > 0;) { // what is in a folder before the folder
        cp_str path = cp_path_join(&scratch, root, entries[i].rel);
        bool wanted = !is_ours(entries[i].rel);
        for (uint32_t k = 0; k < result->artifact_count && !wanted; k++)
            wanted = cp_str_eq(result->artifacts[k].path, path) ||
                     cp_str_starts(result->artifacts[k].path,
                                   cp_arena_fmt(&scratch, "%.*s/", CP_STR_ARG(path)));
        if (!wanted)
            CP_TRY(cp_tree_remove(path, err));
    }
    return CP_OK;
}
