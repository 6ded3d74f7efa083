#include "tier/tier.h"

static cp_tier_cost cost(const cp_tier_use *use, const cp_tier_env *env) {
    double reads = env->cold_starts_month * use->probability;
    double gets = 1 + (double)use->bytes / env->n->s3_range;
    return (cp_tier_cost){.storage = (double)use->bytes / 1e9 * env->n->s3_storage,
                          .requests = reads * gets * env->n->s3_get};
}

// Charged as if each first use opened its own connection: an upper bound.
static cp_tier_time times(const cp_tier_use *use, const cp_tier_env *env) {
    return (cp_tier_time){.fetch = env->n->s3_connect_ms + env->first_byte_ms +
                                   (double)use->bytes / 1e3 / env->bandwidth_mb_s};
}

extern const cp_tier cp_tier_s3_demand;
const cp_tier cp_tier_s3_demand = {
    .name = "s3-demand",
    .summary = "an S3 object, fetched when it is first used",
    .carrier = CP_CARRIER_OBJECTS,
    .memory = true,
    .cost = cost,
    .time = times,
    .open_usd = cp_tier_no_charge,
    .open_ms = cp_tier_no_charge,
};
