#include "elf/needed.h"

#include "core/path.h"
#include "core/vec.h"

#include <gelf.h>
#include <libelf.h>

enum { MAX_NEEDED = 512, MAX_HEADERS = 256 };

struct reader {
    Elf *elf;
    cp_str bytes, path;
    size_t headers;
    cp_arena *arena;
    uint64_t strings, strings_size; // the string table: offset in the file
};

static const char *machine_name(unsigned machine) {
    switch (machine) {
    case EM_X86_64:
        return "x86_64";
    case EM_AARCH64:
        return "arm64";
    case EM_386:
        return "i386";
    case EM_ARM:
        return "arm";
    case EM_PPC64:
        return "ppc64le";
    case EM_S390:
        return "s390x";
    case EM_RISCV:
        return "riscv64";
    default:
        return "an unknown machine";
    }
}

// What makes the bytes no file of ours, or NULL.
static const char *refusal(cp_str bytes) {
    if (bytes.n == 0)
        return "the file is empty";
    if (bytes.n < sizeof(Elf64_Ehdr))
        return "the file is shorter than an ELF header";
    const unsigned char *p = (const unsigned char *)bytes.p;
    if (memcmp(p, ELFMAG, SELFMAG) != 0)
        return "no ELF file";
    if (p[EI_CLASS] != ELFCLASS64)
        return "not a 64-bit ELF file";
    // Also keeps libelf from swapping bytes in the caller's memory.
    if (p[EI_DATA] != ELFDATA2LSB)
        return "not a little-endian ELF file";
    return NULL;
}

static bool in_file(const struct reader *r, uint64_t offset, uint64_t size) {
    return offset <= r->bytes.n && size <= r->bytes.n - offset;
}

// The place in the file of a loaded address.
static bool offset_of(const struct reader *r, uint64_t address, uint64_t *offset) {
    for (size_t i = 0; i < r->headers; i++) {
        GElf_Phdr h;
        if (gelf_getphdr(r->elf, (int)i, &h) && h.p_type == PT_LOAD && address >= h.p_vaddr &&
            address - h.p_vaddr < h.p_filesz) {
            *offset = h.p_offset + (address - h.p_vaddr);
            return *offset >= h.p_offset;
        }
    }
    return false;
}

static cp_str string_at(const struct reader *r, uint64_t index) {
    if (index >= r->strings_size)
        return (cp_str){0};
    const char *p = r->bytes.p + r->strings + index;
    const char *nul = memchr(p, '\0', (size_t)(r->strings_size - index));
    return nul ? cp_arena_str(r->arena, (cp_str){p, (size_t)(nul - p)}) : (cp_str){0};
}

static Elf_Data *dynamic_entries(const struct reader *r, size_t *count) {
    for (size_t i = 0; i < r->headers; i++) {
        GElf_Phdr h;
        if (!gelf_getphdr(r->elf, (int)i, &h) || h.p_type != PT_DYNAMIC)
            continue;
        if (!in_file(r, h.p_offset, h.p_filesz) || h.p_filesz > (1 << 20))
            return NULL;
        *count = h.p_filesz / sizeof(Elf64_Dyn);
        return elf_getdata_rawchunk(r->elf, (off_t)h.p_offset, h.p_filesz, ELF_T_DYN);
    }
    return NULL;
}

static bool find_strings(struct reader *r, Elf_Data *data, size_t count) {
    uint64_t address = 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Dyn d;
        if (!gelf_getdyn(data, (int)i, &d) || d.d_tag == DT_NULL)
            break;
        if (d.d_tag == DT_STRTAB)
            address = d.d_un.d_ptr;
        else if (d.d_tag == DT_STRSZ)
            r->strings_size = d.d_un.d_val;
    }
    return offset_of(r, address, &r->strings) && in_file(r, r->strings, r->strings_size);
}

static cp_status read_entries(cp_elf *out, struct reader *r, Elf_Data *data, size_t count,
                              cp_err *err) {
    cp_str *needed = CP_ARENA_ARRAY(r->arena, cp_str, count < MAX_NEEDED ? count : MAX_NEEDED);
    cp_str rpath = {0};
    for (size_t i = 0; i < count; i++) {
        GElf_Dyn d;
        if (!gelf_getdyn(data, (int)i, &d) || d.d_tag == DT_NULL)
            break;
        if (d.d_tag == DT_SONAME) {
            out->soname = string_at(r, d.d_un.d_val);
        } else if (d.d_tag == DT_RUNPATH) {
            out->runpath = string_at(r, d.d_un.d_val);
        } else if (d.d_tag == DT_RPATH) {
            rpath = string_at(r, d.d_un.d_val);
        } else if (d.d_tag == DT_NEEDED) {
            if (out->needed_count == MAX_NEEDED)
                return cp_fail(err, CP_EFORMAT, "%.*s: asks for more than %d libraries",
                               CP_STR_ARG(r->path), MAX_NEEDED);
            needed[out->needed_count++] = string_at(r, d.d_un.d_val);
        }
    }
    out->needed = needed;
    if (out->runpath.n == 0)
        out->runpath = rpath;
    return CP_OK;
}

// The section of that name, from the section headers; empty when there is none.
static cp_str section_bytes(const struct reader *r, const char *name) {
    size_t names;
    if (elf_getshdrstrndx(r->elf, &names) != 0)
        return (cp_str){0};
    for (Elf_Scn *section = NULL; (section = elf_nextscn(r->elf, section));) {
        GElf_Shdr h;
        if (!gelf_getshdr(section, &h) || h.sh_type != SHT_PROGBITS)
            continue;
        const char *found = elf_strptr(r->elf, names, h.sh_name);
        if (found && strcmp(found, name) == 0 && in_file(r, h.sh_offset, h.sh_size))
            return cp_str_sub(r->bytes, h.sh_offset, h.sh_offset + h.sh_size);
    }
    return (cp_str){0};
}

static cp_status read_image(cp_elf *out, struct reader *r, cp_err *err) {
    GElf_Ehdr header;
    if (elf_kind(r->elf) != ELF_K_ELF || !gelf_getehdr(r->elf, &header) ||
        elf_getphdrnum(r->elf, &r->headers) != 0 || r->headers > MAX_HEADERS)
        return cp_fail(err, CP_EFORMAT, "%.*s: the ELF header is damaged", CP_STR_ARG(r->path));
    out->machine = machine_name(header.e_machine);
    for (size_t i = 0; i < r->headers; i++) {
        GElf_Phdr h;
        if (!gelf_getphdr(r->elf, (int)i, &h) ||
            (h.p_type == PT_LOAD && !in_file(r, h.p_offset, h.p_filesz)))
            return cp_fail(err, CP_EFORMAT,
                           "%.*s: the file is cut short: %zu bytes, segment %zu lies beyond",
                           CP_STR_ARG(r->path), r->bytes.n, i);
    }
    size_t count = 0;
    Elf_Data *data = dynamic_entries(r, &count);
    if (!data)
        return CP_OK; // a program or an object file: nothing to load
    if (!find_strings(r, data, count))
        return cp_fail(err, CP_EFORMAT, "%.*s: the dynamic section is damaged",
                       CP_STR_ARG(r->path));
    out->dynamic = true;
    cp_str strings = cp_str_sub(r->bytes, r->strings, r->strings + r->strings_size);
    out->python = cp_str_search(strings, (cp_str){"\0PyInit_", 8}) != SIZE_MAX;
    out->rodata = section_bytes(r, ".rodata");
    return read_entries(out, r, data, count, err);
}

cp_status cp_elf_read(cp_elf *out, cp_str bytes, cp_str path, cp_arena *arena, cp_err *err) {
    *out = (cp_elf){.machine = "an unknown machine"};
    const char *why = refusal(bytes);
    if (why)
        return cp_fail(err, CP_EFORMAT, "%.*s: %s (%zu bytes)", CP_STR_ARG(path), why, bytes.n);
    if (elf_version(EV_CURRENT) == EV_NONE)
        return cp_fail(err, CP_EFORMAT, "libelf is too old for ELF version %d", EV_CURRENT);
    union {
        const char *in;
        char *out;
    } image = {.in = bytes.p}; // libelf reads only, but its parameter is not const
    struct reader r = {.bytes = bytes, .path = path, .arena = arena};
    r.elf = elf_memory(image.out, bytes.n);
    if (!r.elf)
        return cp_fail(err, CP_EFORMAT, "%.*s: %s", CP_STR_ARG(path), elf_errmsg(-1));
    cp_status status = read_image(out, &r, err);
    (void)elf_end(r.elf);
    return status;
}
