// The tiers' arithmetic, by hand-computed numbers, and the order that the rest relies on.
#include "model/plan.h"
#include "tier/tier.h"

#include <criterion/criterion.h>
#include <math.h>

static const cp_numbers numbers = {.s3_storage = 0.02,
                                   .s3_get = 4e-7,
                                   .efs_storage = 0.3,
                                   .efs_read = 0.03,
                                   .s3files_metadata_read = 0.03,
                                   .nat_hour = 0.05,
                                   .efs_data_minimum = 32768,
                                   .efs_metadata_minimum = 4096,
                                   .s3files_direct_range = 8e6,
                                   .s3_range = 2e6,
                                   .platform_ms_per_zip_mb = 6,
                                   .local_mb_s = 500,
                                   .s3_connect_ms = 25,
                                   .s3_importer_ms = 15,
                                   .s3_copy_ms_per_mb = 1,
                                   .mount_ms = 300,
                                   .mount_file_ms = 1};
static const cp_tier_env env = {
    .n = &numbers, .cold_starts_month = 1000, .first_byte_ms = 30, .bandwidth_mb_s = 80};

static bool near(double a, double b) {
    return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

Test(tier, the_list_is_in_the_order_of_cp_tier_id) {
    cr_assert_eq(cp_tier_list_count, CP_TIER_COUNT);
    for (int t = 0; t < CP_TIER_COUNT; t++) {
        cr_assert_str_eq(cp_tiers[t]->name, cp_tier_id_name((cp_tier_id)t));
        cr_assert_eq(cp_tier_find(cp_tiers[t]->name), cp_tiers[t]);
    }
    cr_assert_null(cp_tier_find("moon"));
}

Test(tier, zips_are_free_and_cost_platform_time_by_their_zipped_size) {
    cp_tier_use use = {.bytes = 50000000,
                       .zipped_bytes = 10000000,
                       .files = 10,
                       .initial = true,
                       .probability = 1};
    cp_tier_cost c = cp_tiers[CP_TIER_LAYER]->cost(&use, &env);
    cr_assert(near(c.storage + c.requests + c.transfer, 0));
    cp_tier_time t = cp_tiers[CP_TIER_BUNDLE]->time(&use, &env);
    cr_assert(near(t.platform, 60) && near(t.import, 100) && near(t.fetch, 0));
}

Test(tier, efs_meters_at_least_32_kib_for_each_file_and_s3_files_does_not) {
    cp_tier_use small = {.bytes = 1000, .files = 100, .probability = .5};
    cp_tier_cost efs = cp_tiers[CP_TIER_EFS]->cost(&small, &env);
    cr_assert(near(efs.transfer, 500 * 100 * (32768.0 + 4096) / 1e9 * 0.03));
    cp_tier_use big = {.bytes = 100000000, .files = 1, .initial = true, .probability = 1};
    efs = cp_tiers[CP_TIER_EFS]->cost(&big, &env);
    cr_assert(near(efs.transfer, 1000 * (0.1 + 4096 / 1e9) * 0.03));
    cr_assert(near(efs.storage, 0.03));
    cp_tier_cost s3f = cp_tiers[CP_TIER_S3FILES]->cost(&big, &env);
    cr_assert(near(s3f.requests, 1000 * 12.5 * 4e-7));
}

Test(tier, a_mount_pays_for_the_nat_unless_the_function_is_in_a_vpc) {
    cp_tier_env inside = env;
    inside.in_vpc = true;
    cr_assert(near(cp_tiers[CP_TIER_EFS]->open_usd(&env), 36.5));
    cr_assert(near(cp_tiers[CP_TIER_S3FILES]->open_usd(&inside), 0));
    cr_assert(near(cp_tiers[CP_TIER_S3FILES]->open_ms(&inside), 300));
}

Test(tier, prefetch_takes_the_stream_and_demand_takes_the_first_use) {
    cp_tier_use use = {.bytes = 8000000, .files = 1, .initial = true, .probability = 1};
    cp_tier_time pre = cp_tiers[CP_TIER_S3_PREFETCH]->time(&use, &env);
    cr_assert(near(pre.stream, 100) && near(pre.import, 8) && near(pre.fetch, 0));
    cp_tier_time demand = cp_tiers[CP_TIER_S3_DEMAND]->time(&use, &env);
    cr_assert(near(demand.fetch, 155) && near(demand.stream, 0));
    use.probability = .1;
    cp_tier_cost c = cp_tiers[CP_TIER_S3_DEMAND]->cost(&use, &env);
    cr_assert(near(c.requests, 100 * 5 * 4e-7));
}
