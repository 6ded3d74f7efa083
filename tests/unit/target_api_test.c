// The server on a real socket: clients that behave, and clients that do not.
#include "target/api.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static cp_err err;
static cp_api *api;

static void setup(void) {
    cr_assert_eq(cp_api_open(&api, &err), CP_OK, "%s", err.message);
}

static void teardown(void) {
    cp_api_cleanup(&api);
}

TestSuite(api, .init = setup, .fini = teardown, .timeout = 60);

static int dial(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(cp_api_port(api))};
    cr_assert_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void say(int fd, const char *text) {
    cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

// Turns the server until a call comes, at most `turns` times.
static bool next_call(cp_api_call *call, int turns) {
    for (int i = 0; i < turns; i++)
        if (cp_api_wait(call, api, -1, 20) == CP_API_CALL)
            return true;
    return false;
}

static const char *hear(int fd) {
    static char text[4096];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

Test(api, one_connection_serves_many_requests_even_pipelined) {
    int fd = dial();
    say(fd,
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n"
        "POST /2018-06-01/runtime/invocation/i1/response HTTP/1.1\r\nContent-Length: 2\r\n\r\n42"
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n");
    cp_api_call call;
    cr_assert(next_call(&call, 10));
    cr_assert_eq(call.kind, CP_API_NEXT);
    cp_api_answer(api, call.connection, 200, CP_STR("X-Y: z\r\n"), CP_STR("{}"));
    cr_assert_not_null(strstr(hear(fd), "X-Y: z\r\n\r\n{}"));
    cr_assert(next_call(&call, 10));
    cr_assert_eq(call.kind, CP_API_RESPONSE);
    cr_assert(cp_str_is(call.body, "42"));
    cr_assert(cp_str_is(call.id, "i1"));
    cp_api_answer(api, call.connection, 202, CP_STR(""), CP_STR(""));
    cr_assert(next_call(&call, 10));
    cr_assert_eq(call.kind, CP_API_NEXT);
    (void)close(fd);
}

Test(api, requests_byte_by_byte_are_understood) {
    int fd = dial();
    const char *text =
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
    cp_api_call call;
    for (const char *p = text; *p; p++) {
        char one[2] = {*p, 0};
        say(fd, one);
        bool whole = cp_api_wait(&call, api, -1, 20) == CP_API_CALL || next_call(&call, 1);
        cr_assert_eq(whole, p[1] == 0);
    }
    cr_assert(cp_str_is(call.body, "abc"));
    (void)close(fd);
}

Test(api, slow_and_silent_clients_do_not_keep_others_out) {
    int idle[30];
    cp_api_call call;
    for (int i = 0; i < 30; i++) {
        idle[i] = dial();
        say(idle[i], "GET /2018");
        cr_assert_not(next_call(&call, 2));
    }
    int fd = dial();
    say(fd, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n");
    cr_assert(next_call(&call, 40));
    cp_api_answer(api, call.connection, 200, CP_STR(""), CP_STR("1"));
    cr_assert_not_null(strstr(hear(fd), "200 OK"));
    for (int i = 0; i < 30; i++)
        (void)close(idle[i]);
    (void)close(fd);
}

Test(api, wrong_requests_are_answered_and_closed) {
    static const char *const cases[][2] = {
        {"GET / HTTP/1.1\r\n\r\n", "404"},
        {"PUT /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n", "405"},
        {"nonsense\r\n\r\n", "400"},
        {"POST /2018-06-01/runtime/init/error HTTP/1.1\r\n\r\n", "411"},
        {"\x16\x03\x01\r\n\r\n", "400"}, // a TLS client
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = dial();
        say(fd, cases[i][0]);
        cp_api_call call;
        cr_assert_not(next_call(&call, 3));
        const char *answer = hear(fd);
        cr_assert_not_null(strstr(answer, cases[i][1]), "%s", answer);
        cr_assert_str_eq(hear(fd), "");
        (void)close(fd);
    }
}

Test(api, a_client_that_hangs_up_half_way_is_forgotten) {
    int fd = dial();
    say(fd, "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf");
    cp_api_call call;
    cr_assert_not(next_call(&call, 3));
    (void)close(fd);
    cr_assert_not(next_call(&call, 3));
    fd = dial();
    say(fd, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n");
    cr_assert(next_call(&call, 10));
    (void)close(fd);
    // Answering somebody who left is no error.
    cp_api_answer(api, call.connection, 200, CP_STR(""), CP_STR("1"));
    cp_api_answer(api, call.connection, 200, CP_STR(""), CP_STR("1"));
}

Test(api, a_body_over_the_limit_is_dropped_and_told) {
    int fd = dial();
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    const size_t bytes = 30 << 20;
    say(fd, "POST /2018-06-01/runtime/invocation/i/response HTTP/1.1\r\n"
            "Content-Length: 31457280\r\n\r\n");
    char *chunk = calloc(1, 1 << 16);
    cp_api_call call = {0};
    bool whole = false;
    for (size_t sent = 0; sent < bytes;) {
        size_t rest = bytes - sent;
        ssize_t n = send(fd, chunk, rest < 1 << 16 ? rest : 1 << 16, MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        whole = cp_api_wait(&call, api, -1, 1) == CP_API_CALL;
        cr_assert(!whole || sent == bytes);
    }
    free(chunk);
    cr_assert(whole || next_call(&call, 500));
    cr_assert(call.too_large);
    cr_assert_eq(call.body_bytes, bytes);
    cr_assert_eq(call.body.n, 0);
    (void)close(fd);
}

Test(api, a_client_may_wait_for_continue) {
    int fd = dial();
    say(fd, "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 1\r\n"
            "Expect: 100-continue\r\n\r\n");
    cp_api_call call;
    cr_assert_not(next_call(&call, 3));
    cr_assert_str_eq(hear(fd), "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "x");
    cr_assert(next_call(&call, 10));
    cr_assert(cp_str_is(call.body, "x"));
    (void)close(fd);
}
