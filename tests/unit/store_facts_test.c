// What is put comes back field for field, whole, quickly, and also when the writer is killed.
#include "core/file.h"
#include "core/tree.h"
#include "store/cache.h"
#include "store/facts.h"
#include "store/plans.h"
#include "store_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static cp_arena arena;
static cp_str folder;
static cp_store *store;
static cp_err err;

static void set_up(void) {
    cr_assert_eq(cp_dir_temporary(&folder, CP_STR(""), "cpstore", &arena, &err), CP_OK);
    cr_assert_eq(
        cp_store_open(&store, cp_arena_fmt(&arena, "%s/.cloudpack/store.db", folder.p), &err),
        CP_OK, "%s", err.message);
}

static void tear_down(void) {
    cp_store_cleanup(&store);
    cr_assert_eq(cp_tree_remove(folder, &err), CP_OK);
    cp_arena_cleanup(&arena);
}

TestSuite(store, .init = set_up, .fini = tear_down);

static void put_facts(const cp_facts *facts) {
    cr_assert_eq(cp_store_put_facts(store, facts, &err), CP_OK, "%s", err.message);
}

static cp_str stored_facts(void) {
    const cp_facts *facts = NULL;
    cr_assert_eq(cp_store_get_facts(&facts, store, &arena, &err), CP_OK, "%s", err.message);
    return fixture_facts_text(facts, &arena);
}

static void same(cp_str a, cp_str b) {
    cr_assert(cp_str_eq(a, b), "%zu and %zu bytes of text differ", a.n, b.n);
}

Test(store, facts_come_back_field_for_field_and_replace_each_other) {
    const cp_facts *big = fixture_facts(1, (fixture_sizes){300, 200, 900}, &arena);
    const cp_facts *small = fixture_facts(2, (fixture_sizes){3, 2, 1}, &arena);
    const cp_facts none = {.handler = CP_LIT("x")};
    put_facts(big);
    same(fixture_facts_text(big, &arena), stored_facts());
    put_facts(small);
    same(fixture_facts_text(small, &arena), stored_facts());
    put_facts(&none);
    same(fixture_facts_text(&none, &arena), stored_facts());
    put_facts(big);
    same(fixture_facts_text(big, &arena), stored_facts());
}

Test(store, what_was_never_put_is_not_found_and_says_what_to_run) {
    const cp_facts *facts = NULL;
    const cp_profile *profile = NULL;
    const cp_plan *plan = NULL;
    cp_str value;
    cr_assert_eq(cp_store_get_facts(&facts, store, &arena, &err), CP_ENOTFOUND);
    cr_assert_str_eq(err.hint, "run `cloudpack analyze` first");
    cr_assert_eq(cp_store_get_profile(&profile, store, &arena, &err), CP_ENOTFOUND);
    cr_assert_str_eq(err.hint, "run `cloudpack profile` first");
    cr_assert_eq(cp_store_get_plan(&plan, NULL, store, &arena, &err), CP_ENOTFOUND);
    cr_assert_str_eq(err.hint, "run `cloudpack optimize` first");
    cr_assert_eq(cp_store_get_value(&value, store, CP_STR("k"), &arena, &err), CP_ENOTFOUND);
    cr_assert(facts == NULL && profile == NULL && plan == NULL);
}

Test(store, an_index_that_points_nowhere_is_refused_and_the_old_facts_stay) {
    const cp_facts *good = fixture_facts(3, (fixture_sizes){30, 20, 90}, &arena);
    put_facts(good);
    cp_facts bad = *fixture_facts(4, (fixture_sizes){30, 20, 90}, &arena);
    ((cp_import_fact *)(uintptr_t)bad.imports)[89].module = 20;
    cr_assert_eq(cp_store_put_facts(store, &bad, &err), CP_EUSAGE);
    cr_assert_str_eq(err.message, "store: an index in imports of the facts points nowhere");
    same(fixture_facts_text(good, &arena), stored_facts());
}

Test(store, a_profile_comes_back_field_for_field) {
    const cp_module_profile modules[] = {{CP_LIT("numpy"), 12.5, 0, 0, true},
                                         {CP_LIT("os"), 1e-9, 7, 3, false}};
    const uint32_t opened[] = {5, 9, 4000000000U};
    const cp_profile profile = {9,          100.25,  120, 30,     31, 99.9,         17,
                                UINT64_MAX, modules, 2,   opened, 3,  CP_LIT("abc")};
    const cp_profile *got = NULL;
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(cp_store_put_profile(store, &profile, &err), CP_OK, "%s", err.message);
        cr_assert_eq(cp_store_get_profile(&got, store, &arena, &err), CP_OK, "%s", err.message);
    }
    cr_assert_eq(got->runs, 9);
    const double want[] = {profile.init_ms,      profile.init_p95_ms, profile.first_ms,
                           profile.first_p95_ms, profile.cpu_ms,      profile.runtime_ms};
    const double have[] = {got->init_ms,      got->init_p95_ms, got->first_ms,
                           got->first_p95_ms, got->cpu_ms,      got->runtime_ms};
    cr_assert_arr_eq(want, have, sizeof want);
    cr_assert_eq(got->peak_memory_bytes, UINT64_MAX);
    cr_assert(cp_str_is(got->facts_digest, "abc"));
    cr_assert_eq(got->opened_count, 3);
    cr_assert_arr_eq(got->opened, opened, sizeof opened);
    cr_assert_eq(got->module_count, 2);
    for (size_t i = 0; i < 2; i++) {
        cr_assert(cp_str_eq(got->modules[i].name, modules[i].name));
        cr_assert_eq(got->modules[i].self_ms, modules[i].self_ms);
        cr_assert_eq(got->modules[i].order, modules[i].order);
        cr_assert_eq(got->modules[i].phase, modules[i].phase);
        cr_assert_eq(got->modules[i].used, modules[i].used);
    }
}

static const cp_plan *made_plan(uint64_t seed) {
    cp_asset *assets = CP_ARENA_ARRAY(&arena, cp_asset, 20);
    for (uint32_t i = 0; i < 20; i++) {
        assets[i] = (cp_asset){.name = cp_arena_fmt(&arena, "asset%u", i),
                               .kind = (cp_asset_kind)(i % (CP_ASSET_COLD + 1)),
                               .bytes = seed + i,
                               .zipped_bytes = i,
                               .import_ms = i / 3.0,
                               .use_probability = i / 19.0,
                               .initial = i % 2 == 0,
                               .allowed = 63 & (i + 1),
                               .tier = (cp_tier_id)(i % CP_TIER_COUNT),
                               .why = CP_LIT("because")};
        assets[i].files = fixture_list(&seed, &assets[i].file_count, 9999, &arena);
        assets[i].needs = fixture_list(&seed, &assets[i].need_count, 1, &arena);
        if (assets[i].need_count > 1)
            assets[i].need_count = 1;
    }
    cp_plan *p = CP_ARENA_NEW(&arena, cp_plan);
    *p = (cp_plan){.status = CP_LIT("optimal"),
                   .fit = CP_LIT("fits locally"),
                   .objective_name = CP_LIT("cost"),
                   .objective = 1.1,
                   .bound = 1.0,
                   .gap = 0.1,
                   .solver = CP_LIT("glpk"),
                   .solve_ms = 3,
                   .model = CP_LIT("static"),
                   .price_date = CP_LIT("2025-11-01"),
                   .region = CP_LIT("us-east-1"),
                   .memory_mb = 512,
                   .percentile = 95,
                   .max_latency_ms = 800,
                   .budget_usd_month = 5,
                   .traffic_month = 1e6,
                   .cold_starts_month = 2e4,
                   .assets = assets,
                   .asset_count = 20,
                   .predicted = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                   .local_bytes = 11,
                   .remote_bytes = 12,
                   .digest = cp_arena_fmt(&arena, "d%llu", (unsigned long long)seed)};
    return p;
}

static cp_str plan_text(const cp_plan *p) {
    CP_AUTOV(cp_buf) b = {0};
    const cp_str texts[] = {p->status, p->fit,        p->objective_name, p->solver,
                            p->model,  p->price_date, p->region,         p->digest};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        text_str(&b, texts[i]);
    const cp_prediction *d = &p->predicted;
    const double reals[] = {p->objective,
                            p->bound,
                            p->gap,
                            p->solve_ms,
                            p->max_latency_ms,
                            p->budget_usd_month,
                            p->traffic_month,
                            p->cold_starts_month,
                            d->p50_ms,
                            d->p95_ms,
                            d->p99_ms,
                            d->init_ms,
                            d->usd_month,
                            d->usd_storage,
                            d->usd_requests,
                            d->usd_transfer,
                            d->usd_compute,
                            d->usd_fixed};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        cp_buf_addf(&b, "%a ", reals[i]);
    cp_buf_addf(&b, "%u %u %llu %llu", p->memory_mb, p->percentile,
                (unsigned long long)p->local_bytes, (unsigned long long)p->remote_bytes);
    for (uint32_t i = 0; i < p->asset_count; i++) {
        const cp_asset *a = &p->assets[i];
        text_str(&b, a->name);
        text_str(&b, a->why);
        cp_buf_addf(&b, "%d %llu %llu %a %a %d %u %d", (int)a->kind, (unsigned long long)a->bytes,
                    (unsigned long long)a->zipped_bytes, a->import_ms, a->use_probability,
                    a->initial, a->allowed, (int)a->tier);
        text_list(&b, a->files, a->file_count);
        text_list(&b, a->needs, a->need_count);
    }
    return cp_arena_str(&arena, cp_buf_str(&b));
}

Test(store, the_newest_plan_comes_back_and_the_last_twenty_are_kept) {
    for (int i = 1; i <= 25; i++) {
        const cp_plan *plan = made_plan((uint64_t)i), *got = NULL;
        int64_t created = 0;
        cr_assert_eq(cp_store_put_plan(store, plan, 1000 - i, &err), CP_OK, "%s", err.message);
        cr_assert_eq(cp_store_get_plan(&got, &created, store, &arena, &err), CP_OK, "%s",
                     err.message);
        cr_assert_eq(created, 1000 - i);
        same(plan_text(plan), plan_text(got));
    }
    cr_assert_eq(cp_store_plan_count(store), CP_STORE_PLANS_KEPT);
}

Test(store, a_digest_is_valid_for_the_same_stamp_only) {
    cp_sha256 digest = cp_sha256_of(CP_STR("x")), got = {{0}};
    cp_str path = CP_STR("/a/b.py");
    cr_assert_eq(cp_store_file_digests_begin(store, &err), CP_OK);
    cr_assert_eq(cp_store_put_file_digest(store, path, 10, -5, UINT64_MAX, &digest, &err), CP_OK);
    cr_assert_eq(cp_store_file_digests_commit(store, &err), CP_OK);
    cr_assert(cp_store_get_file_digest(store, path, 10, -5, UINT64_MAX, &got));
    cr_assert(cp_sha256_eq(&got, &digest));
    cr_assert_not(cp_store_get_file_digest(store, path, 11, -5, UINT64_MAX, &got));
    cr_assert_not(cp_store_get_file_digest(store, path, 10, -4, UINT64_MAX, &got));
    cr_assert_not(cp_store_get_file_digest(store, path, 10, -5, 1, &got));
    cr_assert_not(cp_store_get_file_digest(store, CP_STR("/a/b"), 10, -5, UINT64_MAX, &got));
    cr_assert_eq(cp_store_file_digests_begin(store, &err), CP_OK);
    cr_assert_eq(cp_store_put_file_digest(store, path, 11, -5, 1, &digest, &err), CP_OK);
    cr_assert_eq(cp_store_put_facts(store, &(cp_facts){0}, &err), CP_EUSAGE, "inside a batch");
    cr_assert_eq(cp_store_file_digests_commit(store, &err), CP_OK);
    cr_assert(cp_store_get_file_digest(store, path, 11, -5, 1, &got));
    cr_assert_not(cp_store_get_file_digest(store, path, 10, -5, UINT64_MAX, &got));
}

Test(store, a_value_is_replaced_by_the_next_one_under_its_key) {
    cp_str value;
    cr_assert_eq(cp_store_put_value(store, CP_STR("build"), CP_STR("{}"), &err), CP_OK);
    cr_assert_eq(cp_store_put_value(store, CP_STR("build"), CP_STR("a\0b"), &err), CP_OK);
    cr_assert_eq(cp_store_get_value(&value, store, CP_STR("build"), &arena, &err), CP_OK);
    same(value, CP_STR("a\0b"));
}

static double seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// CPU time, so that other work on the machine does not matter; the bound is the target times ten,
// for sanitizer builds.
Test(store, ten_thousand_files_are_put_and_got_quickly) {
    const cp_facts *facts = fixture_facts(5, (fixture_sizes){10000, 5000, 40000}, &arena);
    put_facts(facts);
    double begin = seconds();
    put_facts(facts);
    double put = seconds() - begin;
    const cp_facts *got = NULL;
    begin = seconds();
    cr_assert_eq(cp_store_get_facts(&got, store, &arena, &err), CP_OK);
    double get = seconds() - begin;
    (void)fprintf(stderr, "put %.3f s, get %.3f s\n", put, get);
    cr_assert(put < 5.0 && get < 2.0, "put %.3f s, get %.3f s", put, get);
}

// Killed writers: the parent puts A, a child puts B and is killed somewhere on its way.
static void put_in_child_and_kill(cp_str path, const cp_facts *facts, useconds_t after) {
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        cp_store *mine = NULL;
        cp_err e = {0};
        if (cp_store_open(&mine, path, &e) != CP_OK || write(ready[1], "x", 1) != 1)
            _exit(1);
        cp_status status = cp_store_put_facts(mine, facts, &e);
        _exit(status == CP_OK ? 0 : 1);
    }
    cr_assert_gt(pid, 0);
    char byte;
    (void)close(ready[1]);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    (void)usleep(after);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    int status;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

Test(store, a_kill_at_any_point_leaves_the_old_or_the_new_facts) {
    fixture_sizes sizes = {1500, 800, 4000};
    const cp_facts *a = fixture_facts(6, sizes, &arena), *b = fixture_facts(7, sizes, &arena);
    cp_str text_a = fixture_facts_text(a, &arena), text_b = fixture_facts_text(b, &arena);
    cp_str path = cp_arena_fmt(&arena, "%s/.cloudpack/store.db", folder.p);
    struct timespec t0, t1;
    (void)clock_gettime(CLOCK_MONOTONIC, &t0);
    put_facts(a);
    (void)clock_gettime(CLOCK_MONOTONIC, &t1);
    double whole_us =
        (double)(t1.tv_sec - t0.tv_sec) * 1e6 + (double)(t1.tv_nsec - t0.tv_nsec) / 1e3;
    unsigned olds = 0, news = 0;
    for (unsigned i = 0; i < 30; i++) {
        put_facts(a);
        cp_store_cleanup(&store); // so that the child's log is what the next open recovers from
        put_in_child_and_kill(path, b, (useconds_t)(whole_us * 1.5 * i / 29));
        cr_assert_eq(cp_store_open(&store, path, &err), CP_OK, "%s", err.message);
        cp_str now = stored_facts();
        bool is_old = cp_str_eq(now, text_a), is_new = cp_str_eq(now, text_b);
        cr_assert(is_old || is_new, "a mixture after kill %u", i);
        olds += is_old;
        news += is_new;
    }
    (void)fprintf(stderr, "after 30 kills: %u old, %u new\n", olds, news);
}
