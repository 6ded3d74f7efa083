#include "build/native.h"

#include "core/file.h"

#include <elf.h>
#include <string.h>

static cp_status broken(cp_err *err, cp_str path, uint64_t have, uint64_t need) {
    cp_fail(err, CP_EFORMAT, "%.*s is cut off: it has %llu bytes and should have %llu at least",
            CP_STR_ARG(path), (unsigned long long)have, (unsigned long long)need);
    return cp_hint(err, "install its package again");
}

static uint64_t max_u64(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

// End of what the headers promise; saturates, so that hostile values only make it larger.
static uint64_t end_of(uint64_t off, uint64_t n) {
    return off > UINT64_MAX - n ? UINT64_MAX : off + n;
}

static cp_status check_extent(cp_str bytes, const Elf64_Ehdr *head, cp_str path, cp_err *err) {
    uint64_t need = end_of(head->e_phoff, (uint64_t)head->e_phnum * sizeof(Elf64_Phdr));
    if (need > bytes.n)
        return broken(err, path, bytes.n, need);
    for (unsigned i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr segment;
        memcpy(&segment, bytes.p + head->e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD)
            need = max_u64(need, end_of(segment.p_offset, segment.p_filesz));
    }
    if (head->e_shoff)
        need = max_u64(need, end_of(head->e_shoff, (uint64_t)head->e_shnum * sizeof(Elf64_Shdr)));
    return need > bytes.n ? broken(err, path, bytes.n, need) : CP_OK;
}

static cp_status check(cp_str bytes, cp_str path, cp_str arch, cp_err *err) {
    Elf64_Ehdr head;
    if (bytes.n < sizeof head)
        return broken(err, path, bytes.n, sizeof head);
    memcpy(&head, bytes.p, sizeof head);
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) {
        cp_fail(err, CP_EFORMAT, "%.*s is not a shared library", CP_STR_ARG(path));
        return cp_hint(err, "install its package again, for Linux");
    }
    bool arm = cp_str_is(arch, "arm64");
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
        head.e_machine != (arm ? EM_AARCH64 : EM_X86_64)) {
        cp_fail(err, CP_EFORMAT,
                "%.*s is for another machine (ELF machine %u), the function is %.*s",
                CP_STR_ARG(path), head.e_machine, CP_STR_ARG(arch));
        return cp_hint(err, "install the packages for the target: see --target-arch");
    }
    return check_extent(bytes, &head, path, err);
}

cp_status cp_native_check(cp_str path, cp_str arch, cp_err *err) {
    CP_AUTOV(cp_map) map = {{"", 0}};
    CP_TRY(cp_map_open(&map, path, SIZE_MAX / 2, err));
    return check(map.bytes, path, arch, err);
}
