// problem_gen.h - random placement problems for tests: small ones with every kind of limit (to be
// enumerated), and realistic ones of a given size. Same seed, same problem, everywhere.
#pragma once

#include "model/check.h"

#include <math.h>

typedef struct gen_rng {
    uint64_t s;
} gen_rng;

// splitmix64: small, public domain, the same on every machine
static inline uint64_t gen_u64(gen_rng *r) {
    uint64_t z = (r->s += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline int64_t gen_int(gen_rng *r, int64_t low, int64_t high) {
    return low + (int64_t)(gen_u64(r) % (uint64_t)(high - low + 1));
}

static inline double gen_unit(gen_rng *r) {
    return (double)(gen_u64(r) >> 11) / 9007199254740992.0;
}

static inline double gen_normal(gen_rng *r) {
    double s = 0;
    for (int i = 0; i < 12; i++)
        s += gen_unit(r);
    return s - 6;
}

enum { GEN_TIERS = 6 };

static inline void gen_tiers(cp_problem *p, cp_arena *arena) {
    static const char *const names[GEN_TIERS] = {"bundle",  "layer", "efs",
                                                 "s3files", "s3",    "s3-demand"};
    cp_problem_tier *tiers = CP_ARENA_ARRAY(arena, cp_problem_tier, GEN_TIERS);
    for (uint32_t t = 0; t < GEN_TIERS; t++)
        tiers[t] = (cp_problem_tier){
            .name = cp_str_of(names[t]), .mount = t == 2 || t == 3, .stream = t == 4};
    p->tiers = tiers;
    p->tier_count = GEN_TIERS;
}

static inline void gen_small_head(cp_problem *p, gen_rng *r, cp_arena *arena) {
    p->name = CP_STR("small");
    gen_tiers(p, arena);
    cp_problem_tier *tiers = (cp_problem_tier *)(uintptr_t)p->tiers;
    for (uint32_t t = 1; t < GEN_TIERS; t++) {
        tiers[t].open_nusd = gen_int(r, 0, 1) * gen_int(r, 0, 3000);
        tiers[t].open_us = gen_int(r, 0, 1) * gen_int(r, 0, 3000);
        tiers[t].closed = gen_int(r, 0, 9) == 0;
    }
    p->objective = gen_int(r, 0, 2) ? CP_OBJECTIVE_COST : CP_OBJECTIVE_LATENCY;
    p->step = 1;
    p->platform_us = gen_int(r, 0, 500);
    p->init_us = gen_int(r, 0, 500);
    p->stream_start_us = gen_int(r, 0, 2000);
    p->init_nusd_per_ms = gen_int(r, 0, 2) * gen_int(r, 0, 1500);
}

static inline void gen_small_item(cp_problem_item *item, uint32_t j, gen_rng *r, cp_arena *arena) {
    cp_problem_choice *c = CP_ARENA_ARRAY(arena, cp_problem_choice, GEN_TIERS);
    *item = (cp_problem_item){
        .name = cp_arena_fmt(arena, "item%u", j), .initial = gen_int(r, 0, 3) > 0, .choices = c};
    for (uint32_t t = 0; t < GEN_TIERS; t++) {
        c[t].allowed = gen_int(r, 0, 4) > 0 || t == 0;
        c[t].nusd = gen_int(r, 0, 1000);
        c[t].import_us = gen_int(r, 0, 1000);
        c[t].stream_us = t == 4 ? gen_int(r, 0, 1500) : 0;
        c[t].first_us = item->initial ? 0 : gen_int(r, 0, 800);
        c[t].platform_us = t < 2 ? gen_int(r, 0, 100) : 0;
        for (uint32_t i = 0; i < 3; i++)
            c[t].use[i] = (i == 0) == (t < 2) ? gen_int(r, 0, 1000) : 0;
    }
    if (j > 0 && gen_int(r, 0, 3) == 0) {
        uint32_t *needs = CP_ARENA_ARRAY(arena, uint32_t, 1);
        needs[0] = (uint32_t)gen_int(r, 0, j - 1);
        item->needs = needs;
        item->need_count = 1;
    }
}

static inline int64_t gen_maybe(gen_rng *r, int64_t skip, int64_t low, int64_t high) {
    int64_t v = gen_int(r, low, high);
    return gen_int(r, 0, skip) == 0 ? CP_NO_LIMIT : v;
}

// One of `n` items and every row type; limits near the middle, so that some are infeasible.
static inline cp_problem *gen_small(uint64_t seed, uint32_t n, cp_arena *arena) {
    static const char *const row_names[] = {"unzipped", "memory", "tmp"};
    gen_rng r = {seed};
    cp_problem *p = CP_ARENA_NEW(arena, cp_problem);
    gen_small_head(p, &r, arena);
    cp_problem_item *items = CP_ARENA_ARRAY(arena, cp_problem_item, n);
    for (uint32_t j = 0; j < n; j++)
        gen_small_item(&items[j], j, &r, arena);
    p->items = items;
    p->item_count = n;
    cp_problem_row *rows = CP_ARENA_ARRAY(arena, cp_problem_row, 3);
    for (uint32_t i = 0; i < 3; i++)
        rows[i] = (cp_problem_row){.name = cp_str_of(row_names[i]),
                                   .unit = CP_STR("byte"),
                                   .fixed = gen_int(&r, 0, 50),
                                   .capacity = gen_maybe(&r, 4, n * 125, n * 500 + 50)};
    p->rows = rows;
    p->row_count = 3;
    p->init_limit_us = gen_maybe(&r, 1, n * 270, n * 1600);
    p->latency_limit_us = gen_maybe(&r, 1, n * 400, n * 1600);
    p->budget_nusd = gen_maybe(&r, 1, n * 250, n * 1500);
    return p;
}

typedef struct gen_asset {
    int64_t bytes;
    double import_us, use;
    bool initial, path;
} gen_asset;

static inline void gen_local(cp_problem_choice *c, const gen_asset *a) {
    for (uint32_t t = 0; t < 2; t++) {
        c[t].platform_us = (int64_t)((double)a->bytes / 1e6 * .35 * 6000);
        c[t].use[0] = a->bytes;
        c[t].import_us += a->initial ? a->bytes / 500 : 0;
    }
    c[0].nusd = a->bytes / 1024;
}

static inline void gen_mounts(cp_problem_choice *c, const gen_asset *a, double cold, double price) {
    double gb = (double)a->bytes / 1e9, wait = 5000 + (double)a->bytes / 78.0;
    for (uint32_t t = 2; t < 4; t++) {
        double stored = t == 2 ? .3e9 : .023e9, moved = t == 2 ? .03e9 : .0006e9;
        if (a->initial)
            c[t].import_us += (int64_t)wait;
        else
            c[t].first_us = (int64_t)(a->use * wait);
        c[t].nusd =
            (int64_t)(gb * stored + gb * moved * cold * a->use + (double)c[t].first_us * price);
    }
}

static inline void gen_s3(cp_problem_choice *c, const gen_asset *a, double cold, double price) {
    double gb = (double)a->bytes / 1e9, gets = (double)a->bytes / 2097152.0;
    double fetch = 30000 + (double)a->bytes / 78.0;
    c[4].stream_us = a->bytes / 78;
    c[4].import_us += a->initial ? a->bytes / 1000 : 0;
    c[4].nusd = (int64_t)(gb * .023e9 + gets * cold * 400);
    c[5].first_us = (int64_t)(a->use * fetch);
    c[5].nusd =
        (int64_t)(gb * .023e9 + (1 + gets) * cold * a->use * 400 + (double)c[5].first_us * price);
    c[4].use[1] = c[5].use[1] = a->bytes;
    c[4].use[2] = c[5].use[2] = a->bytes / 3;
}

static inline void gen_choices(cp_problem_choice *c, const gen_asset *a, double cold) {
    double price = 16.6667e-3 * .5 * cold; // nano-dollars a microsecond at 512 MB
    for (uint32_t t = 0; t < GEN_TIERS; t++)
        c[t] = (cp_problem_choice){.allowed = !(a->path && t > 1),
                                   .import_us = a->initial ? (int64_t)a->import_us : 0};
    c[a->initial ? 5 : 4].allowed = false;
    gen_local(c, a);
    gen_mounts(c, a, cold, price);
    gen_s3(c, a, cold, price);
}

// What optimize makes of a large package set: `n` assets, `megabytes` altogether, limits of a 512
// MB to 2 GB function, a latency limit `slack` times what a quick placement needs.
static inline cp_problem *gen_real(uint64_t seed, uint32_t n, double megabytes, cp_arena *arena) {
    gen_rng r = {seed * 7919 + 17};
    cp_problem *p = CP_ARENA_NEW(arena, cp_problem);
    p->name = cp_arena_fmt(arena, "real_%u_s%u", n, (unsigned)seed);
    gen_tiers(p, arena);
    cp_problem_tier *tiers = (cp_problem_tier *)(uintptr_t)p->tiers;
    double cold = exp(5 + 5 * gen_unit(&r));
    tiers[2].open_nusd = tiers[3].open_nusd = 32850000000;
    tiers[2].open_us = tiers[3].open_us = 300000;
    tiers[4].open_us = 15000;
    tiers[4].open_nusd = (int64_t)(cold * 400);
    cp_problem_row *rows = CP_ARENA_ARRAY(arena, cp_problem_row, 3);
    rows[0] = (cp_problem_row){CP_STR("unzipped"), CP_STR("byte"), 262144000, 600000};
    rows[1] = (cp_problem_row){CP_STR("memory"), CP_STR("byte"), INT64_C(1024) << 20, 90000000};
    rows[2] = (cp_problem_row){CP_STR("tmp"), CP_STR("byte"), INT64_C(512) << 20, 0};
    p->rows = rows;
    p->row_count = 3;
    gen_asset *assets = CP_ARENA_ARRAY(arena, gen_asset, n);
    double total = 0, *size = CP_ARENA_ARRAY(arena, double, n);
    for (uint32_t j = 0; j < n; j++)
        total += size[j] = exp(13 + 1.7 * gen_normal(&r) + (gen_unit(&r) < .08 ? 3 : 0));
    cp_problem_item *items = CP_ARENA_ARRAY(arena, cp_problem_item, n);
    int64_t imports = 0;
    for (uint32_t j = 0; j < n; j++) {
        gen_asset *a = &assets[j];
        a->bytes = (int64_t)(size[j] * megabytes * 1e6 / total) + 200;
        a->initial = j < n * 6 / 10;
        a->path = gen_unit(&r) < .1;
        a->import_us = a->initial ? exp(8.3 + 1.2 * gen_normal(&r)) : 0;
        a->use = a->initial ? 1 : gen_unit(&r) < .5 ? .001 : gen_unit(&r) * gen_unit(&r) * .5;
        imports += (int64_t)a->import_us;
        cp_problem_choice *c = CP_ARENA_ARRAY(arena, cp_problem_choice, GEN_TIERS);
        gen_choices(c, a, cold);
        items[j] = (cp_problem_item){
            .name = cp_arena_fmt(arena, "asset %u", j), .initial = a->initial, .choices = c};
        if (j > 3 && gen_unit(&r) < .15) {
            uint32_t *needs = CP_ARENA_ARRAY(arena, uint32_t, 1);
            needs[0] = (uint32_t)gen_int(&r, 0, j < 20 ? j - 1 : 19);
            items[j].needs = needs;
            items[j].need_count = 1;
        }
    }
    p->items = items;
    p->item_count = n;
    p->step = 1000; // a micro-dollar a month
    p->platform_us = 100000;
    p->init_us = 90000;
    p->stream_start_us = 60000;
    p->init_nusd_per_ms = (int64_t)(16.6667 * .5 * cold);
    p->init_limit_us = 10000000;
    // Local bytes hide half a second of download; the rest may hide behind the imports or wait.
    p->latency_limit_us = 700000 + imports + (int64_t)(gen_unit(&r) * megabytes * 8000);
    p->budget_nusd = CP_NO_LIMIT;
    return p;
}
