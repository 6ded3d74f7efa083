// check.c - what no single key shows, and which tiers may be used.
#include "config/config.h"

static const char *origin_or(const cp_config *config, const char *key) {
    const char *origin = cp_config_origin(config, cp_str_of(key));
    return origin ? origin : "cloudpack.yml";
}

static bool lists(const cp_config_list *list, cp_str item) {
    for (size_t i = 0; i < list->n; i++)
        if (cp_str_eq(list->v[i], item))
            return true;
    return false;
}

bool cp_config_allows_tier(const cp_config *config, cp_str tier) {
    if (config->tiers.n)
        return lists(&config->tiers, tier);
    if (cp_str_is(tier, "bundle") || cp_str_is(tier, "layer"))
        return true;
    if (cp_str_is(tier, "s3") || cp_str_is(tier, "s3-demand"))
        return config->shelf.n > 0;
    return config->mount_kind.n > 0 && cp_str_eq(tier, config->mount_kind);
}

// What a listed network tier cannot do without.
static cp_status check_tiers(const cp_config *config, cp_err *err) {
    for (size_t i = 0; i < config->tiers.n; i++) {
        cp_str tier = config->tiers.v[i];
        bool s3 = cp_str_is(tier, "s3") || cp_str_is(tier, "s3-demand");
        bool mount = cp_str_is(tier, "efs") || cp_str_is(tier, "s3files");
        if (s3 && !config->shelf.n) {
            cp_fail(err, CP_EUSAGE, "%s: tiers: %.*s needs a shelf", origin_or(config, "tiers"),
                    CP_STR_ARG(tier));
            return cp_hint(err, "add `shelf: s3://BUCKET/PREFIX`");
        }
        if (mount && !cp_str_eq(tier, config->mount_kind)) {
            cp_fail(err, CP_EUSAGE, "%s: tiers: %.*s needs a mount of that kind",
                    origin_or(config, "tiers"), CP_STR_ARG(tier));
            return cp_hint(err, "add `mount: {kind: %.*s, path: /mnt/NAME}`", CP_STR_ARG(tier));
        }
    }
    if (config->tiers.n && !lists(&config->tiers, CP_STR("bundle"))) {
        cp_fail(err, CP_EUSAGE, "%s: tiers: bundle is missing, but your own code has to live there",
                origin_or(config, "tiers"));
        return cp_hint(err, "add bundle to the list");
    }
    return CP_OK;
}

static cp_status check_layers(const cp_config *config, cp_err *err) {
    for (size_t i = 0; i < config->layers_attached.n; i++) {
        cp_str arn = config->layers_attached.v[i];
        if (!cp_str_starts(arn, CP_STR("arn:")) ||
            cp_str_search(arn, CP_STR(":layer:")) == SIZE_MAX) {
            cp_fail(err, CP_EUSAGE, "%s: layers.attached: \"%.*s\" is not the ARN of a layer",
                    origin_or(config, "layers.attached"), CP_STR_ARG(cp_str_sub(arn, 0, 80)));
            return cp_hint(err, "it looks like arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION");
        }
    }
    return CP_OK;
}

cp_status cp_config_check(const cp_config *config, cp_err *err) {
    if (config->requirements.n && config->site_packages.n) {
        cp_fail(err, CP_EUSAGE, "%s: site_packages: requirements is set as well (%s)",
                origin_or(config, "site_packages"), origin_or(config, "requirements"));
        return cp_hint(err, "keep one: site_packages is used as it is, requirements are installed");
    }
    if (!config->mount_kind.n != !config->mount_path.n) {
        const char *there = config->mount_kind.n ? "mount.kind" : "mount.path";
        const char *absent = config->mount_kind.n ? "mount.path" : "mount.kind";
        cp_fail(err, CP_EUSAGE, "%s: %s is set but %s is not", origin_or(config, there), there,
                absent);
        return cp_hint(err, "add %s", absent);
    }
    CP_TRY(check_tiers(config, err));
    return check_layers(config, err);
}
