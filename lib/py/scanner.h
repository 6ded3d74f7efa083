// scanner.h - the scanner's state, shared by its five files and by nobody else.
//
// lex.c    bytes: spaces, comments, names, strings and the fields of f-strings
// names.c  which names are bound by imports, read outside functions, chained with dots
// expr.c   the rest of a statement or header, and the calls that matter in it
// scan.c   statements and blocks
// finish.c the result, which owns its texts
#pragma once

#include "core/vec.h"
#include "py/scan.h"

enum { PY_MAX_INDENT = 100, PY_MAX_BRACKETS = 200, PY_MAX_FSTRINGS = 60 };

/// A set of texts borrowed from the source, with flags.
struct py_set {
    struct py_slot {
        cp_str text;
        uint32_t flags; // 0 = free slot
        uint32_t value;
    } * slots;
    uint32_t mask, count;
};
enum { PY_SEEN = 1, PY_READ = 2, PY_CALLED = 4 };

/// Under `if __name__ == "__main__"`; the scanner's own, never handed out.
enum { PY_IN_SCRIPT = 1 << 16 };

struct py_level {
    uint32_t column;
    uint32_t block; // CP_PY_NO_BLOCK for the module body
    uint32_t flags; // cp_py_flag
    uint32_t last;  // latest compound statement of this level: what an else belongs to
};

struct py_scanner {
    const uint8_t *start, *end, *p;
    uint32_t line;
    bool lone_cr; // some CR is not followed by LF
    const char *damage;
    uint32_t damage_line, damage_column;

    cp_arena *arena;
    struct py_level level[PY_MAX_INDENT + 1];
    uint32_t depth; // index of the current level
    struct py_level pending;
    bool has_pending;
    bool decorating; // the statement is a decorator: its name is called
    struct py_bracket {
        const uint8_t *at;
        uint32_t line;
    } bracket[PY_MAX_BRACKETS]; // those that are open
    uint32_t brackets;

    struct py_set bound;  // names bound by imports
    struct py_set reads;  // names read outside functions
    struct py_set texts;  // dotted literals
    struct py_set chains; // value = index in `chain`
    uint64_t bound_bloom;
    bool collect_all; // the statement is about __all__
    bool collect_lazy;
    bool has_all, has_getattr, reads_scope;

    CP_VEC(cp_py_import) imports;
    CP_VEC(cp_py_block) blocks;
    CP_VEC(cp_py_chain) chain;
    CP_VEC(cp_py_name) names;
    CP_VEC(cp_str) all;
    CP_VEC(cp_str) lazy;
};

// Character classes.
enum { PY_LETTER = 1, PY_DIGIT = 2, PY_SPACE = 4 };
extern const uint8_t py_class[256];
static inline bool py_is_letter(uint8_t c) {
    return py_class[c] & PY_LETTER;
}
static inline bool py_is_word(uint8_t c) {
    return py_class[c] & (PY_LETTER | PY_DIGIT);
}
static inline bool py_is_space(uint8_t c) {
    return py_class[c] & PY_SPACE;
}
static inline struct py_level *py_here(struct py_scanner *s) {
    return &s->level[s->depth];
}
/// Not executed by an import: in a function, or under `if __name__ == "__main__"`.
static inline bool py_in_function(struct py_scanner *s) {
    return py_here(s)->flags & (CP_PY_IN_FUNCTION | PY_IN_SCRIPT);
}
/// The byte at the cursor; 0 at the end.
static inline uint8_t py_peek(const struct py_scanner *s) {
    return s->p < s->end ? *s->p : 0;
}
static inline bool py_at_newline(const struct py_scanner *s) {
    return s->p < s->end && (*s->p == '\n' || *s->p == '\r');
}

/// The name at the cursor, or empty. Inline: every fifth byte of Python goes through it.
static inline cp_str py_word(struct py_scanner *s) {
    const uint8_t *from = s->p;
    if (from < s->end && py_is_letter(*from))
        while (s->p < s->end && py_is_word(*s->p))
            s->p++;
    return (cp_str){(const char *)from, (size_t)(s->p - from)};
}

// lex.c
/// Notes the first damage, at the cursor; the scan stops.
void py_damage(struct py_scanner *s, const char *what);
/// Spaces, tabs, form feeds and backslash-newline.
void py_skip_space(struct py_scanner *s);
/// The same, and newlines and comments: inside brackets.
void py_skip_blank(struct py_scanner *s);
/// Over the line end at the cursor.
void py_skip_newline(struct py_scanner *s);
/// To the end of the line, not over it.
void py_skip_comment(struct py_scanner *s);
/// Bits of a string prefix ("rb", "F"), or -1 when it is none. 1 = raw, 2 = has fields, 4 = bytes.
int py_string_prefix(cp_str word);
enum { PY_RAW = 1, PY_FIELDS = 2, PY_BYTES = 4 };
/// Over a string whose opening quote is at the cursor.
void py_skip_string(struct py_scanner *s, int prefix, unsigned nested);

// names.c
/// An import binds `name`.
void py_bind(struct py_scanner *s, cp_str name);
/// A name in an expression, the cursor just after it. Takes the dotted tail with it when the name
/// is bound by an import. Returns the last word taken.
cp_str py_note_word(struct py_scanner *s, cp_str word, bool after_dot);
/// True when `text` was not in the set.
bool py_set_insert(struct py_set *set, cp_str text);
void py_set_free(struct py_set *set);
const struct py_slot *py_set_find(const struct py_set *set, cp_str text);

// expr.c
/// To the end of the simple statement or header: stops before a newline or ';' outside brackets,
/// and before ':' when `header`. Returns the byte it stopped at, '\n' for any newline, 0 at the end
/// of the text or on damage.
int py_scan_rest(struct py_scanner *s, bool header);

// scan.c
/// A new import record for the current place.
cp_py_import *py_add_import(struct py_scanner *s, cp_py_kind kind, uint32_t line);

// finish.c
/// Moves what was found into `*out` and frees the state's own memory.
void py_finish(cp_py_source *out, struct py_scanner *s);
