// finish.c - from the scanner's working state, which borrows from the source, to a result that owns
// its texts and holds only the blocks that somebody can ask about.
#include "py/scanner.h"

// Without the spaces, comments and continuations that may stand around dots.
static cp_str own_dotted(cp_arena *arena, cp_str s) {
    char *to = cp_arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (py_is_word((uint8_t)s.p[i]) || s.p[i] == '.')
            to[n++] = s.p[i];
    return (cp_str){to, n};
}

static cp_str own(cp_arena *arena, cp_str s) {
    return s.n ? cp_arena_str(arena, s) : (cp_str){0};
}

static cp_str bound_name(const cp_py_import *r) {
    if (r->alias.n)
        return r->alias;
    if (r->kind == CP_PY_FROM)
        return r->name;
    size_t dot = cp_str_find(r->module, '.', 0);
    return cp_str_sub(r->module, 0, dot);
}

static bool is_lazy_module(const struct py_scanner *s, cp_str module) {
    for (size_t i = 0; i < s->lazy.n; i++)
        if (cp_str_eq(s->lazy.v[i], module))
            return true;
    return false;
}

static void finish_import(struct py_scanner *s, cp_py_import *r) {
    bool statement = r->kind == CP_PY_IMPORT || r->kind == CP_PY_FROM;
    r->module = statement ? own_dotted(s->arena, r->module) : own(s->arena, r->module);
    r->name = own(s->arena, r->name);
    r->alias = own(s->arena, r->alias);
    if (!statement)
        return;
    const struct py_slot *slot = py_set_find(&s->reads, bound_name(r));
    r->used = slot && (slot->flags & PY_READ);
    r->called = slot && (slot->flags & PY_CALLED);
    if (!(r->flags & CP_PY_IN_FUNCTION) && is_lazy_module(s, r->module))
        r->flags |= CP_PY_IS_LAZY;
}

// Marks a block, what encloses it and the branches before it.
static void keep(struct py_scanner *s, uint32_t *new_index, uint32_t block) {
    while (block != CP_PY_NO_BLOCK && new_index[block] == CP_PY_NO_BLOCK) {
        const cp_py_block *b = &s->blocks.v[block];
        new_index[block] = 0;
        for (uint32_t prior = b->prior;
             prior != CP_PY_NO_BLOCK && new_index[prior] == CP_PY_NO_BLOCK;
             prior = s->blocks.v[prior].prior)
            new_index[prior] = 0;
        block = b->parent;
    }
}

static uint32_t moved(const uint32_t *new_index, uint32_t block) {
    return block == CP_PY_NO_BLOCK ? block : new_index[block];
}

static void finish_blocks(cp_py_source *out, struct py_scanner *s) {
    uint32_t *new_index = cp_xmalloc(s->blocks.n * sizeof *new_index);
    memset(new_index, 0xff, s->blocks.n * sizeof *new_index);
    for (size_t i = 0; i < s->imports.n; i++)
        keep(s, new_index, s->imports.v[i].block);
    uint32_t n = 0;
    for (size_t i = 0; i < s->blocks.n; i++)
        if (new_index[i] != CP_PY_NO_BLOCK)
            new_index[i] = n++;
    cp_py_block *blocks = CP_ARENA_ARRAY(s->arena, cp_py_block, n);
    for (size_t i = 0; i < s->blocks.n; i++) {
        if (new_index[i] == CP_PY_NO_BLOCK)
            continue;
        cp_py_block *b = &blocks[new_index[i]];
        *b = s->blocks.v[i];
        b->head = own(s->arena, cp_str_trim(b->head));
        b->parent = moved(new_index, b->parent);
        b->prior = moved(new_index, b->prior);
    }
    for (size_t i = 0; i < s->imports.n; i++)
        s->imports.v[i].block = moved(new_index, s->imports.v[i].block);
    out->blocks = blocks;
    out->block_count = n;
    free(new_index);
}

static void finish_names(struct py_scanner *s) {
    for (size_t i = 0; i < s->names.n; i++) {
        cp_py_name *name = &s->names.v[i];
        const struct py_slot *slot = py_set_find(&s->reads, name->text);
        name->called = slot && (slot->flags & PY_CALLED);
        name->text = own(s->arena, name->text);
    }
}

void py_finish(cp_py_source *out, struct py_scanner *s) {
    *out = (cp_py_source){
        .has_all = s->has_all,
        .has_getattr = s->has_getattr,
        .reads_scope = s->reads_scope,
        .damage = s->damage,
        .damage_line = s->damage_line,
        .damage_column = s->damage_column,
    };
    for (size_t i = 0; i < s->imports.n; i++)
        finish_import(s, &s->imports.v[i]);
    finish_blocks(out, s);
    finish_names(s);
    for (size_t i = 0; i < s->chain.n; i++)
        s->chain.v[i].text = own(s->arena, s->chain.v[i].text);
    out->imports = cp_vec_to_arena(&s->imports, s->arena);
    out->import_count = (uint32_t)s->imports.n;
    out->chains = cp_vec_to_arena(&s->chain, s->arena);
    out->chain_count = (uint32_t)s->chain.n;
    out->names = cp_vec_to_arena(&s->names, s->arena);
    out->name_count = (uint32_t)s->names.n;
    out->all = cp_vec_to_arena(&s->all, s->arena);
    out->all_count = (uint32_t)s->all.n;
    cp_vec_free(&s->imports);
    cp_vec_free(&s->blocks);
    cp_vec_free(&s->chain);
    cp_vec_free(&s->names);
    cp_vec_free(&s->all);
    cp_vec_free(&s->lazy);
    py_set_free(&s->bound);
    py_set_free(&s->reads);
    py_set_free(&s->chains);
    py_set_free(&s->texts);
}

const cp_py_name *cp_py_find_name(const cp_py_source *source, cp_str name) {
    for (uint32_t i = source->name_count; i-- > 0;)
        if (cp_str_eq(source->names[i].text, name))
            return &source->names[i];
    return NULL;
}
