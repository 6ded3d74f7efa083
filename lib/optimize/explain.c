#include "optimize/explain.h"

cp_str cp_fit_of(const cp_asset *assets, uint32_t count) {
    bool remote = false, mount = false;
    for (uint32_t j = 0; j < count; j++) {
        remote |= !cp_tiers[assets[j].tier]->local;
        mount |= cp_tiers[assets[j].tier]->mount;
    }
    return mount    ? CP_STR("mount for the difference")
           : remote ? CP_STR("local + asynchronous S3")
                    : CP_STR("fits locally");
}

static const char *rule(const cp_asset *a) {
    switch (a->kind) {
    case CP_ASSET_PROJECT:
        return "your own code changes most often, so it is in the function zip";
    case CP_ASSET_META:
        return "metadata of installed packages is read by path and small, so it stays local";
    case CP_ASSET_DATA:
        return "read by path, so it stays in a local tier";
    case CP_ASSET_CODE:
    case CP_ASSET_LIBRARY:
    case CP_ASSET_COLD:
        break;
    }
    return NULL;
}

static const char *need_text(const cp_asset *a) {
    if (a->kind == CP_ASSET_COLD)
        return "nothing is known to need it";
    if (a->initial)
        return "needed during init";
    return "needed only after init";
}

// True when the rest as it is leaves room for this item in tier t: rows and closure.
static bool would_fit(const cp_problem *p, const cp_asset *assets, uint32_t index, uint32_t t,
                      cp_check *check, cp_arena *arena) {
    uint8_t *tier = CP_ARENA_ARRAY(arena, uint8_t, p->item_count);
    for (uint32_t j = 0; j < p->item_count; j++)
        tier[j] = (uint8_t)assets[j].tier;
    tier[index] = (uint8_t)t;
    cp_check_placement(check, p, tier, arena);
    return check->violation_count == 0;
}

static cp_str against(const cp_problem *p, const cp_asset *assets, uint32_t index,
                      cp_arena *arena) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_check now, other, best = {0};
    (void)would_fit(p, assets, index, (uint32_t)assets[index].tier, &now, &scratch);
    uint32_t next = CP_TIER_COUNT;
    for (uint32_t t = 0; t < p->tier_count; t++) {
        if (t == (uint32_t)assets[index].tier || !p->items[index].choices[t].allowed ||
            p->tiers[t].closed || !would_fit(p, assets, index, t, &other, &scratch))
            continue;
        if (next == CP_TIER_COUNT || other.objective < best.objective) {
            next = t;
            best = other;
        }
    }
    if (next == CP_TIER_COUNT)
        return CP_STR("no other tier has room for it or may hold it");
    return cp_arena_fmt(arena, "%s would cost %+.6f USD a month and %+.1f ms",
                        cp_tier_id_name((cp_tier_id)next), (double)(best.nusd - now.nusd) / 1e9,
                        (double)(best.response_us - now.response_us) / 1e3);
}

cp_str cp_why(const cp_settings *s, const cp_problem *p, const cp_asset *assets, uint32_t index,
              cp_arena *arena) {
    const cp_asset *a = &assets[index];
    if (rule(a))
        return cp_str_of(rule(a));
    (void)s;
    cp_str rest = against(p, assets, index, arena);
    return cp_arena_fmt(arena, "%s; %.*s", need_text(a), CP_STR_ARG(rest));
}
