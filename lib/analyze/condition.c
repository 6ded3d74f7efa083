#include "analyze/condition.h"

#include <string.h>

enum { MAX_DEPTH = 40, MAX_TUPLE = 5 };

cp_truth cp_truth_not(cp_truth a) {
    return a == CP_UNKNOWN ? a : a == CP_TRUE ? CP_FALSE : CP_TRUE;
}

cp_truth cp_truth_and(cp_truth a, cp_truth b) {
    if (a == CP_FALSE || b == CP_FALSE)
        return CP_FALSE;
    return a == CP_TRUE && b == CP_TRUE ? CP_TRUE : CP_UNKNOWN;
}

cp_truth cp_truth_or(cp_truth a, cp_truth b) {
    return cp_truth_not(cp_truth_and(cp_truth_not(a), cp_truth_not(b)));
}

enum kind { NOTHING, NUMBER, TEXT, TUPLE, TRUTH };

struct value {
    enum kind kind;
    cp_truth truth;
    int64_t number[MAX_TUPLE]; // a number is a tuple of one
    unsigned count;
    cp_str text;
};

struct parser {
    cp_str s;
    size_t at;
    unsigned depth;
    const cp_condition_target *target;
};

static const struct value nothing = {.kind = NOTHING, .truth = CP_UNKNOWN};

static struct value truth_value(cp_truth t) {
    return (struct value){.kind = TRUTH, .truth = t};
}

static struct value text_value(cp_str s) {
    return (struct value){.kind = TEXT, .text = s, .truth = s.n ? CP_TRUE : CP_FALSE};
}

static struct value number_value(int64_t n) {
    return (struct value){
        .kind = NUMBER, .number = {n}, .count = 1, .truth = n ? CP_TRUE : CP_FALSE};
}

static void skip_space(struct parser *p) {
    while (p->at < p->s.n && strchr(" \t\r\n\\\f", p->s.p[p->at]))
        p->at++;
}

static char peek(struct parser *p) {
    skip_space(p);
    return p->at < p->s.n ? p->s.p[p->at] : '\0';
}

static bool is_word_byte(char c) {
    unsigned char u = (unsigned char)c;
    return (u | 0x20u) - 'a' < 26u || u - 0u - '0' < 10u || u == '_' || u >= 0x80;
}

static bool take(struct parser *p, const char *mark) {
    skip_space(p);
    cp_str m = cp_str_of(mark);
    if (!cp_str_starts(cp_str_sub(p->s, p->at, p->s.n), m))
        return false;
    bool word = is_word_byte(mark[0]);
    if (word && p->at + m.n < p->s.n && is_word_byte(p->s.p[p->at + m.n]))
        return false;
    p->at += m.n;
    return true;
}

// "sys.version_info", "platform.machine": words joined by dots.
static cp_str take_dotted(struct parser *p) {
    skip_space(p);
    size_t from = p->at;
    while (p->at < p->s.n && (is_word_byte(p->s.p[p->at]) || p->s.p[p->at] == '.'))
        p->at++;
    return cp_str_sub(p->s, from, p->at);
}

static struct value take_text(struct parser *p) {
    char quote = p->s.p[p->at++];
    size_t from = p->at;
    while (p->at < p->s.n && p->s.p[p->at] != quote)
        if (p->s.p[p->at++] == '\\')
            return nothing;
    if (p->at == p->s.n)
        return nothing;
    p->at++;
    return text_value(cp_str_sub(p->s, from, p->at - 1));
}

static struct value take_number(struct parser *p) {
    cp_str word = take_dotted(p);
    uint64_t n;
    bool whole = word.n < 10 && cp_str_to_u64(&n, word);
    return whole ? number_value((int64_t)n) : nothing;
}

static cp_truth expression(struct parser *p);
static struct value operand(struct parser *p);

// After '(': a bracketed expression or a tuple of numbers.
static struct value take_bracket(struct parser *p) {
    size_t back = p->at;
    struct value tuple = {.kind = TUPLE, .truth = CP_TRUE};
    while (peek(p) >= '0' && peek(p) <= '9' && tuple.count < MAX_TUPLE) {
        struct value n = take_number(p);
        if (n.kind != NUMBER)
            break;
        tuple.number[tuple.count++] = n.number[0];
        bool more = take(p, ",");
        if (take(p, ")") && (more || tuple.count > 1))
            return tuple;
        if (!more)
            break;
    }
    p->at = back;
    cp_truth inner = expression(p);
    return take(p, ")") ? truth_value(inner) : nothing;
}

static struct value version_part(const struct parser *p, cp_str name) {
    int64_t minor = p->target->minor;
    if (cp_str_ends(name, CP_STR("version_info.major")))
        return number_value(3);
    if (cp_str_ends(name, CP_STR("version_info.minor")))
        return number_value(minor);
    // The patch release is not known; a comparison that reaches it is not decided.
    struct value v = {.kind = TUPLE, .number = {3, minor}, .count = 2, .truth = CP_TRUE};
    return cp_str_ends(name, CP_STR("version_info")) ? v : nothing;
}

static bool is_one_of(cp_str s, const char *a, const char *b) {
    return cp_str_is(s, a) || cp_str_is(s, b);
}

static struct value named_value(struct parser *p, cp_str name) {
    if (cp_str_ends(name, CP_STR("TYPE_CHECKING")) || cp_str_is(name, "False") ||
        cp_str_is(name, "None"))
        return truth_value(CP_FALSE);
    if (cp_str_is(name, "True") || cp_str_is(name, "__debug__"))
        return truth_value(CP_TRUE);
    if (is_one_of(name, "sys.platform", "_sys.platform"))
        return text_value(CP_STR("linux"));
    if (is_one_of(name, "os.name", "_os.name"))
        return text_value(CP_STR("posix"));
    if (cp_str_is(name, "sys.byteorder"))
        return text_value(CP_STR("little"));
    if (cp_str_is(name, "sys.implementation.name"))
        return text_value(CP_STR("cpython"));
    if (cp_str_is(name, "__name__")) // of an imported module: its own name, which is no script's
        return text_value(CP_STR("<module>"));
    return version_part(p, name);
}

static struct value called_value(const struct parser *p, cp_str name) {
    if (is_one_of(name, "platform.machine", "machine"))
        return text_value(p->target->machine);
    if (is_one_of(name, "platform.system", "system"))
        return text_value(CP_STR("Linux"));
    if (is_one_of(name, "platform.python_implementation", "python_implementation"))
        return text_value(CP_STR("CPython"));
    return nothing;
}

// `[0]`, `[1]`, `[:2]` of a version.
static struct value take_index(struct parser *p, struct value v) {
    if (v.kind != TUPLE)
        return nothing;
    if (take(p, ":")) {
        struct value to = take_number(p);
        if (to.kind != NUMBER || to.number[0] > (int64_t)v.count || !take(p, "]"))
            return nothing;
        v.count = (unsigned)to.number[0];
        return v;
    }
    struct value at = take_number(p);
    if (at.kind != NUMBER || at.number[0] >= (int64_t)v.count || !take(p, "]"))
        return nothing;
    return number_value(v.number[at.number[0]]);
}

// `"linux".startswith("win")`, the cursor after the bracket.
static struct value starts_with(struct parser *p, cp_str text) {
    char c = peek(p);
    if (c != '"' && c != '\'')
        return nothing;
    struct value prefix = take_text(p);
    if (prefix.kind != TEXT || !take(p, ")"))
        return nothing;
    return truth_value(cp_str_starts(text, prefix.text) ? CP_TRUE : CP_FALSE);
}

static struct value take_name(struct parser *p) {
    cp_str name = take_dotted(p);
    cp_str method = CP_STR(".startswith");
    size_t after_method = p->at;
    if (cp_str_ends(name, method) && take(p, "(")) {
        struct value v = named_value(p, cp_str_sub(name, 0, name.n - method.n));
        v = v.kind == TEXT ? starts_with(p, v.text) : nothing;
        if (v.kind == NOTHING)
            p->at = after_method;
        return v;
    }
    struct value v = named_value(p, name);
    size_t after_name = p->at;
    if (take(p, "(")) {
        v = called_value(p, name);
        if (take(p, ")"))
            return v;
    } else if (take(p, "[")) {
        v = take_index(p, v);
        if (v.kind != NOTHING)
            return v;
    } else {
        return v;
    }
    p->at = after_name; // the bracket is passed over as a whole
    return nothing;
}

static struct value operand(struct parser *p) {
    char c = peek(p);
    if (c == '"' || c == '\'')
        return take_text(p);
    if (c >= '0' && c <= '9')
        return take_number(p);
    if (c == '(') {
        p->at++;
        return take_bracket(p);
    }
    return is_word_byte(c) ? take_name(p) : nothing;
}

enum comparison { EQ, NE, LT, LE, GT, GE, IN, NOT_IN, NONE };

static enum comparison take_comparison(struct parser *p) {
    static const struct {
        const char *mark;
        enum comparison op;
    } marks[] = {{"==", EQ}, {"!=", NE}, {"<=", LE}, {">=", GE},
                 {"<", LT},  {">", GT},  {"in", IN}, {"not in", NOT_IN}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (take(p, marks[i].mark))
            return marks[i].op;
    return NONE;
}

static cp_truth decide(enum comparison op, int order) {
    bool yes = op == EQ   ? order == 0
               : op == NE ? order != 0
               : op == LT ? order < 0
               : op == LE ? order <= 0
               : op == GT ? order > 0
                          : order >= 0;
    return yes ? CP_TRUE : CP_FALSE;
}

// As tuples compare. sys.version_info has five parts of which two are known, so an equal start
// with a longer literal is open, and with an equal length it is the longer of the two.
static cp_truth compare_tuples(enum comparison op, const struct value *a, const struct value *b) {
    unsigned n = a->count < b->count ? a->count : b->count;
    for (unsigned i = 0; i < n; i++)
        if (a->number[i] != b->number[i])
            return decide(op, a->number[i] < b->number[i] ? -1 : 1);
    return a->count == b->count ? decide(op, 0) : CP_UNKNOWN;
}

static cp_truth compare(enum comparison op, const struct value *a, const struct value *b,
                        bool whole_version) {
    if (op == IN || op == NOT_IN)
        return CP_UNKNOWN;
    if (a->kind == TEXT && b->kind == TEXT)
        return decide(op, cp_str_cmp(a->text, b->text));
    if (a->kind == NUMBER && b->kind == NUMBER)
        return compare_tuples(op, a, b);
    if (a->kind != TUPLE || b->kind != TUPLE)
        return CP_UNKNOWN;
    if (!whole_version)
        return compare_tuples(op, a, b);
    // (3, 11, ...) against (3, 11) is greater; against (3,) too.
    struct value known = *a;
    if (b->count <= known.count) {
        known.count = b->count;
        bool equal = compare_tuples(EQ, &known, b) == CP_TRUE;
        return equal ? decide(op, 1) : compare_tuples(op, &known, b);
    }
    return compare_tuples(op, &known, b);
}

static cp_truth comparison(struct parser *p) {
    size_t from = p->at;
    struct value a = operand(p);
    cp_str left = cp_str_trim(cp_str_sub(p->s, from, p->at));
    enum comparison op = take_comparison(p);
    if (op == NONE)
        return a.truth;
    struct value b = operand(p);
    return compare(op, &a, &b, cp_str_ends(left, CP_STR("version_info")));
}

static cp_truth negation(struct parser *p) {
    bool odd = false;
    while (take(p, "not"))
        odd = !odd;
    cp_truth t = comparison(p);
    return odd ? cp_truth_not(t) : t;
}

static bool at_operator(struct parser *p) {
    size_t back = p->at;
    bool found = take(p, "and") || take(p, "or") || take(p, "if");
    p->at = back;
    return found;
}

// Over one piece of what was not understood: a string, a word, or a byte.
static void skip_piece(struct parser *p, unsigned *open) {
    char c = peek(p);
    if (c == '"' || c == '\'') {
        (void)take_text(p);
    } else if (is_word_byte(c)) {
        (void)take_dotted(p);
    } else {
        *open += c == '(' || c == '[' || c == '{';
        *open -= *open && (c == ')' || c == ']' || c == '}');
        p->at++;
    }
}

// An operand that was not understood leaves text before the next operator: pass over it, at this
// bracket level, and call the operand unknown (false).
static bool skip_to_operator(struct parser *p) {
    bool clean = true;
    unsigned open = 0;
    while (peek(p) != '\0') {
        if (open == 0 && (peek(p) == ')' || at_operator(p)))
            break;
        clean = false;
        skip_piece(p, &open);
    }
    return clean;
}

static cp_truth term(struct parser *p) {
    cp_truth t = negation(p);
    return skip_to_operator(p) ? t : CP_UNKNOWN;
}

static cp_truth expression(struct parser *p) {
    if (++p->depth > MAX_DEPTH)
        return CP_UNKNOWN;
    cp_truth all = CP_FALSE;
    do {
        cp_truth both = term(p);
        while (take(p, "and"))
            both = cp_truth_and(both, term(p));
        all = cp_truth_or(all, both);
    } while (take(p, "or"));
    if (take(p, "if")) // a conditional expression
        all = CP_UNKNOWN;
    p->depth--;
    return all;
}

cp_truth cp_condition_eval(cp_str test, const cp_condition_target *target) {
    struct parser p = {.s = cp_str_trim(test), .target = target};
    cp_truth t = expression(&p);
    return peek(&p) == '\0' ? t : CP_UNKNOWN;
}
