#include "tier/tier.h"

#include <string.h>

#define CP_TIER(name) extern const cp_tier cp_tier_##name;
#include "tier/tiers.def"
#undef CP_TIER

const cp_tier *const cp_tiers[] = {
#define CP_TIER(name) &cp_tier_##name,
#include "tier/tiers.def"
#undef CP_TIER
};
const size_t cp_tier_list_count = sizeof cp_tiers / sizeof cp_tiers[0];

const cp_tier *cp_tier_find(const char *name) {
    for (size_t i = 0; i < cp_tier_list_count; i++)
        if (strcmp(cp_tiers[i]->name, name) == 0)
            return cp_tiers[i];
    return NULL;
}

double cp_tier_no_charge(const cp_tier_env *env) {
    (void)env;
    return 0;
}

// A function that joins a VPC loses the internet: without a NAT gateway its calls would fail. S3 is
// reached by a free gateway endpoint.
double cp_tier_mount_usd(const cp_tier_env *env) {
    return env->in_vpc ? 0 : env->n->nat_hour * 730;
}

double cp_tier_mount_ms(const cp_tier_env *env) {
    return env->n->mount_ms;
}

// Packs are few files, so each asset costs one opening; its bytes pass the environment's network.
cp_tier_time cp_tier_mount_time(const cp_tier_use *use, const cp_tier_env *env) {
    double ms = env->n->mount_file_ms + (double)use->bytes / 1e3 / env->bandwidth_mb_s;
    return (cp_tier_time){.import = use->initial ? ms : 0, .fetch = use->initial ? 0 : ms};
}

cp_tier_time cp_tier_zip_time(const cp_tier_use *use, const cp_tier_env *env) {
    double read = (double)use->bytes / 1e3 / env->n->local_mb_s;
    return (cp_tier_time){.platform =
                              (double)use->zipped_bytes / 1e6 * env->n->platform_ms_per_zip_mb,
                          .import = use->initial ? read : 0,
                          .fetch = use->initial ? 0 : read};
}

cp_tier_cost cp_tier_zip_cost(const cp_tier_use *use, const cp_tier_env *env) {
    (void)use;
    (void)env;
    return (cp_tier_cost){0}; // code storage in COPY mode is free
}
