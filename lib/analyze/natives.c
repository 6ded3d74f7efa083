// natives.c - the compiled files: read in parallel, told apart, and linked to what they need.
#include "analyze/files.h"
#include "core/file.h"
#include "core/path.h"
#include "core/pool.h"
#include "core/vec.h"
#include "py/resolve.h"

#define MAX_NATIVE_BYTES (4ull << 30)

struct reading {
    cp_listing *listing;
    const cp_analyze_options *options;
    const cp_ctx *ctx;
    const uint32_t *files;
    cp_elf *elf;     // by position in files
    cp_err *trouble; // by position; status CP_OK when there is none
    cp_arena *arena; // by worker
};

static cp_status read_one(void *self, size_t index, uint32_t worker, cp_err *err) {
    struct reading *r = self;
    (void)err;
    cp_arena *arena = &r->arena[worker];
    cp_str path = cp_listing_path(r->listing, r->files[index], arena);
    CP_AUTOV(cp_map) map = {{0}};
    cp_err *trouble = &r->trouble[index];
    if (cp_map_open(&map, path, MAX_NATIVE_BYTES, trouble) == CP_OK)
        if (cp_elf_read(&r->elf[index], map.bytes, path, arena, trouble) == CP_OK)
            r->elf[index].rodata = (cp_str){0}; // the mapping ends here
    return CP_OK; // trouble is reported in order, by the thread that runs the stage
}

static bool is_compiled(cp_file_kind kind) {
    return kind == CP_FILE_EXTENSION || kind == CP_FILE_LIBRARY;
}

// A file that cannot be read or is for another machine is said so and counts as data.
static void settle(struct reading *r, size_t at) {
    uint32_t file = r->files[at];
    cp_file_fact *f = &r->listing->files[file];
    const cp_elf *elf = &r->elf[at];
    if (r->trouble[at].status != CP_OK) {
        cp_warn(r->ctx->sink, "analyze", "%s", r->trouble[at].message);
        f->kind = CP_FILE_DATA;
    } else if (!cp_str_is(r->options->arch, elf->machine)) {
        cp_str path = cp_listing_path(r->listing, file, r->arena);
        cp_warn_at(r->ctx->sink, "analyze", path, 0, 0, "built for %s, the target is %.*s",
                   elf->machine, CP_STR_ARG(r->options->arch));
        f->kind = CP_FILE_DATA;
    } else if (!elf->dynamic) {
        f->kind = CP_FILE_DATA;
    } else {
        r->listing->elf[file] = elf;
        cp_py_fit fit =
            cp_py_extension_fit(cp_path_base(f->rel), r->options->python, r->options->arch);
        if (fit == CP_PY_FIT_PLAIN && elf->python)
            f->kind = CP_FILE_EXTENSION;
    }
}

// Items of both roots in one set: the root is the first part of the path.
static void resolve_all(cp_listing *l, const uint32_t *files, size_t count, cp_arena *arena) {
    cp_elf_item *items = CP_ARENA_ARRAY(arena, cp_elf_item, count);
    for (size_t i = 0; i < count; i++) {
        const cp_file_fact *f = &l->files[files[i]];
        items[i].path = cp_arena_fmt(arena, "%u/%.*s", (unsigned)f->root, CP_STR_ARG(f->rel));
        items[i].elf = l->elf[files[i]];
    }
    cp_elf_resolve(items, count, arena);
    cp_native_fact *natives = CP_ARENA_ARRAY(arena, cp_native_fact, count);
    for (size_t i = 0; i < count; i++) {
        if (!items[i].elf)
            continue;
        uint32_t *needs = CP_ARENA_ARRAY(arena, uint32_t, items[i].need_count);
        for (uint32_t k = 0; k < items[i].need_count; k++)
            needs[k] = files[items[i].needs[k]];
        natives[l->native_count++] = (cp_native_fact){
            .file = files[i],
            .needs = needs,
            .need_count = items[i].need_count,
            .soname = items[i].elf->soname,
            .missing = items[i].missing,
        };
    }
    l->natives = natives;
}

cp_status cp_listing_natives(cp_listing *listing, const cp_analyze_options *options,
                             const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    CP_VEC(uint32_t) files = {0};
    for (uint32_t i = 0; i < listing->file_count; i++)
        if (is_compiled(listing->files[i].kind))
            cp_vec_push(&files, i);
    listing->elf = CP_ARENA_ARRAY(arena, const cp_elf *, listing->file_count);
    struct reading r = {
        .listing = listing,
        .options = options,
        .ctx = ctx,
        .files = cp_vec_to_arena(&files, arena),
        .elf = CP_ARENA_ARRAY(arena, cp_elf, files.n),
        .trouble = CP_ARENA_ARRAY(arena, cp_err, files.n),
    };
    size_t count = files.n;
    cp_vec_free(&files);
    uint32_t threads = cp_pool_threads(ctx->threads, count);
    r.arena = cp_xcalloc(threads, sizeof *r.arena);
    cp_status status = cp_pool_run(threads, count, read_one, &r, err);
    for (size_t i = 0; i < count && status == CP_OK; i++) {
        settle(&r, i);
        // What the workers' arenas hold must outlive them.
        cp_elf *elf = &r.elf[i];
        cp_str *needed = CP_ARENA_ARRAY(arena, cp_str, elf->needed_count);
        for (uint32_t k = 0; k < elf->needed_count; k++)
            needed[k] = cp_arena_str(arena, elf->needed[k]);
        elf->needed = needed;
        elf->soname = cp_arena_str(arena, elf->soname);
        elf->runpath = cp_arena_str(arena, elf->runpath);
    }
    for (uint32_t i = 0; i < threads; i++)
        cp_arena_cleanup(&r.arena[i]);
    free(r.arena);
    if (status == CP_OK)
        resolve_all(listing, r.files, count, arena);
    return status;
}
