// Any bytes as Python source: no crash, and what is reported lies inside the text.
#include "py/scan.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool import_is_inside(const cp_py_import *r, const cp_py_source *s, size_t size) {
    return r->line != 0 && r->line <= size + 1 && r->module.n <= size && r->name.n <= size &&
           (r->block == CP_PY_NO_BLOCK || r->block < s->block_count);
}

// Parents and priors come earlier, so that a walk towards the module body ends.
static bool block_is_after_its_links(const cp_py_source *s, uint32_t i) {
    return (s->blocks[i].parent == CP_PY_NO_BLOCK || s->blocks[i].parent < i) &&
           (s->blocks[i].prior == CP_PY_NO_BLOCK || s->blocks[i].prior < i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cp_arena arena = {0};
    cp_py_source s;
    cp_py_scan(&s, (cp_str){(const char *)data, size}, &arena);
    for (uint32_t i = 0; i < s.import_count; i++)
        if (!import_is_inside(&s.imports[i], &s, size))
            abort();
    for (uint32_t i = 0; i < s.block_count; i++)
        if (!block_is_after_its_links(&s, i))
            abort();
    if (s.damage && (s.damage_line == 0 || s.damage_line > size + 1 || s.damage_column > size + 1))
        abort();
    cp_arena_cleanup(&arena);
    return 0;
}
