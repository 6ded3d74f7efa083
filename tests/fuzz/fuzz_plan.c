// Any bytes as a plan about a handful of files: a message, or a plan that can be written again.
#include "optimize/optimize.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const cp_file_fact files[2] = {{.root = CP_ROOT_PROJECT, .rel = CP_LIT("app.py")},
                                          {.root = CP_ROOT_SITE, .rel = CP_LIT("six.py")}};
    const cp_facts facts = {.handler = CP_LIT("app.handler"),
                            .python = CP_LIT("3.11"),
                            .arch = CP_LIT("x86_64"),
                            .files = files,
                            .file_count = 2};
    CP_AUTOV(cp_arena) arena = {0};
    cp_err err = {0};
    cp_plan *plan = NULL;
    if (cp_plan_from_json(&plan, (cp_str){(const char *)data, size}, "fuzz", &facts, &arena,
                          &err) != CP_OK) {
        CP_ASSERT(err.message[0] != '\0');
        return 0;
    }
    CP_AUTOV(cp_buf) text = {0};
    cp_plan_to_json(&text, plan);
    return 0;
}
