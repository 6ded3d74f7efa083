// http.h - the request half of HTTP/1.1, as far as a Lambda Runtime API server needs it.
//
// Pure and bounded: reads bytes that are already there, allocates nothing, keeps nothing. What it
// does not understand it refuses with the status code a server should answer; it never guesses
// (a request with two lengths, or with a length and a transfer encoding, is how smuggling starts).
#pragma once

#include "core/str.h"

enum {
    /// The runtime client sends its X-Ray cause, up to 1 MiB, as one header line.
    CP_HTTP_MAX_HEAD = (1 << 20) + (64 << 10),
};

typedef enum cp_http_state {
    CP_HTTP_MORE, ///< not a whole head yet
    CP_HTTP_HEAD, ///< the head is whole
    CP_HTTP_BAD,  ///< refuse with `code`
} cp_http_state;

/// One request head. Texts are borrowed from the parsed bytes.
typedef struct cp_http_request {
    cp_str method, path;
    size_t head_bytes; ///< up to and including the empty line
    uint64_t content_length;
    bool keep_alive;
    bool expects_continue; ///< wants "100 Continue" before it sends the body
    cp_str error_type;     ///< Lambda-Runtime-Function-Error-Type, or empty
    unsigned code;         ///< for CP_HTTP_BAD: 400, 411, 417, 431, 501 or 505
    const char *why;       ///< for CP_HTTP_BAD: what was wrong, in words
} cp_http_request;

/// Reads a request head from the start of `bytes`.
cp_http_state cp_http_parse(cp_http_request *out, cp_str bytes);

/// What a runtime may ask for.
typedef enum cp_api_kind {
    CP_API_NEXT,       ///< GET  /2018-06-01/runtime/invocation/next
    CP_API_RESPONSE,   ///< POST /2018-06-01/runtime/invocation/ID/response
    CP_API_ERROR,      ///< POST /2018-06-01/runtime/invocation/ID/error
    CP_API_INIT_ERROR, ///< POST /2018-06-01/runtime/init/error
    CP_API_UNKNOWN,    ///< no such path: 404
    CP_API_METHOD,     ///< a known path with the wrong method: 405
} cp_api_kind;

/// The kind of a request and, for responses and errors, the request id in it (1 to 128 bytes of
/// [A-Za-z0-9-], else CP_API_UNKNOWN).
cp_api_kind cp_api_route(cp_str *id, const cp_http_request *request);
