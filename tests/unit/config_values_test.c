// Units: what is read, what is refused and how it says so.
#include "config/values.h"

#include <criterion/criterion.h>
#include <math.h>

typedef cp_status (*real_parser)(double *, cp_str, cp_err *);
typedef cp_status (*whole_parser)(uint64_t *, cp_str, cp_err *);

static double real(real_parser parse, const char *text) {
    double value = NAN;
    cp_err err = {0};
    cr_assert_eq(parse(&value, cp_str_of(text), &err), CP_OK, "%s: %s", text, err.message);
    return value;
}

static uint64_t whole(whole_parser parse, const char *text) {
    uint64_t value = 0;
    cp_err err = {0};
    cr_assert_eq(parse(&value, cp_str_of(text), &err), CP_OK, "%s: %s", text, err.message);
    return value;
}

static void real_refused(real_parser parse, const char *const *texts) {
    for (; *texts; texts++) {
        double value = 17;
        cp_err err = {0};
        cr_assert_eq(parse(&value, cp_str_of(*texts), &err), CP_EUSAGE, "%s", *texts);
        cr_assert(err.message[0] && err.hint[0], "%s", *texts);
        cr_assert_eq(value, 17);
    }
}

static void whole_refused(whole_parser parse, const char *const *texts) {
    for (; *texts; texts++) {
        uint64_t value = 17;
        cp_err err = {0};
        cr_assert_eq(parse(&value, cp_str_of(*texts), &err), CP_EUSAGE, "%s", *texts);
        cr_assert(err.message[0] && err.hint[0], "%s", *texts);
        cr_assert_eq(value, 17);
    }
}

Test(values, durations) {
    cr_assert_eq(real(cp_parse_duration_ms, "800ms"), 800);
    cr_assert_eq(real(cp_parse_duration_ms, "1.2s"), 1200);
    cr_assert_eq(real(cp_parse_duration_ms, "2m"), 120000);
    cr_assert_eq(real(cp_parse_duration_ms, "2 min"), 120000);
    cr_assert_eq(real(cp_parse_duration_ms, "1h"), 3600000);
    real_refused(cp_parse_duration_ms,
                 (const char *const[]){"", "800", "8parsecs", "-1s", "+1s", "1,5s", "1e3ms",
                                       "1..2s", ".5s", "5.s", "ms", "1  s", "1s ", " 1s", "1S",
                                       "0x10s", NULL});
}

Test(values, a_refusal_says_what_is_understood_and_shows_how) {
    double value;
    cp_err err = {0};
    cr_assert_eq(cp_parse_duration_ms(&value, CP_STR("8parsecs"), &err), CP_EUSAGE);
    cr_assert_str_eq(err.message, "\"8parsecs\" is not a duration: unknown unit \"parsecs\"; "
                                  "understood: a number with ms, s, min (or m) or h");
    cr_assert_str_eq(err.hint, "write for example 800ms, 1.2s or 2min");
    cr_assert_eq(cp_parse_duration_ms(&value, CP_STR("800"), &err), CP_EUSAGE);
    cr_assert_str_eq(err.message, "\"800\" has no unit, so it is not a duration; "
                                  "understood: a number with ms, s, min (or m) or h");
}

Test(values, money_a_month) {
    cr_assert_eq(real(cp_parse_money_month, "5usd/month"), 5);
    cr_assert_eq(real(cp_parse_money_month, "$5/mo"), 5);
    cr_assert_eq(real(cp_parse_money_month, "5 USD/month"), 5);
    cr_assert_float_eq(real(cp_parse_money_month, "0.5usd/day"), 0.5 * 730 / 24, 1e-12);
    cr_assert_float_eq(real(cp_parse_money_month, "12usd/year"), 1, 1e-12);
    real_refused(cp_parse_money_month,
                 (const char *const[]){"5", "5usd", "$5", "5eur/month", "usd/month", "$/month",
                                       "$5usd/month", "5usd/parsec", "5usd/", "5/month", "5usd/s",
                                       "-5usd/month", "", NULL});
}

Test(values, sizes) {
    cr_assert_eq(whole(cp_parse_bytes, "262144000"), 262144000);
    cr_assert_eq(whole(cp_parse_bytes, "250MB"), 250000000);
    cr_assert_eq(whole(cp_parse_bytes, "1.5GiB"), 1610612736);
    cr_assert_eq(whole(cp_parse_bytes, "0"), 0);
    whole_refused(cp_parse_bytes, (const char *const[]){"", "1.5", "-1", "1TB", "1mb", "MB", "1e3",
                                                        "99999999999999999999", "9e9GB", NULL});
    cr_assert_eq(whole(cp_parse_memory_mb, "512"), 512);
    cr_assert_eq(whole(cp_parse_memory_mb, "1769MB"), 1769);
    cr_assert_eq(whole(cp_parse_memory_mb, "10GB"), 10240);
    whole_refused(cp_parse_memory_mb,
                  (const char *const[]){"", "1.5GB", "512kB", "much", "512 M", NULL});
}

Test(values, rates_a_month) {
    cr_assert_eq(real(cp_parse_rate_month, "1000000/month"), 1e6);
    cr_assert_float_eq(real(cp_parse_rate_month, "30/min"), 30 * 60 * 730.0, 1e-6);
    cr_assert_float_eq(real(cp_parse_rate_month, "5k/day"), 5000 * 730.0 / 24, 1e-6);
    cr_assert_eq(real(cp_parse_rate_month, "1.5M/month"), 1.5e6);
    real_refused(cp_parse_rate_month,
                 (const char *const[]){"1000000", "1000000/", "/month", "5q/day", "1/fortnight", "",
                                       "1//day", NULL});
}
