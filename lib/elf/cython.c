#include "elf/cython.h"

#include "core/vec.h"

#include <libdeflate.h>

enum { MAX_STREAMS = 16, MAX_UNPACKED = 4 << 20, MIN_PACKED = 64, MAX_TRIES = 4096 };

// RFC 1950: deflate with a 32 KiB window, no preset dictionary, and a check that holds by chance
// for one pair of bytes in 31.
static bool is_zlib_header(const unsigned char *p) {
    return p[0] == 0x78 && (p[1] & 0x20) == 0 && ((unsigned)p[0] << 8 | p[1]) % 31 == 0;
}

// Machine code and tables unpack to noise, if at all; a string table is mostly printable.
static bool is_text(const unsigned char *p, size_t n) {
    size_t odd = 0;
    for (size_t i = 0; i < n; i++)
        odd += p[i] < 0x20 && p[i] != '\n' && p[i] != '\t' && p[i] != '\r';
    return n > 0 && odd * 4 < n;
}

// Unpacks the stream at the start of `packed` into `room`; 0 when it is none.
static size_t unpack(struct libdeflate_decompressor *d, cp_str packed, void *room, size_t *used) {
    size_t n = 0;
    enum libdeflate_result result =
        libdeflate_zlib_decompress_ex(d, packed.p, packed.n, room, MAX_UNPACKED, used, &n);
    return result == LIBDEFLATE_SUCCESS && is_text(room, n) ? n : 0;
}

void cp_elf_texts(const cp_elf_text **out, size_t *count, cp_str rodata, cp_arena *arena) {
    CP_VEC(cp_elf_text) texts = {0};
    cp_vec_push(&texts, (cp_elf_text){rodata, false});
    struct libdeflate_decompressor *d = NULL;
    void *room = NULL;
    unsigned tries = 0; // a hostile file may be made of streams that unpack to 4 MiB of nothing
    for (size_t at = 0; at + MIN_PACKED < rodata.n && texts.n <= MAX_STREAMS; at++) {
        at = cp_str_find(rodata, 0x78, at);
        if (at == SIZE_MAX || at + MIN_PACKED >= rodata.n)
            break;
        if (!is_zlib_header((const unsigned char *)rodata.p + at))
            continue;
        if (++tries > MAX_TRIES)
            break;
        if (!d) {
            d = libdeflate_alloc_decompressor();
            room = cp_xmalloc(MAX_UNPACKED);
            if (!d)
                cp_out_of_memory(0);
        }
        size_t used = 0, n = unpack(d, cp_str_sub(rodata, at, rodata.n), room, &used);
        if (n) {
            cp_str text = cp_arena_str(arena, (cp_str){room, n});
            cp_vec_push(&texts, (cp_elf_text){text, true});
            at += used - 1;
        }
    }
    if (d)
        libdeflate_free_decompressor(d);
    free(room);
    *out = cp_vec_to_arena(&texts, arena);
    *count = texts.n;
    cp_vec_free(&texts);
}
