#include "build/pack.h"

#include "core/file.h"
#include "core/pool.h"
#include "core/vec.h"
#include "zip/deflate.h"

enum { BATCH_BYTES = 48 << 20, BATCH_ITEMS = 4096, MAX_THREADS = 64, ALIGN = 16 };

// The bytes of an item while its batch is in memory.
struct piece {
    cp_map map;
    cp_buf code;
    char *data; // deflated
    cp_str stored;
};

struct batch {
    cp_pack_item *items;
    struct piece *pieces;
    const cp_pack_settings *settings;
    cp_deflater *deflaters[MAX_THREADS];
};

static cp_status load(cp_str *raw, const struct batch *b, struct piece *piece,
                      const cp_pack_item *item, cp_err *err) {
    if (!item->path.n) {
        CP_AUTOV(cp_arena) scratch = {0};
        cp_str code;
        CP_TRY(cp_compile_read(&code, item->job, &scratch, err));
        CP_TRY(cp_marshal_canonical(&piece->code, code, b->settings->minor, item->rename, err));
        *raw = cp_buf_str(&piece->code);
        return CP_OK;
    }
    CP_TRY(cp_map_open(&piece->map, item->path, SIZE_MAX / 2, err));
    *raw = piece->map.bytes;
    if (raw->n == item->size)
        return CP_OK;
    cp_fail(err, CP_ESTALE, "%.*s has %zu bytes and had %llu", CP_STR_ARG(item->path), raw->n,
            (unsigned long long)item->size);
    return cp_hint(err, "it changed while the build ran: run analyze and build again");
}

static cp_status prepare(void *self, size_t index, uint32_t worker, cp_err *err) {
    struct batch *b = self;
    cp_pack_item *item = &b->items[index];
    struct piece *piece = &b->pieces[index];
    cp_str raw;
    CP_TRY(load(&raw, b, piece, item, err));
    piece->stored = raw;
    item->raw_bytes = raw.n;
    item->deflated = false;
    if (item->deflate && raw.n > 1) {
        piece->data = cp_xmalloc(raw.n);
        size_t n = cp_deflate(b->deflaters[worker], piece->data, raw.n - 1, raw);
        item->deflated = n != 0;
        if (n)
            piece->stored = (cp_str){piece->data, n};
    }
    item->stored_bytes = piece->stored.n;
    item->digest = cp_sha256_of(piece->stored);
    return CP_OK;
}

static cp_status append(cp_file_out *file, cp_sha256_stream *digest, cp_str bytes, cp_err *err) {
    cp_sha256_add(digest, bytes);
    return cp_file_out_add(file, bytes, err);
}

static cp_status write_batch(struct batch *b, size_t n, uint32_t threads, cp_file_out *file,
                             cp_sha256_stream *digest, cp_err *err) {
    static const char zeros[ALIGN];
    cp_status status = cp_pool_run(threads, n, prepare, b, err);
    for (size_t i = 0; i < n; i++) {
        struct piece *piece = &b->pieces[i];
        size_t gap = (size_t)(-cp_file_out_bytes(file) % ALIGN);
        if (status == CP_OK)
            status = append(file, digest, (cp_str){zeros, gap}, err);
        if (status == CP_OK) {
            b->items[i].offset = cp_file_out_bytes(file);
            status = append(file, digest, piece->stored, err);
        }
        cp_map_cleanup(&piece->map);
        cp_buf_cleanup(&piece->code);
        free(piece->data);
    }
    return status;
}

static size_t batch_size(const cp_pack_item *items, size_t count) {
    uint64_t sum = 0;
    size_t n = 0;
    for (; n < count && n < BATCH_ITEMS; n++) {
        sum += items[n].size;
        if (n && sum > BATCH_BYTES)
            break;
    }
    return n;
}

static cp_status write_items(struct batch *b, cp_pack_item *items, size_t count, cp_file_out *file,
                             cp_sha256_stream *digest, const cp_ctx *ctx, cp_err *err) {
    for (size_t at = 0; at < count;) {
        CP_AUTOV(cp_arena) scratch = {0};
        if (cp_interrupted(ctx))
            return cp_fail(err, CP_EINTR, "interrupted");
        size_t n = batch_size(items + at, count - at);
        uint32_t threads = cp_pool_threads(ctx ? ctx->threads : 0, n);
        for (uint32_t i = 0; i < threads; i++)
            if (!b->deflaters[i])
                b->deflaters[i] = cp_deflater_new(b->settings->level);
        b->items = items + at;
        b->pieces = CP_ARENA_ARRAY(&scratch, struct piece, n);
        CP_TRY(write_batch(b, n, threads, file, digest, err));
        at += n;
        cp_progress(ctx ? ctx->sink : NULL, "build", "packing", at, count);
    }
    return CP_OK;
}

cp_status cp_pack_write(cp_pack_totals *out, cp_str path, cp_pack_item *items, size_t count,
                        const cp_pack_settings *settings, const cp_ctx *ctx, cp_err *err) {
    CP_AUTO(cp_file_out) file = NULL;
    CP_TRY(cp_file_out_open(&file, path, err));
    struct batch b = {.settings = settings};
    cp_sha256_stream *digest = cp_sha256_new();
    cp_status status = write_items(&b, items, count, file, digest, ctx, err);
    out->digest = cp_sha256_end(digest);
    out->bytes = cp_file_out_bytes(file);
    for (size_t i = 0; i < MAX_THREADS; i++)
        cp_deflater_cleanup(&b.deflaters[i]);
    return status == CP_OK ? cp_file_out_commit(&file, err) : status;
}
