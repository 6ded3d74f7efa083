// Reading real shared objects, and broken ones.
#include "core/file.h"
#include "elf/needed.h"

#include <criterion/criterion.h>

static cp_arena arena;
static cp_err err;

static void teardown(void) {
    cp_arena_cleanup(&arena);
}

TestSuite(elf, .fini = teardown);

static cp_str small(void) { // a stripped shared object of a few kB
    cp_str bytes;
    cr_assert_eq(cp_file_read(&bytes, &arena,
                              CP_STR(CP_SOURCE_DIR "/tests/fuzz/corpus/elf/small.so"), 1 << 20,
                              &err),
                 CP_OK, "%s", err.message);
    return bytes;
}

Test(elf, a_shared_object_says_its_name_path_and_exports) {
    cp_elf e;
    cr_assert_eq(cp_elf_read(&e, small(), CP_STR("small.so"), &arena, &err), CP_OK, "%s",
                 err.message);
    cr_assert(cp_str_is(e.soname, "small.so"));
    cr_assert(cp_str_is(e.runpath, "$ORIGIN/../libs"));
    cr_assert(e.python && e.dynamic);
    cr_assert_str_eq(e.machine, "x86_64");
    cr_assert_neq(cp_str_search(e.rodata, CP_STR("pkg.sub.mod")), SIZE_MAX);
}

Test(elf, this_program_needs_the_c_library) {
    cp_str bytes;
    cp_elf e;
    cr_assert_eq(cp_file_read(&bytes, &arena, CP_STR("/proc/self/exe"), 1 << 30, &err), CP_OK);
    cr_assert_eq(cp_elf_read(&e, bytes, CP_STR("self"), &arena, &err), CP_OK, "%s", err.message);
    bool libc = false;
    for (uint32_t i = 0; i < e.needed_count; i++)
        libc |= cp_str_is(e.needed[i], "libc.so.6");
    cr_assert(libc);
    cr_assert_not(e.python);
}

static void refused(cp_str bytes, const char *why) {
    cp_elf e;
    cr_assert_eq(cp_elf_read(&e, bytes, CP_STR("pkg/x.so"), &arena, &err), CP_EFORMAT);
    cr_assert_not_null(strstr(err.message, "pkg/x.so"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
}

Test(elf, broken_files_are_refused_by_name_and_reason) {
    char text[100] = "#!/bin/sh\n";
    refused(CP_STR(""), "empty");
    refused(CP_STR("\177ELF"), "shorter");
    refused((cp_str){text, sizeof text}, "no ELF file");
    cp_str whole = small();
    refused(cp_str_sub(whole, 0, whole.n / 3), "cut short");
    char *other = cp_arena_cstr(&arena, whole);
    other[4] = 1;
    refused((cp_str){other, whole.n}, "64-bit");
    other[4] = 2;
    other[5] = 2;
    refused((cp_str){other, whole.n}, "little-endian");
}

Test(elf, no_cut_of_a_file_crashes) {
    cp_str whole = small();
    for (size_t n = 0; n < whole.n; n += 7) {
        cp_arena scratch = {0};
        cp_elf e;
        cp_str cut = cp_arena_str(&scratch, cp_str_sub(whole, 0, n));
        if (cp_elf_read(&e, cut, CP_STR("cut"), &scratch, &err) != CP_OK)
            cr_assert_eq(err.status, CP_EFORMAT);
        cp_arena_cleanup(&scratch);
    }
}

Test(elf, needs_are_found_by_runpath_first_then_by_name) {
    cp_str needed[] = {CP_LIT("liba.so"), CP_LIT("libb.so.1"), CP_LIT("libc.so.6"),
                       CP_LIT("libgone.so")};
    cp_elf module = {.needed = needed, .needed_count = 4, .runpath = CP_LIT("/abs:$ORIGIN/../l")};
    cp_elf near = {0}, far = {0}, b = {.soname = CP_LIT("libb.so.1")};
    cp_elf_item items[] = {{.path = CP_LIT("0/a/liba.so"), .elf = &far},
                           {.path = CP_LIT("0/l/liba.so"), .elf = &near},
                           {.path = CP_LIT("0/p/m.so"), .elf = &module},
                           {.path = CP_LIT("0/q/b-hash.so"), .elf = &b},
                           {.path = CP_LIT("0/q/broken.so")}};
    cp_elf_resolve(items, 5, &arena);
    cr_assert_eq(items[2].need_count, 2);
    cr_assert_eq(items[2].needs[0], 1, "RUNPATH decides between two of one name");
    cr_assert_eq(items[2].needs[1], 3);
    cr_assert(cp_str_is(items[2].missing, "libgone.so"));
}
