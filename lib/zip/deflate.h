// deflate.h - raw deflate (RFC 1951) and CRC-32 of pieces that fit in memory, by libdeflate.
#pragma once

#include "core/arena.h"

typedef struct cp_deflater cp_deflater; ///< for one thread at a time; end with cp_deflater_cleanup

/// `level` is libdeflate's, 1 to 12. The same input and level always give the same bytes.
cp_deflater *cp_deflater_new(int level);
void cp_deflater_cleanup(cp_deflater **deflater);
/// Deflates `in` into `out`; the bytes written, or 0 when `room` is not enough.
size_t cp_deflate(cp_deflater *deflater, void *out, size_t room, cp_str in);

/// Inflates `deflated`, all of it, to exactly `raw_bytes` in the arena. Fails with CP_EFORMAT when
/// it is damaged or comes to another size; never takes more memory than `raw_bytes`.
CP_MUST_CHECK cp_status cp_inflate(cp_str *out, cp_str deflated, size_t raw_bytes, cp_arena *arena,
                                   cp_err *err);

/// zlib's CRC-32 (IEEE 802.3).
uint32_t cp_crc32(cp_str bytes);
