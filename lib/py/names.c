#include "core/hash.h"
#include "py/scanner.h"

static struct py_slot *slot_of(const struct py_set *set, cp_str text) {
    for (uint32_t i = (uint32_t)cp_hash64(text);; i++) {
        struct py_slot *slot = &set->slots[i & set->mask];
        if (!slot->flags || cp_str_eq(slot->text, text))
            return slot;
    }
}

static void grow(struct py_set *set) {
    struct py_set old = *set;
    set->mask = old.slots ? old.mask * 2 + 1 : 63;
    set->slots = cp_xcalloc((size_t)set->mask + 1, sizeof *set->slots);
    for (uint32_t i = 0; old.slots && i <= old.mask; i++)
        if (old.slots[i].flags)
            *slot_of(set, old.slots[i].text) = old.slots[i];
    free(old.slots);
}

// The slot of `text`, new with PY_SEEN or known.
static struct py_slot *set_add(struct py_set *set, cp_str text) {
    if (!set->slots || set->count * 4 >= set->mask * 3)
        grow(set);
    struct py_slot *slot = slot_of(set, text);
    if (!slot->flags) {
        *slot = (struct py_slot){text, PY_SEEN, 0};
        set->count++;
    }
    return slot;
}

bool py_set_insert(struct py_set *set, cp_str text) {
    uint32_t before = set->count;
    (void)set_add(set, text);
    return set->count > before;
}

const struct py_slot *py_set_find(const struct py_set *set, cp_str text) {
    if (!set->slots)
        return NULL;
    const struct py_slot *slot = slot_of(set, text);
    return slot->flags ? slot : NULL;
}

void py_set_free(struct py_set *set) {
    free(set->slots);
    *set = (struct py_set){0};
}

// A filter of 64 bits in front of the table: most names of a file are bound by no import.
static uint64_t bloom_bit(cp_str name) {
    return 1ull << (((uint8_t)name.p[0] * 7u + (uint8_t)name.p[name.n - 1] * 3u + name.n) & 63);
}

void py_bind(struct py_scanner *s, cp_str name) {
    if (name.n == 0)
        return;
    s->bound_bloom |= bloom_bit(name);
    (void)set_add(&s->bound, name);
}

// `globals()` and the like hand out all names of the scope.
static bool is_scope_call(const struct py_scanner *s, cp_str word) {
    if (s->end - s->p < 2 || s->p[0] != '(' || s->p[1] != ')')
        return false;
    return cp_str_is(word, "globals") || cp_str_is(word, "vars") || cp_str_is(word, "dir") ||
           cp_str_is(word, "locals");
}

static void note_chain(struct py_scanner *s, cp_str text, bool init, bool called) {
    struct py_slot *slot = set_add(&s->chains, text);
    if (!(slot->flags & PY_READ)) {
        slot->flags |= PY_READ;
        slot->value = (uint32_t)s->chain.n;
        cp_vec_push(&s->chain, (cp_py_chain){.text = text, .line = s->line});
    }
    cp_py_chain *chain = &s->chain.v[slot->value];
    chain->init |= init;
    chain->called |= init && called;
}

// Takes the dotted tail; returns its last word.
static cp_str take_chain(struct py_scanner *s, cp_str root) {
    cp_str last = root;
    while (s->p + 1 < s->end && *s->p == '.' && py_is_letter(s->p[1])) {
        s->p++;
        last = py_word(s);
    }
    cp_str text = {root.p, (size_t)((const char *)s->p - root.p)};
    if (text.n > root.n && text.n < 256)
        note_chain(s, text, !py_in_function(s), py_peek(s) == '(' || s->decorating);
    return last;
}

cp_str py_note_word(struct py_scanner *s, cp_str word, bool after_dot) {
    if (after_dot || word.n == 0)
        return word;
    uint8_t next = py_peek(s);
    if (next == '(' && word.n <= 7 && is_scope_call(s, word))
        s->reads_scope = true;
    if (!py_in_function(s))
        set_add(&s->reads, word)->flags |= PY_READ | (next == '(' || s->decorating ? PY_CALLED : 0);
    if (next == '.' && (s->bound_bloom & bloom_bit(word)) && py_set_find(&s->bound, word))
        return take_chain(s, word);
    return word;
}
