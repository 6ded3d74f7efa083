// Any bytes as Python source: no crash, and what is reported lies inside the text.
#include "py/scan.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cp_arena arena = {0};
    cp_py_source s;
    cp_py_scan(&s, (cp_str){(const char *)data, size}, &arena);
    for (uint32_t i = 0; i < s.import_count; i++) {
        const cp_py_import *r = &s.imports[i];
        if (r->line == 0 || r->line > size + 1 || r->module.n > size || r->name.n > size)
            abort();
        if (r->block != CP_PY_NO_BLOCK && r->block >= s.block_count)
            abort();
    }
    for (uint32_t i = 0; i < s.block_count; i++)
        if ((s.blocks[i].parent != CP_PY_NO_BLOCK && s.blocks[i].parent >= i) ||
            (s.blocks[i].prior != CP_PY_NO_BLOCK && s.blocks[i].prior >= i))
            abort(); // a walk towards the module body must end
    if (s.damage && (s.damage_line == 0 || s.damage_line > size + 1 || s.damage_column > size + 1))
        abort();
    cp_arena_cleanup(&arena);
    return 0;
}
