// cython.h - the texts inside a compiled module.
//
// A Cython module names what it imports in its string table. Up to Cython 3.1 the strings stand one
// by one, ended by NUL; from 3.2 on they are joined without separators and compressed with zlib.
// The lengths are kept elsewhere and cannot be found with certainty, so a joined text has no word
// borders: who looks for names in it must know them beforehand.
#pragma once

#include "core/arena.h"

typedef struct cp_elf_text {
    cp_str text;
    bool joined; ///< strings without anything between them
} cp_elf_text;

/// The texts of a module's constants: `rodata` itself (borrowed), and each zlib stream in it that
/// unpacks to text (in `arena`; at most 16 streams of 4 MiB).
void cp_elf_texts(const cp_elf_text **out, size_t *count, cp_str rodata, cp_arena *arena);
