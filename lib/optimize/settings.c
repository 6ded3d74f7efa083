#include "optimize/formulate.h"

#include <math.h>

// Standard normal quantile (Acklam's rational approximation, relative error under 1.2e-9); only the
// upper half is asked for.
static double normal_quantile(double p) {
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
                               -2.759285104469687e+02, 1.383577518672690e+02,
                               -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
                               -1.556989798598866e+02, 6.680131188771972e+01,
                               -1.328068155288572e+01};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
                               -2.400758277161838e+00, -2.549732539343734e+00,
                               4.374664141464968e+00,  2.938163982698783e+00};
    static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                               3.754408661907416e+00};
    if (p > 1 - 0.02425) {
        double q = sqrt(-2 * log(1 - p));
        return -(((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
               ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    }
    double q = p - 0.5, r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
           (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

double cp_quantile_factor(uint32_t percentile, double sigma) {
    return exp(normal_quantile(percentile / 100.0) * sigma);
}

static cp_status bad(cp_err *err, const char *what, const char *must) {
    return cp_fail(err, CP_EUSAGE, "%s: must be %s", what, must);
}

static cp_status check_amount(double v, double most, const char *what, const char *must,
                              cp_err *err) {
    return isfinite(v) && v >= 0 && v <= most ? CP_OK : bad(err, what, must);
}

static cp_status check_sizes(const cp_optimize_options *o, cp_err *err) {
    const uint64_t most = UINT64_C(1) << 50;
    if (o->attached_bytes > most || o->unzipped_limit_bytes > most || o->tmp_bytes > most)
        return bad(err, "sizes", "under 2^50 bytes");
    return CP_OK;
}

static cp_status check_options(const cp_optimize_options *o, cp_err *err) {
    if (o->percentile && (o->percentile < 50 || o->percentile > 99))
        return bad(err, "percentile", "from 50 to 99");
    if (o->allowed_tiers & ~CP_TIERS_ALL)
        return bad(err, "tiers", "known tiers");
    const char *time = "a time from 0 to 10 days";
    CP_TRY(check_amount(o->max_latency_ms, 864e6, "latency limit", time, err));
    CP_TRY(check_amount(o->max_first_use_ms, 864e6, "first-use limit", time, err));
    CP_TRY(check_amount(o->first_byte_ms, 60000, "first byte time", "0 to 60 s", err));
    CP_TRY(check_amount(o->budget_usd_month, 1e6, "budget", "0 to 1,000,000 USD a month", err));
    CP_TRY(check_amount(o->traffic_month, 1e12, "traffic", "0 to 10^12 invocations a month", err));
    CP_TRY(check_amount(o->cold_start_fraction, 1, "cold start fraction", "from 0 to 1", err));
    CP_TRY(check_amount(o->bandwidth_mb_s, 1e6, "bandwidth", "0.001 to 1,000,000 MB/s", err));
    if (o->bandwidth_mb_s > 0 && o->bandwidth_mb_s < 0.001)
        return bad(err, "bandwidth", "0.001 to 1,000,000 MB/s");
    return check_sizes(o, err);
}

static double or_default(double v, double fallback) {
    return v > 0 ? v : fallback;
}

static cp_status fill_sizes(cp_settings *s, cp_err *err) {
    const cp_optimize_options *o = s->options;
    const cp_numbers *n = &s->set.numbers;
    s->memory_mb = o->memory_mb ? o->memory_mb : (uint32_t)n->memory_default_mb;
    if (s->memory_mb < n->memory_min_mb || s->memory_mb > n->memory_max_mb)
        return cp_fail(err, CP_EUSAGE, "memory: %u MB, must be %.0f to %.0f MB", s->memory_mb,
                       n->memory_min_mb, n->memory_max_mb);
    s->unzipped_bytes =
        o->unzipped_limit_bytes ? o->unzipped_limit_bytes : (uint64_t)n->unzipped_bytes;
    s->tmp_bytes = o->tmp_bytes ? o->tmp_bytes : (uint64_t)n->tmp_bytes;
    s->layers = o->attached_layers < n->layer_count;
    s->max_assets = o->max_assets ? o->max_assets : 150;
    s->percentile = o->percentile ? o->percentile : 95;
    // The project's own code lives in the bundle: that tier cannot be closed.
    s->allowed_tiers =
        (o->allowed_tiers ? o->allowed_tiers : CP_TIERS_ALL) | CP_TIER_BIT(CP_TIER_BUNDLE);
    return CP_OK;
}

cp_status cp_settings_fill(cp_settings *s, const cp_optimize_options *o, const cp_facts *facts,
                           cp_arena *arena, cp_err *err) {
    *s = (cp_settings){.options = o};
    CP_TRY(check_options(o, err));
    s->region = o->region.n ? o->region : CP_STR("us-east-1");
    CP_TRY(cp_numbers_load(&s->set, s->region, o->prices_json, o->prices_name, arena, err));
    CP_TRY(fill_sizes(s, err));
    const cp_numbers *n = &s->set.numbers;
    s->traffic_month = or_default(o->traffic_month, 100000);
    double cold = s->traffic_month * or_default(o->cold_start_fraction, 0.01);
    s->arm = cp_str_is(facts->arch, "arm64");
    s->env = (cp_tier_env){.n = n,
                           .cold_starts_month = cold,
                           .first_byte_ms = or_default(o->first_byte_ms, n->s3_first_byte_ms),
                           .bandwidth_mb_s = or_default(o->bandwidth_mb_s, n->bandwidth_mb_s),
                           .in_vpc = o->in_vpc};
    s->platform_factor = cp_quantile_factor(s->percentile, n->spread_platform);
    s->init_factor = cp_quantile_factor(s->percentile, n->spread_init);
    double gb_second = s->arm ? n->lambda_gb_second_arm : n->lambda_gb_second_x86;
    double mean = exp(n->spread_init * n->spread_init / 2);
    s->usd_per_init_ms = gb_second / 1e3 * (s->memory_mb / 1024.0) * cold * mean;
    return CP_OK;
}
