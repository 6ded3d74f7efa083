// Requests to our Runtime API server: heads of any bytes, whole and cut short.
#include "target/http.h"

#include "core/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cp_str bytes = {(const char *)data, size}, id;
    cp_http_request whole, part;
    cp_http_state state = cp_http_parse(&whole, bytes);
    if (state == CP_HTTP_BAD)
        CP_ASSERT(whole.code >= 400 && whole.why);
    if (state != CP_HTTP_HEAD)
        return 0;
    CP_ASSERT(whole.head_bytes <= size);
    cp_api_kind kind = cp_api_route(&id, &whole);
    CP_ASSERT((kind == CP_API_RESPONSE || kind == CP_API_ERROR) == (id.n > 0));
    // What a head says does not depend on what follows it, and no shorter text is a whole head.
    CP_ASSERT(cp_http_parse(&part, (cp_str){bytes.p, whole.head_bytes}) == CP_HTTP_HEAD);
    CP_ASSERT(part.content_length == whole.content_length);
    CP_ASSERT(cp_http_parse(&part, (cp_str){bytes.p, whole.head_bytes - 1}) == CP_HTTP_MORE);
    return 0;
}
