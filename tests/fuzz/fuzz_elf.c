// Any bytes as a compiled module: its needs and its texts stay bounded.
#include "elf/cython.h"
#include "elf/needed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cp_arena arena = {0};
    cp_err err;
    cp_elf elf;
    cp_str bytes = {(const char *)data, size};
    const cp_elf_text *texts;
    size_t count;
    if (cp_elf_read(&elf, bytes, CP_STR("fuzz"), &arena, &err) == CP_OK) {
        if (elf.needed_count > 512 || elf.rodata.n > size)
            abort();
        cp_elf_item item = {.path = CP_STR("a/b.so"), .elf = &elf};
        cp_elf_resolve(&item, 1, &arena);
        if (item.need_count != 0) // there is nothing else to need
            abort();
        cp_elf_texts(&texts, &count, elf.rodata, &arena);
    } else if (err.status != CP_EFORMAT) {
        abort();
    }
    cp_elf_texts(&texts, &count, bytes, &arena);
    if (count > 17)
        abort();
    cp_arena_cleanup(&arena);
    return 0;
}
