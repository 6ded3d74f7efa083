// target_fixture.h - what tests of target, profile and verify share: a real interpreter, AWS's real
// runtime client (from PyPI once, then from CP_WORK), and small functions written to fresh folders.
#pragma once

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "target/target.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static cp_arena arena;
static cp_err err;

#define OK(call) cr_assert_eq((call), CP_OK, "%s", err.message)
#define SAYS(text, part)                                                                           \
    cr_assert_not_null(strstr((text), (part)), "\"%s\" does not say \"%s\"", (text), (part))

/// Where downloads are kept between runs of the tests: $CP_WORK or the build folder.
static inline cp_str work_folder(void) {
    const char *named = getenv("CP_WORK");
    cp_str work = cp_path_join(&arena, cp_str_of(named && *named ? named : CP_BINARY_DIR),
                               CP_STR("target-work"));
    OK(cp_dir_make(work, &err));
    return work;
}

/// The target's interpreter and runtime client; Debian's Python 3.11 when there is one.
static inline cp_target target(void) {
    if (access("/usr/bin/python3.11", X_OK) == 0)
        (void)setenv("CLOUDPACK_INTERPRETER", "/usr/bin/python3.11", 0);
    cp_target t;
    OK(cp_target_open(&t, CP_STR("3.11"), work_folder(), NULL, &arena, &err));
    return t;
}

static inline cp_str fresh_folder(void) {
    cp_str folder;
    OK(cp_dir_temporary(&folder, (cp_str){0}, "cloudpack-test", &arena, &err));
    OK(cp_path_real(&folder, &arena, folder, &err));
    return folder;
}

static inline void put_file(cp_str folder, const char *name, const char *text) {
    cp_str path = cp_path_join(&arena, folder, cp_str_of(name));
    OK(cp_dir_make(cp_path_dir(path), &err));
    OK(cp_file_write(path, cp_str_of(text), &err));
}

/// Removes a folder and ends the arena: the last line of every test.
static inline void finish(cp_str folder) {
    if (folder.n)
        OK(cp_tree_remove(folder, &err));
    cp_arena_cleanup(&arena);
}
