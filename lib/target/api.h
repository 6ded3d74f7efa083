// api.h - a small Lambda Runtime API server on loopback: what AWS's runtime client talks to.
//
// One thread, one poll loop, a few connections. Whoever drives it (run.c) asks for the next thing
// that happened and answers it. A client that sends slowly, sends nonsense or stops half-way costs
// one of the connections and nothing else: when all are taken, the one that has been silent longest
// goes. Memory is bounded by connections x (head + largest body); a body over the limit is read
// and dropped, so that the client gets its 413.
#pragma once

#include "core/ctx.h"
#include "target/http.h"

enum {
    /// Largest synchronous request and response of Lambda ("6,291,556 bytes" in its own message;
    /// 6 MB in docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, 2026-11-21).
    CP_API_MAX_PAYLOAD = 6291556,
};

typedef struct cp_api cp_api;

/// Listens on 127.0.0.1, any free port. Fails with CP_EIO. End with cp_api_cleanup.
CP_MUST_CHECK cp_status cp_api_open(cp_api **out, cp_err *err);
void cp_api_cleanup(cp_api **api);
uint16_t cp_api_port(const cp_api *api);

typedef enum cp_api_what {
    CP_API_NOTHING, ///< the time is up, or `watch` became readable
    CP_API_CALL,
} cp_api_what;

/// A whole request. `id` and `body` are valid until it is answered.
typedef struct cp_api_call {
    cp_api_kind kind; ///< NEXT, RESPONSE, ERROR or INIT_ERROR
    uint32_t connection;
    cp_str id, body;
    bool too_large; ///< the body went over CP_API_MAX_PAYLOAD and was dropped
    uint64_t body_bytes;
} cp_api_call;

/// Waits up to `timeout_ms` for a call, or for `watch` (-1 = none) to become readable. Answers by
/// itself what is wrong (400, 404, 405, ...).
cp_api_what cp_api_wait(cp_api_call *out, cp_api *api, int watch, int timeout_ms);

/// Answers a call with a status code, extra header lines (each with its CRLF) and a JSON body. The
/// client may be gone: that is not an error of ours.
void cp_api_answer(cp_api *api, uint32_t connection, unsigned code, cp_str headers, cp_str body);
