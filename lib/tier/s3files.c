#include "tier/tier.h"

// Packs are far over the size below which files are kept on the hot tier, so they are read
// directly: one GET for each s3files_direct_range bytes and one metadata read.
static cp_tier_cost cost(const cp_tier_use *use, const cp_tier_env *env) {
    double reads = env->cold_starts_month * use->probability;
    double gets = (double)use->bytes / env->n->s3files_direct_range;
    return (cp_tier_cost){.storage = (double)use->bytes / 1e9 * env->n->s3_storage,
                          .requests = reads * gets * env->n->s3_get,
                          .transfer = reads * env->n->efs_metadata_minimum / 1e9 *
                                      env->n->s3files_metadata_read};
}

extern const cp_tier cp_tier_s3files;
const cp_tier cp_tier_s3files = {
    .name = "s3files",
    .summary = "packs on an S3 Files mount: S3's price, a file system's interface",
    .carrier = CP_CARRIER_TREE,
    .mount = true,
    .cost = cost,
    .time = cp_tier_mount_time,
    .open_usd = cp_tier_mount_usd,
    .open_ms = cp_tier_mount_ms,
};
