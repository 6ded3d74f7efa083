// Files to assets: each in exactly one, by the documented rule, in first-use order, libraries
// behind whoever needs them.
#include "facts_gen.h"
#include "optimize/group.h"

#include <criterion/criterion.h>

static const cp_numbers numbers = {.import_ms_per_source_mb = 40, .import_ms_per_native_mb = 1.5};

typedef struct grouped {
    cp_asset *assets;
    uint32_t count;
} grouped;

static grouped group(const cp_facts *facts, const cp_profile *profile, uint32_t max, bool layers,
                     cp_arena *arena) {
    grouped g;
    cp_err err = {0};
    cp_group_options options = {.max_assets = max, .layers = layers};
    cr_assert_eq(cp_group(&g.assets, &g.count, facts, profile, &numbers, &options, arena, &err),
                 CP_OK, "%s", err.message);
    return g;
}

static const cp_asset *with_file(const cp_facts *f, grouped g, const char *rel) {
    uint32_t file = cp_facts_find_file(f, CP_ROOT_SITE, cp_str_of(rel));
    for (uint32_t j = 0; j < g.count; j++)
        for (uint32_t k = 0; k < g.assets[j].file_count; k++)
            if (g.assets[j].files[k] == file)
                return &g.assets[j];
    cr_assert_fail("%s is in no asset", rel);
    return NULL;
}

static void each_file_is_in_one_asset(const cp_facts *f, grouped g) {
    CP_AUTOV(cp_arena) arena = {0};
    uint8_t *seen = CP_ARENA_ARRAY(&arena, uint8_t, f->file_count);
    for (uint32_t j = 0; j < g.count; j++) {
        for (uint32_t k = 0; k < g.assets[j].file_count; k++)
            cr_assert_eq(seen[g.assets[j].files[k]]++, 0);
        for (uint32_t i = 0; i < j; i++)
            cr_assert_not(cp_str_eq(g.assets[i].name, g.assets[j].name));
    }
    for (uint32_t i = 0; i < f->file_count; i++)
        cr_assert_eq(seen[i], 1, "%.*s", CP_STR_ARG(f->files[i].rel));
}

Test(group, files_go_where_the_rule_says) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 2);
    grouped g = group(f, NULL, 150, true, &arena);
    each_file_is_in_one_asset(f, g);
    const cp_asset *core = with_file(f, g, "num/core.so"),
                   *blas = with_file(f, g, "num.libs/libblas.so");
    cr_assert_eq(core->file_count, 1); // 6 MB: alone
    cr_assert_eq(core->kind, CP_ASSET_CODE);
    cr_assert_eq(blas->kind, CP_ASSET_LIBRARY);
    cr_assert(blas->initial);
    cr_assert_eq(core->need_count, 1);
    cr_assert_eq(&g.assets[core->needs[0]], blas);
    // libone is needed by one asset only, so it is part of it
    cr_assert_eq(with_file(f, g, "num.libs/libone.so"), with_file(f, g, "num/linalg/fast.so"));
    // nobody links to it, but the package is in use: ctypes may open it by path
    const cp_asset *nobody = with_file(f, g, "num.libs/libnobody.so");
    cr_assert_eq(nobody->kind, CP_ASSET_COLD); // num.libs has no module itself
    cr_assert_eq(with_file(f, g, "num/table.txt")->kind, CP_ASSET_DATA);
    cr_assert_eq(with_file(f, g, "num/tests/test_all.py")->kind, CP_ASSET_COLD);
    cr_assert_eq(with_file(f, g, "unused/table.csv")->kind, CP_ASSET_COLD);
    cr_assert_eq(with_file(f, g, "num-1.0.dist-info/METADATA")->kind, CP_ASSET_META);
    const cp_asset *plot = with_file(f, g, "num/plot/__init__.py");
    cr_assert_not(plot->initial);
    cr_assert(cp_str_is(plot->name, "num/plot (deferred)"), "%s", plot->name.p);
}

Test(group, rules_of_each_kind_are_in_the_allowed_tiers) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 2);
    grouped g = group(f, NULL, 150, true, &arena);
    uint32_t bundle = 1u << CP_TIER_BUNDLE, layer = 1u << CP_TIER_LAYER;
    cr_assert_eq(with_file(f, g, "num/table.txt")->allowed, bundle | layer);
    cr_assert(with_file(f, g, "num/core.so")->allowed & 1u << CP_TIER_S3_PREFETCH);
    cr_assert_not(with_file(f, g, "num/core.so")->allowed & 1u << CP_TIER_S3_DEMAND);
    cr_assert(with_file(f, g, "num/plot/big.so")->allowed & 1u << CP_TIER_S3_DEMAND);
    cr_assert_not(with_file(f, g, "num/plot/big.so")->allowed & 1u << CP_TIER_S3_PREFETCH);
    g = group(f, NULL, 150, false, &arena);
    for (uint32_t j = 0; j < g.count; j++)
        cr_assert_not(g.assets[j].allowed & layer);
    for (uint32_t j = 0; j < g.count; j++)
        if (g.assets[j].kind == CP_ASSET_PROJECT)
            cr_assert_eq(g.assets[j].allowed, bundle);
}

Test(group, initial_assets_come_first_in_the_order_of_the_statements) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 2);
    grouped g = group(f, NULL, 150, true, &arena);
    const cp_asset *num = with_file(f, g, "num/__init__.py"),
                   *core = with_file(f, g, "num/core.so"),
                   *linalg = with_file(f, g, "num/linalg/__init__.py"),
                   *blas = with_file(f, g, "num.libs/libblas.so"),
                   *plot = with_file(f, g, "num/plot/big.so");
    cr_assert_eq(g.assets[0].kind, CP_ASSET_PROJECT);
    cr_assert(num < blas && blas < core && core < linalg && linalg < plot);
    cr_assert(core->import_ms > 8.9 && core->import_ms < 9.1); // 6 MB of native code
    for (uint32_t j = 1; j < g.count; j++)
        cr_assert(g.assets[j - 1].initial || !g.assets[j].initial);
}

Test(group, a_profile_decides_what_is_initial_and_what_is_read_by_path) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 2);
    const cp_module_profile modules[] = {{.name = CP_LIT("num.linalg"), .self_ms = 5, .order = 0},
                                         {.name = CP_LIT("num"), .self_ms = 7, .order = 1},
                                         {.name = CP_LIT("num.core"), .order = 2, .phase = 1}};
    uint32_t opened[] = {cp_facts_find_file(f, CP_ROOT_SITE, CP_STR("unused/table.csv"))};
    cp_profile profile = {.runs = 3,
                          .init_ms = 34, // 10 before the first import, 24 for what was seen as 12
                          .runtime_ms = 10,
                          .modules = modules,
                          .module_count = 3,
                          .opened = opened,
                          .opened_count = 1};
    grouped g = group(f, &profile, 150, true, &arena);
    each_file_is_in_one_asset(f, g);
    const cp_asset *num = with_file(f, g, "num/__init__.py"),
                   *linalg = with_file(f, g, "num/linalg/__init__.py"),
                   *core = with_file(f, g, "num/core.so");
    cr_assert(linalg < num);
    cr_assert(num->import_ms > 13.9 && num->import_ms < 14.1);
    cr_assert(linalg->import_ms > 9.9 && linalg->import_ms < 10.1);
    cr_assert_not(core->initial);
    cr_assert(core->use_probability > 0.5);
    cr_assert_eq(with_file(f, g, "unused/table.csv")->kind, CP_ASSET_DATA);
    cr_assert(with_file(f, g, "num/plot/__init__.py")->use_probability < 0.1);
}

Test(group, many_packages_are_folded_until_the_limit_holds) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    for (int p = 0; p < 300; p++) {
        const char *rel = cp_arena_fmt(&arena, "pkg%03d/__init__.py", p).p;
        const char *module = cp_arena_fmt(&arena, "pkg%03d", p).p;
        gen_file(&gen, CP_ROOT_SITE, rel, CP_FILE_SOURCE, 1000 + (uint64_t)p * 3000, module,
                 "id-"[p % 3]);
    }
    const cp_facts *f = gen_finish(&gen);
    grouped wide = group(f, NULL, 100000, true, &arena), narrow = group(f, NULL, 40, true, &arena);
    each_file_is_in_one_asset(f, wide);
    each_file_is_in_one_asset(f, narrow);
    cr_assert(wide.count > 200, "%u", wide.count);
    cr_assert(narrow.count <= 40, "%u", narrow.count);
    for (uint32_t j = 0; j < narrow.count; j++) // never two uses in one asset
        for (uint32_t k = 0; k < narrow.assets[j].file_count; k++) {
            const cp_module_fact *m = &f->modules[f->files[narrow.assets[j].files[k]].module];
            cr_assert_eq(m->initial, narrow.assets[j].initial);
        }
}

Test(group, libraries_that_need_each_other_become_one_asset) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    gen_file(&gen, CP_ROOT_SITE, "a/x.so", CP_FILE_EXTENSION, 9000000, "a.x", 'i');
    gen_file(&gen, CP_ROOT_SITE, "b.libs/one.so", CP_FILE_LIBRARY, 9000000, NULL, '-');
    gen_file(&gen, CP_ROOT_SITE, "b.libs/two.so", CP_FILE_LIBRARY, 9000000, NULL, '-');
    const cp_facts *f = gen_finish(&gen);
    gen_need(&gen, "a/x.so", "b.libs/one.so");
    gen_need(&gen, "b.libs/one.so", "b.libs/two.so");
    gen_need(&gen, "b.libs/two.so", "b.libs/one.so");
    grouped g = group(f, NULL, 150, true, &arena);
    each_file_is_in_one_asset(f, g);
    cr_assert_eq(with_file(f, g, "b.libs/one.so"), with_file(f, g, "b.libs/two.so"));
    for (uint32_t j = 0; j < g.count; j++)
        for (uint32_t k = 0; k < g.assets[j].need_count; k++)
            cr_assert_neq(g.assets[j].needs[k], j);
}

Test(group, no_files_and_too_small_limits_are_handled) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_finish(&gen);
    grouped g = group(f, NULL, 150, true, &arena);
    cr_assert_eq(g.count, 0);
    cp_err err = {0};
    cp_group_options options = {.max_assets = 3};
    cr_assert_eq(cp_group(&g.assets, &g.count, f, NULL, &numbers, &options, &arena, &err),
                 CP_EUSAGE);
}
