#include "config/values.h"

#include <ctype.h>
#include <math.h>

typedef struct unit {
    const char *name;
    double factor;
} unit;

// What one kind of value looks like: for messages.
typedef struct grammar {
    const char *what;  // "a duration"
    const char *units; // what is understood
    const char *hint;
} grammar;

// Hours of a period, the month being 730 hours (8760 / 12).
static const unit PERIODS[] = {
    {"month", 730}, {"mo", 730},   {"s", 1.0 / 3600}, {"min", 1.0 / 60}, {"hour", 1}, {"h", 1},
    {"day", 24},    {"week", 168}, {"year", 8760},    {"yr", 8760},      {NULL, 0},
};
static const double MONTH_HOURS = 730;
static const double MAX_WHOLE = 9007199254740992.0; // 2^53

static const unit *find_unit(const unit *units, cp_str name) {
    for (; units->name; units++)
        if (cp_str_is(name, units->name))
            return units;
    return NULL;
}

static cp_str clipped(cp_str text) {
    return cp_str_sub(text, 0, 60);
}

static cp_status refuse(cp_err *err, const grammar *g, cp_str text) {
    cp_fail(err, CP_EUSAGE, "\"%.*s\" is not %s; understood: %s", CP_STR_ARG(clipped(text)),
            g->what, g->units);
    return cp_hint(err, "%s", g->hint);
}

static cp_status refuse_unit(cp_err *err, const grammar *g, cp_str text, cp_str name) {
    if (name.n == 0)
        cp_fail(err, CP_EUSAGE, "\"%.*s\" has no unit, so it is not %s; understood: %s",
                CP_STR_ARG(clipped(text)), g->what, g->units);
    else
        cp_fail(err, CP_EUSAGE, "\"%.*s\" is not %s: unknown unit \"%.*s\"; understood: %s",
                CP_STR_ARG(clipped(text)), g->what, CP_STR_ARG(clipped(name)), g->units);
    return cp_hint(err, "%s", g->hint);
}

// Cuts a plain decimal number and one space off the front; false when there is none.
static bool take_number(double *out, cp_str *rest, cp_str text) {
    size_t n = 0, dots = 0;
    for (; n < text.n && (isdigit((unsigned char)text.p[n]) || text.p[n] == '.'); n++)
        dots += text.p[n] == '.';
    *rest = cp_str_sub(text, n, text.n);
    if (rest->n > 1 && rest->p[0] == ' ')
        *rest = cp_str_sub(*rest, 1, rest->n);
    return n > 0 && dots <= 1 && text.p[0] != '.' && text.p[n - 1] != '.' &&
           cp_str_to_double(out, cp_str_sub(text, 0, n));
}

cp_status cp_parse_duration_ms(double *out, cp_str text, cp_err *err) {
    static const unit units[] = {{"ms", 1},      {"s", 1000},    {"m", 60000},
                                 {"min", 60000}, {"h", 3600000}, {NULL, 0}};
    static const grammar g = {"a duration", "a number with ms, s, min (or m) or h",
                              "write for example 800ms, 1.2s or 2min"};
    cp_str rest;
    double number;
    if (!take_number(&number, &rest, text))
        return refuse(err, &g, text);
    const unit *found = find_unit(units, rest);
    if (!found)
        return refuse_unit(err, &g, text, rest);
    *out = number * found->factor;
    return CP_OK;
}

cp_status cp_parse_money_month(double *out, cp_str text, cp_err *err) {
    static const grammar g = {"an amount per time",
                              "US dollars per month (mo), day, week, hour or year",
                              "write for example 5usd/month or $0.20/day"};
    cp_str rest = text;
    double number;
    bool sign = cp_str_starts(text, CP_STR("$"));
    if (sign)
        rest = cp_str_sub(text, 1, text.n);
    if (!take_number(&number, &rest, rest))
        return refuse(err, &g, text);
    cp_str period = rest, currency = cp_str_next(&period, '/');
    bool usd = sign ? currency.n == 0 : cp_str_eq_nocase(currency, CP_STR("usd"));
    if (!usd || !period.p)
        return refuse_unit(err, &g, text, rest);
    const unit *found = find_unit(PERIODS, period);
    if (!found || found->factor < 1) // nobody budgets by the second
        return refuse_unit(err, &g, text, rest);
    *out = number * MONTH_HOURS / found->factor;
    return CP_OK;
}

// A whole number of `units`, rounded only when a fraction was written.
static cp_status whole(uint64_t *out, cp_str text, const unit *units, const grammar *g,
                       cp_err *err) {
    cp_str rest;
    double number;
    if (!take_number(&number, &rest, text))
        return refuse(err, g, text);
    const unit *found = find_unit(units, rest);
    if (!found)
        return refuse_unit(err, g, text, rest);
    double value = round(number * found->factor);
    if (value > MAX_WHOLE)
        return refuse(err, g, text);
    *out = (uint64_t)value;
    return CP_OK;
}

cp_status cp_parse_bytes(uint64_t *out, cp_str text, cp_err *err) {
    static const unit units[] = {
        {"", 1},     {"B", 1},      {"kB", 1e3},      {"KB", 1e3},         {"MB", 1e6},
        {"GB", 1e9}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {NULL, 0}};
    static const grammar g = {"a size", "bytes, or a number with kB, MB, GB, KiB, MiB or GiB",
                              "write for example 250MB, 1.5GiB or 262144000"};
    if (cp_str_find(text, '.', 0) != SIZE_MAX && text.n &&
        isdigit((unsigned char)text.p[text.n - 1]))
        return refuse(err, &g, text); // half a byte
    return whole(out, text, units, &g, err);
}

cp_status cp_parse_memory_mb(uint64_t *out, cp_str text, cp_err *err) {
    static const unit units[] = {{"", 1},      {"MB", 1},     {"MiB", 1},
                                 {"GB", 1024}, {"GiB", 1024}, {NULL, 0}};
    static const grammar g = {"a memory size", "whole MB, or a number with MB or GB",
                              "write for example 512 or 1769MB"};
    if (cp_str_find(text, '.', 0) != SIZE_MAX)
        return refuse(err, &g, text);
    return whole(out, text, units, &g, err);
}

cp_status cp_parse_rate_month(double *out, cp_str text, cp_err *err) {
    static const unit counts[] = {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {NULL, 0}};
    static const grammar g = {"a rate",
                              "a number (k, M, G) per month, week, day, hour, min, s or year",
                              "write for example 1000000/month, 5k/day or 30/min"};
    cp_str rest;
    double number;
    if (!take_number(&number, &rest, text))
        return refuse(err, &g, text);
    cp_str period = rest, count = cp_str_next(&period, '/');
    const unit *times = find_unit(counts, count),
               *hours = period.p ? find_unit(PERIODS, period) : NULL;
    if (!times || !hours)
        return refuse_unit(err, &g, text, rest);
    *out = number * times->factor * MONTH_HOURS / hours->factor;
    return CP_OK;
}
