#include "build/compile.h"

#include "build/embedded.h"
#include "build/marshal.h"
#include "core/child.h"
#include "core/file.h"
#include "core/path.h"
#include "core/pool.h"
#include "core/tree.h"
#include "core/vec.h"
#include "data/json.h"
#include "data/jsonw.h"

#include <signal.h>
#include <unistd.h>

enum { MAX_CHUNK = 256, MIN_CHUNK = 8, CHUNKS_PER_THREAD = 4, MAX_PYC = 256 << 20 };
enum { KIND_AT = 8, DIGEST_AT = 9, HEAD = 9 + sizeof(cp_sha256) };
static const cp_str magic = CP_LIT("CPPYC 1\n");

struct run {
    cp_compile_job *jobs;
    const uint32_t *missing; // jobs to compile
    size_t missing_count, chunk;
    const cp_compile_settings *settings;
    const char *const *argv, *const *env;
    cp_str temporary; // folder for what workers write
    cp_arena *arenas; // one per chunk: results are copied out of them
    const cp_ctx *ctx;
};

// One worker process and the answers that it gave so far.
struct worker {
    const struct run *run;
    size_t first, count, answered;
    cp_arena *arena;
    cp_err err;
    cp_status status;
};

static cp_str raw_path(const struct run *r, size_t k, cp_arena *arena) {
    return cp_arena_fmt(arena, "%.*s/%zu", CP_STR_ARG(r->temporary), k);
}

static cp_str keep_path(cp_arena *arena, const cp_compile_settings *s, const cp_compile_job *job,
                        const cp_sha256 *tool) {
    cp_sha256_stream *h = cp_sha256_new();
    cp_sha256_add_field(h, magic);
    cp_sha256_add_field(h, (cp_str){(const char *)tool->b, sizeof tool->b});
    cp_sha256_add_field(h, (cp_str){(const char *)job->digest.b, sizeof job->digest.b});
    cp_sha256_add_field(h, job->name);
    cp_sha256_add_field(h, s->python->version);
    cp_sha256_add_field(h, (cp_str){(const char *)s->python->magic, sizeof s->python->magic});
    cp_sha256_add_field(h, cp_arena_fmt(arena, "%d", s->optimize));
    cp_sha256 key = cp_sha256_end(h);
    cp_str hex = cp_sha256_hex(arena, &key);
    return cp_arena_fmt(arena, "%.*s/cache/pyc/%.2s/%s", CP_STR_ARG(s->work_dir), hex.p, hex.p + 2);
}

// The payload of a kept file, or false when it is not whole.
static bool open_kept(cp_str text, char *kind, cp_str *payload) {
    if (text.n < HEAD || !cp_str_starts(text, magic))
        return false;
    *payload = cp_str_sub(text, HEAD, text.n);
    *kind = text.p[KIND_AT];
    cp_sha256 digest = cp_sha256_of(*payload);
    return memcmp(digest.b, text.p + DIGEST_AT, sizeof digest.b) == 0;
}

static cp_status keep(cp_str path, char kind, cp_str payload, cp_err *err) {
    CP_AUTO(cp_file_out) f = NULL;
    cp_sha256 digest = cp_sha256_of(payload);
    CP_TRY(cp_dir_make(cp_path_dir(path), err));
    CP_TRY(cp_file_out_open(&f, path, err));
    CP_TRY(cp_file_out_add(f, magic, err));
    CP_TRY(cp_file_out_add(f, (cp_str){&kind, 1}, err));
    CP_TRY(cp_file_out_add(f, (cp_str){(const char *)digest.b, sizeof digest.b}, err));
    CP_TRY(cp_file_out_add(f, payload, err));
    return cp_file_out_commit(&f, err);
}

// A failure is kept as "line\ncolumn\ntext".
static bool parse_failure(cp_compile_job *job, cp_str payload, cp_arena *arena) {
    uint64_t line = 0, column = 0;
    cp_str rest = payload;
    if (!cp_str_to_u64(&line, cp_str_next(&rest, '\n')) || !rest.p ||
        !cp_str_to_u64(&column, cp_str_next(&rest, '\n')) || !rest.p)
        return false;
    job->line = (uint32_t)line;
    job->column = (uint32_t)column;
    job->error = cp_arena_str(arena, rest);
    return true;
}

struct look_up {
    cp_compile_job *jobs;
    bool *found;
    cp_arena *arenas; // one per thread
};

static cp_status look_up_one(void *self, size_t index, uint32_t thread, cp_err *err) {
    (void)err;
    struct look_up *l = self;
    cp_compile_job *job = &l->jobs[index];
    CP_AUTOV(cp_arena) scratch = {0};
    cp_err ignored;
    cp_str text, payload;
    char kind = 0;
    if (cp_file_read(&text, &scratch, job->cached, MAX_PYC, &ignored) != CP_OK ||
        !open_kept(text, &kind, &payload))
        return CP_OK;
    job->ok = kind == 'C';
    l->found[index] = job->ok || parse_failure(job, payload, &l->arenas[thread]);
    return CP_OK;
}

static uint32_t whole(const cp_json *object, const char *key) {
    double v = cp_json_num(cp_json_get(object, key), 0);
    return v > 0 && v < UINT32_MAX ? (uint32_t)v : 0;
}

static cp_status take_answer(struct worker *w, cp_str line) {
    CP_AUTO(cp_json_doc) doc = NULL;
    CP_TRY(cp_json_parse(&doc, line, 1 << 16, "answer of the compile worker", &w->err));
    const cp_json *answer = cp_json_root(doc);
    if (w->answered == w->count)
        return cp_fail(&w->err, CP_EFORMAT, "the compile worker answers more than it was asked");
    cp_compile_job *job = &w->run->jobs[w->run->missing[w->first + w->answered++]];
    if (!cp_str_eq(cp_json_str(cp_json_get(answer, "src")), job->src))
        return cp_fail(&w->err, CP_EFORMAT, "the compile worker answers out of turn");
    job->ok = cp_json_bool(cp_json_get(answer, "ok"), false);
    if (job->ok)
        return CP_OK;
    job->line = whole(answer, "line");
    job->column = whole(answer, "col");
    job->error = cp_arena_str(w->arena, cp_json_str(cp_json_get(answer, "error")));
    return CP_OK;
}

static void on_line(void *self, int fd, cp_str line) {
    struct worker *w = self;
    if (fd == 1 && w->status == CP_OK && line.n)
        w->status = take_answer(w, line);
}

static void add_request(cp_buf *buf, const cp_compile_job *job, cp_str out) {
    cp_jsonw w = {.buf = buf};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "src", job->src);
    cp_jsonw_str(&w, "name", job->name);
    cp_jsonw_str(&w, "out", out);
    cp_jsonw_end(&w);
    cp_buf_add_c(buf, '\n');
}

// What the worker wrote, or why it could not, into the cache.
static cp_status keep_result(const struct run *r, size_t k, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    const cp_compile_job *job = &r->jobs[r->missing[k]];
    if (!job->ok) {
        cp_str text =
            cp_arena_fmt(&scratch, "%u\n%u\n%.*s", job->line, job->column, CP_STR_ARG(job->error));
        return keep(job->cached, 'E', text, err);
    }
    CP_AUTOV(cp_buf) canonical = {0};
    cp_str raw, path = raw_path(r, k, &scratch);
    CP_TRY(cp_file_read(&raw, &scratch, path, MAX_PYC, err));
    (void)unlink(path.p);
    if (cp_marshal_canonical(&canonical, raw, r->settings->python->minor, (cp_marshal_rename){0},
                             err) != CP_OK)
        return cp_wrap(err, "%.*s", CP_STR_ARG(job->src));
    return keep(job->cached, 'C', cp_buf_str(&canonical), err);
}

static cp_status check_end(const struct worker *w, const cp_child_result *result, cp_err *err) {
    if (w->status != CP_OK) {
        *err = w->err;
        return w->status;
    }
    if (result->exit_code == 0 && w->answered == w->count)
        return CP_OK;
    cp_str said = cp_str_trim(cp_buf_str(&result->err));
    return cp_fail(err, CP_EFORMAT,
                   "the compile worker ended after %zu of %zu files (exit code %d)%s%.*s",
                   w->answered, w->count, result->exit_code, said.n ? ": " : "", CP_STR_ARG(said));
}

static cp_status run_chunk(void *self, size_t index, uint32_t thread, cp_err *err) {
    (void)thread;
    const struct run *r = self;
    struct worker w = {.run = r, .first = index * r->chunk, .arena = &r->arenas[index]};
    w.count = r->missing_count - w.first < r->chunk ? r->missing_count - w.first : r->chunk;
    CP_AUTOV(cp_arena) scratch = {0};
    CP_AUTOV(cp_buf) requests = {0};
    for (size_t i = 0; i < w.count; i++)
        add_request(&requests, &r->jobs[r->missing[w.first + i]],
                    raw_path(r, w.first + i, &scratch));
    cp_child_spec spec = {.argv = r->argv,
                          .env = r->env,
                          .input = cp_buf_str(&requests),
                          .on_line = on_line,
                          .self = &w};
    CP_AUTOV(cp_child_result) result = {0};
    CP_TRY(cp_child_run(&result, &spec, r->ctx, err));
    CP_TRY(check_end(&w, &result, err));
    for (size_t i = 0; i < w.count; i++)
        CP_TRY(keep_result(r, w.first + i, err));
    return CP_OK;
}

static cp_status place_worker(cp_str *out, const cp_compile_settings *s, cp_arena *arena,
                              cp_err *err) {
    cp_str text = cp_runtime_file("build/compile.py"), have;
    cp_str folder = cp_path_join(arena, s->work_dir, CP_STR("cache/tool"));
    cp_err ignored;
    CP_TRY(cp_dir_make(folder, err));
    // Absolute: the worker is handed absolute paths and may be started from anywhere.
    CP_TRY(cp_path_real(&folder, arena, folder, err));
    *out = cp_path_join(arena, folder, CP_STR("compile.py"));
    if (cp_file_read(&have, arena, *out, 1 << 20, &ignored) == CP_OK && cp_str_eq(have, text))
        return CP_OK;
    return cp_file_write(*out, text, err);
}

// Nothing of the caller's environment reaches the worker, except what its loader may need.
static const char *const *worker_env(cp_arena *arena) {
    static const char *const none[] = {NULL};
    const char *fixed[] = {"PYTHONHASHSEED=0", "PYTHONUTF8=1", "LANG=C.UTF-8",
                           "CLOUDPACK_COMPILE_ISOLATED=1", NULL};
    const char *library_path = getenv("LD_LIBRARY_PATH");
    size_t n = 4;
    if (library_path)
        fixed[n++] = cp_arena_fmt(arena, "LD_LIBRARY_PATH=%s", library_path).p;
    return cp_env_with(arena, none, fixed, n);
}

static cp_status run_workers(struct run *r, cp_arena *arena, cp_err *err) {
    uint32_t threads = cp_pool_threads(r->ctx ? r->ctx->threads : 0, r->missing_count);
    r->chunk = r->missing_count / (threads * CHUNKS_PER_THREAD);
    r->chunk = r->chunk < MIN_CHUNK ? MIN_CHUNK : r->chunk > MAX_CHUNK ? MAX_CHUNK : r->chunk;
    size_t chunks = (r->missing_count + r->chunk - 1) / r->chunk;
    CP_AUTOV(cp_arena) scratch = {0};
    r->arenas = CP_ARENA_ARRAY(&scratch, cp_arena, chunks);
    // cp_child_run sets and restores this per process: with several at once it must be the same
    // before and after.
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);
    cp_status status = cp_pool_run(threads, chunks, run_chunk, r, err);
    (void)signal(SIGPIPE, old);
    for (size_t k = 0; k < r->missing_count; k++) {
        cp_compile_job *job = &r->jobs[r->missing[k]];
        job->error = cp_arena_str(arena, job->error);
    }
    for (size_t i = 0; i < chunks; i++)
        cp_arena_cleanup(&r->arenas[i]);
    return status;
}

static cp_status compile_missing(struct run *r, cp_arena *arena, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    const cp_compile_settings *s = r->settings;
    cp_str worker;
    CP_TRY(place_worker(&worker, s, &scratch, err));
    // In the folder that a build empties when it starts, so that a kill leaves nothing for good.
    cp_str staging = cp_path_join(&scratch, s->work_dir, CP_STR("staging"));
    CP_TRY(cp_dir_make(staging, err));
    CP_TRY(cp_path_real(&staging, &scratch, staging, err));
    CP_TRY(cp_dir_temporary(&r->temporary, staging, "compile", &scratch, err));
    const char *argv[] = {s->python->path.p,
                          "-S",
                          "-s",
                          "-B",
                          worker.p,
                          "--optimize",
                          cp_arena_fmt(&scratch, "%d", s->optimize).p,
                          NULL};
    r->argv = argv;
    r->env = worker_env(&scratch);
    cp_step(r->ctx ? r->ctx->sink : NULL, "build", "compiling %zu modules for Python %.*s",
            r->missing_count, CP_STR_ARG(s->python->version));
    cp_status status = run_workers(r, arena, err);
    cp_err ignored;
    if (cp_tree_remove(r->temporary, &ignored) != CP_OK && status == CP_OK)
        *err = ignored, status = ignored.status;
    return status;
}

cp_status cp_compile_all(cp_compile_job *jobs, size_t count, const cp_compile_settings *settings,
                         cp_compile_counts *counts, const cp_ctx *ctx, cp_arena *arena,
                         cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_sha256 tool = cp_sha256_of(cp_runtime_file("build/compile.py"));
    for (size_t i = 0; i < count; i++)
        jobs[i].cached = keep_path(arena, settings, &jobs[i], &tool);
    uint32_t threads = cp_pool_threads(ctx ? ctx->threads : 0, count);
    struct look_up l = {jobs, CP_ARENA_ARRAY(&scratch, bool, count),
                        CP_ARENA_ARRAY(&scratch, cp_arena, threads)};
    cp_status status = cp_pool_run(threads, count, look_up_one, &l, err);
    uint32_t *missing = CP_ARENA_ARRAY(&scratch, uint32_t, count);
    struct run r = {.jobs = jobs, .missing = missing, .settings = settings, .ctx = ctx};
    for (size_t i = 0; i < count; i++) {
        if (!l.found[i])
            missing[r.missing_count++] = (uint32_t)i;
        jobs[i].error = cp_arena_str(arena, jobs[i].error);
    }
    for (uint32_t i = 0; i < threads; i++)
        cp_arena_cleanup(&l.arenas[i]);
    CP_TRY(status);
    counts->reused += (uint32_t)(count - r.missing_count);
    counts->compiled += (uint32_t)r.missing_count;
    return r.missing_count ? compile_missing(&r, arena, err) : CP_OK;
}

cp_status cp_compile_read(cp_str *out, const cp_compile_job *job, cp_arena *arena, cp_err *err) {
    cp_str text;
    char kind = 0;
    CP_ASSERT(job->ok);
    CP_TRY(cp_file_read(&text, arena, job->cached, MAX_PYC, err));
    if (!open_kept(text, &kind, out) || kind != 'C') {
        cp_fail(err, CP_EFORMAT, "%.*s was changed while it was in use", CP_STR_ARG(job->cached));
        return cp_hint(err, "run the build again");
    }
    return CP_OK;
}
