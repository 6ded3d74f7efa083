// Foreign catalogs: an accepted one keeps every promise that readers lean on.
#include "build/catalog.h"
#include "core/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_catalog catalog;
    cp_err err = {0};
    if (cp_catalog_open(&catalog, (cp_str){(const char *)data, size}, &arena, &err) != CP_OK)
        return 0;
    for (uint32_t i = 0; i < catalog.member_count; i++) {
        const cp_catalog_member *m = &catalog.members[i];
        CP_ASSERT(cp_catalog_find(&catalog, m->name) == i);
        CP_ASSERT(cp_path_is_safe(m->rel));
        for (uint32_t k = 0; k < m->need_count; k++)
            CP_ASSERT(catalog.members[m->needs[k]].kind == CP_MEMBER_LIB);
    }
    // What was read can be written, and reads back the same.
    CP_AUTOV(cp_buf) out = {0};
    CP_ASSERT(cp_catalog_write(&out, &catalog, &err) == CP_OK);
    cp_catalog back;
    CP_ASSERT(cp_catalog_open(&back, cp_buf_str(&out), &arena, &err) == CP_OK);
    CP_ASSERT(back.member_count == catalog.member_count);
    return 0;
}
