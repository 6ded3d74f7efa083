#include "py/scan.h"

#include "py/scanner.h"

cp_py_import *py_add_import(struct py_scanner *s, cp_py_kind kind, uint32_t line) {
    const struct py_level *here = py_here(s);
    cp_vec_push(&s->imports, (cp_py_import){
                                 .kind = kind,
                                 .flags = here->flags & ~(uint32_t)PY_IN_SCRIPT,
                                 .line = line,
                                 .block = here->block,
                             });
    return &s->imports.v[s->imports.n - 1];
}

// "a.b.c", spaces and continuations allowed around the dots.
static cp_str dotted_name(struct py_scanner *s) {
    cp_str name = py_word(s);
    while (name.n) {
        const uint8_t *p = s->p;
        uint32_t line = s->line;
        py_skip_space(s);
        if (py_peek(s) != '.') {
            s->p = p;
            s->line = line;
            break;
        }
        s->p++;
        py_skip_space(s);
        if (py_word(s).n == 0) {
            py_damage(s, "expected a name after the dot");
            break;
        }
        name.n = (size_t)((const char *)s->p - name.p);
    }
    return name;
}

static void skip_between(struct py_scanner *s, bool in_brackets) {
    if (in_brackets)
        py_skip_blank(s);
    else
        py_skip_space(s);
}

// `as alias` at the cursor, or empty.
static cp_str alias_name(struct py_scanner *s, bool in_brackets) {
    const uint8_t *p = s->p;
    uint32_t line = s->line;
    skip_between(s, in_brackets);
    if (!cp_str_is(py_word(s), "as")) {
        s->p = p;
        s->line = line;
        return (cp_str){0};
    }
    skip_between(s, in_brackets);
    cp_str alias = py_word(s);
    if (alias.n == 0)
        py_damage(s, "expected a name after 'as'");
    return alias;
}

static cp_str first_part(cp_str dotted) {
    for (size_t i = 0; i < dotted.n; i++)
        if (!py_is_word((uint8_t)dotted.p[i]))
            return cp_str_sub(dotted, 0, i);
    return dotted;
}

static void import_statement(struct py_scanner *s, uint32_t line, uint32_t extra) {
    do {
        py_skip_space(s);
        cp_str module = dotted_name(s);
        if (module.n == 0) {
            py_damage(s, "expected a module name after 'import'");
            return;
        }
        cp_str alias = alias_name(s, false);
        cp_py_import *r = py_add_import(s, CP_PY_IMPORT, line);
        r->flags |= extra;
        r->module = module;
        r->alias = alias;
        py_bind(s, alias.n ? alias : first_part(module));
        py_skip_space(s);
    } while (py_peek(s) == ',' && s->p++);
}

// The module of a from statement and the word `import`; false on damage.
static bool from_head(struct py_scanner *s, cp_str *module, uint32_t *level) {
    for (;; s->p++, ++*level) {
        py_skip_space(s);
        if (py_peek(s) != '.')
            break;
    }
    const uint8_t *p = s->p;
    cp_str word = py_word(s);
    if (*level && cp_str_is(word, "import"))
        return true;
    s->p = p;
    *module = dotted_name(s);
    if (module->n == 0) {
        py_damage(s, "expected a module name after 'from'");
        return false;
    }
    py_skip_space(s);
    if (!cp_str_is(py_word(s), "import")) {
        py_damage(s, "expected 'import' after the module name");
        return false;
    }
    return true;
}

static void from_statement(struct py_scanner *s, uint32_t line, uint32_t extra) {
    cp_str module = {0};
    uint32_t level = 0;
    if (!from_head(s, &module, &level))
        return;
    py_skip_space(s);
    bool brackets = py_peek(s) == '(';
    s->p += brackets;
    for (;;) {
        skip_between(s, brackets);
        cp_str name = {(const char *)s->p, 1};
        if (py_peek(s) == '*')
            s->p++;
        else
            name = py_word(s);
        if (name.n == 0) {
            py_damage(s, "expected a name to import");
            return;
        }
        cp_str alias = alias_name(s, brackets);
        cp_py_import *r = py_add_import(s, CP_PY_FROM, line);
        r->flags |= extra;
        r->level = level;
        r->module = module;
        r->name = name;
        r->alias = alias;
        py_bind(s, alias.n ? alias : name);
        skip_between(s, brackets);
        bool more = py_peek(s) == ',';
        s->p += more;
        if (brackets && more)
            py_skip_blank(s);
        if (brackets && py_peek(s) == ')') {
            s->p++;
            return;
        }
        if (!more && brackets)
            py_damage(s, "expected ',' or ')' in this list of names");
        if (!more || s->damage)
            return;
    }
}

static void end_of_import(struct py_scanner *s) {
    py_skip_space(s);
    uint8_t c = py_peek(s);
    if (!s->damage && s->p < s->end && c != '\n' && c != '\r' && c != ';' && c != '#')
        py_damage(s, "unexpected text after this import");
}

// Handles `import`, `from` and PEP 810 `lazy`; false (cursor back) when `word` starts none of them.
static bool import_like(struct py_scanner *s, cp_str word, uint32_t line) {
    const uint8_t *p = s->p;
    uint32_t extra = 0;
    if (word.n == 4 && cp_str_is(word, "lazy")) {
        py_skip_space(s);
        word = py_word(s);
        extra = CP_PY_IS_LAZY;
    }
    if (word.n == 6 && cp_str_is(word, "import")) {
        import_statement(s, line, extra);
    } else if (word.n == 4 && cp_str_is(word, "from")) {
        from_statement(s, line, extra);
    } else {
        s->p = p;
        s->line = line;
        return false;
    }
    end_of_import(s);
    return true;
}

static int compound_kind(cp_str word) {
    static const struct {
        const char *word;
        int kind;
    } words[] = {
        {"if", CP_PY_BLOCK_IF},           {"def", CP_PY_BLOCK_DEF},
        {"for", CP_PY_BLOCK_FOR},         {"try", CP_PY_BLOCK_TRY},
        {"else", CP_PY_BLOCK_ELSE},       {"elif", CP_PY_BLOCK_ELIF},
        {"with", CP_PY_BLOCK_WITH},       {"class", CP_PY_BLOCK_CLASS},
        {"while", CP_PY_BLOCK_WHILE},     {"except", CP_PY_BLOCK_EXCEPT},
        {"finally", CP_PY_BLOCK_FINALLY},
    };
    if (word.n < 2 || word.n > 7)
        return -1;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].word[0] == word.p[0] && cp_str_is(word, words[i].word))
            return words[i].kind;
    return -1;
}

// TYPE_CHECKING or typing.TYPE_CHECKING, in brackets or not, and nothing else.
static bool is_typing_test(cp_str test) {
    test = cp_str_trim(test);
    if (test.n > 2 && test.p[0] == '(' && test.p[test.n - 1] == ')')
        test = cp_str_trim(cp_str_sub(test, 1, test.n - 1));
    if (!cp_str_ends(test, CP_STR("TYPE_CHECKING")))
        return false;
    for (size_t i = 0; i < test.n; i++)
        if (!py_is_word((uint8_t)test.p[i]) && test.p[i] != '.')
            return false;
    return test.n == 13 || test.p[test.n - 14] == '.';
}

static bool is_script_test(cp_str test) {
    return cp_str_starts(cp_str_trim(test), CP_STR("__name__")) &&
           cp_str_search(test, CP_STR("__main__")) != SIZE_MAX &&
           cp_str_search(test, CP_STR("==")) != SIZE_MAX;
}

static uint32_t flag_of(cp_py_block_kind kind, cp_str head) {
    static const uint32_t flags[] = {
        [CP_PY_BLOCK_IF] = CP_PY_IN_IF,          [CP_PY_BLOCK_ELIF] = CP_PY_IN_IF,
        [CP_PY_BLOCK_ELSE] = CP_PY_IN_ELSE,      [CP_PY_BLOCK_FOR] = CP_PY_IN_LOOP,
        [CP_PY_BLOCK_WHILE] = CP_PY_IN_LOOP,     [CP_PY_BLOCK_TRY] = CP_PY_IN_TRY,
        [CP_PY_BLOCK_EXCEPT] = CP_PY_IN_HANDLER, [CP_PY_BLOCK_FINALLY] = CP_PY_IN_FINALLY,
        [CP_PY_BLOCK_WITH] = CP_PY_IN_WITH,      [CP_PY_BLOCK_DEF] = CP_PY_IN_FUNCTION,
        [CP_PY_BLOCK_CLASS] = CP_PY_IN_CLASS,    [CP_PY_BLOCK_MATCH] = CP_PY_IN_IF,
        [CP_PY_BLOCK_CASE] = CP_PY_IN_IF,        [CP_PY_BLOCK_OTHER] = 0,
    };
    bool test = kind == CP_PY_BLOCK_IF || kind == CP_PY_BLOCK_ELIF;
    if (test && is_typing_test(head))
        return CP_PY_IN_TYPING;
    return flags[kind] | (test && is_script_test(head) ? PY_IN_SCRIPT : 0u);
}

static bool at_module_level(struct py_scanner *s) {
    return !(py_here(s)->flags & (CP_PY_IN_FUNCTION | CP_PY_IN_CLASS));
}

static void add_name(struct py_scanner *s, cp_str name, uint32_t line, bool function) {
    if (name.n && at_module_level(s))
        cp_vec_push(&s->names, (cp_py_name){.text = name, .line = line, .function = function});
}

static bool catches_import_error(cp_str head) {
    return cp_str_trim(head).n == 0 || cp_str_search(head, CP_STR("ImportError")) != SIZE_MAX ||
           cp_str_search(head, CP_STR("ModuleNotFoundError")) != SIZE_MAX ||
           cp_str_search(head, CP_STR("Exception")) != SIZE_MAX;
}

// Tells the try at the start of the chain that one of its handlers catches ImportError.
static void note_handler(struct py_scanner *s, uint32_t block, cp_str head) {
    if (!catches_import_error(head))
        return;
    while (block != CP_PY_NO_BLOCK && s->blocks.v[block].kind == CP_PY_BLOCK_EXCEPT)
        block = s->blocks.v[block].prior;
    if (block != CP_PY_NO_BLOCK)
        s->blocks.v[block].catches = true;
}

static bool continues(cp_py_block_kind kind) {
    return kind == CP_PY_BLOCK_ELIF || kind == CP_PY_BLOCK_ELSE || kind == CP_PY_BLOCK_EXCEPT ||
           kind == CP_PY_BLOCK_FINALLY;
}

static void enter_block(struct py_scanner *s, cp_py_block_kind kind, cp_str head, uint32_t line) {
    struct py_level *here = py_here(s);
    uint32_t prior = continues(kind) ? here->last : CP_PY_NO_BLOCK;
    if (kind == CP_PY_BLOCK_EXCEPT)
        note_handler(s, prior, head);
    if (kind == CP_PY_BLOCK_DEF || kind == CP_PY_BLOCK_CLASS) {
        head = first_part(head);
        add_name(s, head, line, true);
        s->has_getattr |= at_module_level(s) && cp_str_is(head, "__getattr__");
    }
    uint32_t block = (uint32_t)s->blocks.n;
    cp_vec_push(&s->blocks, (cp_py_block){kind, line, here->block, prior, head, false});
    here->last = block;
    struct py_level inner = {
        .column = here->column,
        .block = block,
        .flags = here->flags | flag_of(kind, head),
        .last = CP_PY_NO_BLOCK,
    };
    py_skip_space(s);
    if (s->p < s->end && !py_at_newline(s) && *s->p != '#') { // a suite on the same line
        if (s->depth < PY_MAX_INDENT)
            s->level[++s->depth] = inner;
        else
            py_damage(s, "too many levels of indentation");
        return;
    }
    s->pending = inner;
    s->has_pending = true;
}

// A compound statement whose keyword has been read: its header, and entry into its block.
static void compound(struct py_scanner *s, cp_py_block_kind kind, uint32_t line) {
    py_skip_space(s);
    const uint8_t *from = s->p;
    cp_str name = {0};
    if (kind == CP_PY_BLOCK_DEF || kind == CP_PY_BLOCK_CLASS)
        name = py_word(s); // a definition, not a read
    int stop = py_scan_rest(s, true);
    if (stop != ':') {
        if (!s->damage)
            py_damage(s, "expected ':'");
        return;
    }
    cp_str head = name.n ? name : (cp_str){(const char *)from, (size_t)(s->p - from)};
    s->p++;
    enter_block(s, kind, head, line);
}

// `match` and `case` are keywords only where a header follows: something, ':' and (for match) the
// end of the line. Returns false with everything put back when this is an expression after all.
static bool soft_compound(struct py_scanner *s, cp_py_block_kind kind, uint32_t line) {
    const uint8_t *p = s->p;
    size_t imports = s->imports.n;
    py_skip_space(s);
    const uint8_t *from = s->p;
    bool attribute = py_peek(s) == '.' && s->p + 1 < s->end && py_is_letter(s->p[1]);
    if (s->p < s->end && !attribute && !strchr("=,):;\n\r", *s->p) &&
        py_scan_rest(s, true) == ':') {
        cp_str head = {(const char *)from, (size_t)(s->p - from)};
        s->p++;
        const uint8_t *body = s->p;
        py_skip_space(s);
        if (kind == CP_PY_BLOCK_CASE || s->p == s->end || py_at_newline(s) || *s->p == '#') {
            s->p = body;
            enter_block(s, kind, head, line);
            return true;
        }
    }
    s->imports.n = imports;
    s->damage = NULL;
    s->brackets = 0;
    s->p = p;
    s->line = line;
    return false;
}

static bool try_soft(struct py_scanner *s, cp_str word, uint32_t line) {
    if (word.n == 5 && cp_str_is(word, "match"))
        return soft_compound(s, CP_PY_BLOCK_MATCH, line);
    if (word.n == 4 && cp_str_is(word, "case")) {
        uint32_t block = py_here(s)->block;
        if (block != CP_PY_NO_BLOCK && s->blocks.v[block].kind == CP_PY_BLOCK_MATCH)
            return soft_compound(s, CP_PY_BLOCK_CASE, line);
    }
    return false;
}

// What a simple statement that starts with `word` assigns at module level.
static void note_assignment(struct py_scanner *s, cp_str word, uint32_t line) {
    if (!at_module_level(s))
        return;
    const uint8_t *p = s->p;
    while (p < s->end && py_is_space(*p))
        p++;
    if (p == s->end || !strchr("=:,", *p) || (*p == '=' && p + 1 < s->end && p[1] == '='))
        return;
    add_name(s, word, line, false);
}

static void simple(struct py_scanner *s, cp_str word, uint32_t line) {
    if (word.n) {
        bool outside = !py_in_function(s);
        note_assignment(s, word, line);
        s->collect_all = outside && word.n == 7 && cp_str_is(word, "__all__");
        s->collect_lazy = outside && word.n == 16 && cp_str_is(word, "__lazy_modules__");
        s->has_all |= s->collect_all;
        s->p = (const uint8_t *)word.p;
    }
    s->decorating = py_peek(s) == '@';
    (void)py_scan_rest(s, false);
    s->collect_all = s->collect_lazy = s->decorating = false;
}

static void statement(struct py_scanner *s) {
    uint32_t line = s->line;
    cp_str word = py_word(s);
    if (word.n && word.n <= 7) {
        if (import_like(s, word, line))
            return;
        cp_str keyword = word;
        if (word.n == 5 && cp_str_is(word, "async")) {
            py_skip_space(s);
            keyword = py_word(s);
        }
        int kind = compound_kind(keyword);
        if (kind >= 0) {
            compound(s, (cp_py_block_kind)kind, line);
            return;
        }
        if (try_soft(s, word, line))
            return;
    }
    simple(s, word, line);
}

static void logical_line(struct py_scanner *s) {
    uint32_t base = s->depth;
    while (!s->damage && !s->has_pending) {
        py_skip_space(s);
        if (s->p == s->end || py_at_newline(s))
            break;
        if (*s->p == ';')
            s->p++;
        else if (*s->p == '#')
            py_skip_comment(s);
        else
            statement(s);
    }
    s->depth = base;
    if (py_peek(s) == '#')
        py_skip_comment(s);
    if (py_at_newline(s))
        py_skip_newline(s);
}

// The column of the first byte of a line, as CPython counts: tabs to multiples of 8, a form feed
// starts over, and the first backslash decides for a line that is continued in its indentation.
static uint32_t measure_indent(struct py_scanner *s) {
    uint32_t column = 0, continued = 0;
    for (; s->p < s->end; s->p++) {
        if (*s->p == ' ') {
            column++;
        } else if (*s->p == '\t') {
            column = (column / 8 + 1) * 8;
        } else if (*s->p == '\f') {
            column = 0;
        } else if (*s->p == '\\' && s->p + 1 < s->end && (s->p[1] == '\n' || s->p[1] == '\r')) {
            continued = continued ? continued : column;
            s->p++;
            py_skip_newline(s);
            s->p--;
        } else {
            break;
        }
    }
    return continued ? continued : column;
}

static void settle_indent(struct py_scanner *s, uint32_t column) {
    if (s->has_pending) {
        s->has_pending = false;
        if (column <= py_here(s)->column) {
            py_damage(s, "expected an indented block");
        } else if (s->depth == PY_MAX_INDENT) {
            py_damage(s, "too many levels of indentation");
        } else {
            s->level[++s->depth] = s->pending;
            s->level[s->depth].column = column;
        }
        return;
    }
    uint32_t depth = s->depth;
    while (s->depth && column < py_here(s)->column)
        s->depth--;
    if (column > py_here(s)->column)
        py_damage(s, depth == s->depth ? "unexpected indent"
                                       : "this indentation matches no block around it");
}

static void scan_text(struct py_scanner *s) {
    while (s->p < s->end && !s->damage) {
        uint32_t column = measure_indent(s);
        if (py_peek(s) == '#')
            py_skip_comment(s);
        if (s->p == s->end)
            break;
        if (py_at_newline(s)) {
            py_skip_newline(s);
            continue;
        }
        settle_indent(s, column);
        if (!s->damage)
            logical_line(s);
    }
    if (s->has_pending && !s->damage)
        py_damage(s, "expected an indented block before the end of the file");
}

static bool has_lone_cr(const uint8_t *p, const uint8_t *end) {
    for (; (p = memchr(p, '\r', (size_t)(end - p))); p++)
        if (p + 1 == end || p[1] != '\n')
            return true;
    return false;
}

void cp_py_scan(cp_py_source *out, cp_str text, cp_arena *arena) {
    struct py_scanner *s = cp_xcalloc(1, sizeof *s);
    s->arena = arena;
    s->start = s->p = (const uint8_t *)(text.n ? text.p : "");
    s->end = s->start + text.n;
    s->line = 1;
    s->lone_cr = has_lone_cr(s->start, s->end);
    s->level[0].block = s->level[0].last = CP_PY_NO_BLOCK;
    if (text.n >= 3 && memcmp(s->p, "\xEF\xBB\xBF", 3) == 0)
        s->p += 3;
    scan_text(s);
    py_finish(out, s);
    free(s);
}
