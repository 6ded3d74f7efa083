#include "tier/tier.h"

// One object in first-use order, read by ranged GETs that neighbours share.
static cp_tier_cost cost(const cp_tier_use *use, const cp_tier_env *env) {
    double gets = (double)use->bytes / env->n->s3_range;
    return (cp_tier_cost){.storage = (double)use->bytes / 1e9 * env->n->s3_storage,
                          .requests = env->cold_starts_month * gets * env->n->s3_get};
}

static cp_tier_time times(const cp_tier_use *use, const cp_tier_env *env) {
    return (cp_tier_time){.import = (double)use->bytes / 1e6 * env->n->s3_copy_ms_per_mb,
                          .stream = (double)use->bytes / 1e3 / env->bandwidth_mb_s};
}

// The last range is not full.
static double open_usd(const cp_tier_env *env) {
    return env->cold_starts_month * env->n->s3_get;
}

static double open_ms(const cp_tier_env *env) {
    return env->n->s3_importer_ms;
}

extern const cp_tier cp_tier_s3;
const cp_tier cp_tier_s3 = {
    .name = "s3",
    .summary = "an S3 object, streamed during init while imports run",
    .carrier = CP_CARRIER_OBJECTS,
    .stream = true,
    .memory = true,
    .cost = cost,
    .time = times,
    .open_usd = open_usd,
    .open_ms = open_ms,
};
