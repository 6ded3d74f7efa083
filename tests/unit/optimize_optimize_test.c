// The whole stage on facts made by hand: the three cases, infeasible limits with what they would
// have to be, plans that survive their JSON, and determinism.
#include "facts_gen.h"
#include "optimize/formulate.h"
#include "optimize/optimize.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static cp_plan *plan_of(const cp_facts *f, cp_optimize_options options, cp_arena *arena) {
    cp_err err = {0};
    cp_plan *plan = NULL;
    cr_assert_eq(cp_optimize(&plan, &options, f, NULL, NULL, arena, &err), CP_OK, "%s",
                 err.message);
    return plan;
}

static cp_tier_id tier_of(const cp_plan *plan, const cp_facts *f, const char *rel) {
    uint32_t file = cp_facts_find_file(f, CP_ROOT_SITE, cp_str_of(rel));
    for (uint32_t j = 0; j < plan->asset_count; j++)
        for (uint32_t k = 0; k < plan->assets[j].file_count; k++)
            if (plan->assets[j].files[k] == file)
                return plan->assets[j].tier;
    return CP_TIER_COUNT;
}

Test(optimize, what_fits_stays_local_third_parties_in_the_layer) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 1);
    cp_plan *plan = plan_of(f, (cp_optimize_options){0}, &arena);
    cr_assert(cp_str_is(plan->status, "optimal"));
    cr_assert(cp_str_is(plan->fit, "fits locally"), "%s", plan->fit.p);
    cr_assert_eq(tier_of(plan, f, "num/core.so"), CP_TIER_LAYER);
    cr_assert_eq(tier_of(plan, f, "num-1.0.dist-info/METADATA"), CP_TIER_LAYER);
    cr_assert_eq(plan->assets[0].tier, CP_TIER_BUNDLE);
    cr_assert_eq(plan->remote_bytes, 0);
    cr_assert(cp_str_is(plan->model, "static"));
    cr_assert(plan->predicted.p50_ms > 150 && plan->predicted.p50_ms < plan->predicted.p95_ms);
    cr_assert(plan->predicted.p95_ms < plan->predicted.p99_ms);
    for (uint32_t j = 0; j < plan->asset_count; j++)
        cr_assert(plan->assets[j].why.n > 10);
}

Test(optimize, five_attached_layers_leave_the_bundle_only) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 1);
    cp_plan *plan = plan_of(f, (cp_optimize_options){.attached_layers = 5}, &arena);
    for (uint32_t j = 0; j < plan->asset_count; j++)
        cr_assert_eq(plan->assets[j].tier, CP_TIER_BUNDLE);
}

Test(optimize, what_does_not_fit_goes_to_s3_and_the_local_limit_is_kept) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 18); // 54 + 144 + 108 + 162*0.3 MB
    cp_plan *plan = plan_of(f, (cp_optimize_options){.memory_mb = 2048}, &arena);
    cr_assert(cp_str_is(plan->status, "optimal"));
    cr_assert(cp_str_is(plan->fit, "local + asynchronous S3"), "%s", plan->fit.p);
    cr_assert(plan->local_bytes <= 262144000);
    cr_assert(plan->remote_bytes > 0);
    cr_assert_eq(tier_of(plan, f, "num/table.txt"), CP_TIER_LAYER);
    cr_assert_eq(tier_of(plan, f, "num/core.so"), CP_TIER_LAYER);
}

Test(optimize, without_s3_the_mount_takes_the_difference) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 18);
    uint32_t tiers = CP_TIER_BIT(CP_TIER_BUNDLE) | CP_TIER_BIT(CP_TIER_LAYER) |
                     CP_TIER_BIT(CP_TIER_EFS) | CP_TIER_BIT(CP_TIER_S3FILES);
    cp_plan *plan = plan_of(f, (cp_optimize_options){.allowed_tiers = tiers}, &arena);
    cr_assert(cp_str_is(plan->fit, "mount for the difference"));
    cr_assert(plan->predicted.usd_fixed > 32); // the NAT gateway
    cp_plan *inside =
        plan_of(f, (cp_optimize_options){.allowed_tiers = tiers, .in_vpc = true}, &arena);
    cr_assert(inside->predicted.usd_fixed < 0.001);
}

Test(optimize, infeasible_names_the_limits_and_what_they_would_have_to_be) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 18);
    cp_err err = {0};
    cp_plan *plan = NULL;
    cp_optimize_options options = {.allowed_tiers =
                                       CP_TIER_BIT(CP_TIER_BUNDLE) | CP_TIER_BIT(CP_TIER_LAYER)};
    cr_assert_eq(cp_optimize(&plan, &options, f, NULL, NULL, &arena, &err), CP_EINFEASIBLE);
    cr_assert_not_null(strstr(err.message, "unzipped"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, "262,144,000"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, "would be enough"), "%s", err.message);
    cr_assert(err.hint[0] != '\0');
    options = (cp_optimize_options){.max_latency_ms = 50};
    cr_assert_eq(cp_optimize(&plan, &options, f, NULL, NULL, &arena, &err), CP_EINFEASIBLE);
    cr_assert_not_null(strstr(err.message, "latency is 50.000 ms"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, "would have to be"), "%s", err.message);
}

Test(optimize, the_named_value_is_enough_and_one_microsecond_less_is_not) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 10);
    cp_err err = {0};
    cp_plan *plan = NULL;
    CP_AUTOV(cp_buf) dump = {0};
    cp_optimize_options options = {.max_latency_ms = 100, .dump_problem = &dump};
    cr_assert_eq(cp_optimize(&plan, &options, f, NULL, NULL, &arena, &err), CP_EINFEASIBLE);
    cp_problem *p = NULL;
    cr_assert_eq(cp_problem_from_json(&p, cp_buf_str(&dump), "dump", &arena, &err), CP_OK);
    cp_placement *s = NULL;
    cr_assert_eq(cp_solve(&s, p, CP_STR(""), NULL, &arena, &err), CP_OK);
    cr_assert_eq(s->status, CP_PLACEMENT_INFEASIBLE);
    cr_assert_eq(s->conflict_count, 1);
    cr_assert(s->conflicts[0].proved);
    p->latency_limit_us = s->conflicts[0].needed;
    cr_assert_eq(cp_solve(&s, p, CP_STR(""), NULL, &arena, &err), CP_OK);
    cr_assert_eq(s->status, CP_PLACEMENT_OPTIMAL);
    p->latency_limit_us--;
    cr_assert_eq(cp_solve(&s, p, CP_STR(""), NULL, &arena, &err), CP_OK);
    cr_assert_eq(s->status, CP_PLACEMENT_INFEASIBLE);
}

Test(optimize, a_tighter_latency_limit_is_kept_at_the_percentile) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 18);
    cp_optimize_options options = {
        .memory_mb = 2048, .objective = CP_OBJECTIVE_LATENCY, .percentile = 99};
    cp_plan *fast = plan_of(f, options, &arena);
    double least = fast->predicted.p99_ms;
    cr_assert(fabs(fast->objective - least) < 1, "%f %f", fast->objective, least);
    options.objective = CP_OBJECTIVE_COST;
    options.max_latency_ms = least * 1.05;
    cp_plan *cheap = plan_of(f, options, &arena);
    cr_assert(cheap->predicted.p99_ms <= least * 1.05 + 0.01);
    cr_assert(cheap->predicted.usd_month <= fast->predicted.usd_month + 1e-6);
}

Test(optimize, plans_survive_their_json_and_know_their_facts) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 18);
    cp_plan *plan = plan_of(f, (cp_optimize_options){.memory_mb = 2048}, &arena), *again = NULL;
    CP_AUTOV(cp_buf) first = {0}, second = {0};
    cp_err err = {0};
    cp_plan_to_json(&first, plan);
    cr_assert_eq(cp_plan_from_json(&again, cp_buf_str(&first), "plan.json", f, &arena, &err), CP_OK,
                 "%s", err.message);
    cp_plan_to_json(&second, again);
    cr_assert(cp_str_eq(cp_buf_str(&first), cp_buf_str(&second)));
    gen_facts other = {.arena = &arena};
    const cp_facts *changed = gen_numeric(&other, 17);
    cr_assert_eq(cp_plan_from_json(&again, cp_buf_str(&first), "plan.json", changed, &arena, &err),
                 CP_ESTALE);
    cr_assert(err.hint[0] != '\0');
    char *tier = strstr(first.p, "\"tier\": \"layer\"");
    cr_assert_not_null(tier);
    memcpy(tier, "\"tier\": \"lXyer\"", 15);
    cr_assert_eq(cp_plan_from_json(&again, cp_buf_str(&first), "plan.json", f, &arena, &err),
                 CP_EFORMAT);
    cr_assert_not_null(strstr(err.message, "/assets/"), "%s", err.message);
}

Test(optimize, same_input_gives_the_same_plan) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts a = {.arena = &arena}, b = {.arena = &arena};
    cp_plan *one = plan_of(gen_numeric(&a, 18), (cp_optimize_options){.memory_mb = 2048}, &arena);
    cp_plan *two = plan_of(gen_numeric(&b, 18), (cp_optimize_options){.memory_mb = 2048}, &arena);
    cr_assert(cp_str_eq(one->digest, two->digest));
    one->solve_ms = two->solve_ms = 0;
    CP_AUTOV(cp_buf) first = {0}, second = {0};
    cp_plan_to_json(&first, one);
    cp_plan_to_json(&second, two);
    cr_assert(cp_str_eq(cp_buf_str(&first), cp_buf_str(&second)));
}

Test(optimize, nonsense_options_are_refused) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 1);
    const cp_optimize_options bad[] = {{.percentile = 101},
                                       {.memory_mb = 64},
                                       {.max_latency_ms = -1},
                                       {.max_latency_ms = NAN},
                                       {.budget_usd_month = INFINITY},
                                       {.cold_start_fraction = 1.5},
                                       {.allowed_tiers = 1u << 30},
                                       {.max_assets = 2},
                                       {.solver = CP_LIT("magic")}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cp_err err = {0};
        cp_plan *plan = NULL;
        cr_assert_eq(cp_optimize(&plan, &bad[i], f, NULL, NULL, &arena, &err), CP_EUSAGE, "%zu", i);
        cr_assert(err.message[0] != '\0');
    }
}

Test(optimize, a_given_problem_must_be_about_these_assets) {
    CP_AUTOV(cp_arena) arena = {0};
    gen_facts gen = {.arena = &arena}, other = {.arena = &arena};
    const cp_facts *f = gen_numeric(&gen, 1);
    CP_AUTOV(cp_buf) dump = {0};
    cp_plan *plan = plan_of(f, (cp_optimize_options){.dump_problem = &dump}, &arena), *same = NULL;
    cp_problem *p = NULL;
    cp_err err = {0};
    cr_assert_eq(cp_problem_from_json(&p, cp_buf_str(&dump), "dump", &arena, &err), CP_OK);
    cp_optimize_options options = {.problem = p};
    cr_assert_eq(cp_optimize(&same, &options, f, NULL, NULL, &arena, &err), CP_OK, "%s",
                 err.message);
    cr_assert(cp_str_eq(plan->digest, same->digest));
    gen_file(&other, CP_ROOT_PROJECT, "app.py", CP_FILE_SOURCE, 10, "app", 'i');
    cr_assert_eq(cp_optimize(&same, &options, gen_finish(&other), NULL, NULL, &arena, &err),
                 CP_EUSAGE);
}

Test(optimize, quantile_factors_are_those_of_the_normal_distribution) {
    cr_assert(fabs(cp_quantile_factor(50, 0.3) - 1) < 1e-8);
    cr_assert(fabs(log(cp_quantile_factor(95, 1)) - 1.6448536269514722) < 1e-7);
    cr_assert(fabs(log(cp_quantile_factor(99, 1)) - 2.3263478740408408) < 1e-7);
}
