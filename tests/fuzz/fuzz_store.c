// Any bytes as a store file: opened and read, or refused; never a crash.
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "store/cache.h"
#include "store/facts.h"
#include "store/plans.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(cp_store *store, cp_arena *arena) {
    cp_err err = {0};
    const cp_facts *facts = NULL;
    const cp_profile *profile = NULL;
    const cp_plan *plan = NULL;
    cp_str value;
    if (cp_store_get_facts(&facts, store, arena, &err) == CP_OK)
        for (uint32_t i = 0; i < facts->import_count; i++)
            if (facts->imports[i].from >= facts->module_count)
                abort();
    if (cp_store_get_profile(&profile, store, arena, &err) != CP_OK && !err.message[0])
        abort();
    if (cp_store_get_plan(&plan, NULL, store, arena, &err) != CP_OK && !err.message[0])
        abort();
    if (cp_store_get_value(&value, store, CP_STR("k"), arena, &err) != CP_OK && !err.message[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CP_AUTOV(cp_arena) arena = {0};
    CP_AUTO(cp_store) store = NULL;
    cp_err err = {0};
    cp_str dir;
    if (cp_dir_temporary(&dir, CP_STR(""), "cpfuzz", &arena, &err) != CP_OK)
        abort();
    cp_str path = cp_path_join(&arena, dir, CP_STR("store.db"));
    if (cp_file_write(path, (cp_str){(const char *)data, size}, &err) != CP_OK)
        abort();
    if (cp_store_open(&store, path, &err) == CP_OK)
        read_all(store, &arena);
    cp_store_cleanup(&store);
    return cp_tree_remove(dir, &err) == CP_OK ? 0 : -1;
}
