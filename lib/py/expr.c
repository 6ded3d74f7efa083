#include "py/scanner.h"

static const uint8_t *line_end(const struct py_scanner *s, const uint8_t *from) {
    const uint8_t *q = from;
    while (q < s->end && *q != '\n' && *q != '\r' && q - from < 200)
        q++;
    return q;
}

// The text between the quotes of the string literal [from, to), its prefix already left out.
static cp_str literal_body(const uint8_t *from, const uint8_t *to) {
    size_t n = (size_t)(to - from);
    size_t quotes = n >= 6 && from[0] == from[1] && from[1] == from[2] ? 3 : 1;
    return (cp_str){(const char *)from + quotes, n - 2 * quotes};
}

// A string literal at the cursor, with its prefix; false (cursor anywhere) when there is none.
static bool take_literal(struct py_scanner *s, cp_str *body, int *prefix) {
    cp_str word = py_word(s);
    *prefix = word.n ? py_string_prefix(word) : 0;
    if (*prefix < 0 || (py_peek(s) != '"' && py_peek(s) != '\''))
        return false;
    const uint8_t *from = s->p;
    py_skip_string(s, *prefix, 0);
    if (s->damage)
        return false;
    *body = literal_body(from, s->p);
    return true;
}

// What is surely at the start of a computed text: "pkg." of f"pkg.{x}", "pkg.%s" % x, "pkg." + x.
static cp_str literal_start(cp_str body, int prefix) {
    for (size_t i = 0; i < body.n; i++)
        if (body.p[i] == '%' || body.p[i] == '\\' || ((prefix & PY_FIELDS) && body.p[i] == '{') ||
            (body.p[i] == '{' && i + 1 < body.n))
            return cp_str_sub(body, 0, i);
    return body;
}

static void add_opaque(struct py_scanner *s, cp_str word, cp_str start, uint32_t line) {
    const uint8_t *from = (const uint8_t *)word.p;
    cp_py_import *r = py_add_import(s, CP_PY_OPAQUE, line);
    r->name = (cp_str){word.p, (size_t)(line_end(s, from) - from)};
    r->module = start;
}

static void add_call(struct py_scanner *s, cp_str module, cp_str package, uint32_t line) {
    cp_py_import *r = py_add_import(s, CP_PY_CALL, line);
    while (module.n && module.p[0] == '.') {
        r->level++;
        module = cp_str_sub(module, 1, module.n);
    }
    r->module = module;
    r->name = cp_str_trim(package);
}

// The text of the second argument, up to ',' or ')'; the cursor is at the ',' before it.
static cp_str second_argument(struct py_scanner *s) {
    s->p++;
    py_skip_blank(s);
    const uint8_t *from = s->p;
    while (s->p < s->end && *s->p != ',' && *s->p != ')' && !py_at_newline(s))
        s->p++;
    return (cp_str){(const char *)from, (size_t)(s->p - from)};
}

static bool is_own_package(cp_str word) {
    return cp_str_is(word, "__package__") || cp_str_is(word, "__name__") ||
           cp_str_is(word, "__spec__.parent");
}

// `__package__ + ".x"` says the same as a relative ".x". The cursor moves only when it is that.
static bool skip_package_plus(struct py_scanner *s) {
    const uint8_t *p = s->p;
    uint32_t line = s->line;
    cp_str word = py_word(s);
    if (cp_str_is(word, "__spec__") && py_peek(s) == '.') {
        s->p++;
        word.n += 1 + py_word(s).n;
    }
    if (is_own_package(word)) {
        py_skip_blank(s);
        if (py_peek(s) == '+') {
            s->p++;
            py_skip_blank(s);
            return true;
        }
    }
    s->p = p;
    s->line = line;
    return false;
}

// The same as f"{__package__}.x": leaves ".x", and no field prefix when there is no further field.
static bool cut_package_field(cp_str *body, int *prefix) {
    size_t close = cp_str_find(*body, '}', 0);
    if (!(*prefix & PY_FIELDS) || close == SIZE_MAX || body->p[0] != '{' ||
        !is_own_package(cp_str_trim(cp_str_sub(*body, 1, close))))
        return false;
    *body = cp_str_sub(*body, close + 1, body->n);
    if (cp_str_find(*body, '{', 0) == SIZE_MAX)
        *prefix &= ~PY_FIELDS;
    return true;
}

// import_module(...) or __import__(...), the cursor after the word. Looks ahead only: the scan goes
// on after the word, whatever is found.
static void note_import_call(struct py_scanner *s, cp_str word) {
    const uint8_t *p = s->p;
    uint32_t line = s->line;
    py_skip_space(s);
    if (py_peek(s) == '(') {
        s->p++;
        py_skip_blank(s);
        cp_str body = {0};
        int prefix = 0;
        bool below = skip_package_plus(s);
        bool literal = take_literal(s, &body, &prefix);
        if (literal)
            py_skip_blank(s);
        below |= literal && cut_package_field(&body, &prefix);
        uint8_t next = py_peek(s);
        if (below && (!literal || body.n == 0 || body.p[0] != '.'))
            literal = false; // computed after all
        if (literal && !(prefix & (PY_FIELDS | PY_BYTES)) && (next == ')' || next == ','))
            add_call(s, body, next == ',' ? second_argument(s) : CP_STR(""), line);
        else
            add_opaque(s, word, literal ? literal_start(body, prefix) : CP_STR(""), line);
    }
    if (s->damage) // found again, and reported, by the scan proper
        s->damage = NULL;
    s->p = p;
    s->line = line;
}

// Over one byte of a call's arguments that starts no string; keeps count of the brackets.
static void skip_argument_byte(struct py_scanner *s, unsigned *open) {
    uint8_t c = *s->p;
    if (py_at_newline(s)) {
        py_skip_newline(s);
        return;
    }
    if (c == '#') {
        py_skip_comment(s);
        return;
    }
    *open += c == '(' || c == '[' || c == '{';
    *open -= c == ')' || c == ']' || c == '}';
    s->p++;
}

// The string literals of lazy_loader.attach(__name__, submodules={...}, submod_attrs={"sub":
// ["x"]}): one before a ':' is a submodule, and those up to the next one are its attributes.
static void attach_literals(struct py_scanner *s, uint32_t line) {
    unsigned open = 0;
    cp_str module = {0};
    do {
        if (*s->p != '"' && *s->p != '\'') {
            skip_argument_byte(s, &open);
            continue;
        }
        cp_str body;
        int prefix;
        if (!take_literal(s, &body, &prefix))
            return;
        py_skip_blank(s);
        bool key = py_peek(s) == ':';
        if (key)
            module = body;
        bool is_module = key || module.n == 0;
        cp_py_import *r = py_add_import(s, CP_PY_ATTACH, line);
        r->module = is_module ? body : module;
        r->name = is_module ? CP_STR("") : body;
    } while (open && s->p < s->end);
}

// lazy.attach(...), lazy_loader.attach_stub(...): the cursor after the word.
static void note_attach(struct py_scanner *s, cp_str word) {
    const uint8_t *p = s->p;
    uint32_t line = s->line;
    if (py_peek(s) == '(') {
        if (cp_str_is(word, "attach_stub"))
            (void)py_add_import(s, CP_PY_STUB, line);
        else
            attach_literals(s, line);
    }
    s->damage = NULL;
    s->p = p;
    s->line = line;
}

static bool follows_def(const struct py_scanner *s, cp_str word) {
    const uint8_t *p = (const uint8_t *)word.p;
    while (p > s->start && py_is_space(p[-1]))
        p--;
    return p - s->start >= 3 && memcmp(p - 3, "def", 3) == 0;
}

static void note_calls(struct py_scanner *s, cp_str word) {
    if ((word.n == 13 && cp_str_is(word, "import_module")) ||
        (word.n == 10 && cp_str_is(word, "__import__"))) {
        if (!follows_def(s, word))
            note_import_call(s, word);
    } else if ((word.n == 6 && cp_str_is(word, "attach")) ||
               (word.n == 11 && cp_str_is(word, "attach_stub"))) {
        const uint8_t *before = (const uint8_t *)word.p;
        if (before > s->start && before[-1] == '.' && !py_in_function(s))
            note_attach(s, word);
    }
}

// "pkg.mod", ".mod.Name", "pkg.mod:name": dotted words, as packages keep in their tables of
// plug-ins, lazy exports and event handlers.
static bool is_dotted_text(cp_str text) {
    size_t dots = 0;
    if (text.n < 3 || text.n > 120 || text.p[text.n - 1] == '.')
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '.')
            dots++;
        else if (text.p[i] == ':' && dots && i + 1 < text.n)
            return true;
        else if (!py_is_word((uint8_t)text.p[i]))
            return false;
    }
    return dots > 0 && !(py_class[(uint8_t)text.p[0]] & PY_DIGIT);
}

static void note_text(struct py_scanner *s, cp_str text) {
    if (!is_dotted_text(text) || !py_set_insert(&s->texts, text))
        return;
    cp_py_import *r = py_add_import(s, CP_PY_STRING, s->line);
    while (text.p[0] == '.') {
        r->level++;
        text = cp_str_sub(text, 1, text.n);
    }
    r->module = cp_str_sub(text, 0, cp_str_find(text, ':', 0));
}

static void take_string(struct py_scanner *s, int prefix) {
    const uint8_t *from = s->p;
    py_skip_string(s, prefix, 0);
    if (s->damage || (prefix & (PY_FIELDS | PY_BYTES)))
        return;
    cp_str body = literal_body(from, s->p);
    if (!s->collect_all && !s->collect_lazy) {
        note_text(s, body);
        return;
    }
    body = cp_arena_str(s->arena, body);
    if (s->collect_all)
        cp_vec_push(&s->all, body);
    else
        cp_vec_push(&s->lazy, body);
}

struct rest {
    bool header;
    unsigned lambdas; // whose ':' is still to come, outside brackets
    uint32_t base;    // brackets open before
    uint8_t prev;     // last byte that was not a space
};

static void take_word(struct py_scanner *s, struct rest *r) {
    cp_str word = py_word(s);
    uint8_t next = py_peek(s);
    if (word.n <= 2 && (next == '"' || next == '\'')) {
        int prefix = py_string_prefix(word);
        if (prefix >= 0) {
            take_string(s, prefix);
            return;
        }
    }
    if (word.n == 6 && s->brackets == r->base && cp_str_is(word, "lambda"))
        r->lambdas++;
    cp_str last = py_note_word(s, word, r->prev == '.');
    if (last.n >= 6)
        note_calls(s, last);
}

static void open_bracket(struct py_scanner *s) {
    if (s->brackets == PY_MAX_BRACKETS) {
        py_damage(s, "brackets are nested more than 200 deep");
        return;
    }
    s->bracket[s->brackets++] = (struct py_bracket){s->p, s->line};
    s->p++;
}

static void close_bracket(struct py_scanner *s, uint8_t c, const struct rest *r) {
    uint8_t want = c == ')' ? '(' : c == ']' ? '[' : '{';
    if (s->brackets == r->base)
        py_damage(s, "this bracket closes nothing");
    else if (*s->bracket[s->brackets - 1].at != want)
        py_damage(s, "this bracket does not match the one that is open");
    else
        s->brackets--;
    s->p++;
}

static void take_backslash(struct py_scanner *s) {
    s->p++;
    if (py_at_newline(s))
        py_skip_newline(s);
    else
        py_damage(s, "unexpected character after a line continuation");
}

// ':' outside brackets ends a header, unless it belongs to a lambda or is half of ':='. True: stop.
static bool take_colon(struct py_scanner *s, struct rest *r) {
    if (s->p + 1 < s->end && s->p[1] == '=') {
        s->p += 2;
        return false;
    }
    if (s->brackets == r->base) {
        if (r->lambdas)
            r->lambdas--;
        else if (r->header)
            return true;
    }
    s->p++;
    return false;
}

static void take_number(struct py_scanner *s) {
    while (s->p < s->end && py_is_word(*s->p))
        s->p++;
}

// A newline or ';' ends a statement, outside brackets. Returns the stop byte, or -1 to go on.
static int take_end(struct py_scanner *s, const struct rest *r) {
    bool newline = py_at_newline(s);
    if (s->brackets == r->base)
        return newline ? '\n' : ';';
    if (newline)
        py_skip_newline(s);
    else
        s->p++;
    return -1;
}

// A byte that starts no word, space or string. Returns the stop byte, or -1 to go on.
static int take_mark(struct py_scanner *s, struct rest *r) {
    uint8_t c = *s->p;
    switch (c) {
    case '(':
    case '[':
    case '{':
        open_bracket(s);
        return -1;
    case ')':
    case ']':
    case '}':
        close_bracket(s, c, r);
        return -1;
    case '\n':
    case '\r':
    case ';':
        return take_end(s, r);
    case ':':
        return take_colon(s, r) ? ':' : -1;
    case '#':
        py_skip_comment(s);
        return -1;
    case '\\':
        take_backslash(s);
        return -1;
    case '\0':
        py_damage(s, "source text contains a NUL byte");
        return -1;
    default:
        s->p++;
        return -1;
    }
}

int py_scan_rest(struct py_scanner *s, bool header) {
    struct rest r = {.header = header, .base = s->brackets};
    while (s->p < s->end && !s->damage) {
        uint8_t c = *s->p;
        if (py_is_space(c)) {
            s->p++;
            continue;
        }
        if (py_is_letter(c)) {
            take_word(s, &r);
        } else if (c == '"' || c == '\'') {
            take_string(s, 0);
        } else if (py_class[c] & PY_DIGIT) {
            take_number(s);
        } else {
            int stop = take_mark(s, &r);
            if (stop >= 0)
                return stop;
        }
        r.prev = c;
    }
    if (!s->damage && s->brackets > r.base) {
        s->p = s->bracket[s->brackets - 1].at;
        s->line = s->bracket[s->brackets - 1].line;
        py_damage(s, "this bracket is never closed");
    }
    return 0;
}
