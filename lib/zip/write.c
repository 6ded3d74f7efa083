#include "zip/write.h"

#include "core/file.h"
#include "core/path.h"
#include "core/pool.h"
#include "core/vec.h"
#include "zip/deflate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

enum { BATCH_BYTES = 48 << 20, BATCH_ENTRIES = 4096, MAX_THREADS = 64, MAX_LEVEL = 12 };
// DOS date of 1980-01-01, the earliest: year 0, month 1, day 1.
enum { DOS_EPOCH = 33 };

// One entry: what the spool holds of it.
struct piece {
    const cp_zip_entry *entry;
    unsigned char *data; // deflated, while its batch is in memory; NULL when stored
    cp_map map;
    cp_str raw;
    uint32_t crc;
    bool stored;
    uint64_t spool_at, spool_bytes, raw_bytes, read_at;
    int spool;
};

struct writer {
    struct piece *pieces;
    size_t count, from;
    int level, spool;
    uint64_t spooled;
    cp_deflater *deflaters[MAX_THREADS];
};

static void writer_cleanup(struct writer *w) {
    for (size_t i = 0; i < MAX_THREADS; i++)
        cp_deflater_cleanup(&w->deflaters[i]);
    if (w->spool >= 0)
        (void)close(w->spool);
    free(w->pieces);
}

static int by_name(const void *a, const void *b) {
    const struct piece *x = a, *y = b;
    return cp_str_cmp(x->entry->name, y->entry->name);
}

static cp_status check_names(const struct writer *w, cp_err *err) {
    for (size_t i = 0; i < w->count; i++) {
        cp_str name = w->pieces[i].entry->name;
        if (!cp_path_is_safe(name))
            return cp_fail(err, CP_EUSAGE, "'%.*s' cannot be the name of a zip entry",
                           CP_STR_ARG(name));
        if (i && cp_str_eq(name, w->pieces[i - 1].entry->name))
            return cp_fail(err, CP_EUSAGE, "two zip entries are called %.*s", CP_STR_ARG(name));
    }
    return CP_OK;
}

static cp_status deflate_one(void *self, size_t index, uint32_t worker, cp_err *err) {
    struct writer *w = self;
    struct piece *p = &w->pieces[w->from + index];
    const cp_zip_entry *e = p->entry;
    p->raw = e->bytes;
    if (e->path.n) {
        CP_TRY(cp_map_open(&p->map, e->path, SIZE_MAX / 2, err));
        p->raw = p->map.bytes;
        if (p->raw.n != e->size)
            return cp_fail(err, CP_ESTALE, "%.*s has %zu bytes and had %llu", CP_STR_ARG(e->path),
                           p->raw.n, (unsigned long long)e->size);
    }
    p->crc = cp_crc32(p->raw);
    p->raw_bytes = p->spool_bytes = p->raw.n;
    p->stored = true;
    if (p->raw.n == 0)
        return CP_OK;
    // Room for one byte less than the input: libdeflate gives up when that is not enough.
    size_t room = p->raw.n - 1;
    p->data = cp_xmalloc(room ? room : 1);
    size_t n = cp_deflate(w->deflaters[worker], p->data, room, p->raw);
    if (n) {
        p->stored = false;
        p->spool_bytes = n;
    }
    return CP_OK;
}

static cp_status spool_write(struct writer *w, cp_str bytes, cp_err *err) {
    while (bytes.n) {
        ssize_t n = write(w->spool, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            cp_fail_errno(err, errno, "write");
            return errno == ENOSPC ? cp_hint(err, "free some space and run the command again")
                                   : err->status;
        }
        bytes = cp_str_sub(bytes, (size_t)n, bytes.n);
    }
    return CP_OK;
}

static void piece_release(struct piece *p) {
    free(p->data);
    p->data = NULL;
    cp_map_cleanup(&p->map);
}

// Deflates entries from w->from until the batch is full and appends them to the spool, in order.
static cp_status spool_batch(struct writer *w, const cp_ctx *ctx, cp_err *err) {
    size_t n = 0;
    for (uint64_t sum = 0; w->from + n < w->count && n < BATCH_ENTRIES; n++) {
        const cp_zip_entry *e = w->pieces[w->from + n].entry;
        sum += e->path.n ? e->size : e->bytes.n;
        if (n && sum > BATCH_BYTES)
            break;
    }
    uint32_t threads = cp_pool_threads(ctx ? ctx->threads : 0, n);
    for (uint32_t i = 0; i < threads; i++)
        if (!w->deflaters[i])
            w->deflaters[i] = cp_deflater_new(w->level);
    cp_status status = cp_pool_run(threads, n, deflate_one, w, err);
    for (size_t i = 0; i < n; i++) {
        struct piece *p = &w->pieces[w->from + i];
        if (status == CP_OK) {
            cp_str bytes = p->stored ? p->raw : (cp_str){(const char *)p->data, p->spool_bytes};
            p->spool = w->spool;
            p->spool_at = w->spooled;
            w->spooled += bytes.n;
            status = spool_write(w, bytes, err);
        }
        piece_release(p);
    }
    w->from += n;
    return status;
}

static cp_status spool_all(struct writer *w, cp_str path, const cp_ctx *ctx, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_str folder = cp_path_dir(path);
    w->spool = open(cp_arena_cstr(&scratch, folder.n ? folder : CP_STR(".")),
                    O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (w->spool < 0) { // a file system without unnamed files
        cp_str name = cp_arena_fmt(&scratch, "%.*s.spool-%ld", CP_STR_ARG(path), (long)getpid());
        w->spool = open(name.p, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (w->spool < 0)
            return cp_fail_errno(err, errno, "create");
        (void)unlink(name.p);
    }
    while (w->from < w->count) {
        if (cp_interrupted(ctx))
            return cp_fail(err, CP_EINTR, "interrupted");
        CP_TRY(spool_batch(w, ctx, err));
        cp_progress(ctx ? ctx->sink : NULL, "zip", "compressing", w->from, w->count);
    }
    return CP_OK;
}

static zip_int64_t source_stat(const struct piece *p, void *data) {
    zip_stat_t *s = data;
    zip_stat_init(s);
    s->valid = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_CRC;
    s->size = p->raw_bytes;
    s->comp_size = p->spool_bytes;
    s->comp_method = p->stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE;
    s->crc = p->crc;
    return sizeof *s;
}

static zip_int64_t source_read(struct piece *p, void *data, zip_uint64_t room) {
    uint64_t left = p->spool_bytes - p->read_at;
    ssize_t n = pread(p->spool, data, (size_t)(left < room ? left : room),
                      (off_t)(p->spool_at + p->read_at));
    if (n > 0)
        p->read_at += (uint64_t)n;
    return n;
}

static zip_int64_t source(void *self, void *data, zip_uint64_t length, zip_source_cmd_t command) {
    struct piece *p = self;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        p->read_at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return source_read(p, data, length);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    case ZIP_SOURCE_STAT:
        return source_stat(p, data);
    case ZIP_SOURCE_ERROR:
        ((int *)data)[0] = ZIP_ER_READ;
        ((int *)data)[1] = errno;
        return 2 * sizeof(int);
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                              -1);
    default:
        return -1;
    }
}

static cp_status add_entry(zip_t *z, struct piece *p, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    zip_source_t *s = zip_source_function(z, source, p);
    if (!s)
        return cp_fail(err, CP_EIO, "%s", zip_strerror(z));
    zip_int64_t k = zip_file_add(z, cp_arena_cstr(&scratch, p->entry->name), s, ZIP_FL_ENC_UTF_8);
    if (k < 0) {
        zip_source_free(s);
        return cp_fail(err, CP_EIO, "entry %.*s: %s", CP_STR_ARG(p->entry->name), zip_strerror(z));
    }
    zip_uint32_t mode = (zip_uint32_t)(S_IFREG | (p->entry->executable ? 0755 : 0644));
    zip_uint64_t i = (zip_uint64_t)k;
    if (zip_set_file_compression(z, i, p->stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 0) != 0 ||
        zip_file_set_dostime(z, i, 0, DOS_EPOCH, 0) != 0 ||
        zip_file_set_external_attributes(z, i, 0, ZIP_OPSYS_UNIX, mode << 16) != 0)
        return cp_fail(err, CP_EIO, "entry %.*s: %s", CP_STR_ARG(p->entry->name), zip_strerror(z));
    return CP_OK;
}

// libzip writes beside `temporary` and renames, so a failure leaves nothing of that name.
static cp_status assemble(const struct writer *w, const char *temporary, cp_err *err) {
    int code = 0;
    zip_t *z = zip_open(temporary, ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (!z)
        return cp_fail(err, CP_EIO, "libzip error %d", code);
    cp_status status = CP_OK;
    for (size_t i = 0; i < w->count && status == CP_OK; i++)
        status = add_entry(z, &w->pieces[i], err);
    if (status == CP_OK && zip_close(z) == 0)
        return CP_OK;
    if (status == CP_OK) {
        status = cp_fail(err, CP_EIO, "%s", zip_strerror(z));
        if (zip_error_code_system(zip_get_error(z)) == ENOSPC)
            cp_hint(err, "free some space and run the command again");
    }
    zip_discard(z);
    return status;
}

static cp_status publish(cp_zip_totals *out, const char *temporary, cp_str path, cp_err *err) {
    CP_AUTOV(cp_map) map = {{"", 0}};
    CP_TRY(cp_map_open(&map, cp_str_of(temporary), SIZE_MAX / 2, err));
    out->bytes = map.bytes.n;
    out->digest = cp_sha256_of(map.bytes);
    int fd = open(temporary, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fdatasync(fd) != 0) {
        int saved = errno;
        if (fd >= 0)
            (void)close(fd);
        return cp_fail_errno(err, saved, "flush %s", temporary);
    }
    (void)close(fd);
    return cp_file_rename(cp_str_of(temporary), path, err);
}

// An archive without entries is 22 bytes; libzip would write no file at all.
static cp_status write_empty(cp_zip_totals *out, cp_str path, cp_err *err) {
    static const char end[22] = "PK\5\6";
    *out = (cp_zip_totals){.bytes = sizeof end, .digest = cp_sha256_of((cp_str){end, sizeof end})};
    return cp_file_write(path, (cp_str){end, sizeof end}, err);
}

static cp_status write_archive(struct writer *w, cp_zip_totals *out, cp_str path, const cp_ctx *ctx,
                               cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    CP_TRY(check_names(w, err));
    if (w->count == 0)
        return write_empty(out, path, err);
    CP_TRY(spool_all(w, path, ctx, err));
    *out = (cp_zip_totals){0};
    for (size_t i = 0; i < w->count; i++)
        out->unzipped_bytes += w->pieces[i].raw_bytes;
    cp_str temporary = cp_arena_fmt(&scratch, "%.*s.tmp-%ld", CP_STR_ARG(path), (long)getpid());
    cp_status status = assemble(w, temporary.p, err);
    if (status == CP_OK)
        status = publish(out, temporary.p, path, err);
    if (status != CP_OK)
        (void)unlink(temporary.p);
    return status;
}

cp_status cp_zip_write(cp_zip_totals *out, cp_str path, const cp_zip_entry *entries, size_t count,
                       int level, const cp_ctx *ctx, cp_err *err) {
    CP_ASSERT(level >= 1 && level <= MAX_LEVEL);
    struct writer w = {.count = count, .level = level, .spool = -1};
    w.pieces = cp_xcalloc(count ? count : 1, sizeof *w.pieces);
    for (size_t i = 0; i < count; i++)
        w.pieces[i].entry = &entries[i];
    qsort(w.pieces, count, sizeof *w.pieces, by_name);
    cp_status status = write_archive(&w, out, path, ctx, err);
    writer_cleanup(&w);
    return status == CP_OK ? CP_OK : cp_wrap(err, "write %.*s", CP_STR_ARG(path));
}
