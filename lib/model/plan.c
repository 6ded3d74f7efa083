#include "model/plan.h"

const char *cp_tier_id_name(cp_tier_id tier) {
    static const char *const names[] = {"bundle", "layer", "efs", "s3files", "s3", "s3-demand"};
    return names[tier];
}
