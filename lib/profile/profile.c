#include "profile/profile.h"

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "data/jsonw.h"
#include "profile/cold.h"
#include "profile/record.h"
#include "profile/stage.h"
#include "profile/stats.h"
#include "profile_tool.h"

#include <string.h>

enum {
    RUNS = 5,
    MAX_RUNS = 1000,
    WATCHED = 3,
    BARE_RUNS = 5,
    MAX_RECORD = 64 << 20,
    SLOW_FACTOR = 10, // a watched process may take this much longer before it counts as stuck
    LOG_SHOWN = 1500,
    LAMBDA_INIT_MS = 10000,
};

struct job {
    const cp_target *target;
    const cp_profile_options *options;
    const cp_facts *facts;
    const cp_test_event *events;
    size_t count;
    const cp_ctx *ctx;
    cp_arena *arena;
    cp_cold cold;
    bool told;      ///< which events raise
    cp_str handler; // of the function itself
    cp_str tools;   // folder with our modules
};

cp_status cp_profile_refuse(const cp_run_result *run, const char *what, const cp_ctx *ctx,
                            cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    const cp_run_answer *first = run->count ? &run->answers[0] : NULL;
    bool bad_init = run->init != CP_OUTCOME_ANSWER;
    bool bad_first =
        first && (first->outcome == CP_OUTCOME_TIMEOUT || first->outcome == CP_OUTCOME_EXIT ||
                  first->outcome == CP_OUTCOME_NONE);
    if (!bad_init && !bad_first)
        return CP_OK;
    cp_str raised = run->init_error;
    if (first && !bad_init)
        raised = first->json;
    cp_str words = cp_run_words(&scratch, raised, CP_STR(CP_COLD_TASK));
    cp_str log = cp_run_log_end(&scratch, run->log, LOG_SHOWN);
    if (log.n)
        cp_note(ctx ? ctx->sink : NULL, what, "the function's log ends with:\n%.*s",
                CP_STR_ARG(log));
    (void)cp_fail(err, CP_EFORMAT, "the handler failed %s: %.*s",
                  bad_init ? "while it was imported" : "on the first event", CP_STR_ARG(words));
    if (run->init == CP_OUTCOME_TIMEOUT || (first && first->outcome == CP_OUTCOME_TIMEOUT))
        return cp_hint(
            err, "give it more time with timeout_s in cloudpack.yml, or a smaller first event");
    return cp_hint(err, "it must run as it is, unpacked, before it can be optimised");
}

// Modules of ours that run inside of the function's process, written once per content.
static cp_status write_tools(struct job *job, cp_err *err) {
    job->tools = cp_path_join(job->arena, job->target->work, CP_STR("tools"));
    CP_TRY(cp_dir_make(job->tools, err));
    cp_str text = {(const char *)cp_profile_tool[0].data, cp_profile_tool[0].bytes};
    cp_str path = cp_path_join(job->arena, job->tools, CP_STR("cloudpack_profile.py")), old;
    cp_err ignored;
    if (cp_file_read(&old, job->arena, path, MAX_RECORD, &ignored) != CP_OK ||
        !cp_str_eq(old, text))
        CP_TRY(cp_file_write(path, text, err));
    cp_str bare = cp_path_join(job->arena, job->tools, CP_STR("bare"));
    CP_TRY(cp_dir_make(bare, err));
    return cp_file_write(cp_path_join(job->arena, bare, CP_STR("cloudpack_bare.py")),
                         CP_STR("def handler(event, context):\n    return None\n"), err);
}

static uint32_t longer(uint32_t limit_ms, uint32_t fallback) {
    return (limit_ms ? limit_ms : fallback) * SLOW_FACTOR;
}

static cp_status plain_runs(cp_profile *out, struct job *job, cp_err *err) {
    size_t runs = out->runs;
    double *init = CP_ARENA_ARRAY(job->arena, double, runs * 3);
    double *first = init + runs, *cpu = first + runs;
    // The first process finds the disk's cache cold and shows whether the handler runs at all.
    for (size_t i = 0; i < runs + 1; i++) {
        cp_run_result r;
        CP_AUTOV(cp_arena) once = {0};
        cp_progress(job->ctx ? job->ctx->sink : NULL, "profile", "cold runs", i, runs + 1);
        CP_TRY(cp_cold_run(&r, &job->cold, job->events, 1, job->ctx, &once, err));
        CP_TRY(cp_profile_refuse(&r, "profile", job->ctx, err));
        if (r.peak_memory_bytes > out->peak_memory_bytes)
            out->peak_memory_bytes = r.peak_memory_bytes;
        if (i == 0 && r.init_ms > LAMBDA_INIT_MS)
            cp_warn(job->ctx ? job->ctx->sink : NULL, "profile",
                    "init takes %.1f s here; Lambda starts it again after 10 s", r.init_ms / 1e3);
        if (i == 0)
            continue;
        init[i - 1] = r.init_ms;
        first[i - 1] = r.answers[0].wall_ms;
        cpu[i - 1] = r.answers[0].cpu_ms;
    }
    out->init_ms = cp_median(init, runs);
    out->init_p95_ms = cp_quantile(init, runs, 0.95);
    out->first_ms = cp_median(first, runs);
    out->first_p95_ms = cp_quantile(first, runs, 0.95);
    out->cpu_ms = cp_median(cpu, runs);
    return CP_OK;
}

static void warn_of_raised(const struct job *job, const cp_run_result *r) {
    CP_AUTOV(cp_arena) scratch = {0};
    for (size_t i = 0; i < r->count; i++)
        if (r->answers[i].outcome != CP_OUTCOME_ANSWER)
            cp_warn(job->ctx ? job->ctx->sink : NULL, "profile", "event %.*s: %.*s",
                    CP_STR_ARG(job->events[i].name),
                    CP_STR_ARG(r->answers[i].json.n ? cp_run_words(&scratch, r->answers[i].json,
                                                                   CP_STR(CP_COLD_TASK))
                                                    : CP_STR("not reached")));
}

// One process with our module in the handler's place.
static cp_status watched_run(cp_record *record, struct job *job, bool calls, cp_err *err) {
    cp_str folder, json;
    CP_AUTOV(cp_arena) scratch = {0};
    cp_cold cold = job->cold;
    CP_TRY(cp_dir_temporary(&folder, job->tools, "record", &scratch, err));
    cp_str path = cp_path_join(&scratch, folder, CP_STR("record.json"));
    const char **env = CP_ARENA_ARRAY(&scratch, const char *, cold.env_count + 4);
    if (cold.env_count)
        memcpy(env, cold.env, cold.env_count * sizeof *env);
    env[cold.env_count++] =
        cp_arena_fmt(&scratch, "CLOUDPACK_PROFILE_HANDLER=%.*s", CP_STR_ARG(job->handler)).p;
    env[cold.env_count++] = cp_arena_fmt(&scratch, "CLOUDPACK_PROFILE_OUT=%s", path.p).p;
    env[cold.env_count++] =
        cp_arena_fmt(&scratch, "CLOUDPACK_PROFILE_ROOTS=%.*s", CP_STR_ARG(cold.task)).p;
    if (calls)
        env[cold.env_count++] = "CLOUDPACK_PROFILE_CALLS=1";
    cold.env = env;
    cold.handler = CP_STR("cloudpack_profile.handler");
    cold.tools = job->tools;
    cold.init_timeout_ms = longer(cold.init_timeout_ms, 60000);
    cold.timeout_ms = longer(cold.timeout_ms, 30000);
    cp_run_result r;
    cp_status status = cp_cold_run(&r, &cold, job->events, job->count, job->ctx, &scratch, err);
    if (status == CP_OK)
        status = cp_profile_refuse(&r, "profile", job->ctx, err);
    if (status == CP_OK && !calls && !job->told) {
        warn_of_raised(job, &r);
        job->told = true; // the other runs raise the same
    }
    if (status == CP_OK)
        status = cp_file_read(&json, &scratch, path, MAX_RECORD, err);
    if (status == CP_OK)
        status = cp_record_add(record, json, !calls, err);
    cp_err ignored;
    (void)!cp_tree_remove(folder, &ignored);
    return status;
}

static cp_status watched_runs(cp_profile *out, struct job *job, cp_err *err) {
    uint32_t runs = job->options->instrumented ? job->options->instrumented : WATCHED;
    CP_AUTO(cp_record) record = cp_record_new(job->facts, job->cold.task);
    for (uint32_t i = 0; i < runs + 1; i++) {
        cp_progress(job->ctx ? job->ctx->sink : NULL, "profile", "watched runs", i, runs + 1);
        CP_TRY(watched_run(record, job, i == runs, err));
    }
    cp_record_finish(out, record, job->arena);
    return CP_OK;
}

// What the interpreter and the runtime client cost without the function.
static cp_status bare_runs(cp_profile *out, struct job *job, cp_err *err) {
    double cpu[BARE_RUNS];
    cp_cold cold = {.target = job->target,
                    .handler = CP_STR("cloudpack_bare.handler"),
                    .task = cp_path_join(job->arena, job->tools, CP_STR("bare"))};
    for (size_t i = 0; i < BARE_RUNS; i++) {
        cp_run_result r;
        cp_test_event nothing = {.invocation = {CP_STR("{}"), CP_STR("bare"), {0}, {0}, {0}}};
        CP_TRY(cp_cold_run(&r, &cold, &nothing, 1, job->ctx, job->arena, err));
        CP_TRY(cp_profile_refuse(&r, "profile", job->ctx, err));
        cpu[i] = r.answers[0].cpu_ms;
    }
    out->runtime_ms = cp_median(cpu, BARE_RUNS);
    return CP_OK;
}

static cp_status check(const cp_profile_options *options, size_t count, cp_err *err) {
    if (count == 0)
        return cp_fail(err, CP_EUSAGE, "a profile needs at least one event");
    if (options->runs > MAX_RUNS)
        return cp_fail(err, CP_EUSAGE, "%u runs: at most %d", options->runs, MAX_RUNS);
    if (options->instrumented >= CP_RECORD_RUNS)
        return cp_fail(err, CP_EUSAGE, "%u watched runs: at most %d", options->instrumented,
                       CP_RECORD_RUNS - 1);
    return CP_OK;
}

cp_status cp_profile_run(const cp_profile **out, const cp_target *target,
                         const cp_profile_options *options, const cp_facts *facts,
                         const cp_test_event *events, size_t count, const cp_ctx *ctx,
                         cp_arena *arena, cp_err *err) {
    CP_TRY(check(options, count, err));
    CP_AUTOV(cp_arena) scratch = {0};
    struct job job = {.target = target,
                      .options = options,
                      .facts = facts,
                      .events = events,
                      .count = count,
                      .ctx = ctx,
                      .arena = &scratch};
    job.handler = cp_arena_fmt(&scratch, "%.*s.%.*s", CP_STR_ARG(facts->handler_module),
                               CP_STR_ARG(facts->handler_function));
    job.cold = (cp_cold){.target = target,
                         .handler = job.handler,
                         .env = options->env,
                         .env_count = options->env_count,
                         .memory_mb = options->memory_mb,
                         .init_timeout_ms = options->init_timeout_ms,
                         .timeout_ms = options->timeout_ms};
    cp_profile *profile = CP_ARENA_NEW(arena, cp_profile);
    profile->runs = options->runs ? options->runs : RUNS;
    profile->facts_digest = cp_facts_digest(arena, facts);
    CP_TRY(write_tools(&job, err));
    CP_TRY(cp_stage_original(&job.cold.task, target, facts, CP_FORM_BYTECODE, ctx, &scratch, err));
    CP_TRY(plain_runs(profile, &job, err));
    job.arena = arena;
    CP_TRY(watched_runs(profile, &job, err));
    job.arena = &scratch;
    CP_TRY(bare_runs(profile, &job, err));
    *out = profile;
    return CP_OK;
}

static void spread(cp_jsonw *w, const char *key, double median, double p95) {
    cp_jsonw_object(w, key);
    cp_jsonw_fixed(w, "median", median, 3);
    cp_jsonw_fixed(w, "p95", p95, 3);
    cp_jsonw_end(w);
}

void cp_profile_to_json(cp_buf *out, const cp_profile *profile, const cp_facts *facts) {
    cp_jsonw w = {.buf = out, .indent = 2};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "format", CP_STR("cloudpack.profile/1"));
    cp_jsonw_str(&w, "handler", facts->handler);
    cp_jsonw_str(&w, "python", facts->python);
    cp_jsonw_u64(&w, "runs", profile->runs);
    spread(&w, "init_ms", profile->init_ms, profile->init_p95_ms);
    spread(&w, "first_ms", profile->first_ms, profile->first_p95_ms);
    cp_jsonw_fixed(&w, "cpu_ms", profile->cpu_ms, 3);
    cp_jsonw_fixed(&w, "runtime_ms", profile->runtime_ms, 3);
    cp_jsonw_array(&w, "modules");
    for (uint32_t i = 0; i < profile->module_count; i++) {
        const cp_module_profile *m = &profile->modules[i];
        cp_jsonw_object(&w, NULL);
        cp_jsonw_str(&w, "name", m->name);
        cp_jsonw_fixed(&w, "self_ms", m->self_ms, 3);
        cp_jsonw_u64(&w, "order", m->order);
        cp_jsonw_u64(&w, "phase", m->phase);
        cp_jsonw_bool(&w, "used", m->used);
        cp_jsonw_end(&w);
    }
    cp_jsonw_end(&w);
    cp_jsonw_u64(&w, "files_opened", profile->opened_count);
    cp_jsonw_u64(&w, "peak_memory_bytes", profile->peak_memory_bytes);
    cp_jsonw_end(&w);
}
