// Foreign bytecode: the canonical form is reached in bounds, and is its own canonical form.
#include "build/marshal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cp_str in = {(const char *)data, size};
    if (size == 0)
        return 0;
    // The first byte chooses the version: 3.10 to 3.14.
    unsigned minor = 10 + data[0] % 5;
    in = cp_str_sub(in, 1, size);
    CP_AUTOV(cp_buf) once = {0};
    CP_AUTOV(cp_buf) twice = {0};
    cp_err err = {0};
    cp_marshal_rename none = {0};
    if (cp_marshal_canonical(&once, in, minor, none, &err) != CP_OK)
        return 0;
    CP_ASSERT(cp_marshal_canonical(&twice, cp_buf_str(&once), minor, none, &err) == CP_OK);
    CP_ASSERT(cp_str_eq(cp_buf_str(&once), cp_buf_str(&twice)));
    return 0;
}
