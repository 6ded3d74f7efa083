// Any bytes as METADATA, entry_points.txt and WHEEL: every text stays inside the input.
#include "py/dist.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(cp_str s, cp_str text) {
    if (s.n && (s.p < text.p || s.p + s.n > text.p + text.n))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cp_str text = {(const char *)data, size}, name, version;
    cp_arena arena = {0};
    cp_py_metadata(&name, &version, text);
    inside(name, text);
    inside(version, text);
    const cp_py_entry_point *entries;
    const cp_str *list;
    size_t count;
    cp_py_entry_points(&entries, &count, text, &arena);
    for (size_t i = 0; i < count; i++) {
        inside(entries[i].group, text);
        inside(entries[i].value, text);
    }
    cp_py_requires(&list, &count, text, &arena);
    cp_py_wheel_tags(&list, &count, text, &arena);
    for (size_t i = 0; i < count; i++) {
        inside(list[i], text);
        (void)cp_py_tag_fits(list[i], CP_STR("3.11"), CP_STR("x86_64"));
    }
    cp_arena_cleanup(&arena);
    return 0;
}
