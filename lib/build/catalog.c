#include "build/catalog.h"

#include "core/vec.h"
#include "zip/deflate.h"

enum {
    FORMAT = 1,
    HEADER = 128,
    ROOT_BYTES = 32,
    PACK_BYTES = 64,
    GROUP_BYTES = 16,
    MEMBER_BYTES = 96,
    MAX_INDEX = 0xfffe,
};

const char *cp_member_kind_name(cp_member_kind kind) {
    static const char *const names[] = {"?",       "code", "extension", "namespace",
                                        "library", "data", "text",      "source"};
    return names[kind];
}

struct slice {
    uint32_t off, n;
};

struct writer {
    const cp_catalog *c;
    cp_buf text, refs;
    uint32_t *slots, slot_count;
};

static struct slice add_text(struct writer *w, cp_str s) {
    struct slice at = {(uint32_t)w->text.n, (uint32_t)s.n};
    cp_buf_add(&w->text, s);
    return at;
}

static struct slice add_refs(struct writer *w, const uint32_t *refs, uint32_t count) {
    struct slice at = {(uint32_t)(w->refs.n / 4), count};
    for (uint32_t i = 0; i < count; i++)
        cp_buf_add_u32(&w->refs, refs[i]);
    return at;
}

static void add_slice(cp_buf *out, struct slice s) {
    cp_buf_add_u32(out, s.off);
    cp_buf_add_u32(out, s.n);
}

static void add_zeros(cp_buf *out, size_t n) {
    while (n--)
        cp_buf_add_c(out, 0);
}

static cp_status fill_slots(struct writer *w, cp_err *err) {
    const cp_catalog *c = w->c;
    w->slot_count = 1;
    while (w->slot_count < 2 * (uint64_t)c->member_count)
        w->slot_count *= 2;
    w->slots = cp_xcalloc(w->slot_count, sizeof *w->slots);
    for (uint32_t i = 0; i < c->member_count; i++) {
        cp_str name = c->members[i].name;
        uint32_t at = cp_crc32(name) & (w->slot_count - 1);
        for (; w->slots[at]; at = (at + 1) & (w->slot_count - 1))
            if (cp_str_eq(c->members[w->slots[at] - 1].name, name))
                return cp_fail(err, CP_EUSAGE, "two catalog members are called %.*s",
                               CP_STR_ARG(name));
        w->slots[at] = i + 1;
    }
    return CP_OK;
}

static void add_roots_and_packs(struct writer *w, cp_buf *roots, cp_buf *packs) {
    for (uint32_t i = 0; i < w->c->root_count; i++) {
        cp_buf_add_u32(roots, w->c->roots[i].kind);
        add_slice(roots, add_text(w, w->c->roots[i].path));
        add_zeros(roots, 20);
    }
    for (uint32_t i = 0; i < w->c->pack_count; i++) {
        const cp_catalog_pack *p = &w->c->packs[i];
        cp_buf_add_u32(packs, p->root);
        cp_buf_add_u32(packs, p->flags);
        cp_buf_add_u64(packs, p->bytes);
        add_slice(packs, add_text(w, p->name));
        add_zeros(packs, 8);
        cp_buf_add(packs, (cp_str){(const char *)p->digest.b, sizeof p->digest});
    }
}

static void add_groups(struct writer *w, cp_buf *groups) {
    for (uint32_t i = 0; i < w->c->group_count; i++) {
        const cp_catalog_group *g = &w->c->groups[i];
        cp_buf_add_u32(groups, g->root);
        add_slice(groups, add_refs(w, g->refs, g->ref_count));
        cp_buf_add_u32(groups, g->flags);
    }
}

static void add_member(struct writer *w, cp_buf *out, const cp_catalog_member *m) {
    struct slice name = add_text(w, m->name), rel;
    // "/numpy/x.json" holds the text of its own rel.
    bool shared = m->name.n == m->rel.n + 1 && cp_str_ends(m->name, m->rel);
    rel = shared ? (struct slice){name.off + 1, name.n - 1} : add_text(w, m->rel);
    add_slice(out, name);
    cp_buf_add_c(out, (char)m->kind);
    cp_buf_add_c(out, (char)m->flags);
    cp_buf_add_u16(out, (uint16_t)m->pack);
    cp_buf_add_u16(out, (uint16_t)m->root);
    cp_buf_add_u16(out, 0);
    cp_buf_add_u64(out, m->offset);
    cp_buf_add_u64(out, m->stored_bytes);
    cp_buf_add_u64(out, m->raw_bytes);
    add_slice(out, rel);
    add_slice(out, add_refs(w, m->needs, m->need_count));
    cp_buf_add_u32(out, m->source == CP_NO_MEMBER ? 0 : m->source + 1);
    cp_buf_add_u32(out, m->group);
    cp_buf_add(out, (cp_str){(const char *)m->digest.b, sizeof m->digest});
}

static uint32_t add_table(cp_buf *tables, const cp_buf *table) {
    uint32_t at = (uint32_t)(HEADER + tables->n);
    cp_buf_add(tables, cp_buf_str(table));
    add_zeros(tables, (8 - tables->n % 8) % 8);
    return at;
}

static void assemble(struct writer *w, cp_buf *out, cp_buf table[static 5]) {
    const cp_catalog *c = w->c;
    CP_AUTOV(cp_buf) tables = {0};
    uint32_t counts[] = {c->root_count, c->pack_count, c->group_count, c->member_count,
                         w->slot_count};
    uint32_t at[5];
    for (int i = 0; i < 5; i++)
        at[i] = add_table(&tables, &table[i]);
    struct slice libs = add_refs(w, c->libs, c->lib_count);
    uint32_t refs_at = add_table(&tables, &w->refs), text_at = add_table(&tables, &w->text);
    cp_buf_add(out, CP_STR("CPCAT\r\n\x1a"));
    cp_buf_add_u32(out, FORMAT);
    cp_buf_add_u32(out, HEADER);
    cp_buf_add_u64(out, HEADER + tables.n);
    cp_buf_add_u16(out, 3);
    cp_buf_add_u16(out, (uint16_t)c->minor);
    cp_buf_add_u32(out, 0);
    for (int i = 0; i < 5; i++)
        add_slice(out, (struct slice){counts[i], at[i]});
    add_slice(out, (struct slice){(uint32_t)(w->refs.n / 4), refs_at});
    add_slice(out, (struct slice){(uint32_t)w->text.n, text_at});
    add_slice(out, (struct slice){libs.n, libs.off});
    add_zeros(out, 32);
    cp_buf_add(out, cp_buf_str(&tables));
}

cp_status cp_catalog_write(cp_buf *out, const cp_catalog *catalog, cp_err *err) {
    struct writer w = {.c = catalog};
    if (catalog->pack_count > MAX_INDEX || catalog->root_count > MAX_INDEX)
        return cp_fail(err, CP_EUSAGE, "%u packs in %u roots: a catalog counts up to %d",
                       catalog->pack_count, catalog->root_count, MAX_INDEX);
    cp_status status = fill_slots(&w, err);
    cp_buf table[5] = {{0}};
    if (status == CP_OK) {
        add_roots_and_packs(&w, &table[0], &table[1]);
        add_groups(&w, &table[2]);
        for (uint32_t i = 0; i < catalog->member_count; i++)
            add_member(&w, &table[3], &catalog->members[i]);
        for (uint32_t i = 0; i < w.slot_count; i++)
            cp_buf_add_u32(&table[4], w.slots[i]);
        assemble(&w, out, table);
        if (out->over || w.text.over || w.refs.over || table[3].over || table[4].over)
            status = cp_fail(err, CP_EUSAGE, "the catalog does not fit in 1 GiB");
    }
    for (int i = 0; i < 5; i++)
        cp_buf_cleanup(&table[i]);
    cp_buf_cleanup(&w.text);
    cp_buf_cleanup(&w.refs);
    free(w.slots);
    return status;
}
