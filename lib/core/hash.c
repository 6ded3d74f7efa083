#include "core/hash.h"

#include <openssl/evp.h>
#include <string.h>

struct cp_sha256_stream {
    EVP_MD_CTX *md;
};

cp_sha256_stream *cp_sha256_new(void) {
    cp_sha256_stream *s = cp_xmalloc(sizeof *s);
    s->md = EVP_MD_CTX_new();
    CP_ASSERT(s->md && EVP_DigestInit_ex(s->md, EVP_sha256(), NULL) == 1);
    return s;
}

void cp_sha256_add(cp_sha256_stream *stream, cp_str bytes) {
    CP_ASSERT(EVP_DigestUpdate(stream->md, bytes.p, bytes.n) == 1);
}

void cp_sha256_add_field(cp_sha256_stream *stream, cp_str bytes) {
    char le[8];
    for (size_t i = 0; i < sizeof le; i++)
        le[i] = (char)(unsigned char)((uint64_t)bytes.n >> (8 * i));
    cp_sha256_add(stream, (cp_str){le, sizeof le});
    cp_sha256_add(stream, bytes);
}

cp_sha256 cp_sha256_end(cp_sha256_stream *stream) {
    cp_sha256 out;
    CP_ASSERT(EVP_DigestFinal_ex(stream->md, out.b, NULL) == 1);
    EVP_MD_CTX_free(stream->md);
    free(stream);
    return out;
}

cp_sha256 cp_sha256_of(cp_str bytes) {
    cp_sha256 out;
    CP_ASSERT(EVP_Digest(bytes.p, bytes.n, out.b, NULL, EVP_sha256(), NULL) == 1);
    return out;
}

bool cp_sha256_eq(const cp_sha256 *a, const cp_sha256 *b) {
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

cp_str cp_sha256_hex(cp_arena *arena, const cp_sha256 *digest) {
    static const char digits[] = "0123456789abcdef";
    char *hex = cp_arena_alloc(arena, 65);
    for (size_t i = 0; i < 32; i++) {
        hex[2 * i] = digits[digest->b[i] >> 4];
        hex[2 * i + 1] = digits[digest->b[i] & 15];
    }
    return (cp_str){hex, 64};
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool cp_sha256_parse(cp_sha256 *out, cp_str hex) {
    if (hex.n != 64)
        return false;
    for (size_t i = 0; i < 32; i++) {
        int high = hex_value(hex.p[2 * i]), low = hex_value(hex.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->b[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

uint64_t cp_hash64(cp_str bytes) {
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < bytes.n; i++)
        h = (h ^ (unsigned char)bytes.p[i]) * 0x100000001b3u;
    h ^= h >> 32;
    h *= 0x9fb21c651e98df25u;
    return h ^ (h >> 28);
}
