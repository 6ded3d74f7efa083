#include "py/scanner.h"

const uint8_t py_class[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

void py_damage(struct py_scanner *s, const char *what) {
    if (s->damage)
        return;
    const uint8_t *line = s->p;
    while (line > s->start && line[-1] != '\n' && line[-1] != '\r')
        line--;
    s->damage = what;
    s->damage_line = s->line;
    s->damage_column = (uint32_t)(s->p - line) + 1;
}

void py_skip_newline(struct py_scanner *s) {
    if (*s->p == '\r' && s->p + 1 < s->end && s->p[1] == '\n')
        s->p++;
    s->p++;
    s->line++;
}

void py_skip_comment(struct py_scanner *s) {
    const uint8_t *stop = memchr(s->p, '\n', (size_t)(s->end - s->p));
    if (!stop)
        stop = s->end;
    const uint8_t *cr = memchr(s->p, '\r', (size_t)(stop - s->p));
    s->p = cr ? cr : stop;
}

void py_skip_space(struct py_scanner *s) {
    for (;;) {
        while (s->p < s->end && py_is_space(*s->p))
            s->p++;
        if (py_peek(s) != '\\' || s->p + 1 == s->end || (s->p[1] != '\n' && s->p[1] != '\r'))
            return;
        s->p++;
        py_skip_newline(s);
    }
}

void py_skip_blank(struct py_scanner *s) {
    for (;;) {
        py_skip_space(s);
        if (py_at_newline(s))
            py_skip_newline(s);
        else if (py_peek(s) == '#')
            py_skip_comment(s);
        else
            return;
    }
}

int py_string_prefix(cp_str word) {
    if (word.n == 0 || word.n > 2)
        return -1;
    int bits = 0;
    bool plain = false;
    for (size_t i = 0; i < word.n; i++) {
        int bit;
        switch (word.p[i] | 0x20) {
        case 'r':
            bit = PY_RAW;
            break;
        case 'f':
        case 't':
            bit = PY_FIELDS;
            break;
        case 'b':
            bit = PY_BYTES;
            break;
        case 'u':
            bit = 0;
            plain = true;
            break;
        default:
            return -1;
        }
        if (bit && (bits & bit))
            return -1;
        bits |= bit;
    }
    bool mixed = (bits & PY_FIELDS) && (bits & PY_BYTES);
    return mixed || (plain && word.n > 1) ? -1 : bits;
}

// True when the byte at `p` is taken by an odd run of backslashes before it.
static bool is_escaped(const uint8_t *from, const uint8_t *p) {
    const uint8_t *q = p;
    while (q > from && q[-1] == '\\')
        q--;
    return (p - q) & 1;
}

static void count_lines(struct py_scanner *s, const uint8_t *from, const uint8_t *to) {
    for (const uint8_t *q = from; (q = memchr(q, '\n', (size_t)(to - q))); q++)
        s->line++;
    if (!s->lone_cr)
        return;
    for (const uint8_t *q = from; (q = memchr(q, '\r', (size_t)(to - q))); q++)
        s->line += q + 1 == s->end || q[1] != '\n';
}

// The closing quote is looked for with memchr and checked backwards for escapes: long docstrings, a
// third of all Python text, pass at the speed of memory.
static void skip_triple(struct py_scanner *s, uint8_t quote) {
    const uint8_t *from = s->p, *p = from;
    for (; (p = memchr(p, quote, (size_t)(s->end - p))); p++) {
        if (s->end - p < 3)
            break;
        if (p[1] == quote && p[2] == quote && !is_escaped(from, p)) {
            count_lines(s, from, p);
            s->p = p + 3;
            return;
        }
    }
    s->p = from - 3;
    py_damage(s, "this triple-quoted string is never closed");
}

static void skip_single(struct py_scanner *s, uint8_t quote) {
    const uint8_t *from = s->p;
    for (;;) {
        while (s->p < s->end && *s->p != quote && *s->p != '\\' && *s->p != '\n' && *s->p != '\r')
            s->p++;
        if (s->p == s->end || py_at_newline(s)) {
            s->p = from - 1;
            py_damage(s, "this string is not closed on its line");
            return;
        }
        if (*s->p++ == quote)
            return;
        if (py_at_newline(s))
            py_skip_newline(s);
        else if (s->p < s->end)
            s->p++;
    }
}

struct fstring {
    uint8_t quote;
    bool triple, raw;
    unsigned nested;
};

static bool at_close(const struct py_scanner *s, const struct fstring *f) {
    if (*s->p != f->quote)
        return false;
    return !f->triple || (s->end - s->p >= 3 && s->p[1] == f->quote && s->p[2] == f->quote);
}

// One byte of text that is not special; false when a single-quoted string ends here for want of a
// closing quote.
static bool skip_text(struct py_scanner *s, const struct fstring *f) {
    if (!py_at_newline(s)) {
        s->p++;
        return true;
    }
    if (f->triple)
        py_skip_newline(s);
    else
        py_damage(s, "this f-string is not closed on its line");
    return f->triple;
}

static void skip_field(struct py_scanner *s, const struct fstring *f);

// After the ':' of a field, up to and over its '}'.
static void skip_spec(struct py_scanner *s, const struct fstring *f) {
    while (s->p < s->end && !s->damage) {
        uint8_t c = *s->p;
        if (c == '}') {
            s->p++;
            return;
        }
        if (c == '{') {
            struct fstring inner = *f;
            inner.nested++;
            s->p++;
            skip_field(s, &inner);
        } else if (c == '\\' && s->p + 1 < s->end) {
            s->p++;
            if (py_at_newline(s))
                py_skip_newline(s);
            else
                s->p++;
        } else if (at_close(s, f)) {
            py_damage(s, "this f-string field has no '}'");
        } else if (!skip_text(s, f)) {
            return;
        }
    }
    py_damage(s, "this f-string field is never closed");
}

// A name inside a field; also takes the string that follows a prefix.
static void field_word(struct py_scanner *s, const struct fstring *f, bool after_dot) {
    cp_str word = py_word(s);
    if (py_peek(s) == '"' || py_peek(s) == '\'') {
        int prefix = py_string_prefix(word);
        if (prefix >= 0) {
            py_skip_string(s, prefix, f->nested + 1);
            return;
        }
    }
    (void)py_note_word(s, word, after_dot);
}

// Punctuation inside a field. Returns false when the field is over.
static bool field_mark(struct py_scanner *s, const struct fstring *f, unsigned *open) {
    uint8_t c = *s->p;
    if (c == '#') {
        py_skip_comment(s);
        return true;
    }
    if (py_at_newline(s)) {
        py_skip_newline(s);
        return true;
    }
    s->p++;
    if (c == '(' || c == '[' || c == '{') {
        (*open)++;
    } else if (c == ')' || c == ']') {
        *open -= *open > 0;
    } else if (c == '}') {
        if (*open == 0)
            return false;
        (*open)--;
    } else if (c == ':' && *open == 0) {
        skip_spec(s, f);
        return false;
    }
    return true;
}

// After '{', up to and over its '}'.
static void skip_field(struct py_scanner *s, const struct fstring *f) {
    if (f->nested > PY_MAX_FSTRINGS) {
        py_damage(s, "f-strings are nested more than 60 deep");
        return;
    }
    unsigned open = 0;
    uint8_t prev = 0;
    while (s->p < s->end && !s->damage) {
        uint8_t c = *s->p;
        if (py_is_letter(c))
            field_word(s, f, prev == '.');
        else if (c == '"' || c == '\'')
            py_skip_string(s, 0, f->nested + 1);
        else if (!field_mark(s, f, &open))
            return;
        prev = c;
    }
    py_damage(s, "this f-string field is never closed");
}

// `\N{NAME}` is not a field, and a backslash does not escape a brace.
static void fstring_escape(struct py_scanner *s, const struct fstring *f) {
    s->p++;
    uint8_t c = py_peek(s);
    if (c == 'N' && !f->raw && s->p + 1 < s->end && s->p[1] == '{') {
        const uint8_t *q = s->p + 2;
        while (q < s->end && *q != '}' && *q != '\n' && *q != f->quote)
            q++;
        s->p = q < s->end && *q == '}' ? q + 1 : q;
    } else if (c == '{' || c == '}') {
        return;
    } else if (py_at_newline(s)) {
        py_skip_newline(s);
    } else if (s->p < s->end) {
        s->p++;
    }
}

static void skip_fstring(struct py_scanner *s, const struct fstring *f) {
    while (s->p < s->end && !s->damage) {
        uint8_t c = *s->p;
        if (at_close(s, f)) {
            s->p += f->triple ? 3 : 1;
            return;
        }
        if (c == '\\') {
            fstring_escape(s, f);
        } else if (c == '{' && s->p + 1 < s->end && s->p[1] == '{') {
            s->p += 2;
        } else if (c == '{') {
            s->p++;
            skip_field(s, f);
        } else if (!skip_text(s, f)) {
            return;
        }
    }
    py_damage(s, "this f-string is never closed");
}

void py_skip_string(struct py_scanner *s, int prefix, unsigned nested) {
    uint8_t quote = *s->p;
    bool triple = s->end - s->p >= 3 && s->p[1] == quote && s->p[2] == quote;
    s->p += triple ? 3 : 1;
    if (prefix & PY_FIELDS) {
        struct fstring f = {quote, triple, prefix & PY_RAW, nested};
        skip_fstring(s, &f);
    } else if (triple) {
        skip_triple(s, quote);
    } else {
        skip_single(s, quote);
    }
}
