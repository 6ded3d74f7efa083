#include "optimize/formulate.h"

#include <math.h>

enum { ROW_UNZIPPED, ROW_MEMORY, ROW_TMP, ROW_FIRST_USE, ROW_COUNT };

// The catalog, the boot module and the runtime in the function zip, and what a file costs in the
// catalog (catalog.h: a member of 96 bytes, its names, its slots).
#define OVERHEAD_BYTES (512 * 1024)
#define OVERHEAD_FILE_BYTES 400
/// A micro-dollar a month and ten microseconds: far below what prices and clocks know.
#define STEP_NUSD 1000
#define STEP_US 10
/// An interpreter with the runtime client, when no profile has measured the function.
#define BASE_MEMORY_BYTES (60 * 1024 * 1024)

// Rounded up, and never beyond what a problem may hold.
static int64_t whole(double v) {
    double up = ceil(v - 1e-6);
    if (!(up > 0))
        return 0;
    return up < (double)CP_PROBLEM_NUMBER_MAX ? (int64_t)up : CP_PROBLEM_NUMBER_MAX;
}

static cp_tier_use use_of(const cp_asset *a) {
    return (cp_tier_use){.bytes = a->bytes,
                         .zipped_bytes = a->zipped_bytes,
                         .files = a->file_count,
                         .initial = a->initial,
                         .probability = a->use_probability};
}

static void fill_choice(cp_problem_choice *c, const cp_settings *s, const cp_asset *a,
                        cp_tier_id tier) {
    const cp_tier *t = cp_tiers[tier];
    cp_tier_use use = use_of(a);
    cp_tier_cost cost = t->cost(&use, &s->env);
    cp_tier_time time = t->time(&use, &s->env);
    double first = time.fetch * a->use_probability;
    c->allowed = true;
    c->nusd =
        whole((cost.storage + cost.requests + cost.transfer + first * s->usd_per_init_ms) * 1e9);
    if (tier == CP_TIER_BUNDLE)
        c->nusd += (int64_t)(a->bytes / 1024);
    c->import_us = a->initial ? whole((time.import + a->import_ms) * s->init_factor * 1e3) : 0;
    c->stream_us = whole(time.stream * s->init_factor * 1e3);
    c->first_us = whole(first * s->init_factor * 1e3);
    c->platform_us = whole(time.platform * s->platform_factor * 1e3);
    if (t->local)
        c->use[ROW_UNZIPPED] = (int64_t)a->bytes;
    if (t->memory) {
        c->use[ROW_MEMORY] = (int64_t)a->bytes;
        c->use[ROW_TMP] = (int64_t)a->bytes;
    }
    c->use[ROW_FIRST_USE] = c->first_us;
}

static const cp_problem_tier *make_tiers(const cp_settings *s, cp_arena *arena) {
    cp_problem_tier *tiers = CP_ARENA_ARRAY(arena, cp_problem_tier, CP_TIER_COUNT);
    for (uint32_t t = 0; t < CP_TIER_COUNT; t++)
        tiers[t] = (cp_problem_tier){
            .name = cp_str_of(cp_tiers[t]->name),
            .open_nusd = whole(cp_tiers[t]->open_usd(&s->env) * 1e9),
            .open_us = whole(cp_tiers[t]->open_ms(&s->env) * s->init_factor * 1e3),
            .stream = cp_tiers[t]->stream,
            .mount = cp_tiers[t]->mount,
            .closed = !(s->allowed_tiers & CP_TIER_BIT(t))};
    return tiers;
}

static const cp_problem_row *make_rows(const cp_settings *s, uint64_t files,
                                       uint64_t baseline_bytes, cp_arena *arena) {
    cp_problem_row *rows = CP_ARENA_ARRAY(arena, cp_problem_row, ROW_COUNT);
    uint64_t memory = (uint64_t)s->memory_mb << 20;
    uint64_t base = baseline_bytes ? baseline_bytes : BASE_MEMORY_BYTES;
    rows[ROW_UNZIPPED] = (cp_problem_row){
        CP_STR("unzipped"), CP_STR("byte"), (int64_t)s->unzipped_bytes,
        (int64_t)(s->options->attached_bytes + OVERHEAD_BYTES + OVERHEAD_FILE_BYTES * files)};
    // A function that does not fit by itself is not ours to refuse: only what we add counts.
    rows[ROW_MEMORY] = (cp_problem_row){CP_STR("memory"), CP_STR("byte"), (int64_t)memory,
                                        (int64_t)(base < memory ? base : memory)};
    rows[ROW_TMP] = (cp_problem_row){CP_STR("tmp"), CP_STR("byte"), (int64_t)s->tmp_bytes, 0};
    rows[ROW_FIRST_USE] = (cp_problem_row){
        CP_STR("first-use"), CP_STR("us"),
        s->options->max_first_use_ms > 0 ? whole(s->options->max_first_use_ms * 1e3) : CP_NO_LIMIT,
        0};
    return rows;
}

static const cp_problem_item *make_items(const cp_settings *s, const cp_asset *assets,
                                         uint32_t count, cp_arena *arena) {
    cp_problem_item *items = CP_ARENA_ARRAY(arena, cp_problem_item, count);
    for (uint32_t j = 0; j < count; j++) {
        cp_problem_choice *c = CP_ARENA_ARRAY(arena, cp_problem_choice, CP_TIER_COUNT);
        for (uint32_t t = 0; t < CP_TIER_COUNT; t++)
            if (assets[j].allowed & CP_TIER_BIT(t))
                fill_choice(&c[t], s, &assets[j], (cp_tier_id)t);
        items[j] = (cp_problem_item){.name = assets[j].name,
                                     .initial = assets[j].initial,
                                     .choices = c,
                                     .needs = assets[j].needs,
                                     .need_count = assets[j].need_count};
    }
    return items;
}

cp_problem *cp_formulate(const cp_settings *s, const cp_asset *assets, uint32_t count,
                         double runtime_ms, uint64_t baseline_bytes, cp_arena *arena) {
    const cp_numbers *n = &s->set.numbers;
    cp_problem *p = CP_ARENA_NEW(arena, cp_problem);
    uint64_t files = 0;
    for (uint32_t j = 0; j < count; j++)
        files += assets[j].file_count;
    p->name = cp_arena_fmt(arena, "p%u times, %.*s prices of %.*s", s->percentile,
                           CP_STR_ARG(s->region), CP_STR_ARG(s->set.price_date));
    p->objective = s->options->objective;
    p->step = p->objective == CP_OBJECTIVE_COST ? STEP_NUSD : STEP_US;
    p->tiers = make_tiers(s, arena);
    p->tier_count = CP_TIER_COUNT;
    p->rows = make_rows(s, files, baseline_bytes, arena);
    p->row_count = ROW_COUNT;
    p->items = make_items(s, assets, count, arena);
    p->item_count = count;
    p->platform_us = whole(n->platform_ms * s->platform_factor * 1e3);
    p->init_us = whole((runtime_ms > 0 ? runtime_ms : n->runtime_init_ms) * s->init_factor * 1e3);
    p->stream_start_us = whole((n->s3_connect_ms + s->env.first_byte_ms) * s->init_factor * 1e3);
    p->init_nusd_per_ms = whole(s->usd_per_init_ms / s->init_factor * 1e9);
    p->init_limit_us = whole(n->init_ms * 1e3);
    p->latency_limit_us =
        s->options->max_latency_ms > 0 ? whole(s->options->max_latency_ms * 1e3) : CP_NO_LIMIT;
    p->budget_nusd =
        s->options->budget_usd_month > 0 ? whole(s->options->budget_usd_month * 1e9) : CP_NO_LIMIT;
    return p;
}

static void add_money(cp_prediction *out, const cp_settings *s, const cp_asset *assets,
                      uint32_t count) {
    uint32_t used = 0;
    for (uint32_t j = 0; j < count; j++) {
        cp_tier_use use = use_of(&assets[j]);
        const cp_tier *t = cp_tiers[assets[j].tier];
        cp_tier_cost c = t->cost(&use, &s->env);
        out->usd_storage += c.storage;
        out->usd_requests += c.requests;
        out->usd_transfer += c.transfer;
        out->usd_compute +=
            t->time(&use, &s->env).fetch * assets[j].use_probability * s->usd_per_init_ms;
        used |= CP_TIER_BIT(assets[j].tier);
    }
    for (uint32_t t = 0; t < CP_TIER_COUNT; t++)
        if (used & CP_TIER_BIT(t))
            out->usd_fixed += cp_tiers[t]->open_usd(&s->env);
}

void cp_predict(cp_prediction *out, const cp_settings *s, const cp_problem *problem,
                const cp_asset *assets, uint32_t count, cp_arena *arena) {
    *out = (cp_prediction){0};
    uint8_t *tier = CP_ARENA_ARRAY(arena, uint8_t, count);
    for (uint32_t j = 0; j < count; j++)
        tier[j] = (uint8_t)assets[j].tier;
    cp_check check;
    cp_check_placement(&check, problem, tier, arena);
    double platform = (double)check.platform_us / 1e3 / s->platform_factor;
    double rest = (double)(check.init_us + check.first_us) / 1e3 / s->init_factor;
    const cp_numbers *n = &s->set.numbers;
    const uint32_t percentiles[] = {50, 95, 99};
    double *const quantiles[] = {&out->p50_ms, &out->p95_ms, &out->p99_ms};
    for (int i = 0; i < 3; i++)
        *quantiles[i] = platform * cp_quantile_factor(percentiles[i], n->spread_platform) +
                        rest * cp_quantile_factor(percentiles[i], n->spread_init);
    out->init_ms = (double)check.init_us / 1e3 / s->init_factor;
    out->usd_compute = out->init_ms * s->usd_per_init_ms;
    add_money(out, s, assets, count);
    out->usd_month = out->usd_storage + out->usd_requests + out->usd_transfer + out->usd_compute +
                     out->usd_fixed;
}
