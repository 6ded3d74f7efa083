// resolve.c - DT_NEEDED names to files of the package set.
#include "core/buf.h"
#include "core/intern.h"
#include "core/path.h"
#include "core/vec.h"
#include "elf/needed.h"

// Libraries of the images themselves: glibc, the compiler's, zlib. Seen in public.ecr.aws/lambda/
// python:3.11 (Amazon Linux 2) and python:3.12 (Amazon Linux 2023); PEP 600 lets wheels rely on the
// same ones.
static bool in_image(cp_str name) {
    static const char *const names[] = {
        "libc.so.6",     "libm.so.6",     "libpthread.so.0", "libdl.so.2", "librt.so.1",
        "libutil.so.1",  "libgcc_s.so.1", "libstdc++.so.6",  "libz.so.1",  "libresolv.so.2",
        "libcrypt.so.1", "libnsl.so.1",   "libanl.so.1",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cp_str_is(name, names[i]))
            return true;
    return cp_str_starts(name, CP_STR("ld-linux")) || cp_str_starts(name, CP_STR("libpython3"));
}

struct lookup {
    cp_intern *paths, *names; // text -> id
    CP_VEC(uint32_t) by_path; // id -> item
    CP_VEC(uint32_t) by_name; // id -> first item of that SONAME or file name
};

static void add_name(struct lookup *l, cp_str name, uint32_t item) {
    if (name.n && cp_intern_add(l->names, name).i == l->by_name.n)
        cp_vec_push(&l->by_name, item);
}

static void fill(struct lookup *l, const cp_elf_item *items, size_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (cp_intern_add(l->paths, items[i].path).i == l->by_path.n)
            cp_vec_push(&l->by_path, i);
        if (items[i].elf)
            add_name(l, items[i].elf->soname, i);
    }
    for (uint32_t i = 0; i < count; i++)
        if (items[i].elf)
            add_name(l, cp_path_base(items[i].path), i);
}

// "a/b" and "../c/." -> "a/c"; false when it leaves the root.
static bool walk_path(cp_buf *out, cp_str rest) {
    while (rest.p) {
        cp_str part = cp_str_next(&rest, '/');
        if (part.n == 0 || cp_str_is(part, "."))
            continue;
        if (cp_str_is(part, "..")) {
            if (out->n == 0)
                return false;
            size_t slash = cp_str_rfind(cp_buf_str(out), '/');
            out->n = slash == SIZE_MAX ? 0 : slash;
            continue;
        }
        if (out->n)
            cp_buf_add_c(out, '/');
        cp_buf_add(out, part);
    }
    return true;
}

static uint32_t find_in_folder(const struct lookup *l, cp_str from, cp_str folder, cp_str name) {
    static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"};
    cp_str below = {0};
    for (size_t i = 0; i < 2; i++)
        if (cp_str_starts(folder, cp_str_of(origins[i])))
            below = cp_str_sub(folder, strlen(origins[i]), folder.n);
    if (!below.p)
        return UINT32_MAX; // an absolute folder of the machine that built the wheel
    CP_AUTOV(cp_buf) path = {.max = 8192};
    cp_buf_add(&path, cp_path_dir(from));
    if (!walk_path(&path, below) || !walk_path(&path, name) || path.over)
        return UINT32_MAX;
    cp_id id = cp_intern_find(l->paths, cp_buf_str(&path));
    return id.i == CP_NO_ID.i ? UINT32_MAX : l->by_path.v[id.i];
}

static uint32_t find(const struct lookup *l, const cp_elf_item *item, cp_str name) {
    for (cp_str rest = item->elf->runpath; rest.n;) {
        uint32_t found = find_in_folder(l, item->path, cp_str_next(&rest, ':'), name);
        if (found != UINT32_MAX)
            return found;
    }
    cp_id id = cp_intern_find(l->names, name);
    return id.i == CP_NO_ID.i ? UINT32_MAX : l->by_name.v[id.i];
}

static void resolve_item(const struct lookup *l, cp_elf_item *items, uint32_t at, cp_arena *arena) {
    cp_elf_item *item = &items[at];
    uint32_t *needs = CP_ARENA_ARRAY(arena, uint32_t, item->elf->needed_count);
    CP_AUTOV(cp_buf) missing = {.max = 1 << 20};
    for (uint32_t i = 0; i < item->elf->needed_count; i++) {
        cp_str name = item->elf->needed[i];
        uint32_t found = find(l, item, name);
        if (found != UINT32_MAX && found != at)
            needs[item->need_count++] = found;
        else if (found == UINT32_MAX && !in_image(name))
            cp_buf_addf(&missing, "%s%.*s", missing.n ? "," : "", CP_STR_ARG(name));
    }
    item->needs = needs;
    if (missing.n)
        item->missing = cp_arena_str(arena, cp_buf_str(&missing));
}

void cp_elf_resolve(cp_elf_item *items, size_t count, cp_arena *arena) {
    struct lookup l = {.paths = cp_intern_new(), .names = cp_intern_new()};
    fill(&l, items, count);
    for (uint32_t i = 0; i < count; i++) {
        items[i].need_count = 0;
        items[i].missing = (cp_str){0};
        if (items[i].elf)
            resolve_item(&l, items, i, arena);
    }
    cp_intern_free(l.paths);
    cp_intern_free(l.names);
    cp_vec_free(&l.by_path);
    cp_vec_free(&l.by_name);
}
