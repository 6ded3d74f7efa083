// values.h - the units that people write: durations, money, sizes, rates.
//
// All parsers are strict: plain decimal numbers (no sign, no exponent), one unit out of a short
// list, at most one space between them, nothing else. A number without its unit is refused where
// guessing the unit could be wrong by a factor. All fail with CP_EUSAGE: the message quotes the
// text and lists what is understood, the hint shows how it is written. A month is 730 hours, as in
// AWS's prices.
#pragma once

#include "core/err.h"
#include "core/str.h"

/// "800ms", "1.2s", "2m" or "2min", "1h" in milliseconds. The unit is required.
CP_MUST_CHECK cp_status cp_parse_duration_ms(double *out, cp_str text, cp_err *err);
/// "5usd/month", "$5/mo", "0.5usd/day", per month, mo, week, day, hour or year, in USD a month.
/// Both the currency and the period are required.
CP_MUST_CHECK cp_status cp_parse_money_month(double *out, cp_str text, cp_err *err);
/// "262144000", "250MB" (10^6), "1.5GiB" (2^30) in bytes, rounded to a whole byte; at most 2^53.
CP_MUST_CHECK cp_status cp_parse_bytes(uint64_t *out, cp_str text, cp_err *err);
/// "512", "512MB", "512MiB", "2GB" in Lambda's MB (1 GB = 1024 MB there); whole numbers only.
CP_MUST_CHECK cp_status cp_parse_memory_mb(uint64_t *out, cp_str text, cp_err *err);
/// "1000000/month", "30/min", "5k/day", "1.5M/month", per s, min, hour, day, week, month or year, a
/// month. The period is required.
CP_MUST_CHECK cp_status cp_parse_rate_month(double *out, cp_str text, cp_err *err);
