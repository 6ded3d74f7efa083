// analyze_tree.h - a small function on the real disk, for the tests of lib/analyze.
#pragma once

#include "analyze/analyze.h"
#include "core/buf.h"
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"

#include <criterion/criterion.h>

static cp_arena arena;
static cp_str dir;
static cp_err err;
static cp_buf said;
static const cp_facts *facts;

static void collect(void *self, const cp_event *e) {
    cp_buf_addf(self, "%.*s:%u:%u: %.*s\n", CP_STR_ARG(e->file), e->line, e->column,
                CP_STR_ARG(e->text));
}

static void setup(void) {
    cr_assert_eq(cp_dir_temporary(&dir, CP_STR(""), "cp-analyze", &arena, &err), CP_OK);
    cr_assert_eq(cp_path_real(&dir, &arena, dir, &err), CP_OK);
}

static void teardown(void) {
    cr_assert_eq(cp_tree_remove(dir, &err), CP_OK, "%s", err.message);
    cp_buf_cleanup(&said);
    cp_arena_cleanup(&arena);
}

static inline cp_str at(const char *rel) {
    return cp_path_join(&arena, dir, cp_str_of(rel));
}

/// Writes dir/rel ("p/..." for the project, "s/..." for site-packages).
static inline void put(const char *rel, const char *text) {
    cp_str path = at(rel);
    cr_assert_eq(
        cp_dir_make(cp_path_dir(path).n ? cp_arena_str(&arena, cp_path_dir(path)) : path, &err),
        CP_OK, "%s", err.message);
    cr_assert_eq(cp_file_write(path, cp_str_of(text), &err), CP_OK, "%s", err.message);
}

static inline cp_status analyse(const char *handler) {
    cp_sink sink = {collect, &said};
    cp_ctx ctx = {.sink = &sink, .threads = 2};
    cr_assert_eq(cp_dir_make(at("p"), &err), CP_OK);
    cr_assert_eq(cp_dir_make(at("s"), &err), CP_OK);
    cp_analyze_options o = {cp_str_of(handler), at("p"), at("s"), CP_LIT("3.11"), CP_LIT("x86_64")};
    return cp_analyze(&facts, &o, &ctx, &arena, &err);
}

static inline void analysed(const char *handler) {
    cr_assert_eq(analyse(handler), CP_OK, "%s", err.message);
}

static inline bool warned(const char *text) {
    return said.p && strstr(said.p, text);
}
