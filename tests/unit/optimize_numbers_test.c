// Prices, limits and timings: the built-in data loads, every number has a source and a date, and
// broken data is refused with its place.
#include "optimize/numbers.h"

#include "core/file.h"
#include "core/vec.h"
#include "data/json.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static cp_str prices(cp_arena *arena) {
    cp_str text;
    cp_err err = {0};
    cr_assert_eq(cp_file_read(&text, arena,
                              CP_STR(CP_SOURCE_DIR "/lib/tier/data/prices-2026-09.json"), 1 << 20,
                              &err),
                 CP_OK);
    return text;
}

Test(numbers, built_in_data_is_complete_and_dated) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_err err = {0};
    cp_number_set set;
    cr_assert_eq(cp_numbers_load(&set, (cp_str){0}, (cp_str){0}, NULL, &arena, &err), CP_OK, "%s",
                 err.message);
    cr_assert(cp_str_is(set.price_date, "2026-09-19"));
    cr_assert(set.region_known);
    cr_assert(fabs(set.numbers.unzipped_bytes - 262144000) < 0.5);
    cr_assert(fabs(set.numbers.lambda_gb_second_x86 - 1.66667e-5) < 1e-12);
}

Test(numbers, regions_override_and_unknown_ones_are_told) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_err err = {0};
    cp_number_set set;
    cr_assert_eq(cp_numbers_load(&set, CP_STR("af-south-1"), (cp_str){0}, NULL, &arena, &err),
                 CP_OK);
    cr_assert(set.region_known);
    cr_assert(fabs(set.numbers.lambda_gb_second_x86 - 2.21e-5) < 1e-12);
    cr_assert(fabs(set.numbers.s3_storage - 0.023) < 1e-12); // from the default region
    cr_assert_eq(cp_numbers_load(&set, CP_STR("moon-1"), (cp_str){0}, NULL, &arena, &err), CP_OK);
    cr_assert_not(set.region_known);
}

static void refuse(const char *from, const char *to, const char *message) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_err err = {0};
    cp_number_set set;
    cp_str text = prices(&arena);
    const char *at = strstr(text.p, from);
    cr_assert_not_null(at);
    cp_str changed =
        cp_arena_fmt(&arena, "%.*s%s%s", (int)(at - text.p), text.p, to, at + strlen(from));
    cr_assert_eq(cp_numbers_load(&set, (cp_str){0}, changed, "my.json", &arena, &err), CP_EFORMAT,
                 "accepted: %s", to);
    cr_assert_not_null(strstr(err.message, message), "%s", err.message);
    cr_assert_not_null(strstr(err.message, "my.json"), "%s", err.message);
}

Test(numbers, broken_prices_are_refused_with_their_place) {
    refuse("\"s3_get\"", "\"s3_got\"", "/regions/us-east-1/s3_got");
    refuse("\"value\": 4e-07", "\"value\": -1", "/regions/us-east-1/s3_get/value");
    refuse("\"value\": 4e-07", "\"value\": \"4\"", "/regions/us-east-1/s3_get/value");
    refuse("\"USD per request\"", "\"EUR per request\"", "/unit");
    refuse("cloudpack.numbers/1", "cloudpack.numbers/2", "/format");
    refuse("\"default_region\": \"us-east-1\"", "\"default_region\": \"x\"", "no default region");
    refuse("{", "[", "my.json:");
}

Test(numbers, own_prices_replace_the_built_in_ones) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_err err = {0};
    cp_number_set set;
    cp_str text = prices(&arena);
    const char *at = strstr(text.p, "4e-07");
    cp_str changed = cp_arena_fmt(&arena, "%.*s8e-07%s", (int)(at - text.p), text.p, at + 5);
    cr_assert_eq(cp_numbers_load(&set, (cp_str){0}, changed, "my.json", &arena, &err), CP_OK, "%s",
                 err.message);
    cr_assert(fabs(set.numbers.s3_get - 8e-7) < 1e-15);
}
