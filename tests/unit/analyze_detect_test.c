// What init finds out by itself, on real folders.
#include "analyze/detect.h"
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"

#include <criterion/criterion.h>

static cp_arena arena;
static cp_str dir;
static cp_err err;
static cp_detected found;

static void setup(void) {
    cr_assert_eq(cp_dir_temporary(&dir, CP_STR(""), "cp-detect", &arena, &err), CP_OK);
}

static void teardown(void) {
    cr_assert_eq(cp_tree_remove(dir, &err), CP_OK);
    cp_arena_cleanup(&arena);
}

TestSuite(detect, .init = setup, .fini = teardown);

static void put(const char *name, const char *text) {
    cp_str path = cp_path_join(&arena, dir, cp_str_of(name));
    cr_assert_eq(cp_dir_make(cp_path_dir(path), &err), CP_OK);
    cr_assert_eq(cp_file_write(path, cp_str_of(text), &err), CP_OK);
}

Test(detect, a_template_decides_over_sources) {
    put("template.yaml", "Resources:\n  F:\n    Properties:\n      Handler: src/app.run  # entry\n"
                         "      Runtime: \"python3.12\"\n      Architectures:\n        - arm64\n");
    put("app.py", "def handler(event, context):\n    pass\n");
    cr_assert_eq(cp_detect(&found, dir, &arena, &err), CP_OK);
    cr_assert(cp_str_is(found.handler, "src/app.run"));
    cr_assert(cp_str_is(found.handler_from, "template.yaml:4"));
    cr_assert(cp_str_is(found.python, "3.12"));
    cr_assert(cp_str_is(found.arch, "arm64"));
    cr_assert(cp_str_is(found.rivals, "app.handler"));
}

Test(detect, the_properties_beside_the_handler_are_taken) {
    put("code/hello.py", "def run(event, context):\n    pass\n");
    put("code/requirements.txt", "six\n");
    put("template.yaml",
        "Globals:\n  Function:\n    Timeout: 20\n    MemorySize: 128\nResources:\n"
        "  Hello:\n    Properties:\n      CodeUri: ./code/\n      Handler: hello.run\n\n"
        "      MemorySize: 1024\n      Architectures: [arm64]\n"
        "  Other:\n    Properties:\n      CodeUri: other/\n      Handler: other.run\n");
    cr_assert_eq(cp_detect(&found, dir, &arena, &err), CP_OK);
    cr_assert(cp_str_is(found.handler, "hello.run"));
    cr_assert(cp_str_is(found.project, "code"));
    cr_assert(cp_str_is(found.project_from, "template.yaml:8"));
    cr_assert(cp_str_is(found.requirements, "code/requirements.txt"));
    cr_assert(cp_str_is(found.memory, "1024"));
    cr_assert(cp_str_is(found.timeout, "20"));
    cr_assert(cp_str_is(found.arch, "arm64"));
}

Test(detect, the_usual_file_wins_and_rivals_are_named) {
    put("zeta.py", "x = 1\n\ndef handler(event, context):\n    pass\n");
    put("lambda_function.py", "import os\ndef lambda_handler(event, context):\n    pass\n");
    put("pyproject.toml", "[project]\nrequires-python = \">=3.11\"\n");
    cr_assert_eq(cp_detect(&found, dir, &arena, &err), CP_OK);
    cr_assert(cp_str_is(found.handler, "lambda_function.lambda_handler"));
    cr_assert(cp_str_is(found.rivals, "zeta.handler"));
    cr_assert(cp_str_is(found.python, "3.11"));
    cr_assert(cp_str_is(found.requirements, "pyproject.toml"));
}

Test(detect, methods_and_calls_are_not_handlers) {
    put("app.py", "class A:\n    def handler(self, event):\n        pass\nhandler(1)\n");
    cr_assert_eq(cp_detect(&found, dir, &arena, &err), CP_OK);
    cr_assert_eq(found.handler.n, 0);
    cr_assert_eq(found.requirements.n, 0);
}
