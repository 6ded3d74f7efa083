#include "session.h"
#include "text.h"

#include "build/build.h"
#include "core/path.h"

struct options {
    const char *out;
};

static void add_row(cp_table *t, cp_str kind, uint64_t bytes, uint64_t unzipped, cp_str where) {
    cp_table_add(t, kind);
    cp_table_add(t, cp_text_bytes(t->arena, bytes));
    cp_table_add(t, cp_text_bytes(t->arena, unzipped));
    cp_table_add(t, where);
}

// One row an artefact, and one for all objects together: there may be hundreds.
static void print(cp_cli *cli, const cp_build_result *r) {
    cp_arena *a = cli->arena;
    cp_table table;
    cp_table_start(&table, a, 4);
    const char *const heads[] = {"artefact", "size", "unzipped", "where"};
    for (size_t i = 0; i < 4; i++)
        cp_table_add(&table, cp_str_of(heads[i]));
    uint64_t objects = 0, object_bytes = 0;
    cp_str folder = CP_STR("");
    for (uint32_t i = 0; i < r->artifact_count; i++) {
        const cp_artifact *f = &r->artifacts[i];
        if (!cp_str_is(f->kind, "object")) {
            add_row(&table, f->kind, f->bytes, f->unzipped_bytes, f->path);
            continue;
        }
        objects++;
        object_bytes += f->bytes;
        folder = cp_path_dir(f->path);
    }
    if (objects)
        add_row(&table, cp_arena_fmt(a, "%u objects", (unsigned)objects), object_bytes,
                object_bytes, folder);
    CP_AUTOV(cp_buf) out = {0};
    cp_table_render(&table, &out, 2);
    (void)printf(
        "%s\n  %.*s unzipped in function and layers; %u modules compiled, %u reused%s (%.2f s)\n",
        out.p, CP_STR_ARG(cp_text_bytes(a, r->local_unzipped_bytes)), r->compiled, r->reused,
        r->unchanged ? "; nothing had changed" : "", r->seconds);
}

static void take_config(cp_build_options *o, cp_cli *cli) {
    const cp_config *c = &cli->config;
    o->work_dir = cli->work;
    o->level = (int)c->build_level;
    o->optimize = (int)c->build_optimize;
    o->source_files = cp_str_is(c->build_sources, "files");
    o->keep_files = c->build_keep_files.v;
    o->keep_count = c->build_keep_files.n;
    o->shelf =
        cp_str_starts(c->shelf, CP_STR("s3://")) ? cp_str_sub(c->shelf, 5, c->shelf.n) : c->shelf;
    o->mount = c->mount_path;
    o->gc_init_off = cp_str_is(c->runtime_gc, "init-off");
    o->record_log = cp_str_is(c->runtime_record, "log");
    o->local_limit_bytes = CP_LOCAL_LIMIT_BYTES - c->layers_attached_bytes;
    o->connections = (uint32_t)c->runtime_connections;
    o->chunk_bytes = (uint32_t)c->runtime_chunk_bytes;
    cli->ctx.threads = (uint32_t)c->build_jobs;
}

static cp_status run(cp_cli *cli, const void *opaque, int argc, char *const argv[], cp_err *err) {
    (void)argc, (void)argv;
    const struct options *flags = opaque;
    CP_AUTO(cp_store) store = NULL;
    CP_TRY(cp_session_store(&store, cli, err));
    const cp_facts *facts;
    CP_TRY(cp_store_get_facts(&facts, store, cli->arena, err));
    const cp_plan *plan;
    CP_TRY(cp_session_plan(&plan, cli, store, facts, err));
    cp_python python;
    CP_TRY(cp_python_find(&python, facts->python, cli->arena, err));
    cp_build_options o = {.out_dir = cp_session_build_dir(cli, flags->out), .python = python.path};
    take_config(&o, cli);
    cp_build_result result;
    CP_TRY(cp_build(&result, &o, facts, plan, &cli->ctx, cli->arena, err));
    if (!cli->json) {
        print(cli, &result);
        return CP_OK;
    }
    CP_AUTOV(cp_buf) out = {0};
    cp_jsonw w = {.buf = &out, .indent = 2};
    cp_build_to_json(&w, &result);
    cp_session_print(cli, cp_buf_str(&out));
    return CP_OK;
}

static const cp_opt opts[] = {
    {"out", 'o', CP_OPT_STRING, offsetof(struct options, out), NULL, "DIR",
     "where to (default: .cloudpack/build)"},
    {"level", 0, CP_OPT_CONFIG, 0, "build.level", "N", "deflate level 1 to 12"},
    {"jobs", 'j', CP_OPT_CONFIG, 0, "build.jobs", "N",
     "compile and compress with N processes (default: one per core)"},
};

extern const cp_cmd cp_cmd_build;
const cp_cmd cp_cmd_build = {
    .name = "build",
    .synopsis = "",
    .summary = "write the zips, packs, catalog and manifests of the newest plan",
    .options = opts,
    .option_count = sizeof opts / sizeof *opts,
    .options_size = sizeof(struct options),
    .max_operands = 0,
    .json = true,
    .run = run,
};
