// The bounded reader: nothing of the file is followed before it was checked.
#include "build/catalog.h"
#include "core/path.h"
#include "core/vec.h"
#include "zip/deflate.h"

enum { HEADER = 128, FORMAT = 1, ROOT = 32, PACK = 64, GROUP = 16, MEMBER = 96 };
enum { KNOWN_MEMBER_FLAGS = 15 };

struct table {
    uint32_t count, off;
};

struct reader {
    const unsigned char *p;
    size_t n;
    struct table root, pack, group, member, slot, ref, text, lib;
    uint32_t *refs;
    uint64_t refs_used; // slices do not overlap, so checking them all takes linear time
    cp_arena *arena;
    cp_err *err;
};

static uint32_t u16(const unsigned char *b) {
    return (uint32_t)b[0] | (uint32_t)b[1] << 8;
}

static uint32_t u32(const unsigned char *b) {
    return u16(b) | u16(b + 2) << 16;
}

static uint64_t u64(const unsigned char *b) {
    return u32(b) | (uint64_t)u32(b + 4) << 32;
}

static cp_status bad(const struct reader *r, size_t at, const char *what) {
    return cp_fail(r->err, CP_EFORMAT, "catalog, byte %zu: %s", at, what);
}

static cp_status open_table(struct reader *r, struct table *t, size_t header_at, size_t size) {
    t->count = u32(r->p + header_at);
    t->off = u32(r->p + header_at + 4);
    if ((t->count && t->off < HEADER) || (uint64_t)t->off + (uint64_t)t->count * size > r->n)
        return bad(r, header_at, "a table leaves the file");
    return CP_OK;
}

static cp_status read_header(struct reader *r, unsigned *minor) {
    if (r->n < HEADER || memcmp(r->p, "CPCAT\r\n\x1a", 8) != 0)
        return bad(r, 0, "not a catalog");
    if (u32(r->p + 8) > FORMAT) {
        cp_fail(r->err, CP_EFORMAT, "catalog format %u, this program reads up to %d", u32(r->p + 8),
                FORMAT);
        return cp_hint(r->err, "use the cloudpack that built it, or a newer one");
    }
    if (u32(r->p + 8) < 1 || u32(r->p + 12) < HEADER || u64(r->p + 16) != r->n)
        return bad(r, 8, "the header does not fit the file");
    if (u16(r->p + 24) != 3)
        return bad(r, 24, "not for Python 3");
    *minor = u16(r->p + 26);
    CP_TRY(open_table(r, &r->root, 32, ROOT));
    CP_TRY(open_table(r, &r->pack, 40, PACK));
    CP_TRY(open_table(r, &r->group, 48, GROUP));
    CP_TRY(open_table(r, &r->member, 56, MEMBER));
    CP_TRY(open_table(r, &r->slot, 64, 4));
    CP_TRY(open_table(r, &r->ref, 72, 4));
    CP_TRY(open_table(r, &r->text, 80, 1));
    r->lib = (struct table){u32(r->p + 88), u32(r->p + 92)};
    uint32_t slots = r->slot.count;
    if (slots == 0 || (slots & (slots - 1)) || slots < 2 * (uint64_t)r->member.count)
        return bad(r, 64, "the hash table is not a power of two twice the members");
    return CP_OK;
}

static cp_status read_text(const struct reader *r, cp_str *out, size_t at) {
    uint32_t off = u32(r->p + at), n = u32(r->p + at + 4);
    if ((uint64_t)off + n > r->text.count)
        return bad(r, at, "a text leaves the text table");
    *out = (cp_str){(const char *)r->p + r->text.off + off, n};
    return memchr(out->p, 0, n) ? bad(r, at, "a text holds a NUL") : CP_OK;
}

static cp_status read_refs(struct reader *r, const uint32_t **out, uint32_t first, uint32_t count,
                           size_t at) {
    r->refs_used += count;
    if ((uint64_t)first + count > r->ref.count || r->refs_used > r->ref.count)
        return bad(r, at, "references leave their table");
    *out = r->refs + first;
    return CP_OK;
}

static cp_status load_refs(struct reader *r) {
    r->refs = CP_ARENA_ARRAY(r->arena, uint32_t, r->ref.count);
    for (uint32_t i = 0; i < r->ref.count; i++) {
        size_t at = r->ref.off + (size_t)i * 4;
        r->refs[i] = u32(r->p + at);
        if (r->refs[i] >= r->member.count)
            return bad(r, at, "a reference to a member that is not there");
    }
    return CP_OK;
}

static cp_status read_roots(struct reader *r, cp_catalog *out) {
    cp_catalog_root *roots = CP_ARENA_ARRAY(r->arena, cp_catalog_root, r->root.count);
    for (uint32_t i = 0; i < r->root.count; i++) {
        size_t at = r->root.off + (size_t)i * ROOT;
        uint32_t kind = u32(r->p + at);
        if (kind > CP_AT_S3)
            return bad(r, at, "an unknown kind of root");
        roots[i].kind = (cp_root_kind)kind;
        CP_TRY(read_text(r, &roots[i].path, at + 4));
        cp_str path = roots[i].path;
        if (kind == CP_AT_MOUNT && path.n && path.p[0] == '/')
            path = cp_str_sub(path, 1, path.n);
        else if (kind == CP_AT_MOUNT)
            return bad(r, at, "a mount that is not absolute");
        if (path.n && !cp_path_is_safe(path))
            return bad(r, at, "an unsafe path of a root");
    }
    out->roots = roots;
    out->root_count = r->root.count;
    return CP_OK;
}

static cp_status read_packs(struct reader *r, cp_catalog *out) {
    cp_catalog_pack *packs = CP_ARENA_ARRAY(r->arena, cp_catalog_pack, r->pack.count);
    for (uint32_t i = 0; i < r->pack.count; i++) {
        size_t at = r->pack.off + (size_t)i * PACK;
        packs[i] = (cp_catalog_pack){
            .root = u32(r->p + at), .flags = u32(r->p + at + 4), .bytes = u64(r->p + at + 8)};
        CP_TRY(read_text(r, &packs[i].name, at + 16));
        memcpy(packs[i].digest.b, r->p + at + 32, sizeof packs[i].digest);
        if (packs[i].root >= out->root_count || !cp_path_is_safe(packs[i].name))
            return bad(r, at, "a pack with no such root or an unsafe name");
    }
    out->packs = packs;
    out->pack_count = r->pack.count;
    return r->pack.count < CP_NO_PACK ? CP_OK : bad(r, 40, "too many packs");
}

static cp_status read_groups(struct reader *r, cp_catalog *out) {
    cp_catalog_group *groups = CP_ARENA_ARRAY(r->arena, cp_catalog_group, r->group.count);
    for (uint32_t i = 0; i < r->group.count; i++) {
        size_t at = r->group.off + (size_t)i * GROUP;
        groups[i] = (cp_catalog_group){
            .root = u32(r->p + at), .ref_count = u32(r->p + at + 8), .flags = u32(r->p + at + 12)};
        if (groups[i].root >= out->root_count || groups[i].flags > CP_GROUP_SCRATCH)
            return bad(r, at, "a group with no such root or unknown flags");
        CP_TRY(read_refs(r, &groups[i].refs, u32(r->p + at + 4), groups[i].ref_count, at));
    }
    out->groups = groups;
    out->group_count = r->group.count;
    return CP_OK;
}

static bool has_bytes_in_pack(const cp_catalog_member *m) {
    return m->kind != CP_MEMBER_NS && !(m->flags & CP_MEMBER_LOOSE);
}

// Where the bytes of a member are.
static cp_status check_place(const struct reader *r, const cp_catalog *c,
                             const cp_catalog_member *m, size_t at) {
    if (m->root >= c->root_count || m->group >= c->group_count)
        return bad(r, at, "a member with no such root or group");
    if (!has_bytes_in_pack(m)) {
        bool s3 = c->roots[m->root].kind == CP_AT_S3;
        return m->pack != CP_NO_PACK || (s3 && m->kind != CP_MEMBER_NS)
                   ? bad(r, at, "a loose member in a pack or in S3")
                   : CP_OK;
    }
    if (m->pack >= c->pack_count)
        return bad(r, at, "a member with no such pack");
    uint64_t size = c->packs[m->pack].bytes;
    if (m->offset > size || m->stored_bytes > size - m->offset)
        return bad(r, at, "a member leaves its pack");
    if (!(m->flags & CP_MEMBER_DEFLATED) && m->stored_bytes != m->raw_bytes)
        return bad(r, at, "a stored member with two sizes");
    // Deflate makes at most 1032 bytes of one.
    return m->raw_bytes / 1040 > m->stored_bytes ? bad(r, at, "an impossible size") : CP_OK;
}

static cp_status read_member(struct reader *r, const cp_catalog *c, cp_catalog_member *m,
                             uint32_t index) {
    size_t at = r->member.off + (size_t)index * MEMBER;
    const unsigned char *p = r->p + at;
    CP_TRY(read_text(r, &m->name, at));
    CP_TRY(read_text(r, &m->rel, at + 40));
    if (p[8] < CP_MEMBER_CODE || p[8] > CP_MEMBER_SOURCE || p[9] > KNOWN_MEMBER_FLAGS)
        return bad(r, at + 8, "an unknown kind or flag");
    m->kind = (cp_member_kind)p[8];
    m->flags = p[9];
    m->pack = u16(p + 10);
    m->root = u16(p + 12);
    m->offset = u64(p + 16);
    m->stored_bytes = u64(p + 24);
    m->raw_bytes = u64(p + 32);
    m->need_count = u32(p + 52);
    m->source = u32(p + 56) - 1; // 0 becomes CP_NO_MEMBER
    m->group = u32(p + 60);
    memcpy(m->digest.b, p + 64, sizeof m->digest);
    if (m->name.n == 0 || !cp_path_is_safe(m->rel))
        return bad(r, at, "a member without a name or with an unsafe path");
    if (m->source != CP_NO_MEMBER && m->source >= r->member.count)
        return bad(r, at + 56, "a source that is not there");
    CP_TRY(read_refs(r, &m->needs, u32(p + 48), m->need_count, at + 48));
    return check_place(r, c, m, at);
}

// Each name is found, as itself: so names are unique and every probe sequence ends.
static cp_status check_names(const struct reader *r, const cp_catalog *c) {
    uint32_t used = 0;
    for (uint32_t i = 0; i < r->slot.count; i++) {
        uint32_t slot = u32(r->p + r->slot.off + (size_t)i * 4);
        used += slot != 0;
        if (slot > c->member_count)
            return bad(r, r->slot.off + (size_t)i * 4, "a hash slot of a member that is not there");
    }
    if (used != c->member_count)
        return bad(r, r->slot.off, "a hash table that does not hold each member once");
    for (uint32_t i = 0; i < c->member_count; i++)
        if (cp_catalog_find(c, c->members[i].name) != i)
            return bad(r, r->member.off + (size_t)i * MEMBER, "a name that is not found, or twice");
    return CP_OK;
}

static cp_status check_kinds(const struct reader *r, const cp_catalog *c) {
    for (uint32_t i = 0; i < c->member_count; i++) {
        const cp_catalog_member *m = &c->members[i];
        size_t at = r->member.off + (size_t)i * MEMBER;
        for (uint32_t k = 0; k < m->need_count; k++)
            if (c->members[m->needs[k]].kind != CP_MEMBER_LIB)
                return bad(r, at + 48, "a need that is not a library");
        if (m->source != CP_NO_MEMBER && c->members[m->source].kind != CP_MEMBER_SOURCE)
            return bad(r, at + 56, "a source that is not one");
    }
    for (uint32_t i = 0; i < c->group_count; i++)
        for (uint32_t k = 0; k < c->groups[i].ref_count; k++)
            if (c->members[c->groups[i].refs[k]].kind != CP_MEMBER_DATA)
                return bad(r, r->group.off + (size_t)i * GROUP, "a group of other than data");
    return CP_OK;
}

static cp_status check_libs(const struct reader *r, const cp_catalog *c) {
    bool *seen = CP_ARENA_ARRAY(r->arena, bool, c->member_count);
    for (uint32_t i = 0; i < c->lib_count; i++) {
        const cp_catalog_member *m = &c->members[c->libs[i]];
        if (m->kind != CP_MEMBER_LIB || seen[c->libs[i]])
            return bad(r, 88, "the order of libraries holds something else, or one twice");
        for (uint32_t k = 0; k < m->need_count; k++)
            if (!seen[m->needs[k]])
                return bad(r, 88, "a library comes before one that it needs");
        seen[c->libs[i]] = true;
    }
    for (uint32_t i = 0; i < c->member_count; i++)
        if (c->members[i].kind == CP_MEMBER_LIB && !seen[i])
            return bad(r, 88, "a library is not in the order of libraries");
    return CP_OK;
}

cp_status cp_catalog_open(cp_catalog *out, cp_str bytes, cp_arena *arena, cp_err *err) {
    struct reader r = {
        .p = (const unsigned char *)bytes.p, .n = bytes.n, .arena = arena, .err = err};
    *out = (cp_catalog){.bytes = bytes};
    CP_TRY(read_header(&r, &out->minor));
    CP_TRY(load_refs(&r));
    CP_TRY(read_roots(&r, out));
    CP_TRY(read_packs(&r, out));
    CP_TRY(read_groups(&r, out));
    cp_catalog_member *members = CP_ARENA_ARRAY(arena, cp_catalog_member, r.member.count);
    for (uint32_t i = 0; i < r.member.count; i++)
        CP_TRY(read_member(&r, out, &members[i], i));
    out->members = members;
    out->member_count = r.member.count;
    CP_TRY(read_refs(&r, &out->libs, r.lib.off, r.lib.count, 88));
    out->lib_count = r.lib.count;
    CP_TRY(check_names(&r, out));
    CP_TRY(check_kinds(&r, out));
    return check_libs(&r, out);
}

uint32_t cp_catalog_find(const cp_catalog *catalog, cp_str name) {
    const unsigned char *p = (const unsigned char *)catalog->bytes.p;
    uint32_t slots = u32(p + 64), off = u32(p + 68), h = cp_crc32(name);
    for (uint32_t i = 0; i < slots; i++) {
        uint32_t slot = u32(p + off + (size_t)((h + i) & (slots - 1)) * 4);
        if (slot == 0)
            break;
        if (cp_str_eq(catalog->members[slot - 1].name, name))
            return slot - 1;
    }
    return CP_NO_MEMBER;
}

static cp_status check_content(const cp_catalog_member *m, cp_str stored, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_sha256 digest = cp_sha256_of(stored);
    cp_str raw;
    if (!cp_sha256_eq(&digest, &m->digest))
        return cp_fail(err, CP_ECHECK, "%.*s does not have the digest of the catalog",
                       CP_STR_ARG(m->name));
    if (!(m->flags & CP_MEMBER_DEFLATED))
        return CP_OK;
    if (cp_inflate(&raw, stored, (size_t)m->raw_bytes, &scratch, err) == CP_OK)
        return CP_OK;
    err->status = CP_ECHECK;
    return cp_wrap(err, "%.*s", CP_STR_ARG(m->name));
}

cp_status cp_catalog_check_pack(const cp_catalog *catalog, uint32_t pack, cp_str bytes,
                                cp_err *err) {
    const cp_catalog_pack *p = &catalog->packs[pack];
    cp_sha256 digest = cp_sha256_of(bytes);
    if (bytes.n != p->bytes || !cp_sha256_eq(&digest, &p->digest))
        return cp_fail(err, CP_ECHECK, "pack %.*s (%zu bytes) is not the one of the catalog",
                       CP_STR_ARG(p->name), bytes.n);
    for (uint32_t i = 0; i < catalog->member_count; i++) {
        const cp_catalog_member *m = &catalog->members[i];
        if (has_bytes_in_pack(m) && m->pack == pack)
            CP_TRY(
                check_content(m, cp_str_sub(bytes, m->offset, m->offset + m->stored_bytes), err));
    }
    return CP_OK;
}
