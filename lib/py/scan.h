// scan.h - what a Python source file imports, without running or fully parsing it.
//
// A lexer and a statement scanner for the union of Python 3.8 to 3.15: one build reads them all,
// because the grammar only grew. Expressions are not parsed: names, attribute chains and a few
// calls are picked out of them. Time is linear in the text; nesting is bounded (100 indentations,
// 200 brackets, 60 f-strings inside each other), so hostile input ends in `damage`, not in a deep
// stack.
//
// Bytes above 0x7f count as letters, which is right for UTF-8 and the Latin encodings.
#pragma once

#include "core/arena.h"

#define CP_PY_MAX_BYTES (64u << 20) ///< larger sources are not read
#define CP_PY_NO_BLOCK UINT32_MAX

typedef enum cp_py_kind {
    CP_PY_IMPORT, ///< `import module as alias`: one record a name
    CP_PY_FROM,   ///< `from module import name as alias`: one record a name; name "*" for a star
    CP_PY_CALL,   ///< import_module("module", name) or __import__("module")
    CP_PY_OPAQUE, ///< the same, computed: `name` is the source text, `module` the literal it starts
                  ///< with ("pkg." of f"pkg.{x}"), if any
    CP_PY_ATTACH, ///< one entry of lazy_loader.attach(): submodule `module`, attribute `name` or ""
    CP_PY_STRING, ///< a literal that could name a module: `module` is dotted, leading dots in
                  ///< `level`
    CP_PY_STUB,   ///< lazy_loader.attach_stub(): the .pyi beside the file says what is attached
} cp_py_kind;

/// Where a statement stands: the union over all enclosing blocks.
enum cp_py_flag {
    CP_PY_IN_FUNCTION = 1,
    CP_PY_IN_CLASS = 2,
    CP_PY_IN_TRY = 4,
    CP_PY_IN_HANDLER = 8,
    CP_PY_IN_TYPING = 16, ///< `if TYPE_CHECKING:` itself, not its else
    CP_PY_IN_IF = 32,
    CP_PY_IN_ELSE = 64, ///< of anything: if, try, for, while
    CP_PY_IN_LOOP = 128,
    CP_PY_IN_WITH = 256,
    CP_PY_IN_FINALLY = 512,
    CP_PY_IS_LAZY = 1024, ///< PEP 810 `lazy import`, or named by `__lazy_modules__`
};

typedef struct cp_py_import {
    cp_py_kind kind;
    uint32_t flags;
    uint32_t line;
    uint32_t level; ///< leading dots
    uint32_t block; ///< innermost block, or CP_PY_NO_BLOCK at module level
    cp_str module;  ///< without the dots and without spaces; empty for `from . import x`
    cp_str name;    ///< FROM: the name; CALL: text of the second argument; see cp_py_kind
    cp_str alias;   ///< after `as`, or empty
    bool used;      ///< the bound name is read outside function bodies
    bool called;    ///< ... and called there, or is a decorator there
} cp_py_import;

typedef enum cp_py_block_kind {
    CP_PY_BLOCK_IF,
    CP_PY_BLOCK_ELIF,
    CP_PY_BLOCK_ELSE,
    CP_PY_BLOCK_FOR,
    CP_PY_BLOCK_WHILE,
    CP_PY_BLOCK_TRY,
    CP_PY_BLOCK_EXCEPT,
    CP_PY_BLOCK_FINALLY,
    CP_PY_BLOCK_WITH,
    CP_PY_BLOCK_DEF,
    CP_PY_BLOCK_CLASS,
    CP_PY_BLOCK_MATCH,
    CP_PY_BLOCK_CASE,
    CP_PY_BLOCK_OTHER,
} cp_py_block_kind;

/// A compound statement's suite.
typedef struct cp_py_block {
    cp_py_block_kind kind;
    uint32_t line;
    uint32_t parent; ///< enclosing block, or CP_PY_NO_BLOCK
    uint32_t prior;  ///< elif, else, except, finally: the branch before it, or CP_PY_NO_BLOCK
    cp_str head;     ///< the test, the exception types, what with opens; the name of a def or class
    bool catches;    ///< try: one of its handlers catches ImportError
} cp_py_block;

/// `root.b.c`, where root is a name bound by some import of the file; once for each text.
typedef struct cp_py_chain {
    cp_str text;
    uint32_t line;
    bool init;   ///< seen outside function bodies
    bool called; ///< ... and called there
} cp_py_chain;

/// A name that the module body defines.
typedef struct cp_py_name {
    cp_str text;
    uint32_t line;
    bool function; ///< by def or class
    bool called;   ///< called outside function bodies
} cp_py_name;

typedef struct cp_py_source {
    const cp_py_import *imports; ///< in source order
    uint32_t import_count;
    const cp_py_block *blocks; ///< those that hold an import, and what encloses them
    uint32_t block_count;
    const cp_py_chain *chains;
    uint32_t chain_count;
    const cp_py_name *names; ///< defs, classes and assignments of the module body
    uint32_t name_count;
    const cp_str *all; ///< literals of `__all__`
    uint32_t all_count;
    bool has_all;       ///< the module body sets `__all__`
    bool has_getattr;   ///< `def __getattr__` at module level (PEP 562)
    bool reads_scope;   ///< calls globals(), vars() or dir(): its names are seen by other means
    const char *damage; ///< what stopped the scan, or NULL; what came before it is still reported
    uint32_t damage_line, damage_column; ///< from 1; columns count bytes
} cp_py_source;

/// Scans `text`. Everything in `*out` lives in `arena`; `text` may go away. Never fails: broken
/// source is reported in `damage`.
void cp_py_scan(cp_py_source *out, cp_str text, cp_arena *arena);

/// The definition of `name` in the module body, or NULL.
const cp_py_name *cp_py_find_name(const cp_py_source *source, cp_str name);
