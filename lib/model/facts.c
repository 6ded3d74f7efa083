#include "model/facts.h"

#include "core/path.h"

const char *cp_file_kind_name(cp_file_kind kind) {
    static const char *const names[] = {"source", "extension", "library",
                                        "data",   "metadata",  "model"};
    return names[kind];
}

const char *cp_import_context_name(cp_import_context context) {
    static const char *const names[] = {"init", "deferred", "optional", "conditional", "typing",
                                        "lazy", "dynamic",  "native",   "rule"};
    return names[context];
}

cp_str cp_facts_path(cp_arena *arena, const cp_facts *facts, uint32_t file) {
    const cp_file_fact *f = &facts->files[file];
    return cp_path_join(arena, f->root == CP_ROOT_PROJECT ? facts->project_root : facts->site_root,
                        f->rel);
}

uint32_t cp_facts_find_module(const cp_facts *facts, cp_str name) {
    uint32_t low = 0, high = facts->module_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int c = cp_str_cmp(facts->modules[mid].name, name);
        if (c == 0)
            return mid;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return CP_NONE;
}

uint32_t cp_facts_find_file(const cp_facts *facts, cp_root root, cp_str rel) {
    uint32_t low = 0, high = facts->file_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const cp_file_fact *f = &facts->files[mid];
        int c = f->root != root ? (f->root < root ? -1 : 1) : cp_str_cmp(f->rel, rel);
        if (c == 0)
            return mid;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return CP_NONE;
}

cp_str cp_facts_digest(cp_arena *arena, const cp_facts *facts) {
    cp_sha256_stream *s = cp_sha256_new();
    cp_sha256_add_field(s, facts->handler);
    cp_sha256_add_field(s, facts->python);
    cp_sha256_add_field(s, facts->arch);
    for (uint32_t i = 0; i < facts->file_count; i++) {
        const cp_file_fact *f = &facts->files[i];
        // Installing the same wheels again gives other times but the same files; one's own code
        // does change in place.
        uint64_t stamp[3] = {f->root, f->bytes,
                             f->root == CP_ROOT_PROJECT ? (uint64_t)f->mtime_ns : 0};
        cp_sha256_add_field(s, f->rel);
        cp_sha256_add(s, (cp_str){(const char *)stamp, sizeof stamp});
    }
    cp_sha256 digest = cp_sha256_end(s);
    return cp_sha256_hex(arena, &digest);
}
