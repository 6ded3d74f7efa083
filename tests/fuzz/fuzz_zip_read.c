// Foreign zip archives: whatever the bytes, opening and reading stays within the limits.
#include "zip/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cp_err err = {0};
    CP_AUTO(cp_zip) zip = NULL;
    cp_zip_limits limits = {.entries = 64, .entry_bytes = 1 << 16, .total_bytes = 1 << 18};
    if (cp_zip_open_bytes(&zip, (cp_str){(const char *)data, size}, &limits, &err) != CP_OK)
        return 0;
    size_t count = 0;
    const cp_zip_member *members = cp_zip_members(zip, &count);
    for (size_t i = 0; i < count; i++) {
        CP_AUTOV(cp_arena) arena = {0};
        cp_str content;
        if (cp_zip_read(&content, zip, &members[i], &arena, &err) == CP_OK)
            CP_ASSERT(content.n == members[i].bytes);
    }
    return 0;
}
