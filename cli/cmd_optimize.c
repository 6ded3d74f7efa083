#include "session.h"
#include "text.h"

#include "core/file.h"
#include "core/path.h"
#include "data/jsonw.h"
#include "optimize/optimize.h"

#include <string.h>

enum { LARGEST_INPUT = 256 << 20 };

struct options {
    const char *minimize;
    const char *solver;
    const char *time_limit;
    const char *prices;
    const char *dump_problem;
    const char *problem;
};

static void add_cells(cp_table *t, const char *first, cp_str second, cp_str third) {
    cp_table_add(t, cp_str_of(first));
    cp_table_add(t, second);
    cp_table_add(t, third);
}

static void print_tiers(cp_arena *arena, const cp_plan *plan) {
    cp_table table;
    cp_table_start(&table, arena, 3);
    add_cells(&table, "tier", CP_STR("assets"), CP_STR("size"));
    for (unsigned t = 0; t < CP_TIER_COUNT; t++) {
        uint64_t assets = 0, bytes = 0;
        for (uint32_t i = 0; i < plan->asset_count; i++) {
            assets += plan->assets[i].tier == t;
            bytes += plan->assets[i].tier == t ? plan->assets[i].bytes : 0;
        }
        if (assets)
            add_cells(&table, cp_tier_id_name((cp_tier_id)t), cp_text_count(arena, assets),
                      cp_text_bytes(arena, bytes));
    }
    CP_AUTOV(cp_buf) out = {0};
    cp_table_render(&table, &out, 2);
    (void)printf("%s\n", out.p);
}

static void print(cp_cli *cli, const cp_plan *plan) {
    cp_arena *a = cli->arena;
    const cp_prediction *p = &plan->predicted;
    (void)printf("%.*s (%.*s, gap %.2g, %.*s in %.0f ms): %.*s\n\n", CP_STR_ARG(plan->status),
                 CP_STR_ARG(plan->objective_name), plan->gap, CP_STR_ARG(plan->solver),
                 plan->solve_ms, CP_STR_ARG(plan->fit));
    print_tiers(a, plan);
    (void)printf("  predicted cold response: %.*s median, %.*s at p95, %.*s at p99 (init %.*s)\n",
                 CP_STR_ARG(cp_text_ms(a, p->p50_ms)), CP_STR_ARG(cp_text_ms(a, p->p95_ms)),
                 CP_STR_ARG(cp_text_ms(a, p->p99_ms)), CP_STR_ARG(cp_text_ms(a, p->init_ms)));
    (void)printf(
        "  predicted cost a month:  %.*s = compute %.*s + storage %.*s + requests %.*s + transfer "
        "%.*s + fixed %.*s\n",
        CP_STR_ARG(cp_text_usd(a, p->usd_month)), CP_STR_ARG(cp_text_usd(a, p->usd_compute)),
        CP_STR_ARG(cp_text_usd(a, p->usd_storage)), CP_STR_ARG(cp_text_usd(a, p->usd_requests)),
        CP_STR_ARG(cp_text_usd(a, p->usd_transfer)), CP_STR_ARG(cp_text_usd(a, p->usd_fixed)));
    (void)printf("  %.0f invocations and %.0f cold starts a month, %u MB, %.*s; prices of %.*s; "
                 "model: %.*s\n",
                 plan->traffic_month, plan->cold_starts_month, plan->memory_mb,
                 CP_STR_ARG(plan->region), CP_STR_ARG(plan->price_date), CP_STR_ARG(plan->model));
}

static cp_status choose_objective(cp_objective *out, const cp_config *c, const char *word,
                                  cp_err *err) {
    // With only a budget, the question is what latency it buys.
    *out = c->budget_usd_month > 0 && c->max_latency_ms <= 0 ? CP_OBJECTIVE_LATENCY
                                                             : CP_OBJECTIVE_COST;
    if (!word)
        return CP_OK;
    if (strcmp(word, "cost") != 0 && strcmp(word, "latency") != 0)
        return cp_fail(err, CP_EUSAGE, "--minimize %s: cost or latency", word);
    *out = strcmp(word, "latency") == 0 ? CP_OBJECTIVE_LATENCY : CP_OBJECTIVE_COST;
    return CP_OK;
}

static uint32_t allowed_tiers(const cp_config *c) {
    uint32_t bits = 0;
    for (unsigned t = 0; t < CP_TIER_COUNT; t++)
        if (cp_config_allows_tier(c, cp_str_of(cp_tier_id_name((cp_tier_id)t))))
            bits |= 1u << t;
    return bits;
}

static void take_config(cp_optimize_options *o, const cp_config *c) {
    o->max_latency_ms = c->max_latency_ms;
    o->budget_usd_month = c->budget_usd_month;
    o->percentile = (uint32_t)(c->percentile + 0.5);
    o->memory_mb = (uint32_t)c->memory_mb;
    o->region = c->region;
    o->traffic_month = c->traffic_month;
    o->cold_start_fraction = c->cold_start_fraction;
    o->allowed_tiers = allowed_tiers(c);
    o->max_assets = (uint32_t)c->assets_max;
    o->first_byte_ms = c->network_first_byte_ms;
    o->bandwidth_mb_s = c->network_bandwidth_mb_s;
    o->attached_bytes = c->layers_attached_bytes;
    o->attached_layers = (uint32_t)c->layers_attached.n;
    o->tmp_bytes = c->ephemeral_mb << 20;
}

static cp_status read_inputs(cp_optimize_options *o, cp_cli *cli, const struct options *flags,
                             cp_err *err) {
    o->solver = cp_str_of(flags->solver);
    o->effort.interrupted = cli->ctx.interrupted;
    CP_TRY(cp_session_seconds(&o->effort.seconds, flags->time_limit, err));
    CP_TRY(choose_objective(&o->objective, &cli->config, flags->minimize, err));
    if (flags->prices) {
        CP_TRY(cp_file_read(&o->prices_json, cli->arena, cp_str_of(flags->prices), LARGEST_INPUT,
                            err));
        o->prices_name = flags->prices;
    }
    if (!flags->problem)
        return CP_OK;
    cp_str text;
    cp_problem *problem;
    CP_TRY(cp_file_read(&text, cli->arena, cp_str_of(flags->problem), LARGEST_INPUT, err));
    CP_TRY(cp_problem_from_json(&problem, text, flags->problem, cli->arena, err));
    o->problem = problem;
    return CP_OK;
}

static cp_status optimize(cp_plan **plan, cp_cli *cli, const struct options *flags, cp_store *store,
                          cp_err *err) {
    const cp_facts *facts;
    CP_TRY(cp_store_get_facts(&facts, store, cli->arena, err));
    const cp_profile *profile;
    CP_TRY(cp_session_profile(&profile, cli, store, facts, err));
    cp_optimize_options o = {0};
    take_config(&o, &cli->config);
    CP_TRY(read_inputs(&o, cli, flags, err));
    CP_AUTOV(cp_buf) problem = {0};
    if (flags->dump_problem)
        o.dump_problem = &problem;
    cp_status status = cp_optimize(plan, &o, facts, profile, &cli->ctx, cli->arena, err);
    if (flags->dump_problem && problem.n) {
        cp_err write_err = {0};
        if (cp_file_write(cp_str_of(flags->dump_problem), cp_buf_str(&problem), &write_err) !=
                CP_OK &&
            status == CP_OK) {
            *err = write_err;
            return err->status;
        }
    }
    return status;
}

static void print_infeasible(cp_cli *cli, const cp_err *err) {
    CP_AUTOV(cp_buf) out = {0};
    cp_jsonw w = {.buf = &out, .indent = 2};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "format", CP_STR("cloudpack.plan/1"));
    cp_jsonw_str(&w, "status", CP_STR("infeasible"));
    cp_jsonw_array(&w, "conflict");
    cp_jsonw_str(&w, NULL, cp_str_of(err->message));
    cp_jsonw_end(&w);
    cp_jsonw_end(&w);
    cp_session_print(cli, cp_buf_str(&out));
}

static cp_status keep(cp_cli *cli, cp_store *store, const cp_plan *plan, cp_str json, cp_err *err) {
    CP_TRY(cp_dir_make(cli->work, err)); // --store may have made one elsewhere only
    CP_TRY(cp_store_put_plan(store, plan, cp_session_now_ms(), err));
    return cp_file_write(cp_path_join(cli->arena, cli->work, CP_STR("plan.json")), json, err);
}

static cp_status run(cp_cli *cli, const void *opaque, int argc, char *const argv[], cp_err *err) {
    (void)argc, (void)argv;
    CP_TRY(cp_config_check(&cli->config, err));
    CP_AUTO(cp_store) store = NULL;
    CP_TRY(cp_session_store(&store, cli, err));
    cp_plan *plan;
    cp_status status = optimize(&plan, cli, opaque, store, err);
    if (status == CP_EINFEASIBLE && cli->json)
        print_infeasible(cli, err);
    CP_TRY(status);
    CP_AUTOV(cp_buf) out = {0};
    cp_plan_to_json(&out, plan);
    bool cut = cp_interrupted(&cli->ctx) && !cp_str_is(plan->status, "optimal");
    if (!cut)
        CP_TRY(keep(cli, store, plan, cp_buf_str(&out), err));
    if (cli->json)
        cp_session_print(cli, cp_buf_str(&out));
    else
        print(cli, plan);
    if (!cut)
        return CP_OK;
    cp_fail(err, CP_EINTR, "interrupted: this is the best placement so far; it was not kept");
    return cp_hint(err, "--time-limit stops after a while and keeps it");
}

static const cp_opt opts[] = {
    {"max-latency", 0, CP_OPT_CONFIG, 0, "max_latency", "TIME",
     "limit of the cold response at the percentile, as 800ms"},
    {"budget", 0, CP_OPT_CONFIG, 0, "budget", "MONEY", "limit of the monthly cost, as 5usd/month"},
    {"percentile", 0, CP_OPT_CONFIG, 0, "percentile", "P",
     "which quantile the latency limit is about"},
    {"memory", 0, CP_OPT_CONFIG, 0, "memory_mb", "MB", "memory of the function"},
    {"region", 0, CP_OPT_CONFIG, 0, "region", "NAME", "AWS Region, for the prices"},
    {"traffic", 0, CP_OPT_CONFIG, 0, "traffic", "RATE", "invocations, as 1000000/month"},
    {"tiers", 0, CP_OPT_CONFIG, 0, "tiers", "LIST", "tiers that may be used, as bundle,layer,s3"},
    {"shelf", 0, CP_OPT_CONFIG, 0, "shelf", "URL", "where S3 packs live, as s3://bucket/prefix"},
    {"minimize", 0, CP_OPT_STRING, offsetof(struct options, minimize), NULL, "WHAT",
     "cost or latency (default: latency when only a budget is given)"},
    {"solver", 0, CP_OPT_STRING, offsetof(struct options, solver), NULL, "NAME", "glpk or greedy"},
    {"time-limit", 0, CP_OPT_STRING, offsetof(struct options, time_limit), NULL, "TIME",
     "stop with the best placement and its proved bound (default: 20s)"},
    {"prices", 0, CP_OPT_STRING, offsetof(struct options, prices), NULL, "FILE",
     "price data to use instead of the built-in one"},
    {"dump-problem", 0, CP_OPT_STRING, offsetof(struct options, dump_problem), NULL, "FILE",
     "also write the bare problem"},
    {"problem", 0, CP_OPT_STRING, offsetof(struct options, problem), NULL, "FILE",
     "solve this problem in place of the formulated one (same assets)"},
};

extern const cp_cmd cp_cmd_optimize;
const cp_cmd cp_cmd_optimize = {
    .name = "optimize",
    .synopsis = "",
    .summary = "choose a tier for every asset, provably best under the limits",
    .options = opts,
    .option_count = sizeof opts / sizeof *opts,
    .options_size = sizeof(struct options),
    .max_operands = 0,
    .json = true,
    .run = run,
};
