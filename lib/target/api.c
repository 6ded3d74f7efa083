#include "target/api.h"

#include "core/buf.h"
#include "core/vec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 8, CHUNK = 64 << 10, BODY_SLACK = 64 << 10, SEND_MS = 5000 };

struct connection {
    int fd;
    cp_buf in;           // from the start of the current request on
    uint64_t skip;       // bytes of an oversized body still to come
    uint64_t last_heard; // in steps of the server
    bool told_continue;
    bool busy; // handed out as a call, not answered yet
    bool too_large;
    cp_http_request request; // of the call that is handed out
};

struct cp_api {
    int listener;
    uint16_t port;
    uint64_t step;
    struct connection c[CONNECTIONS];
};

static void drop(struct connection *c) {
    if (c->fd >= 0)
        (void)close(c->fd);
    cp_buf_cleanup(&c->in);
    *c = (struct connection){.fd = -1,
                             .in = {.max = CP_HTTP_MAX_HEAD + CP_API_MAX_PAYLOAD + BODY_SLACK}};
}

cp_status cp_api_open(cp_api **out, cp_err *err) {
    CP_AUTO(cp_api) api = cp_xcalloc(1, sizeof *api);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        api->c[i].fd = -1;
        drop(&api->c[i]);
    }
    api->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    if (api->listener < 0 || bind(api->listener, (struct sockaddr *)&at, n) != 0 ||
        listen(api->listener, 16) != 0 ||
        getsockname(api->listener, (struct sockaddr *)&at, &n) != 0)
        return cp_fail_errno(err, errno, "listen on 127.0.0.1 for the runtime client");
    api->port = ntohs(at.sin_port);
    *out = api;
    api = NULL;
    return CP_OK;
}

void cp_api_cleanup(cp_api **api) {
    if (!*api)
        return;
    for (size_t i = 0; i < CONNECTIONS; i++)
        drop(&(*api)->c[i]);
    if ((*api)->listener >= 0)
        (void)close((*api)->listener);
    free(*api);
    *api = NULL;
}

uint16_t cp_api_port(const cp_api *api) {
    return api->port;
}

static void take_connection(cp_api *api) {
    int fd = accept4(api->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct connection *best = NULL;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct connection *c = &api->c[i];
        if (c->busy)
            continue;
        if (c->fd < 0) {
            best = c;
            break;
        }
        if (!best || c->last_heard < best->last_heard)
            best = c;
    }
    if (!best) {
        (void)close(fd);
        return;
    }
    int one = 1; // one segment per answer, not held back by Nagle
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    drop(best);
    best->fd = fd;
    best->last_heard = ++api->step;
}

// Waits for room in the socket, because the reader is the runtime client that asked for this.
static bool send_all(int fd, cp_str bytes) {
    while (bytes.n) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n > 0) {
            bytes = cp_str_sub(bytes, (size_t)n, bytes.n);
        } else if (errno == EAGAIN) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            if (poll(&p, 1, SEND_MS) <= 0)
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static const char *reason(unsigned code) {
    switch (code) {
    case 200:
        return "OK";
    case 202:
        return "Accepted";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Payload Too Large";
    default:
        return code < 500 ? "Bad Request" : "Server Error";
    }
}

void cp_api_answer(cp_api *api, uint32_t connection, unsigned code, cp_str headers, cp_str body) {
    CP_ASSERT(connection < CONNECTIONS);
    struct connection *c = &api->c[connection];
    if (c->fd < 0)
        return;
    bool keep = c->busy && c->request.keep_alive;
    CP_AUTOV(cp_buf) out = {0};
    cp_buf_addf(&out, "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n",
                code, reason(code), body.n);
    cp_buf_add(&out, headers);
    cp_buf_addf(&out, "%s\r\n", keep ? "" : "Connection: close\r\n");
    cp_buf_add(&out, body);
    if (!send_all(c->fd, cp_buf_str(&out)) || !keep) {
        drop(c);
        return;
    }
    // What follows the request that was answered is the start of the next one.
    size_t whole = c->request.head_bytes + (c->too_large ? 0 : (size_t)c->request.content_length);
    CP_AUTOV(cp_buf) rest = {.max = c->in.max};
    cp_buf_add(&rest, cp_str_sub(cp_buf_str(&c->in), whole, c->in.n));
    cp_buf_clear(&c->in);
    cp_buf_add(&c->in, cp_buf_str(&rest));
    c->busy = c->too_large = c->told_continue = false;
}

static void refuse(cp_api *api, struct connection *c, unsigned code, const char *why) {
    CP_AUTOV(cp_buf) body = {0};
    cp_buf_addf(&body, "{\"errorType\":\"InvalidRequest\",\"errorMessage\":\"%s\"}\n", why);
    cp_api_answer(api, (uint32_t)(c - api->c), code, CP_STR(""), cp_buf_str(&body));
}

// Reads what is there. The rest of an oversized body is counted, not kept.
static void hear(cp_api *api, struct connection *c) {
    char chunk[CHUNK];
    ssize_t n = recv(c->fd, chunk, sizeof chunk, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        drop(c);
        return;
    }
    if (n <= 0)
        return;
    c->last_heard = ++api->step;
    cp_str bytes = {chunk, (size_t)n};
    if (c->skip) {
        size_t gone = bytes.n < c->skip ? bytes.n : (size_t)c->skip;
        c->skip -= gone;
        bytes = cp_str_sub(bytes, gone, bytes.n);
    }
    cp_buf_add(&c->in, bytes);
    if (c->in.over)
        refuse(api, c, 413, "more bytes than one request may have");
}

static void begin_too_large(struct connection *c) {
    c->too_large = true;
    uint64_t have = c->in.n - c->request.head_bytes;
    CP_ASSERT(have <= c->request.content_length);
    c->skip = c->request.content_length - have;
    CP_AUTOV(cp_buf) head = {.max = c->in.max};
    cp_buf_add(&head, cp_str_sub(cp_buf_str(&c->in), 0, c->request.head_bytes));
    cp_buf_clear(&c->in);
    cp_buf_add(&c->in, cp_buf_str(&head));
}

// True when the head of the next request is whole and names a call; refuses what does not.
static bool look_at_head(cp_api_kind *kind, cp_str *id, cp_api *api, struct connection *c) {
    cp_http_state state = cp_http_parse(&c->request, cp_buf_str(&c->in));
    if (state == CP_HTTP_BAD)
        refuse(api, c, c->request.code, c->request.why);
    if (state != CP_HTTP_HEAD)
        return false;
    *kind = cp_api_route(id, &c->request);
    bool unknown = *kind == CP_API_UNKNOWN;
    if (unknown || *kind == CP_API_METHOD)
        refuse(api, c, unknown ? 404 : 405, "not a call of the Runtime API");
    return c->fd >= 0;
}

// True when all bytes of the body are here, or were dropped because they are too many.
static bool look_at_body(struct connection *c) {
    if (c->request.expects_continue && !c->told_continue) {
        c->told_continue = true;
        if (!send_all(c->fd, CP_STR("HTTP/1.1 100 Continue\r\n\r\n"))) {
            drop(c);
            return false;
        }
    }
    uint64_t have = c->in.n - c->request.head_bytes, body = c->request.content_length;
    if (c->too_large || have >= body)
        return true;
    if (body > CP_API_MAX_PAYLOAD)
        begin_too_large(c);
    return false;
}

// True when `c` holds a whole, valid request, which then is in *out.
static bool look(cp_api_call *out, cp_api *api, struct connection *c) {
    cp_api_kind kind;
    cp_str id;
    if (c->fd < 0 || c->busy || c->in.n == 0 || c->skip)
        return false;
    if (!look_at_head(&kind, &id, api, c) || !look_at_body(c))
        return false;
    c->busy = true;
    uint64_t body = c->request.content_length;
    bool over = body > CP_API_MAX_PAYLOAD;
    cp_str bytes = cp_str_sub(cp_buf_str(&c->in), c->request.head_bytes,
                              c->request.head_bytes + (over ? 0 : (size_t)body));
    *out = (cp_api_call){kind, (uint32_t)(c - api->c), id, bytes, over, body};
    return true;
}

static bool look_all(cp_api_call *out, cp_api *api) {
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (look(out, api, &api->c[i]))
            return true;
    return false;
}

cp_api_what cp_api_wait(cp_api_call *out, cp_api *api, int watch, int timeout_ms) {
    if (look_all(out, api))
        return CP_API_CALL;
    // A busy client is not listened to: its call was handed out and its texts are in use.
    struct pollfd p[CONNECTIONS + 2];
    for (size_t i = 0; i < CONNECTIONS; i++)
        p[i] = (struct pollfd){.fd = api->c[i].busy ? -1 : api->c[i].fd, .events = POLLIN};
    p[CONNECTIONS] = (struct pollfd){.fd = api->listener, .events = POLLIN};
    p[CONNECTIONS + 1] = (struct pollfd){.fd = watch, .events = POLLIN};
    if (poll(p, CONNECTIONS + 2, timeout_ms) <= 0)
        return CP_API_NOTHING;
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (p[i].revents)
            hear(api, &api->c[i]);
    if (p[CONNECTIONS].revents)
        take_connection(api);
    return look_all(out, api) ? CP_API_CALL : CP_API_NOTHING;
}
