// The JSON reader: strict, lossless, with places in its messages.
#include "data/json.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static cp_json_doc *parsed(const char *text) {
    cp_json_doc *doc = NULL;
    cp_err err = {0};
    cr_assert_eq(cp_json_parse(&doc, cp_str_of(text), 1 << 20, "t.json", &err), CP_OK, "%s: %s",
                 text, err.message);
    return doc;
}

static void refused(cp_str text, const char *message) {
    CP_AUTO(cp_json_doc) doc = NULL;
    cp_err err = {0};
    cr_assert_eq(cp_json_parse(&doc, text, 4096, "t.json", &err), CP_EFORMAT, "%.*s",
                 CP_STR_ARG(text));
    cr_assert_str_eq(err.message, message);
}

Test(json, look_ups_chain_through_what_is_absent) {
    CP_AUTO(cp_json_doc) doc = parsed("{\"a\":{\"b\":[1,\"x\",true,null]},\"A\":2}");
    const cp_json *root = cp_json_root(doc), *b = cp_json_get(cp_json_get(root, "a"), "b");
    cr_assert_eq(cp_json_count(b), 4);
    cr_assert_eq(cp_json_num(cp_json_first(b), 0), 1);
    cr_assert(cp_str_is(cp_json_key(b), "b"));
    cr_assert_eq(cp_json_num(cp_json_get(root, "A"), 0), 2);
    const cp_json *none = cp_json_get(cp_json_get(cp_json_get(root, "q"), "r"), "s");
    cr_assert_null(none);
    cr_assert_eq(cp_json_num(none, 7), 7);
    cr_assert(cp_json_bool(none, true));
    cr_assert_eq(cp_json_str(none).n, 0);
    cr_assert_not(cp_json_is_null(none));
    cr_assert_null(cp_json_first(none));
    cr_assert_eq(cp_json_count(none), 0);
}

Test(json, refusals_name_line_and_column) {
    refused(CP_STR(""), "t.json:1:1: expected a value, the text ends");
    refused(CP_STR("{\n  \"\xC3\xA9\": nope}"), "t.json:2:8: expected a value");
    refused(CP_STR("[1 2]"), "t.json:1:4: expected ',' or ']'");
    refused(CP_STR("[1,]"), "t.json:1:4: expected a value");
    refused(CP_STR("{\"a\" 1}"), "t.json:1:6: expected ':' after the key");
    refused(CP_STR("{a:1}"), "t.json:1:2: expected a string in double quotes");
    refused(CP_STR("{} x"), "t.json:1:4: nothing may follow the value");
    refused(CP_STR("[01]"), "t.json:1:2: a number must not start with 0");
    refused(CP_STR("[1.]"), "t.json:1:4: expected a digit after the decimal point");
    refused(CP_STR("[+1]"), "t.json:1:2: expected a value");
    refused(CP_STR("NaN"), "t.json:1:1: expected a value");
    refused(CP_STR("1e999"), "t.json:1:1: this number is larger than a double can be (1.8e308)");
    refused(CP_STR("\"a\nb\""), "t.json:1:3: a control character in a string must be escaped");
    refused(CP_STR("\"\\x\""), "t.json:1:2: unknown escape in a string");
    refused(CP_STR("\"\\u12\""), "t.json:1:2: \\u must be followed by four hexadecimal digits");
    refused(CP_STR("\"\xC0\x80\""), "t.json:1:2: not valid UTF-8");
    refused(CP_STR("\"\xED\xA0\x80\""), "t.json:1:2: not valid UTF-8");
    refused(CP_STR("\"ab"), "t.json:1:4: the text ends inside a string");
    refused((cp_str){"[\0]", 3}, "t.json:1:2: expected a value");
}

Test(json, size_and_depth_are_bounded) {
    char big[5000];
    memset(big, ' ', sizeof big);
    refused((cp_str){big, sizeof big}, "t.json: 5000 bytes, at most 4096 are read");
    memset(big, '[', 201);
    refused((cp_str){big, 201}, "t.json:1:201: nested deeper than 200 levels");
    memset(big + 200, ']', 200);
    big[400] = '\0';
    CP_AUTO(cp_json_doc) doc = parsed(big);
    CP_AUTOV(cp_arena) arena = {0};
    cr_assert_str_eq(cp_json_text(cp_json_root(doc), &arena).p, big);
}

Test(json, text_comes_back_without_loss) {
    CP_AUTOV(cp_arena) arena = {0};
    static const char *const texts[] = {
        "[\"a\\u0000b\",\"\\ud800\",\"\\udc00\\ud800x\"]",
        "{\"k\\u0000\":1,\"k\":2}",
        "[12345678901234567890,-9007199254740993,0.1,1e-05]",
        "[0.1111111111111111111111111111111111111111111111111111111111111111111111111]",
        "[true,false,null,\"\",{},[]]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CP_AUTO(cp_json_doc) doc = parsed(texts[i]);
        cr_assert_str_eq(cp_json_text(cp_json_root(doc), &arena).p, texts[i]);
    }
    CP_AUTO(cp_json_doc) pair = parsed("\"\\ud83d\\ude00\"");
    cr_assert_str_eq(cp_json_text(cp_json_root(pair), &arena).p, "\"\xF0\x9F\x98\x80\"");
}

Test(json, whole_numbers_over_2_to_the_53_are_refused_by_the_integer_getter) {
    CP_AUTO(cp_json_doc)
    doc = parsed("{\"a\":9007199254740992,\"b\":9007199254740993,"
                 "\"c\":-1,\"d\":1.5,\"e\":\"1\",\"f\":1e3,\"g\":-1234567890123456}");
    const cp_json *root = cp_json_root(doc);
    cp_err err = {0};
    uint64_t v = 0;
    cr_assert_eq(cp_json_need_u64(&v, root, "a", "t", &err), CP_OK);
    cr_assert_eq(v, 9007199254740992U);
    cr_assert_eq(cp_json_need_u64(&v, root, "f", "t", &err), CP_OK);
    cr_assert_eq(v, 1000);
    for (const char *key = "bcdeg"; *key; key++)
        cr_assert_eq(cp_json_need_u64(&v, root, (const char[]){*key, '\0'}, "t", &err), CP_EFORMAT);
    cr_assert_eq(cp_json_need_u64(&v, root, "e", "p.json: parts", &err), CP_EFORMAT);
    cr_assert_str_eq(err.message, "p.json: parts: \"e\": expected a number, found a string");
    cr_assert_eq(cp_json_need_u64(&v, root, "z", "t", &err), CP_EFORMAT);
    cr_assert_str_eq(err.message, "t: \"z\": expected a number, found nothing");
    cr_assert_eq(cp_json_num(cp_json_get(root, "b"), 0), 9007199254740992.0);
}

static const char *difference(const char *a, const char *b, double rel) {
    static char text[64];
    CP_AUTOV(cp_arena) arena = {0};
    CP_AUTO(cp_json_doc) x = parsed(a);
    CP_AUTO(cp_json_doc) y = parsed(b);
    cp_str pointer = {0};
    if (cp_json_equal(cp_json_root(x), cp_json_root(y), rel, &pointer, &arena))
        return NULL;
    (void)snprintf(text, sizeof text, "%.*s", CP_STR_ARG(pointer));
    return text;
}

Test(json, equality_ignores_order_of_members_and_small_float_noise_only) {
    cr_assert_null(difference("{\"a\":1,\"b\":[0.1]}", "{\"b\":[0.1000000000001],\"a\":1}", 1e-9));
    cr_assert_null(difference("3", "3.0", 0));
    cr_assert_null(difference("1025123456789201", "1025123456789201.0", 0));
    cr_assert_null(difference("3", "3.0000000000001", 1e-9));
    cr_assert_str_eq(difference("{\"b\":[0.1]}", "{\"b\":[0.11]}", 1e-9), "/b/0");
    cr_assert_str_eq(difference("{\"a/~b\":{\"c\":1}}", "{\"a/~b\":{}}", 0), "/a~1~0b/c");
    cr_assert_str_eq(difference("[1,2]", "[1,2,3]", 0), "/2");
    cr_assert_str_eq(difference("[1000000000000,1]", "[1000000000001,1]", 1e-9), "/0");
    cr_assert_str_eq(difference("12345678901234567890", "12345678901234567891", 1e-9), "");
    cr_assert_str_eq(difference("[\"a\\u0000b\"]", "[\"a\\u0000c\"]", 0), "/0");
    cr_assert_str_eq(difference("[null]", "[false]", 0), "/0");
    cr_assert_str_eq(difference("[0]", "[false]", 0), "/0");
    cr_assert_str_eq(difference("[\"1\"]", "[1]", 0), "/0");
    cr_assert_str_eq(difference("[[]]", "[{}]", 0), "/0");
}
