#include "tier/tier.h"

extern const cp_tier cp_tier_bundle;
const cp_tier cp_tier_bundle = {
    .name = "bundle",
    .summary = "the function zip: free, in place before the first line runs",
    .carrier = CP_CARRIER_ZIP,
    .local = true,
    .cost = cp_tier_zip_cost,
    .time = cp_tier_zip_time,
    .open_usd = cp_tier_no_charge,
    .open_ms = cp_tier_no_charge,
};
