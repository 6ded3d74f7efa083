#include "tier/tier.h"

extern const cp_tier cp_tier_layer;
const cp_tier cp_tier_layer = {
    .name = "layer",
    .summary = "a layer zip: as near as the function zip, shipped only when it changes",
    .carrier = CP_CARRIER_LAYER,
    .local = true,
    .cost = cp_tier_zip_cost,
    .time = cp_tier_zip_time,
    .open_usd = cp_tier_no_charge,
    .open_ms = cp_tier_no_charge,
};
