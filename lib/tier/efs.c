#include "tier/tier.h"

// Elastic throughput: every byte read is metered, at least efs_data_minimum for each operation and
// efs_metadata_minimum for each lookup.
static cp_tier_cost cost(const cp_tier_use *use, const cp_tier_env *env) {
    double gb = (double)use->bytes / 1e9;
    double least = (double)use->files * env->n->efs_data_minimum;
    double metered = ((double)use->bytes > least ? (double)use->bytes : least) +
                     (double)use->files * env->n->efs_metadata_minimum;
    double reads = env->cold_starts_month * use->probability;
    return (cp_tier_cost){.storage = gb * env->n->efs_storage,
                          .transfer = reads * metered / 1e9 * env->n->efs_read};
}

extern const cp_tier cp_tier_efs;
const cp_tier cp_tier_efs = {
    .name = "efs",
    .summary = "packs on an EFS mount: no size limit, every byte read is paid",
    .carrier = CP_CARRIER_TREE,
    .mount = true,
    .cost = cost,
    .time = cp_tier_mount_time,
    .open_usd = cp_tier_mount_usd,
    .open_ms = cp_tier_mount_ms,
};
