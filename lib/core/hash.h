// hash.h - sha256 for identity (OpenSSL), a fast 64-bit hash for tables.
#pragma once

#include "core/arena.h"
#include "core/str.h"

typedef struct cp_sha256 {
    uint8_t b[32];
} cp_sha256;

typedef struct cp_sha256_stream cp_sha256_stream;

/// FIPS 180-4 SHA-256 of the bytes.
cp_sha256 cp_sha256_of(cp_str bytes);
/// Piecewise: new, add..., end (which frees the stream).
cp_sha256_stream *cp_sha256_new(void);
void cp_sha256_add(cp_sha256_stream *stream, cp_str bytes);
/// Adds the length and then the bytes, so that ("ab","c") and ("a","bc") differ; for digests of
/// several fields.
void cp_sha256_add_field(cp_sha256_stream *stream, cp_str bytes);
cp_sha256 cp_sha256_end(cp_sha256_stream *stream);
bool cp_sha256_eq(const cp_sha256 *a, const cp_sha256 *b);
/// 64 lower-case hexadecimal digits, in the arena.
cp_str cp_sha256_hex(cp_arena *arena, const cp_sha256 *digest);
/// False when `hex` is not exactly 64 hexadecimal digits.
bool cp_sha256_parse(cp_sha256 *out, cp_str hex);
/// FNV-1a followed by a finaliser; not for hostile collisions in unbounded tables.
uint64_t cp_hash64(cp_str bytes);
