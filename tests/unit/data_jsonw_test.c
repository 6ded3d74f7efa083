// The JSON writer: valid by construction, shortest numbers.
#include "data/json.h"
#include "data/jsonw.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cp_str written(cp_arena *arena, void (*fill)(cp_jsonw *), unsigned indent) {
    CP_AUTOV(cp_buf) buf = {0};
    cp_jsonw w = {.buf = &buf, .indent = indent};
    fill(&w);
    return cp_arena_str(arena, cp_buf_str(&buf));
}

static void document(cp_jsonw *w) {
    cp_jsonw_object(w, NULL);
    cp_jsonw_str(w, "text", CP_STR("a\"\\\n\x01\x7f\xC3\xA9\xFFz"));
    cp_jsonw_u64(w, "max", UINT64_MAX);
    cp_jsonw_i64(w, "min", INT64_MIN);
    cp_jsonw_array(w, "list");
    cp_jsonw_bool(w, NULL, true);
    cp_jsonw_null(w, NULL);
    cp_jsonw_object(w, NULL);
    cp_jsonw_end(w);
    cp_jsonw_raw(w, NULL, CP_STR("[1]"));
    cp_jsonw_end(w);
    cp_jsonw_end(w);
}

Test(jsonw, compact_and_pretty_text_are_exactly_this) {
    CP_AUTOV(cp_arena) arena = {0};
    cr_assert_str_eq(written(&arena, document, 0).p,
                     "{\"text\":\"a\\\"\\\\\\n\\u0001\x7f\xC3\xA9\xEF\xBF\xBDz\","
                     "\"max\":18446744073709551615,\"min\":-9223372036854775808,"
                     "\"list\":[true,null,{},[1]]}");
    cr_assert_str_eq(written(&arena, document, 2).p,
                     "{\n  \"text\": \"a\\\"\\\\\\n\\u0001\x7f\xC3\xA9\xEF\xBF\xBDz\",\n"
                     "  \"max\": 18446744073709551615,\n  \"min\": -9223372036854775808,\n"
                     "  \"list\": [\n    true,\n    null,\n    {},\n    [1]\n  ]\n}\n");
}

static const char *number(double value, int decimals) {
    static char text[64];
    CP_AUTOV(cp_buf) buf = {0};
    cp_jsonw w = {.buf = &buf};
    if (decimals < 0)
        cp_jsonw_num(&w, NULL, value);
    else
        cp_jsonw_fixed(&w, NULL, value, (unsigned)decimals);
    (void)snprintf(text, sizeof text, "%s", buf.p);
    return text;
}

Test(jsonw, numbers_are_the_shortest_that_read_back) {
    cr_assert_str_eq(number(0.1, -1), "0.1");
    cr_assert_str_eq(number(1e15, -1), "1000000000000000");
    cr_assert_str_eq(number(-0.0, -1), "-0");
    cr_assert_str_eq(number(1e300, -1), "1e+300");
    cr_assert_str_eq(number(NAN, -1), "null");
    cr_assert_str_eq(number(-INFINITY, 2), "null");
    uint64_t seed = 42;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        double value;
        memcpy(&value, &seed, sizeof value);
        if (isfinite(value))
            cr_assert_eq(strtod(number(value, -1), NULL), value);
    }
}

Test(jsonw, fixed_numbers_are_rounded_without_idle_zeros) {
    cr_assert_str_eq(number(12.5, 3), "12.5");
    cr_assert_str_eq(number(1.23456, 3), "1.235");
    cr_assert_str_eq(number(100, 0), "100");
    cr_assert_str_eq(number(100, 2), "100");
    cr_assert_str_eq(number(-0.0001, 3), "0");
    cr_assert_str_eq(number(1e22, 3), "1e+22");
}

static void key_in_array(cp_jsonw *w) {
    cp_jsonw_array(w, NULL);
    cp_jsonw_null(w, "key");
}

Test(jsonw, wrong_nesting_ends_the_process, .signal = SIGABRT) {
    CP_AUTOV(cp_arena) arena = {0};
    (void)written(&arena, key_in_array, 0);
}
