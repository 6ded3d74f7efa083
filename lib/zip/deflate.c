#include "zip/deflate.h"

#include <libdeflate.h>
#include <stdlib.h>

struct cp_deflater {
    struct libdeflate_compressor *compressor;
};

cp_deflater *cp_deflater_new(int level) {
    cp_deflater *d = cp_xcalloc(1, sizeof *d);
    d->compressor = libdeflate_alloc_compressor(level);
    if (!d->compressor)
        cp_out_of_memory(sizeof *d);
    return d;
}

void cp_deflater_cleanup(cp_deflater **deflater) {
    if (!*deflater)
        return;
    libdeflate_free_compressor((*deflater)->compressor);
    free(*deflater);
    *deflater = NULL;
}

size_t cp_deflate(cp_deflater *deflater, void *out, size_t room, cp_str in) {
    return libdeflate_deflate_compress(deflater->compressor, in.p, in.n, out, room);
}

cp_status cp_inflate(cp_str *out, cp_str deflated, size_t raw_bytes, cp_arena *arena, cp_err *err) {
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (!d)
        cp_out_of_memory(1 << 16);
    char *p = cp_arena_alloc(arena, raw_bytes + 1);
    size_t used = 0, made = 0;
    enum libdeflate_result r =
        libdeflate_deflate_decompress_ex(d, deflated.p, deflated.n, p, raw_bytes, &used, &made);
    libdeflate_free_decompressor(d);
    if (r != LIBDEFLATE_SUCCESS || made != raw_bytes || used != deflated.n)
        return cp_fail(err, CP_EFORMAT, "%zu deflated bytes do not inflate to %zu", deflated.n,
                       raw_bytes);
    *out = (cp_str){p, raw_bytes};
    return CP_OK;
}

uint32_t cp_crc32(cp_str bytes) {
    return libdeflate_crc32(0, bytes.p, bytes.n);
}
