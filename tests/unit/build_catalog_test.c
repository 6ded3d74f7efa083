// The catalog: what is written is read back, and nothing unsound is accepted.
#include "build/catalog.h"
#include "core/vec.h"
#include "zip/deflate.h"

#include <criterion/criterion.h>

static cp_err err;
static cp_arena arena;

static void tear_down(void) {
    cp_arena_cleanup(&arena);
}

TestSuite(catalog, .fini = tear_down);

// A pack with one stored and one deflated member, and a catalog with a member of each kind.
struct sample {
    cp_catalog catalog;
    cp_catalog_root roots[2];
    cp_catalog_pack pack;
    cp_catalog_group groups[2];
    cp_catalog_member members[8];
    uint32_t libs[2], need_b[1], need_ext[2], data[1];
    cp_buf pack_bytes;
};

static cp_catalog_member packed(struct sample *s, const char *name, const char *rel,
                                cp_member_kind kind, cp_str bytes, uint64_t raw) {
    cp_catalog_member m = {.name = cp_str_of(name),
                           .rel = cp_str_of(rel),
                           .kind = kind,
                           .offset = s->pack_bytes.n,
                           .stored_bytes = bytes.n,
                           .raw_bytes = raw,
                           .source = CP_NO_MEMBER,
                           .digest = cp_sha256_of(bytes)};
    if (raw != bytes.n)
        m.flags = CP_MEMBER_DEFLATED;
    cp_buf_add(&s->pack_bytes, bytes);
    return m;
}

static void fill_members(struct sample *s) {
    char deflated[64], text[200];
    memset(text, 'x', sizeof text);
    cp_deflater *d = cp_deflater_new(6);
    size_t n = cp_deflate(d, deflated, sizeof deflated, (cp_str){text, sizeof text});
    cp_deflater_cleanup(&d);
    s->members[0] = packed(s, "a", "a/__init__.py", CP_MEMBER_CODE, CP_STR("code"), 4);
    s->members[0].flags = CP_MEMBER_PACKAGE | CP_MEMBER_INIT;
    s->members[0].source = 4;
    s->members[1] = packed(s, "/l/a.so", "l/a.so", CP_MEMBER_LIB, CP_STR("liba"), 4);
    s->members[2] = packed(s, "/l/b.so", "l/b.so", CP_MEMBER_LIB, CP_STR("libb"), 4);
    s->members[3] = packed(s, "a.e", "a/e.so", CP_MEMBER_EXT, CP_STR("ext"), 3);
    s->members[4] = packed(s, "/a/__init__.py", "a/__init__.py", CP_MEMBER_SOURCE,
                           (cp_str){deflated, n}, sizeof text);
    s->members[5] = packed(s, "/a/d.json", "a/d.json", CP_MEMBER_DATA, CP_STR(""), 0);
    s->members[6] = packed(s, "n", "n", CP_MEMBER_NS, CP_STR(""), 0);
    s->members[6].pack = CP_NO_PACK;
    s->members[7] = packed(s, "n.t", "n/t.py", CP_MEMBER_TEXT, CP_STR("x = 1"), 5);
    s->members[7].group = s->members[6].group = 1;
}

static void make(struct sample *s) {
    *s = (struct sample){.libs = {1, 2}, .need_b = {1}, .need_ext = {1, 2}, .data = {5}};
    fill_members(s);
    s->roots[0] = (cp_catalog_root){CP_AT_TASK, CP_STR("cloudpack")};
    s->roots[1] = (cp_catalog_root){CP_AT_MOUNT, CP_STR("/mnt/x")};
    s->members[2].needs = s->need_b;
    s->members[2].need_count = 1;
    s->members[3].needs = s->need_ext;
    s->members[3].need_count = 2;
    s->groups[0] = (cp_catalog_group){.flags = CP_GROUP_SCRATCH, .refs = s->data, .ref_count = 1};
    s->groups[1] = (cp_catalog_group){.root = 1};
    s->pack = (cp_catalog_pack){.flags = CP_PACK_PREFETCH,
                                .bytes = s->pack_bytes.n,
                                .name = CP_STR("site.pack"),
                                .digest = cp_sha256_of(cp_buf_str(&s->pack_bytes))};
    s->catalog = (cp_catalog){.minor = 11,
                              .roots = s->roots,
                              .packs = &s->pack,
                              .groups = s->groups,
                              .members = s->members,
                              .libs = s->libs,
                              .root_count = 2,
                              .pack_count = 1,
                              .group_count = 2,
                              .member_count = 8,
                              .lib_count = 2};
}

static cp_str write_it(struct sample *s) {
    cp_buf buf = {0};
    cr_assert_eq(cp_catalog_write(&buf, &s->catalog, &err), CP_OK, "%s", err.message);
    cp_str out = cp_arena_str(&arena, cp_buf_str(&buf));
    cp_buf_cleanup(&buf);
    return out;
}

Test(catalog, what_is_written_is_read_back) {
    struct sample s;
    make(&s);
    cp_catalog c;
    cr_assert_eq(cp_catalog_open(&c, write_it(&s), &arena, &err), CP_OK, "%s", err.message);
    cr_assert_eq(c.minor, 11);
    cr_assert_eq(c.member_count, 8);
    for (uint32_t i = 0; i < 8; i++) {
        const cp_catalog_member *a = &s.members[i], *b = &c.members[i];
        cr_assert_eq(cp_catalog_find(&c, a->name), i);
        cr_assert(cp_str_eq(a->rel, b->rel));
        cr_assert(a->kind == b->kind && a->flags == b->flags && a->pack == b->pack);
        cr_assert(a->offset == b->offset && a->raw_bytes == b->raw_bytes);
        cr_assert(a->need_count == b->need_count && a->source == b->source);
        cr_assert(cp_sha256_eq(&a->digest, &b->digest));
    }
    cr_assert_eq(c.members[3].needs[1], 2);
    cr_assert_eq(c.groups[0].refs[0], 5);
    cr_assert(cp_str_is(c.roots[1].path, "/mnt/x"));
    cr_assert_eq(cp_catalog_find(&c, CP_STR("b")), CP_NO_MEMBER);
    cr_assert_eq(cp_catalog_find(&c, CP_STR("")), CP_NO_MEMBER);
    cp_buf_cleanup(&s.pack_bytes);
}

Test(catalog, a_changed_pack_is_noticed_and_the_member_named) {
    struct sample s;
    make(&s);
    cp_catalog c;
    cr_assert_eq(cp_catalog_open(&c, write_it(&s), &arena, &err), CP_OK);
    cr_assert_eq(cp_catalog_check_pack(&c, 0, cp_buf_str(&s.pack_bytes), &err), CP_OK, "%s",
                 err.message);
    s.pack_bytes.p[1] ^= 1;
    cr_assert_eq(cp_catalog_check_pack(&c, 0, cp_buf_str(&s.pack_bytes), &err), CP_ECHECK);
    s.pack.digest = cp_sha256_of(cp_buf_str(&s.pack_bytes)); // only a member is wrong now
    cr_assert_eq(cp_catalog_open(&c, write_it(&s), &arena, &err), CP_OK);
    cr_assert_eq(cp_catalog_check_pack(&c, 0, cp_buf_str(&s.pack_bytes), &err), CP_ECHECK);
    cr_assert(strstr(err.message, "a does not have the digest"), "%s", err.message);
    cp_buf_cleanup(&s.pack_bytes);
}

Test(catalog, a_name_twice_is_not_written) {
    struct sample s;
    make(&s);
    s.members[7].name = CP_STR("a.e");
    cp_buf buf = {0};
    cr_assert_eq(cp_catalog_write(&buf, &s.catalog, &err), CP_EUSAGE);
    cr_assert(strstr(err.message, "a.e"));
    cp_buf_cleanup(&buf);
    cp_buf_cleanup(&s.pack_bytes);
}

static void refuse(struct sample *s, const char *what) {
    cp_catalog c;
    cr_assert_eq(cp_catalog_open(&c, write_it(s), &arena, &err), CP_EFORMAT, "%s", what);
    cp_buf_cleanup(&s->pack_bytes);
    make(s);
}

Test(catalog, unsound_catalogs_are_refused) {
    struct sample s;
    make(&s);
    s.members[5].rel = CP_STR("../d.json");
    refuse(&s, "an unsafe path");
    s.members[0].offset = s.pack_bytes.n;
    refuse(&s, "a member behind its pack");
    s.members[0].source = 3;
    refuse(&s, "a source that is an extension");
    s.libs[0] = 2, s.libs[1] = 1;
    refuse(&s, "libraries out of order");
    s.data[0] = 0;
    refuse(&s, "a group of code");
    s.members[3].raw_bytes = 7;
    refuse(&s, "two sizes of a stored member");
    s.members[4].raw_bytes = UINT64_C(1) << 50;
    refuse(&s, "a size that deflate cannot reach");
    s.roots[1].path = CP_STR("mnt/../x");
    refuse(&s, "a mount that climbs");
    s.catalog.lib_count = 1;
    refuse(&s, "a library without a place in the order");
    cp_buf_cleanup(&s.pack_bytes);
}

Test(catalog, every_cut_and_most_changed_bytes_are_refused_and_none_crashes) {
    struct sample s;
    make(&s);
    cp_str whole = write_it(&s);
    cp_catalog c;
    for (size_t n = 0; n < whole.n; n++) {
        char *cut = cp_xmalloc(n ? n : 1);
        memcpy(cut, whole.p, n);
        cr_assert_eq(cp_catalog_open(&c, (cp_str){cut, n}, &arena, &err), CP_EFORMAT);
        free(cut);
    }
    char *changed = cp_arena_cstr(&arena, whole);
    for (size_t i = 0; i < whole.n; i++) {
        changed[i] ^= (char)0x81;
        (void)!cp_catalog_open(&c, (cp_str){changed, whole.n}, &arena, &err);
        changed[i] ^= (char)0x81;
    }
    changed[8] = 2;
    cr_assert_eq(cp_catalog_open(&c, (cp_str){changed, whole.n}, &arena, &err), CP_EFORMAT);
    cr_assert(strstr(err.hint, "newer"), "a newer format gets a hint");
    cp_buf_cleanup(&s.pack_bytes);
}
