#include "build/digest.h"

#include "core/file.h"
#include "core/pool.h"
#include "core/vec.h"

#include <time.h>

enum { RECORD = 56, MAX_RECORDS = 200000 };
static const cp_str magic = CP_LIT("cloudpack digests 1\n");

struct record {
    uint64_t bytes, inode;
    int64_t mtime_ns;
    cp_sha256 digest;
    bool used;
};

struct cp_digest_cache {
    cp_arena arena;
    cp_str path;
    CP_VEC(struct record) records;
    uint32_t *slots; // record + 1; open addressing
    size_t slot_count;
    bool changed;
};

static uint64_t u64_at(const char *p) {
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

static size_t slot_of(const cp_digest_cache *c, uint64_t bytes, int64_t mtime_ns, uint64_t inode) {
    uint64_t key[3] = {bytes, (uint64_t)mtime_ns, inode};
    size_t i = (size_t)cp_hash64((cp_str){(const char *)key, sizeof key}) & (c->slot_count - 1);
    while (c->slots[i]) {
        const struct record *r = &c->records.v[c->slots[i] - 1];
        if (r->bytes == bytes && r->mtime_ns == mtime_ns && r->inode == inode)
            break;
        i = (i + 1) & (c->slot_count - 1);
    }
    return i;
}

static void grow(cp_digest_cache *c) {
    if (c->slot_count && c->records.n * 2 < c->slot_count)
        return;
    c->slot_count = c->slot_count ? c->slot_count * 2 : 4096;
    free(c->slots);
    c->slots = cp_xcalloc(c->slot_count, sizeof *c->slots);
    for (size_t i = 0; i < c->records.n; i++) {
        const struct record *r = &c->records.v[i];
        c->slots[slot_of(c, r->bytes, r->mtime_ns, r->inode)] = (uint32_t)i + 1;
    }
}

static void put(cp_digest_cache *c, struct record r) {
    grow(c);
    size_t slot = slot_of(c, r.bytes, r.mtime_ns, r.inode);
    if (c->slots[slot]) {
        c->records.v[c->slots[slot] - 1] = r;
        return;
    }
    cp_vec_push(&c->records, r);
    c->slots[slot] = (uint32_t)c->records.n;
}

static void load(cp_digest_cache *c) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_err ignored;
    cp_str text;
    uint64_t max = magic.n + (uint64_t)MAX_RECORDS * RECORD + sizeof(cp_sha256);
    if (cp_file_read(&text, &scratch, c->path, max, &ignored) != CP_OK ||
        text.n < magic.n + sizeof(cp_sha256) || !cp_str_starts(text, magic))
        return;
    cp_str body = cp_str_sub(text, 0, text.n - sizeof(cp_sha256));
    cp_sha256 digest = cp_sha256_of(body);
    if (memcmp(digest.b, text.p + body.n, sizeof digest) != 0)
        return;
    for (size_t at = magic.n; at + RECORD <= body.n; at += RECORD) {
        struct record r = {.bytes = u64_at(body.p + at),
                           .mtime_ns = (int64_t)u64_at(body.p + at + 8),
                           .inode = u64_at(body.p + at + 16)};
        memcpy(r.digest.b, body.p + at + 24, sizeof r.digest);
        put(c, r);
    }
}

void cp_digest_cache_open(cp_digest_cache **out, cp_str path) {
    cp_digest_cache *c = cp_xcalloc(1, sizeof *c);
    c->path = cp_arena_str(&c->arena, path);
    grow(c);
    load(c);
    *out = c;
}

void cp_digest_cache_cleanup(cp_digest_cache **cache) {
    if (!*cache)
        return;
    cp_vec_free(&(*cache)->records);
    free((*cache)->slots);
    cp_arena_cleanup(&(*cache)->arena);
    free(*cache);
    *cache = NULL;
}

struct hashing {
    cp_digest_job *jobs;
    const size_t *missing;
};

static cp_status hash_one(void *self, size_t index, uint32_t worker, cp_err *err) {
    (void)worker;
    struct hashing *h = self;
    cp_digest_job *job = &h->jobs[h->missing[index]];
    CP_AUTOV(cp_map) map = {{"", 0}};
    CP_TRY(cp_map_open(&map, job->path, SIZE_MAX / 2, err));
    job->digest = cp_sha256_of(map.bytes);
    return CP_OK;
}

static cp_status look_at(cp_digest_job *job, cp_err *err) {
    struct stat st;
    CP_TRY(cp_file_stat(&st, job->path, err));
    job->bytes = (uint64_t)st.st_size;
    job->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    job->inode = st.st_ino;
    return CP_OK;
}

cp_status cp_digest_files(cp_digest_cache *cache, cp_digest_job *jobs, size_t count,
                          const cp_ctx *ctx, cp_err *err) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    int64_t settled_ns = ((int64_t)now.tv_sec - 2) * 1000000000;
    CP_AUTOV(cp_arena) scratch = {0};
    size_t *missing = CP_ARENA_ARRAY(&scratch, size_t, count), missing_count = 0;
    for (size_t i = 0; i < count; i++) {
        CP_TRY(look_at(&jobs[i], err));
        size_t slot = slot_of(cache, jobs[i].bytes, jobs[i].mtime_ns, jobs[i].inode);
        if (cache->slots[slot]) {
            struct record *r = &cache->records.v[cache->slots[slot] - 1];
            r->used = true;
            jobs[i].digest = r->digest;
        } else {
            missing[missing_count++] = i;
        }
    }
    struct hashing h = {jobs, missing};
    CP_TRY(cp_pool_run(ctx ? ctx->threads : 0, missing_count, hash_one, &h, err));
    for (size_t i = 0; i < missing_count; i++) {
        const cp_digest_job *job = &jobs[missing[i]];
        if (job->mtime_ns > settled_ns)
            continue;
        put(cache, (struct record){job->bytes, job->inode, job->mtime_ns, job->digest, true});
        cache->changed = true;
    }
    return CP_OK;
}

static void add_record(cp_buf *buf, const struct record *r) {
    cp_buf_add_u64(buf, r->bytes);
    cp_buf_add_u64(buf, (uint64_t)r->mtime_ns);
    cp_buf_add_u64(buf, r->inode);
    cp_buf_add(buf, (cp_str){(const char *)r->digest.b, sizeof r->digest});
}

cp_status cp_digest_cache_save(cp_digest_cache *cache, cp_err *err) {
    if (!cache->changed)
        return CP_OK;
    CP_AUTOV(cp_buf) buf = {0};
    cp_buf_add(&buf, magic);
    size_t kept = 0;
    for (int used = 1; used >= 0; used--)
        for (size_t i = 0; i < cache->records.n && kept < MAX_RECORDS; i++)
            if (cache->records.v[i].used == used) {
                add_record(&buf, &cache->records.v[i]);
                kept++;
            }
    cp_sha256 digest = cp_sha256_of(cp_buf_str(&buf));
    cp_buf_add(&buf, (cp_str){(const char *)digest.b, sizeof digest});
    CP_TRY(cp_file_write(cache->path, cp_buf_str(&buf), err));
    cache->changed = false;
    return CP_OK;
}
