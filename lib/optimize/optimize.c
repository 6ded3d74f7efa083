#include "optimize/optimize.h"

#include "model/check.h"
#include "optimize/explain.h"
#include "optimize/formulate.h"
#include "optimize/group.h"

#include <string.h>

typedef struct stage {
    const cp_optimize_options *options;
    const cp_facts *facts;
    const cp_profile *profile;
    const cp_ctx *ctx;
    cp_arena *arena;
    cp_settings settings;
    cp_asset *assets;
    uint32_t count;
    const cp_problem *problem;
} stage;

static const cp_sink *sink_of(const stage *s) {
    return s->ctx ? s->ctx->sink : NULL;
}

// A problem from a file must be about these assets, in this order.
static cp_status take_problem(stage *s, const cp_problem *given, cp_err *err) {
    if (given->item_count != s->count || given->tier_count != CP_TIER_COUNT)
        return cp_fail(err, CP_EUSAGE,
                       "the given problem has %u items in %u tiers, the function has %u assets in "
                       "%d tiers",
                       given->item_count, given->tier_count, s->count, CP_TIER_COUNT);
    for (uint32_t t = 0; t < CP_TIER_COUNT; t++)
        if (!cp_str_is(given->tiers[t].name, cp_tier_id_name((cp_tier_id)t)))
            return cp_fail(err, CP_EUSAGE, "tier %u of the given problem is %.*s, must be %s", t,
                           CP_STR_ARG(given->tiers[t].name), cp_tier_id_name((cp_tier_id)t));
    for (uint32_t j = 0; j < s->count; j++)
        if (!cp_str_eq(given->items[j].name, s->assets[j].name)) {
            cp_fail(err, CP_EUSAGE,
                    "item %u of the given problem is \"%.*s\", the asset is \"%.*s\"", j,
                    CP_STR_ARG(given->items[j].name), CP_STR_ARG(s->assets[j].name));
            return cp_hint(err, "solve a problem by itself with `cloudpack solve`");
        }
    s->problem = given;
    return CP_OK;
}

static cp_status formulate(stage *s, cp_err *err) {
    CP_TRY(cp_settings_fill(&s->settings, s->options, s->facts, s->arena, err));
    if (!s->settings.set.region_known)
        cp_note(sink_of(s), "optimize", "no prices of %.*s are known: those of us-east-1 are used",
                CP_STR_ARG(s->settings.region));
    cp_group_options group = {.max_assets = s->settings.max_assets, .layers = s->settings.layers};
    CP_TRY(cp_group(&s->assets, &s->count, s->facts, s->profile, &s->settings.set.numbers, &group,
                    s->arena, err));
    double runtime_ms = s->profile ? s->profile->runtime_ms : 0;
    uint64_t memory = s->profile ? s->profile->peak_memory_bytes : 0;
    if (s->options->problem)
        CP_TRY(take_problem(s, s->options->problem, err));
    else
        s->problem = cp_formulate(&s->settings, s->assets, s->count, runtime_ms, memory, s->arena);
    if (s->options->dump_problem)
        cp_problem_to_json(s->options->dump_problem, s->problem);
    return CP_OK;
}

// Nobody can raise AWS's size limit: what helps is another place for the bytes.
static cp_status hint_size(const stage *s, cp_err *err) {
    uint32_t remote = CP_TIER_BIT(CP_TIER_S3_PREFETCH) | CP_TIER_BIT(CP_TIER_S3_DEMAND);
    if (!(s->settings.allowed_tiers & remote))
        return cp_hint(err, "name a bucket for what does not fit (`shelf: s3://bucket/prefix` in "
                            "cloudpack.yml, or --shelf), or import less");
    return cp_hint(err,
                   "what may only lie in the package is too large by itself: drop a requirement, "
                   "or import it inside the function that needs it");
}

static cp_status fail_infeasible(const stage *s, const cp_placement *p, cp_err *err) {
    CP_AUTOV(cp_buf) text = {.max = 900};
    cp_conflicts_text(&text, s->problem, p);
    cp_fail(err, CP_EINFEASIBLE, "infeasible: %s", text.p ? text.p : "");
    for (uint32_t i = 0; i < p->conflict_count; i++) {
        const cp_conflict *c = &p->conflicts[i];
        if (c->needed == CP_NO_LIMIT)
            continue;
        if (c->limit.kind == CP_LIMIT_TIERS)
            return cp_hint(err, "allow the tier %.*s",
                           CP_STR_ARG(s->problem->tiers[c->needed].name));
        if (cp_str_is(cp_limit_name(s->problem, c->limit), "unzipped"))
            return hint_size(s, err);
        CP_AUTOV(cp_buf) amount = {.max = 200};
        cp_limit_amount(&amount, cp_limit_unit(s->problem, c->limit), c->needed);
        cp_str name = cp_limit_name(s->problem, c->limit);
        if (c->limit.kind == CP_LIMIT_LATENCY)
            name = CP_STR("max_latency");
        return cp_hint(err, "raise %.*s to %s", CP_STR_ARG(name), amount.p);
    }
    return CP_EINFEASIBLE;
}

static cp_status solve_once(stage *s, cp_placement **out, const cp_problem *problem, cp_err *err) {
    cp_effort effort = s->options->effort;
    if (!effort.interrupted && s->ctx)
        effort.interrupted = s->ctx->interrupted;
    if (!effort.threads && s->ctx)
        effort.threads = s->ctx->threads;
    CP_TRY(cp_solve(out, problem, s->options->solver, &effort, s->arena, err));
    if ((*out)->status == CP_PLACEMENT_INFEASIBLE)
        return fail_infeasible(s, *out, err);
    if ((*out)->tier)
        return CP_OK;
    if (cp_interrupted(s->ctx))
        return cp_fail(err, CP_EINTR, "interrupted before a placement was found");
    cp_fail(err, CP_ECHECK, "solver %.*s found neither a placement nor a proof that there is none",
            CP_STR_ARG((*out)->solver));
    return cp_hint(err, "give it more time, or use the solver glpk");
}

// Least latency: many placements share it, so the cheapest of those is what is wanted.
static cp_status cheapest_of_fastest(stage *s, cp_placement **best, cp_err *err) {
    if (s->problem->objective != CP_OBJECTIVE_LATENCY || (*best)->status != CP_PLACEMENT_OPTIMAL)
        return CP_OK;
    cp_problem *second = CP_ARENA_NEW(s->arena, cp_problem);
    *second = *s->problem;
    second->objective = CP_OBJECTIVE_COST;
    second->step = 1000; // a micro-dollar a month
    second->latency_limit_us = (*best)->response_us;
    cp_placement *cheap = NULL;
    CP_TRY(cp_solve(&cheap, second, s->options->solver, &s->options->effort, s->arena, err));
    if (cheap->tier) {
        (*best)->tier = cheap->tier;
        (*best)->nusd = cheap->nusd;
        (*best)->solve_ms += cheap->solve_ms;
    }
    return CP_OK;
}

static void fill_plan(cp_plan *plan, stage *s, const cp_placement *p) {
    const cp_settings *set = &s->settings;
    double unit = s->problem->objective == CP_OBJECTIVE_COST ? 1e9 : 1e3;
    plan->status = cp_str_of(cp_placement_status_name(p->status));
    plan->objective_name =
        s->problem->objective == CP_OBJECTIVE_COST ? CP_STR("cost") : CP_STR("latency");
    plan->objective = (double)p->objective / unit;
    plan->bound = p->bound == INT64_MIN ? 0 : (double)p->bound / unit;
    plan->gap = p->bound == INT64_MIN ? 1 : p->gap;
    plan->solver = p->solver;
    plan->solve_ms = p->solve_ms;
    plan->model = s->profile ? CP_STR("profile") : CP_STR("static");
    plan->price_date = set->set.price_date;
    plan->region = cp_arena_str(s->arena, set->region);
    plan->memory_mb = set->memory_mb;
    plan->percentile = set->percentile;
    plan->max_latency_ms = s->options->max_latency_ms;
    plan->budget_usd_month = s->options->budget_usd_month;
    plan->traffic_month = set->traffic_month;
    plan->cold_starts_month = set->env.cold_starts_month;
}

static void fill_assets(cp_plan *plan, stage *s, const cp_placement *p) {
    for (uint32_t j = 0; j < s->count; j++)
        s->assets[j].tier = (cp_tier_id)p->tier[j];
    for (uint32_t j = 0; j < s->count; j++) {
        s->assets[j].why = cp_why(&s->settings, s->problem, s->assets, j, s->arena);
        *(cp_tiers[s->assets[j].tier]->local ? &plan->local_bytes : &plan->remote_bytes) +=
            s->assets[j].bytes;
    }
    plan->assets = s->assets;
    plan->asset_count = s->count;
    plan->fit = cp_fit_of(s->assets, s->count);
    cp_predict(&plan->predicted, &s->settings, s->problem, s->assets, s->count, s->arena);
    plan->digest = cp_plan_digest(plan, s->facts, s->arena);
}

cp_status cp_optimize(cp_plan **out, const cp_optimize_options *options, const cp_facts *facts,
                      const cp_profile *profile, const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    stage s = {.options = options, .facts = facts, .profile = profile, .ctx = ctx, .arena = arena};
    CP_TRY(formulate(&s, err));
    cp_step(sink_of(&s), "optimize", "placing %u assets of %u files", s.count, facts->file_count);
    cp_placement *placement = NULL;
    CP_TRY(solve_once(&s, &placement, s.problem, err));
    CP_TRY(cheapest_of_fastest(&s, &placement, err));
    cp_plan *plan = CP_ARENA_NEW(arena, cp_plan);
    fill_plan(plan, &s, placement);
    fill_assets(plan, &s, placement);
    *out = plan;
    return CP_OK;
}
