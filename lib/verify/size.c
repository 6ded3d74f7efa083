#include "verify/size.h"

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "profile/stage.h"
#include "zip/write.h"

enum { LEVEL = 6, KEY_DIGITS = 32, MAX_NOTE = 64 };

static cp_status zip_once(uint64_t *zipped, cp_str note, const cp_zip_entry *entries, size_t count,
                          const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    cp_str folder;
    cp_zip_totals totals;
    CP_TRY(cp_dir_temporary(&folder, cp_path_dir(note), ".zip", arena, err));
    cp_str path = cp_path_join(arena, folder, CP_STR("original.zip"));
    cp_status status = cp_zip_write(&totals, path, entries, count, LEVEL, ctx, err);
    cp_err ignored;
    (void)!cp_tree_remove(folder, &ignored);
    CP_TRY(status);
    *zipped = totals.bytes;
    return cp_file_write(note, cp_arena_fmt(arena, "%llu", (unsigned long long)totals.bytes), err);
}

cp_status cp_verify_sizes(uint64_t *installed, uint64_t *zipped, const cp_target *target,
                          const cp_facts *facts, const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    cp_zip_entry *entries = CP_ARENA_ARRAY(arena, cp_zip_entry, facts->file_count);
    size_t count = 0;
    *installed = 0;
    for (uint32_t i = 0; i < facts->file_count; i++) {
        const cp_file_fact *f = &facts->files[i];
        if (f->root == CP_ROOT_SITE &&
            cp_facts_find_file(facts, CP_ROOT_PROJECT, f->rel) != CP_NONE)
            continue;
        *installed += f->bytes;
        entries[count++] = (cp_zip_entry){.name = f->rel,
                                          .path = cp_facts_path(arena, facts, i),
                                          .size = f->bytes,
                                          .executable = f->executable};
    }
    cp_str key = cp_str_sub(cp_stage_digest(arena, facts), 0, KEY_DIGITS);
    cp_str note =
        cp_arena_fmt(arena, "%.*s/stage/%.*s.zip-bytes", CP_STR_ARG(target->work), CP_STR_ARG(key));
    cp_str text;
    cp_err ignored;
    if (cp_file_read(&text, arena, note, MAX_NOTE, &ignored) == CP_OK &&
        cp_str_to_u64(zipped, text))
        return CP_OK;
    CP_TRY(cp_dir_make(cp_path_dir(note), err));
    return zip_once(zipped, note, entries, count, ctx, arena, err);
}
