#include "target/http.h"

#include <string.h>

enum { MAX_ID = 128 };

static cp_http_state bad(cp_http_request *out, unsigned code, const char *why) {
    out->code = code;
    out->why = why;
    return CP_HTTP_BAD;
}

static bool is_token(cp_str s) {
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c >= 127 || strchr("()<>@,;:\\\"/[]?={}", c))
            return false;
    }
    return s.n > 0;
}

static bool is_printable(cp_str s) {
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 127)
            return false;
    return s.n > 0;
}

static cp_http_state read_request_line(cp_http_request *out, cp_str line) {
    cp_str rest = line;
    out->method = cp_str_next(&rest, ' ');
    if (!rest.p || !is_token(out->method))
        return bad(out, 400, "no request method");
    out->path = cp_str_next(&rest, ' ');
    if (!rest.p || !is_printable(out->path) || out->path.p[0] != '/')
        return bad(out, 400, "no absolute path in the request line");
    if (cp_str_is(rest, "HTTP/1.1"))
        out->keep_alive = true;
    else if (!cp_str_is(rest, "HTTP/1.0"))
        return bad(out, 505, "not HTTP/1.0 or HTTP/1.1");
    return CP_HTTP_HEAD;
}

// The headers that change what the bytes after the head mean, or what we do.
static cp_http_state read_header(cp_http_request *out, cp_str name, cp_str value, bool *sized) {
    if (cp_str_eq_nocase(name, CP_STR("content-length"))) {
        uint64_t length = 0;
        if (!cp_str_to_u64(&length, value))
            return bad(out, 400, "Content-Length is not a number");
        if (*sized && length != out->content_length)
            return bad(out, 400, "two different Content-Length headers");
        *sized = true;
        out->content_length = length;
    } else if (cp_str_eq_nocase(name, CP_STR("transfer-encoding"))) {
        return bad(out, 501, "Transfer-Encoding is not supported: send a Content-Length");
    } else if (cp_str_eq_nocase(name, CP_STR("expect"))) {
        if (!cp_str_eq_nocase(value, CP_STR("100-continue")))
            return bad(out, 417, "unknown expectation");
        out->expects_continue = true;
    } else if (cp_str_eq_nocase(name, CP_STR("connection"))) {
        out->keep_alive = !cp_str_eq_nocase(value, CP_STR("close")) &&
                          (out->keep_alive || cp_str_eq_nocase(value, CP_STR("keep-alive")));
    } else if (cp_str_eq_nocase(name, CP_STR("lambda-runtime-function-error-type"))) {
        out->error_type = value;
    }
    return CP_HTTP_HEAD;
}

static cp_str next_line(cp_str *rest) {
    cp_str line = cp_str_next(rest, '\n');
    return line.n && line.p[line.n - 1] == '\r' ? cp_str_sub(line, 0, line.n - 1) : line;
}

cp_http_state cp_http_parse(cp_http_request *out, cp_str bytes) {
    *out = (cp_http_request){0};
    size_t end = cp_str_search(bytes, CP_STR("\r\n\r\n"));
    if (end == SIZE_MAX)
        return bytes.n >= CP_HTTP_MAX_HEAD ? bad(out, 431, "the head of the request is too long")
                                           : CP_HTTP_MORE;
    out->head_bytes = end + 4;
    if (out->head_bytes > CP_HTTP_MAX_HEAD)
        return bad(out, 431, "the head of the request is too long");
    cp_str rest = cp_str_sub(bytes, 0, end);
    if (read_request_line(out, next_line(&rest)) != CP_HTTP_HEAD)
        return CP_HTTP_BAD;
    bool sized = false;
    while (rest.p) {
        cp_str line = next_line(&rest);
        size_t colon = cp_str_find(line, ':', 0);
        if (colon == SIZE_MAX || !is_token(cp_str_sub(line, 0, colon)))
            return bad(out, 400, "a header line without a name");
        cp_str value = cp_str_trim(cp_str_sub(line, colon + 1, line.n));
        if (memchr(value.p, '\0', value.n))
            return bad(out, 400, "a NUL byte in a header");
        if (read_header(out, cp_str_sub(line, 0, colon), value, &sized) != CP_HTTP_HEAD)
            return CP_HTTP_BAD;
    }
    if (cp_str_is(out->method, "POST") && !sized)
        return bad(out, 411, "a POST without Content-Length");
    return CP_HTTP_HEAD;
}

static bool is_id(cp_str id) {
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        if (!(c == '-' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z')))
            return false;
    }
    return id.n > 0 && id.n <= MAX_ID;
}

cp_api_kind cp_api_route(cp_str *id, const cp_http_request *request) {
    const cp_str root = CP_STR("/2018-06-01/runtime/");
    *id = (cp_str){0};
    if (!cp_str_starts(request->path, root))
        return CP_API_UNKNOWN;
    cp_str path = cp_str_sub(request->path, root.n, request->path.n);
    bool get = cp_str_is(request->method, "GET"), post = cp_str_is(request->method, "POST");
    if (cp_str_is(path, "invocation/next"))
        return get ? CP_API_NEXT : CP_API_METHOD;
    if (cp_str_is(path, "init/error"))
        return post ? CP_API_INIT_ERROR : CP_API_METHOD;
    if (!cp_str_is(cp_str_next(&path, '/'), "invocation") || !path.p)
        return CP_API_UNKNOWN;
    cp_str who = cp_str_next(&path, '/');
    bool response = cp_str_is(path, "response");
    if (!is_id(who) || (!response && !cp_str_is(path, "error")))
        return CP_API_UNKNOWN;
    if (!post)
        return CP_API_METHOD;
    *id = who;
    return response ? CP_API_RESPONSE : CP_API_ERROR;
}
