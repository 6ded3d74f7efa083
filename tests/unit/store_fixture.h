// Made-up facts, profiles and plans of any size, and their text form for comparing field for field.
#pragma once

#include "core/buf.h"
#include "model/plan.h"

typedef struct fixture_sizes {
    uint32_t files, modules, imports;
} fixture_sizes;

static inline uint32_t fixture_index(uint64_t *seed, uint32_t count) {
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    uint32_t r = (uint32_t)(*seed >> 33);
    return count == 0 || r % 7 == 0 ? CP_NONE : r % count;
}

static inline uint32_t fixture_below(uint64_t *seed, uint32_t count) {
    uint32_t index = fixture_index(seed, count);
    return index == CP_NONE ? 0 : index;
}

static inline const uint32_t *fixture_list(uint64_t *seed, uint32_t *count, uint32_t limit,
                                           cp_arena *arena) {
    *count = fixture_below(seed, 4);
    uint32_t *list = CP_ARENA_ARRAY(arena, uint32_t, *count);
    for (uint32_t i = 0; i < *count; i++)
        list[i] = fixture_below(seed, limit);
    return list;
}

static inline const cp_place_fact *fixture_places(uint64_t *seed, uint32_t count, uint32_t modules,
                                                  cp_arena *arena) {
    cp_place_fact *places = CP_ARENA_ARRAY(arena, cp_place_fact, count);
    for (uint32_t i = 0; i < count; i++)
        places[i] = (cp_place_fact){fixture_index(seed, modules), i, CP_STR("a\0b\xff\"'"),
                                    (cp_import_context)fixture_below(seed, CP_IMPORT_RULE + 1)};
    return places;
}

static inline void fixture_files(cp_facts *f, uint64_t *seed, cp_arena *arena) {
    cp_file_fact *files = CP_ARENA_ARRAY(arena, cp_file_fact, f->file_count);
    for (uint32_t i = 0; i < f->file_count; i++)
        files[i] =
            (cp_file_fact){.root = (cp_root)(i % 2),
                           .rel = cp_arena_fmt(arena, "package%u/sub/m\xC3\xBC%u.py", i % 50, i),
                           .kind = (cp_file_kind)fixture_below(seed, CP_FILE_MODEL + 1),
                           .bytes = i == 0 ? UINT64_MAX : *seed >> 40,
                           .mtime_ns = i == 1 ? INT64_MIN : (int64_t)*seed,
                           .inode = *seed,
                           .executable = i % 3 == 0,
                           .distribution = fixture_index(seed, f->distribution_count),
                           .module = fixture_index(seed, f->module_count)};
    f->files = files;
}

static inline void fixture_code(cp_facts *f, uint64_t *seed, cp_arena *arena) {
    cp_module_fact *modules = CP_ARENA_ARRAY(arena, cp_module_fact, f->module_count);
    for (uint32_t i = 0; i < f->module_count; i++)
        modules[i] =
            (cp_module_fact){.name = cp_arena_fmt(arena, "package.sub.module%05u", i),
                             .kind = (cp_module_kind)fixture_below(seed, CP_MODULE_NAMESPACE + 1),
                             .file = fixture_index(seed, f->file_count),
                             .package = i % 2 == 0,
                             .initial = i % 3 == 0,
                             .reached = i % 5 == 0,
                             .why_from = fixture_index(seed, f->module_count),
                             .why_line = i};
    cp_import_fact *imports = CP_ARENA_ARRAY(arena, cp_import_fact, f->import_count);
    for (uint32_t i = 0; i < f->import_count; i++)
        imports[i] =
            (cp_import_fact){.from = fixture_below(seed, f->module_count),
                             .line = i,
                             .target = cp_arena_fmt(arena, "package.sub.target%u", i % 999),
                             .context = (cp_import_context)fixture_below(seed, CP_IMPORT_RULE + 1),
                             .binds = i % 4 ? CP_STR("name") : CP_STR(""),
                             .deferrable = i % 2 == 0,
                             .module = fixture_index(seed, f->module_count)};
    f->modules = modules;
    f->imports = imports;
}

/// Facts that depend on `seed` and the sizes only.
static inline const cp_facts *fixture_facts(uint64_t seed, fixture_sizes sizes, cp_arena *arena) {
    cp_facts *f = CP_ARENA_NEW(arena, cp_facts);
    *f = (cp_facts){.handler = cp_arena_fmt(arena, "app%llu.handler", (unsigned long long)seed),
                    .handler_module = CP_LIT("app"),
                    .handler_function = CP_LIT("handler"),
                    .python = CP_LIT("3.11"),
                    .arch = CP_LIT("arm64"),
                    .project_root = CP_LIT("/p"),
                    .seconds = 0.1 + 0.2,
                    .file_count = sizes.files,
                    .module_count = sizes.modules,
                    .import_count = sizes.imports,
                    .native_count = sizes.files / 10,
                    .distribution_count = 40,
                    .opaque_count = 5,
                    .missing_count = 6};
    cp_distribution_fact *d = CP_ARENA_ARRAY(arena, cp_distribution_fact, f->distribution_count);
    for (uint32_t i = 0; i < f->distribution_count; i++)
        d[i] = (cp_distribution_fact){cp_arena_fmt(arena, "dist-%u", i), CP_STR("1.0"),
                                      cp_arena_fmt(arena, "dist_%u-1.0.dist-info", i)};
    f->distributions = d;
    fixture_files(f, &seed, arena);
    fixture_code(f, &seed, arena);
    cp_native_fact *natives = CP_ARENA_ARRAY(arena, cp_native_fact, f->native_count);
    for (uint32_t i = 0; i < f->native_count; i++) {
        natives[i] = (cp_native_fact){.file = fixture_below(&seed, f->file_count),
                                      .soname = cp_arena_fmt(arena, "lib%u.so.1", i),
                                      .missing = i % 9 ? CP_STR("") : CP_STR("libgone.so.2")};
        natives[i].needs = fixture_list(&seed, &natives[i].need_count, f->file_count, arena);
    }
    f->natives = natives;
    f->opaque = fixture_places(&seed, f->opaque_count, f->module_count, arena);
    f->missing = fixture_places(&seed, f->missing_count, f->module_count, arena);
    return f;
}

static inline void text_str(cp_buf *b, cp_str s) {
    cp_buf_addf(b, "%zu:", s.n);
    cp_buf_add(b, s);
    cp_buf_add_c(b, '|');
}

static inline void text_list(cp_buf *b, const uint32_t *list, uint32_t count) {
    cp_buf_addf(b, "[%u", count);
    for (uint32_t i = 0; i < count; i++)
        cp_buf_addf(b, " %u", list[i]);
    cp_buf_add_c(b, ']');
}

static inline void text_places(cp_buf *b, const cp_place_fact *p, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        cp_buf_addf(b, "\nplace %u %u %d ", p[i].from, p[i].line, (int)p[i].context);
        text_str(b, p[i].text);
    }
}

static inline void text_code(cp_buf *b, const cp_facts *f) {
    for (uint32_t i = 0; i < f->module_count; i++) {
        const cp_module_fact *m = &f->modules[i];
        cp_buf_addf(b, "\nmodule %d %u %d %d %d %u %u ", (int)m->kind, m->file, m->package,
                    m->initial, m->reached, m->why_from, m->why_line);
        text_str(b, m->name);
    }
    for (uint32_t i = 0; i < f->import_count; i++) {
        const cp_import_fact *m = &f->imports[i];
        cp_buf_addf(b, "\nimport %u %u %d %d %u ", m->from, m->line, (int)m->context, m->deferrable,
                    m->module);
        text_str(b, m->target);
        text_str(b, m->binds);
    }
}

/// Every field of the facts.
static inline cp_str fixture_facts_text(const cp_facts *f, cp_arena *arena) {
    CP_AUTOV(cp_buf) b = {0};
    const cp_str head[] = {f->handler, f->handler_module, f->handler_function, f->python,
                           f->arch,    f->project_root,   f->site_root};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        text_str(&b, head[i]);
    cp_buf_addf(&b, "%a", f->seconds);
    for (uint32_t i = 0; i < f->distribution_count; i++) {
        text_str(&b, f->distributions[i].name);
        text_str(&b, f->distributions[i].version);
        text_str(&b, f->distributions[i].metadata_dir);
    }
    for (uint32_t i = 0; i < f->file_count; i++) {
        const cp_file_fact *m = &f->files[i];
        cp_buf_addf(&b, "\nfile %d %d %llu %lld %llu %d %u %u ", (int)m->root, (int)m->kind,
                    (unsigned long long)m->bytes, (long long)m->mtime_ns,
                    (unsigned long long)m->inode, m->executable, m->distribution, m->module);
        text_str(&b, m->rel);
    }
    text_code(&b, f);
    for (uint32_t i = 0; i < f->native_count; i++) {
        cp_buf_addf(&b, "\nnative %u ", f->natives[i].file);
        text_list(&b, f->natives[i].needs, f->natives[i].need_count);
        text_str(&b, f->natives[i].soname);
        text_str(&b, f->natives[i].missing);
    }
    text_places(&b, f->opaque, f->opaque_count);
    text_places(&b, f->missing, f->missing_count);
    return cp_arena_str(arena, cp_buf_str(&b));
}
