// Any bytes: a tree whose places lie inside the text, or a refusal with a message.
#include "data/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const cp_yaml *node, unsigned depth) {
    if (depth > CP_YAML_MAX_DEPTH || node->line == 0 || node->column == 0)
        abort();
    uint32_t count = 0;
    for (const cp_yaml *n = node->first; n; n = n->next, count++)
        check(n, depth + 1);
    if (count != node->count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cp_err err = {0};
    CP_AUTOV(cp_arena) arena = {0};
    const cp_yaml *root = NULL;
    if (cp_yaml_parse(&root, (cp_str){(const char *)data, size}, "fuzz", &arena, &err) == CP_OK)
        check(root, 0);
    else if (err.message[0] == '\0')
        abort();
    return 0;
}
