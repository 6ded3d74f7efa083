// Any bytes: parsed or refused; what is parsed must read back equal from its own text.
#include "data/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cp_err err = {0};
    CP_AUTO(cp_json_doc) doc = NULL;
    if (cp_json_parse(&doc, (cp_str){(const char *)data, size}, 1 << 20, "fuzz", &err) != CP_OK)
        return 0;
    CP_AUTOV(cp_arena) arena = {0};
    CP_AUTO(cp_json_doc) again = NULL;
    cp_str text = cp_json_text(cp_json_root(doc), &arena), pointer;
    if (cp_json_parse(&again, text, SIZE_MAX, "again", &err) != CP_OK)
        abort();
    if (!cp_json_equal(cp_json_root(doc), cp_json_root(again), 1e-15, &pointer, &arena))
        abort();
    return 0;
}
