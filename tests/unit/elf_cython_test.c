// The texts in the constants of compiled modules.
#include "elf/cython.h"

#include <criterion/criterion.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

static cp_arena arena;

static void teardown(void) {
    cp_arena_cleanup(&arena);
}

TestSuite(cython, .fini = teardown);

static size_t pack(char *to, size_t room, const char *text, size_t n) {
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t packed = libdeflate_zlib_compress(c, text, n, to, room);
    libdeflate_free_compressor(c);
    return packed;
}

Test(cython, a_packed_table_is_unpacked_and_marked_as_joined) {
    char text[4000] = "", bytes[8000] = "xx\0plain.name";
    for (int i = 0; i < 40; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "numpy.linalgword%d", i);
    size_t n = pack(bytes + 32, sizeof bytes - 32, text, strlen(text));
    cr_assert_gt(n, 0);
    const cp_elf_text *t;
    size_t count;
    cp_elf_texts(&t, &count, (cp_str){bytes, 32 + n + 100}, &arena);
    cr_assert_eq(count, 2);
    cr_assert_not(t[0].joined);
    cr_assert(t[1].joined);
    cr_assert(cp_str_is(t[1].text, text));
}

Test(cython, a_damaged_or_cut_table_is_no_text) {
    char text[1000], bytes[2000] = "";
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + (i * i) % 26);
    size_t n = pack(bytes, sizeof bytes, text, sizeof text);
    const cp_elf_text *t;
    size_t count;
    cp_elf_texts(&t, &count, (cp_str){bytes, n - 5}, &arena);
    cr_assert_eq(count, 1);
    bytes[n - 1] ^= 1; // the checksum
    cp_elf_texts(&t, &count, (cp_str){bytes, sizeof bytes}, &arena);
    cr_assert_eq(count, 1);
}

Test(cython, what_unpacks_to_noise_or_to_too_much_is_left) {
    size_t room = 8 << 20;
    char *zeros = cp_arena_alloc(&arena, room), *bytes = cp_arena_alloc(&arena, room);
    size_t n = pack(bytes, room, zeros, 1000);
    const cp_elf_text *t;
    size_t count;
    cp_elf_texts(&t, &count, (cp_str){bytes, n + 200}, &arena);
    cr_assert_eq(count, 1, "zeros are no text");
    memset(zeros, 'a', room);
    n = pack(bytes, room, zeros, 5 << 20);
    cp_elf_texts(&t, &count, (cp_str){bytes, n + 200}, &arena);
    cr_assert_eq(count, 1, "over 4 MiB");
}
