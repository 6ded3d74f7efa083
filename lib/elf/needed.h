// needed.h - what a compiled file asks the dynamic loader for.
//
// Reads wheels from anywhere: nothing in the file is believed. All offsets are checked against the
// bytes at hand, lists are bounded, and sections (which strippers remove) are used only where there
// is no other way.
#pragma once

#include "core/arena.h"

typedef struct cp_elf {
    const char *machine;  ///< "x86_64", "arm64", or another word for a message
    bool dynamic;         ///< has a dynamic section: can be loaded at all
    cp_str soname;        ///< DT_SONAME, or empty
    const cp_str *needed; ///< DT_NEEDED, in order
    uint32_t needed_count;
    cp_str runpath; ///< DT_RUNPATH, else DT_RPATH: folders separated by ':'; may hold $ORIGIN
    bool python;    ///< names a PyInit_ function: an extension module
    cp_str rodata;  ///< the constants, borrowed from the bytes; empty when there is no such section
} cp_elf;

/// Reads the image of a 64-bit little-endian ELF file. `path` is for messages only. Texts other
/// than `rodata` live in `arena`. Fails with CP_EFORMAT, naming the file, when it is empty, no ELF
/// file, of another class or byte order, cut short, or asks for more than 512 libraries.
CP_MUST_CHECK cp_status cp_elf_read(cp_elf *out, cp_str bytes, cp_str path, cp_arena *arena,
                                    cp_err *err);

/// A file of the package set.
typedef struct cp_elf_item {
    cp_str path;           ///< '/'-separated; the same root for all items
    const cp_elf *elf;     ///< NULL when it could not be read: then nothing needs or is needed
    const uint32_t *needs; ///< set by cp_elf_resolve: positions of items
    uint32_t need_count;
    cp_str missing; ///< set by cp_elf_resolve: names found neither here nor in a Lambda image
} cp_elf_item;

/// Finds what each item needs among the items, as the loader would: first in the folders of
/// RUNPATH, then by SONAME or file name anywhere in the set (a library that is loaded already
/// satisfies any later need of its name).
void cp_elf_resolve(cp_elf_item *items, size_t count, cp_arena *arena);
