#include "profile/stage.h"

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "target/compile.h"
#include "target/publish.h"

enum { LOOK_EVERY = 256, KEY_DIGITS = 32 };

cp_str cp_stage_digest(cp_arena *arena, const cp_facts *facts) {
    cp_sha256_stream *sha = cp_sha256_new();
    for (uint32_t i = 0; i < facts->file_count; i++) {
        const cp_file_fact *f = &facts->files[i];
        const uint64_t fields[] = {f->root, f->bytes, (uint64_t)f->mtime_ns, f->inode};
        cp_sha256_add_field(sha, f->rel);
        cp_sha256_add_field(sha, (cp_str){(const char *)fields, sizeof fields});
    }
    cp_sha256 digest = cp_sha256_end(sha);
    return cp_sha256_hex(arena, &digest);
}

static cp_status copy(cp_str from, cp_str to, cp_err *err) {
    cp_map map = {0};
    CP_TRY(cp_map_open(&map, from, UINT64_MAX / 2, err));
    cp_status status = cp_file_write(to, map.bytes, err);
    cp_map_cleanup(&map);
    return status;
}

// A symbolic link is followed first: a hard link to it would point somewhere else.
static cp_status place(cp_str from, cp_str to, bool links, cp_arena *arena, cp_err *err) {
    CP_TRY(cp_path_real(&from, arena, from, err));
    return links ? cp_file_link_or_copy(from, to, err) : copy(from, to, err);
}

static cp_status fill(cp_str folder, const cp_facts *facts, bool links, const cp_ctx *ctx,
                      cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_str made = {0};
    for (uint32_t i = 0; i < facts->file_count; i++) {
        cp_str to = cp_path_join(&scratch, folder, facts->files[i].rel);
        cp_str dir = cp_path_dir(to);
        if (!cp_str_eq(dir, made))
            CP_TRY(cp_dir_make(dir, err));
        made = dir;
        if (cp_file_exists(to))
            continue; // of the packages, and the project has one of that name
        CP_TRY(place(cp_facts_path(&scratch, facts, i), to, links, &scratch, err));
        if (i % LOOK_EVERY == 0 && cp_interrupted(ctx))
            return cp_fail(err, CP_EINTR, "interrupted");
    }
    return CP_OK;
}

// Links show what the files are now, and bytecode that was made once what they were: code has to be
// what was analyzed. Other files may go on changing (logs, databases).
static cp_status check_fresh(const cp_facts *facts, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    for (uint32_t i = 0; i < facts->file_count; i++) {
        const cp_file_fact *f = &facts->files[i];
        bool code =
            f->kind == CP_FILE_SOURCE || f->kind == CP_FILE_EXTENSION || f->kind == CP_FILE_LIBRARY;
        cp_str path = cp_facts_path(&scratch, facts, i);
        struct stat st;
        if (cp_file_stat(&st, path, err) != CP_OK)
            err->status = CP_ESTALE;
        else if (code &&
                 ((uint64_t)st.st_size != f->bytes ||
                  (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec != f->mtime_ns))
            cp_fail(err, CP_ESTALE, "%.*s was written since it was analyzed", CP_STR_ARG(path));
        else
            continue;
        return cp_hint(err, "run `cloudpack analyze` again, and what follows it");
    }
    return CP_OK;
}

cp_status cp_stage_original(cp_str *out, const cp_target *target, const cp_facts *facts,
                            cp_form form, const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    bool bytecode = form == CP_FORM_BYTECODE, links = target->guard == CP_GUARD_NAMESPACE;
    cp_str root = cp_path_join(arena, target->work, CP_STR("stage")), folder;
    // Bytecode names its interpreter by the cache tag only, not by the path of that interpreter.
    cp_str digest = cp_stage_digest(arena, facts);
    CP_TRY(check_fresh(facts, err));
    *out = cp_arena_fmt(arena, "%.*s/%.*s-%s%s", CP_STR_ARG(root),
                        CP_STR_ARG(cp_str_sub(digest, 0, KEY_DIGITS)),
                        bytecode ? target->python.cache_tag.p : "shipped", links ? "" : "-copy");
    if (cp_file_is_dir(*out))
        return CP_OK;
    CP_TRY(cp_dir_make(root, err));
    cp_step(ctx ? ctx->sink : NULL, "profile", "staging the original function%s",
            bytecode ? " with bytecode" : "");
    CP_TRY(cp_dir_temporary(&folder, root, ".new", arena, err));
    cp_status status = fill(folder, facts, links, ctx, err);
    if (status == CP_OK && bytecode)
        status = cp_compile_tree(target->interpreter, folder, ctx, arena, err);
    cp_err ignored;
    if (status != CP_OK) {
        (void)!cp_tree_remove(folder, &ignored);
        return cp_wrap(err, "stage the original function");
    }
    CP_TRY(cp_folder_publish(folder, *out, err));
    return cp_guard_seal(target->guard, *out, err);
}
