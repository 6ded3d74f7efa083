#include "zip/read.h"

#include "core/file.h"
#include "core/path.h"
#include "core/vec.h"

#include <sys/stat.h>
#include <zip.h>

enum { CHUNK = 1 << 16 };

struct entry {
    cp_zip_member member;
    zip_uint64_t index;
};

struct cp_zip {
    zip_t *handle;
    cp_arena arena;
    struct entry *entries; // parallel to members
    cp_zip_member *members;
    size_t count;
};

static cp_zip_limits with_defaults(const cp_zip_limits *limits) {
    cp_zip_limits l = limits ? *limits : (cp_zip_limits){0};
    l.entries = l.entries ? l.entries : 100000;
    l.entry_bytes = l.entry_bytes ? l.entry_bytes : UINT64_C(2) << 30;
    l.total_bytes = l.total_bytes ? l.total_bytes : UINT64_C(8) << 30;
    return l;
}

void cp_zip_cleanup(cp_zip **zip) {
    if (!*zip)
        return;
    if ((*zip)->handle)
        zip_discard((*zip)->handle);
    cp_arena_cleanup(&(*zip)->arena);
    free(*zip);
    *zip = NULL;
}

static int by_name(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    return cp_str_cmp(x->member.name, y->member.name);
}

// The mode of an entry made on Unix, else that of a plain file.
static unsigned entry_mode(zip_t *z, zip_uint64_t index) {
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    if (zip_file_get_external_attributes(z, index, 0, &system, &attributes) != 0 ||
        system != ZIP_OPSYS_UNIX)
        return S_IFREG | 0644;
    return attributes >> 16;
}

static cp_status check_entry(const zip_stat_t *s, cp_str name, unsigned mode,
                             const cp_zip_limits *l, cp_err *err) {
    const zip_uint64_t need = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD |
                              ZIP_STAT_CRC | ZIP_STAT_ENCRYPTION_METHOD;
    if ((s->valid & need) != need)
        return cp_fail(err, CP_EFORMAT, "entry %.*s: incomplete directory", CP_STR_ARG(name));
    if ((mode & S_IFMT) != 0 && !S_ISREG(mode) && !S_ISDIR(mode))
        return cp_fail(err, CP_EFORMAT, "entry %.*s is a link or a device, which is not extracted",
                       CP_STR_ARG(name));
    if (s->encryption_method != ZIP_EM_NONE)
        return cp_fail(err, CP_EFORMAT, "entry %.*s is encrypted", CP_STR_ARG(name));
    if (s->comp_method != ZIP_CM_STORE && s->comp_method != ZIP_CM_DEFLATE)
        return cp_fail(err, CP_EFORMAT, "entry %.*s: compression method %u, only 0 and 8 are read",
                       CP_STR_ARG(name), s->comp_method);
    if (s->size > l->entry_bytes)
        return cp_fail(err, CP_EFORMAT, "entry %.*s unzips to %llu bytes, %llu over the limit",
                       CP_STR_ARG(name), (unsigned long long)s->size,
                       (unsigned long long)(s->size - l->entry_bytes));
    return CP_OK;
}

static cp_status list_entry(cp_zip *zip, zip_uint64_t index, const cp_zip_limits *l,
                            uint64_t *total, cp_err *err) {
    zip_stat_t s;
    if (zip_stat_index(zip->handle, index, 0, &s) != 0 || !(s.valid & ZIP_STAT_NAME))
        return cp_fail(err, CP_EFORMAT, "entry %llu: %s", (unsigned long long)index,
                       zip_strerror(zip->handle));
    cp_str name = cp_str_of(s.name);
    bool folder = cp_str_ends(name, CP_STR("/"));
    if (folder)
        name.n--;
    if (!cp_path_is_safe(name))
        return cp_fail(err, CP_EFORMAT, "entry %llu has the unsafe name '%.*s'",
                       (unsigned long long)index, CP_STR_ARG(name));
    unsigned mode = entry_mode(zip->handle, index);
    CP_TRY(check_entry(&s, name, mode, l, err));
    *total += s.size; // each at most entry_bytes and entries are bounded: no overflow
    if (*total > l->total_bytes)
        return cp_fail(err, CP_EFORMAT, "the entries unzip to over %llu bytes, which is the limit",
                       (unsigned long long)l->total_bytes);
    if (folder)
        return CP_OK;
    zip->entries[zip->count++] = (struct entry){.member = {.name = cp_arena_str(&zip->arena, name),
                                                           .bytes = s.size,
                                                           .zipped_bytes = s.comp_size,
                                                           .crc = s.crc,
                                                           .executable = (mode & 0111) != 0},
                                                .index = index};
    return CP_OK;
}

static cp_status list(cp_zip *zip, const cp_zip_limits *limits, cp_err *err) {
    cp_zip_limits l = with_defaults(limits);
    zip_int64_t n = zip_get_num_entries(zip->handle, 0);
    if (n < 0 || (uint64_t)n > l.entries)
        return cp_fail(err, CP_EFORMAT, "%lld entries, %llu over the limit", (long long)n,
                       (unsigned long long)((uint64_t)n - l.entries));
    zip->entries = CP_ARENA_ARRAY(&zip->arena, struct entry, (size_t)n);
    uint64_t total = 0;
    for (zip_uint64_t i = 0; i < (zip_uint64_t)n; i++)
        CP_TRY(list_entry(zip, i, &l, &total, err));
    qsort(zip->entries, zip->count, sizeof *zip->entries, by_name);
    zip->members = CP_ARENA_ARRAY(&zip->arena, cp_zip_member, zip->count);
    for (size_t i = 0; i < zip->count; i++) {
        zip->members[i] = zip->entries[i].member;
        if (i && cp_str_eq(zip->members[i].name, zip->members[i - 1].name))
            return cp_fail(err, CP_EFORMAT, "two entries are called %.*s",
                           CP_STR_ARG(zip->members[i].name));
    }
    return CP_OK;
}

// Takes the source in any case.
static cp_status open_source(cp_zip **out, zip_source_t *source, const cp_zip_limits *limits,
                             cp_err *err) {
    CP_AUTO(cp_zip) zip = cp_xcalloc(1, sizeof *zip);
    zip_error_t error;
    zip_error_init(&error);
    zip->handle = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (!zip->handle) {
        zip_source_free(source);
        cp_status status =
            cp_fail(err, CP_EFORMAT, "not a sound zip archive: %s", zip_error_strerror(&error));
        zip_error_fini(&error);
        return status;
    }
    zip_error_fini(&error);
    CP_TRY(list(zip, limits, err));
    *out = zip;
    zip = NULL;
    return CP_OK;
}

cp_status cp_zip_open_bytes(cp_zip **out, cp_str bytes, const cp_zip_limits *limits, cp_err *err) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(bytes.p, bytes.n, 0, &error);
    zip_error_fini(&error);
    if (!source)
        cp_out_of_memory(sizeof(cp_zip));
    return open_source(out, source, limits, err);
}

cp_status cp_zip_open(cp_zip **out, cp_str path, const cp_zip_limits *limits, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    struct stat st;
    CP_TRY(cp_file_stat(&st, path, err));
    if (!S_ISREG(st.st_mode))
        return cp_fail(err, CP_EIO, "%.*s: not a regular file", CP_STR_ARG(path));
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_file_create(cp_arena_cstr(&scratch, path), 0, -1, &error);
    zip_error_fini(&error);
    if (!source)
        cp_out_of_memory(sizeof(cp_zip));
    if (open_source(out, source, limits, err) != CP_OK)
        return cp_wrap(err, "%.*s", CP_STR_ARG(path));
    return CP_OK;
}

const cp_zip_member *cp_zip_members(const cp_zip *zip, size_t *count) {
    *count = zip->count;
    return zip->members;
}

const cp_zip_member *cp_zip_find(const cp_zip *zip, cp_str name) {
    struct entry key = {.member = {.name = name}};
    struct entry *e = bsearch(&key, zip->entries, zip->count, sizeof key, by_name);
    return e ? &zip->members[e - zip->entries] : NULL;
}

// Hands out the content in chunks; libzip checks the CRC at the end.
static cp_status each_chunk(cp_zip *zip, const cp_zip_member *m,
                            cp_status (*take)(void *self, cp_str chunk, cp_err *err), void *self,
                            cp_err *err) {
    zip_file_t *f = zip_fopen_index(zip->handle, zip->entries[m - zip->members].index, 0);
    if (!f)
        return cp_fail(err, CP_EFORMAT, "entry %.*s: %s", CP_STR_ARG(m->name),
                       zip_strerror(zip->handle));
    char chunk[CHUNK];
    uint64_t have = 0;
    cp_status status = CP_OK;
    zip_int64_t n = 0;
    while (status == CP_OK && (n = zip_fread(f, chunk, sizeof chunk)) > 0) {
        have += (uint64_t)n;
        if (have > m->bytes)
            break;
        status = take(self, (cp_str){chunk, (size_t)n}, err);
    }
    if (status == CP_OK && n < 0)
        status = cp_fail(err, CP_EFORMAT, "entry %.*s: %s", CP_STR_ARG(m->name),
                         zip_error_strerror(zip_file_get_error(f)));
    else if (status == CP_OK && have != m->bytes)
        status =
            cp_fail(err, CP_EFORMAT, "entry %.*s does not have the %llu bytes of the directory",
                    CP_STR_ARG(m->name), (unsigned long long)m->bytes);
    (void)zip_fclose(f);
    return status;
}

static cp_status take_memory(void *self, cp_str chunk, cp_err *err) {
    (void)err;
    cp_buf_add(self, chunk);
    return CP_OK;
}

cp_status cp_zip_read(cp_str *out, cp_zip *zip, const cp_zip_member *member, cp_arena *arena,
                      cp_err *err) {
    CP_AUTOV(cp_buf) buf = {.max = (size_t)member->bytes + 1};
    CP_TRY(each_chunk(zip, member, take_memory, &buf, err));
    *out = cp_arena_str(arena, cp_buf_str(&buf));
    return CP_OK;
}

static cp_status take_file(void *self, cp_str chunk, cp_err *err) {
    return cp_file_out_add(self, chunk, err);
}

static cp_status extract_one(cp_zip *zip, const cp_zip_member *m, cp_str dir, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_str path = cp_path_join(&scratch, dir, m->name);
    CP_TRY(cp_dir_make(cp_path_dir(path), err));
    CP_AUTO(cp_file_out) f = NULL;
    CP_TRY(cp_file_out_open(&f, path, err));
    CP_TRY(each_chunk(zip, m, take_file, f, err));
    CP_TRY(cp_file_out_commit(&f, err));
    if (m->executable && chmod(path.p, 0755) != 0)
        return cp_fail(err, CP_EIO, "set the mode of %s", path.p);
    return CP_OK;
}

cp_status cp_zip_extract(cp_str path, cp_str dir, const cp_zip_limits *limits, cp_err *err) {
    CP_AUTO(cp_zip) zip = NULL;
    CP_TRY(cp_zip_open(&zip, path, limits, err));
    for (size_t i = 0; i < zip->count; i++)
        if (extract_one(zip, &zip->members[i], dir, err) != CP_OK)
            return cp_wrap(err, "extract %.*s", CP_STR_ARG(path));
    return CP_OK;
}
