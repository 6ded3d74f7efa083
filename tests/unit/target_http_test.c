// Request heads: what is understood, what is refused and how.
#include "target/http.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cp_http_request r;

static cp_http_state parse(const char *text) {
    return cp_http_parse(&r, cp_str_of(text));
}

Test(http, a_head_is_read_up_to_its_empty_line) {
    cr_assert_eq(parse("POST /a HTTP/1.1\r\nHost: x\r\nContent-LENGTH:  12 \r\n\r\nhello"),
                 CP_HTTP_HEAD);
    cr_assert(cp_str_is(r.method, "POST"));
    cr_assert(cp_str_is(r.path, "/a"));
    cr_assert_eq(r.content_length, 12);
    cr_assert(r.keep_alive);
    cr_assert_eq(r.head_bytes,
                 strlen("POST /a HTTP/1.1\r\nHost: x\r\nContent-LENGTH:  12 \r\n\r\n"));
}

Test(http, every_prefix_of_a_head_asks_for_more) {
    const char *whole = "GET /x HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    for (size_t n = 0; n < strlen(whole); n++)
        cr_assert_eq(cp_http_parse(&r, (cp_str){whole, n}), CP_HTTP_MORE, "%zu", n);
    cr_assert_eq(parse(whole), CP_HTTP_HEAD);
    cr_assert(r.expects_continue);
    cr_assert_not(r.keep_alive);
}

Test(http, http_1_0_closes_unless_it_asks_not_to) {
    cr_assert_eq(parse("GET /x HTTP/1.0\r\n\r\n"), CP_HTTP_HEAD);
    cr_assert_not(r.keep_alive);
    cr_assert_eq(parse("GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), CP_HTTP_HEAD);
    cr_assert(r.keep_alive);
}

Test(http, nonsense_is_refused_with_the_right_code) {
    static const struct {
        const char *text;
        unsigned code;
    } cases[] = {
        {"\r\n\r\n", 400},
        {"GET\r\n\r\n", 400},
        {"GET x HTTP/1.1\r\n\r\n", 400},
        {"G(T /x HTTP/1.1\r\n\r\n", 400},
        {"GET /x\x01 HTTP/1.1\r\n\r\n", 400},
        {"GET /x HTTP/2\r\n\r\n", 505},
        {"GET /x HTTP/1.1 \r\n\r\n", 505},
        {"GET /x HTTP/1.1\r\nno colon\r\n\r\n", 400},
        {"GET /x HTTP/1.1\r\n folded: x\r\n\r\n", 400},
        {"POST /x HTTP/1.1\r\n\r\n", 411},
        {"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST /x HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
        {"POST /x HTTP/1.1\r\nContent-Length: 1\r\nExpect: miracles\r\n\r\n", 417},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(parse(cases[i].text), CP_HTTP_BAD, "case %zu", i);
        cr_assert_eq(r.code, cases[i].code, "case %zu: %u", i, r.code);
        cr_assert_not_null(r.why);
    }
}

Test(http, a_head_without_end_is_refused_at_its_limit) {
    char *big = malloc(CP_HTTP_MAX_HEAD);
    memset(big, 'a', CP_HTTP_MAX_HEAD);
    cr_assert_eq(cp_http_parse(&r, (cp_str){big, CP_HTTP_MAX_HEAD - 1}), CP_HTTP_MORE);
    cr_assert_eq(cp_http_parse(&r, (cp_str){big, CP_HTTP_MAX_HEAD}), CP_HTTP_BAD);
    cr_assert_eq(r.code, 431);
    free(big);
}

static cp_api_kind route(const char *line, cp_str *id) {
    char text[400];
    (void)snprintf(text, sizeof text, "%s HTTP/1.1\r\nContent-Length: 0\r\n\r\n", line);
    static char kept[400];
    memcpy(kept, text, sizeof kept);
    cr_assert_eq(parse(kept), CP_HTTP_HEAD);
    return cp_api_route(id, &r);
}

Test(http, calls_of_the_runtime_api_are_told_apart) {
    cp_str id;
    cr_assert_eq(route("GET /2018-06-01/runtime/invocation/next", &id), CP_API_NEXT);
    cr_assert_eq(route("POST /2018-06-01/runtime/invocation/aB-9/response", &id), CP_API_RESPONSE);
    cr_assert(cp_str_is(id, "aB-9"));
    cr_assert_eq(route("POST /2018-06-01/runtime/invocation/aB-9/error", &id), CP_API_ERROR);
    cr_assert_eq(route("POST /2018-06-01/runtime/init/error", &id), CP_API_INIT_ERROR);
    cr_assert_eq(route("POST /2018-06-01/runtime/invocation/next", &id), CP_API_METHOD);
    cr_assert_eq(route("GET /2018-06-01/runtime/invocation/x/response", &id), CP_API_METHOD);
    cr_assert_eq(route("POST /2018-06-01/runtime/invocation/../response", &id), CP_API_UNKNOWN);
    cr_assert_eq(route("POST /2018-06-01/runtime/invocation//response", &id), CP_API_UNKNOWN);
    cr_assert_eq(route("POST /2018-06-01/runtime/invocation/x/response/y", &id), CP_API_UNKNOWN);
    cr_assert_eq(route("GET /", &id), CP_API_UNKNOWN);
}
