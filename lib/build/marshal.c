#include "build/marshal.h"

#include "core/vec.h"

enum { FLAG_REF = 0x80, MAX_DEPTH = 500 };
// Comparing two elements of a frozenset never needs more in real code; a hostile stream of shared
// objects could ask for 2^500.
enum { MAX_COMPARISONS = 1 << 20 };

struct node {
    char type; // without the flag; strings as 'u' (interned or not) with `ascii`
    bool interned, ascii, open;
    uint32_t uses;             // edges that lead here
    uint32_t written;          // reference number + 1 once written
    size_t at, n;              // payload in the input, without type and length
    size_t line_at;            // code: where the first line number is
    size_t child, child_count; // slice of `children`
};

struct parser {
    cp_str in;
    size_t at;
    unsigned minor;
    CP_VEC(struct node) nodes;
    CP_VEC(uint32_t) children;
    CP_VEC(uint32_t) flagged;
    CP_VEC(uint32_t) sets; // frozensets in the order in which they were complete
    uint32_t comparisons, references;
    cp_marshal_rename rename;
    cp_buf *out;
    cp_err *err;
};

static cp_status bad(struct parser *p, size_t at, const char *what) {
    return cp_fail(p->err, CP_EFORMAT, "byte %zu of the bytecode: %s", at, what);
}

static cp_status take(struct parser *p, size_t n, size_t *at) {
    if (p->in.n - p->at < n)
        return bad(p, p->at, "it ends within an object");
    *at = p->at;
    p->at += n;
    return CP_OK;
}

static uint32_t u32_at(cp_str in, size_t at) {
    const unsigned char *b = (const unsigned char *)in.p + at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

// A length of `width` bytes; what follows has at least one byte an element.
static cp_status take_length(struct parser *p, unsigned width, size_t *n) {
    size_t at = 0;
    CP_TRY(take(p, width, &at));
    *n = width == 1 ? (unsigned char)p->in.p[at] : u32_at(p->in, at);
    return *n <= p->in.n - p->at ? CP_OK : bad(p, at, "a length leaves the stream");
}

static cp_status parse(struct parser *p, unsigned depth, uint32_t *out);

// Children are appended as a block only when all are known, so that a container's are contiguous.
static cp_status parse_children(struct parser *p, unsigned depth, size_t first, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t child = 0;
        CP_TRY(parse(p, depth + 1, &child));
        p->nodes.v[child].uses++;
        p->children.v[first + i] = child;
    }
    return CP_OK;
}

// Each edge takes a byte of input at least, so all containers together cannot have more than that.
static cp_status reserve_children(struct parser *p, uint32_t id, size_t count) {
    if (count > p->in.n - p->children.n)
        return bad(p, p->at, "a length leaves the stream");
    p->nodes.v[id].child = p->children.n;
    p->nodes.v[id].child_count = count;
    for (size_t i = 0; i < count; i++)
        cp_vec_push(&p->children, UINT32_MAX);
    return CP_OK;
}

static cp_status parse_container(struct parser *p, unsigned depth, uint32_t id) {
    size_t count = 3, start = p->at;
    char type = p->nodes.v[id].type;
    if (type != ':')
        CP_TRY(take_length(p, type == ')' ? 1 : 4, &count));
    else if (p->minor < 14)
        return bad(p, start, "a slice before Python 3.14");
    if (type == ')')
        p->nodes.v[id].type = '(';
    CP_TRY(reserve_children(p, id, count));
    return parse_children(p, depth, p->nodes.v[id].child, count);
}

static cp_status parse_code(struct parser *p, unsigned depth, uint32_t id) {
    size_t numbers = p->minor < 11 ? 6 : 5, tail = p->minor < 11 ? 1 : 2, at = 0;
    CP_TRY(take(p, numbers * 4, &at));
    p->nodes.v[id].at = at;
    p->nodes.v[id].n = numbers * 4;
    CP_TRY(reserve_children(p, id, 8 + tail));
    size_t first = p->nodes.v[id].child;
    CP_TRY(parse_children(p, depth, first, 8));
    CP_TRY(take(p, 4, &at));
    p->nodes.v[id].line_at = at;
    return parse_children(p, depth, first + 8, tail);
}

static cp_status parse_string(struct parser *p, uint32_t id) {
    struct node *node = &p->nodes.v[id];
    char type = node->type;
    size_t n = 0;
    CP_TRY(take_length(p, type == 'z' || type == 'Z' ? 1 : 4, &n));
    CP_TRY(take(p, n, &node->at));
    node->n = n;
    node->type = 'u';
    node->ascii = type != 'u' && type != 't';
    unsigned char lead = n ? (unsigned char)p->in.p[node->at] : 0;
    bool single = n <= 1 || (!node->ascii && n == 2 && (lead == 0xC2 || lead == 0xC3));
    node->interned = type == 'Z' || type == 'A' || type == 't' || single;
    return CP_OK;
}

static cp_status parse_plain(struct parser *p, uint32_t id) {
    struct node *node = &p->nodes.v[id];
    size_t n = 0;
    switch (node->type) {
    case 'i':
        n = 4;
        break;
    case 'g':
        n = 8;
        break;
    case 'y':
        n = 16;
        break;
    case 's':
        CP_TRY(take_length(p, 4, &n));
        break;
    case 'l': {
        CP_TRY(take(p, 4, &node->at));
        int64_t digits = (int32_t)u32_at(p->in, node->at);
        n = (size_t)(digits < 0 ? -digits : digits) * 2;
        CP_TRY(take(p, n, &(size_t){0}));
        node->n = n + 4; // the count stays in front of its digits
        return CP_OK;
    }
    default:
        break;
    }
    CP_TRY(take(p, n, &node->at));
    node->n = n;
    return CP_OK;
}

static cp_status parse_reference(struct parser *p, uint32_t *out) {
    size_t at = 0;
    CP_TRY(take(p, 4, &at));
    uint32_t index = u32_at(p->in, at);
    if (index >= p->flagged.n)
        return bad(p, at, "a reference to an object that was not there yet");
    *out = p->flagged.v[index];
    return p->nodes.v[*out].open ? bad(p, at, "an object that contains itself") : CP_OK;
}

// Fills node `id` by its type.
static cp_status parse_body(struct parser *p, unsigned depth, uint32_t id, size_t at) {
    char type = p->nodes.v[id].type;
    if (type && strchr("NFT.Sigysl", type))
        return parse_plain(p, id);
    if (type && strchr("zZaAut", type))
        return parse_string(p, id);
    if (type && strchr(")(>:", type))
        return parse_container(p, depth, id);
    return type == 'c' ? parse_code(p, depth, id)
                       : bad(p, at, "a type that code objects do not have");
}

static cp_status parse(struct parser *p, unsigned depth, uint32_t *out) {
    size_t at = 0;
    if (depth > MAX_DEPTH)
        return bad(p, p->at, "objects nested more than 500 deep");
    CP_TRY(take(p, 1, &at));
    unsigned char type = (unsigned char)p->in.p[at];
    char kind = (char)(type & ~FLAG_REF);
    if (kind == 'r')
        return parse_reference(p, out);
    uint32_t id = (uint32_t)p->nodes.n;
    cp_vec_push(&p->nodes, (struct node){.type = kind, .open = true, .at = at});
    // Singletons are looked up by CPython before the flag is: they take no number.
    if ((type & FLAG_REF) && !(kind && strchr("NFT.S", kind)))
        cp_vec_push(&p->flagged, id);
    CP_TRY(parse_body(p, depth, id, at));
    p->nodes.v[id].open = false;
    if (kind == '>' && p->nodes.v[id].child_count > 1)
        cp_vec_push(&p->sets, id);
    *out = id;
    return CP_OK;
}

static int compare_payload(const struct parser *p, const struct node *x, const struct node *y) {
    cp_str a = {p->in.p + x->at, x->n}, b = {p->in.p + y->at, y->n};
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    if (x->ascii != y->ascii)
        return x->ascii ? -1 : 1;
    return cp_str_cmp(a, b);
}

static int compare(struct parser *p, uint32_t a, uint32_t b, unsigned depth) {
    if (a == b)
        return 0;
    if (++p->comparisons > MAX_COMPARISONS || depth > MAX_DEPTH)
        return 0; // reported by sort_frozenset
    const struct node *x = &p->nodes.v[a], *y = &p->nodes.v[b];
    int c = compare_payload(p, x, y);
    if (c == 0 && x->child_count != y->child_count)
        c = x->child_count < y->child_count ? -1 : 1;
    for (size_t i = 0; c == 0 && i < x->child_count; i++)
        c = compare(p, p->children.v[x->child + i], p->children.v[y->child + i], depth + 1);
    return c;
}

static int compare_elements(const void *a, const void *b, void *self) {
    return compare(self, *(const uint32_t *)a, *(const uint32_t *)b, 0);
}

// Whatever is in a frozenset, nested or by reference, was complete before it and is sorted by now.
static cp_status sort_frozensets(struct parser *p) {
    for (size_t i = 0; i < p->sets.n; i++) {
        struct node *node = &p->nodes.v[p->sets.v[i]];
        p->comparisons = 0;
        qsort_r(p->children.v + node->child, node->child_count, sizeof *p->children.v,
                compare_elements, p);
        if (p->comparisons > MAX_COMPARISONS)
            return bad(p, node->at, "a frozenset that is too involved");
    }
    return CP_OK;
}

static void write_head(struct parser *p, const struct node *node, char type) {
    cp_buf_add_c(p->out, (char)(node->written ? (unsigned char)type | FLAG_REF : type));
}

static void write_string(struct parser *p, const struct node *node) {
    cp_str text = {p->in.p + node->at, node->n};
    bool ascii = node->ascii;
    if (p->rename.from.n && cp_str_eq(text, p->rename.from)) {
        text = p->rename.to;
        ascii = true;
        for (size_t i = 0; i < text.n; i++)
            ascii = ascii && (unsigned char)text.p[i] < 0x80;
    }
    if (!ascii)
        write_head(p, node, node->interned ? 't' : 'u');
    else if (text.n < 256)
        write_head(p, node, node->interned ? 'Z' : 'z');
    else
        write_head(p, node, node->interned ? 'A' : 'a');
    if (ascii && text.n < 256)
        cp_buf_add_c(p->out, (char)text.n);
    else
        cp_buf_add_u32(p->out, (uint32_t)text.n);
    cp_buf_add(p->out, text);
}

static cp_status write_node(struct parser *p, uint32_t id, unsigned depth);

static cp_status write_children(struct parser *p, const struct node *node, size_t from, size_t to,
                                unsigned depth) {
    for (size_t i = from; i < to; i++)
        CP_TRY(write_node(p, p->children.v[node->child + i], depth + 1));
    return CP_OK;
}

static cp_status write_container(struct parser *p, const struct node *node, unsigned depth) {
    bool small = node->type == '(' && node->child_count < 256;
    write_head(p, node, small ? ')' : node->type);
    if (small)
        cp_buf_add_c(p->out, (char)node->child_count);
    else if (node->type != ':')
        cp_buf_add_u32(p->out, (uint32_t)node->child_count);
    return write_children(p, node, 0, node->child_count, depth);
}

static cp_status write_code(struct parser *p, const struct node *node, unsigned depth) {
    write_head(p, node, 'c');
    cp_buf_add(p->out, (cp_str){p->in.p + node->at, node->n});
    CP_TRY(write_children(p, node, 0, 8, depth));
    cp_buf_add(p->out, (cp_str){p->in.p + node->line_at, 4});
    return write_children(p, node, 8, node->child_count, depth);
}

static cp_status write_node(struct parser *p, uint32_t id, unsigned depth) {
    struct node *node = &p->nodes.v[id];
    if (node->written) {
        cp_buf_add_c(p->out, 'r');
        cp_buf_add_u32(p->out, node->written - 1);
        return CP_OK;
    }
    if (depth > MAX_DEPTH) // possible when sorting moved an object in front of its references
        return bad(p, node->at, "objects nested more than 500 deep");
    if (node->uses > 1 && !strchr("NFT.S", node->type))
        node->written = ++p->references;
    switch (node->type) {
    case 'u':
        write_string(p, node);
        return CP_OK;
    case '(':
    case '>':
    case ':':
        return write_container(p, node, depth);
    case 'c':
        return write_code(p, node, depth);
    default:
        write_head(p, node, node->type);
        if (node->type == 's')
            cp_buf_add_u32(p->out, (uint32_t)node->n);
        cp_buf_add(p->out, (cp_str){p->in.p + node->at, node->n});
        return CP_OK;
    }
}

static cp_status canonical(struct parser *p) {
    uint32_t root = 0;
    CP_TRY(parse(p, 0, &root));
    if (p->at != p->in.n)
        return bad(p, p->at, "more than one object");
    CP_TRY(sort_frozensets(p));
    CP_TRY(write_node(p, root, 0));
    return p->out->over ? bad(p, 0, "it is larger than the room for it") : CP_OK;
}

cp_status cp_marshal_canonical(cp_buf *out, cp_str in, unsigned minor, cp_marshal_rename rename,
                               cp_err *err) {
    struct parser p = {.in = in, .minor = minor, .rename = rename, .out = out, .err = err};
    if (in.n > UINT32_MAX / 4)
        return cp_fail(err, CP_EFORMAT, "%zu bytes of bytecode: more than a module has", in.n);
    cp_status status = canonical(&p);
    cp_vec_free(&p.nodes);
    cp_vec_free(&p.children);
    cp_vec_free(&p.flagged);
    cp_vec_free(&p.sets);
    return status;
}
