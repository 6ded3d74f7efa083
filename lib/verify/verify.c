#include "verify/verify.h"

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "core/vec.h"
#include "data/json.h"
#include "profile/profile.h"
#include "profile/stage.h"
#include "profile/stats.h"
#include "verify/size.h"

enum { RUNS = 5, MAX_RUNS = 1000, MAX_RECORD = 16 << 20, MISS_NAMES = 100 };

struct job {
    cp_verify *out;
    const cp_target *target;
    const cp_verify_options *options;
    const cp_facts *facts;
    const cp_test_event *events;
    size_t count;
    const cp_ctx *ctx;
    cp_arena *arena; // of the result
    cp_arena scratch;
    cp_cold forms[CP_VERIFY_FORMS];
    cp_built built;
    cp_str record;         // file of the runtime's record
    cp_run_answer *wanted; // of the original, by event
    bool *differs;         // by event: the built function's answer
    bool *varies;          // by event: the original's answer
    uint64_t *misses;      // by event, most of its runs
    CP_VEC(cp_str) names;
};

static void job_cleanup(struct job *job) {
    cp_arena_cleanup(&job->scratch);
    cp_vec_free(&job->names);
}

static const cp_sink *sink(const struct job *job) {
    return job->ctx ? job->ctx->sink : NULL;
}

static void limits(cp_cold *cold, const cp_verify_options *options) {
    cold->memory_mb = options->memory_mb;
    cold->init_timeout_ms = options->init_timeout_ms;
    cold->timeout_ms = options->timeout_ms;
}

static cp_status make_forms(struct job *job, cp_err *err) {
    const cp_verify_options *o = job->options;
    cp_arena *a = &job->scratch;
    for (unsigned i = 0; i < CP_VERIFY_BUILT; i++) {
        job->forms[i] = (cp_cold){.target = job->target,
                                  .handler = cp_arena_fmt(a, "%.*s.%.*s",
                                                          CP_STR_ARG(job->facts->handler_module),
                                                          CP_STR_ARG(job->facts->handler_function)),
                                  .env = o->env,
                                  .env_count = o->env_count};
        limits(&job->forms[i], o);
        CP_TRY(cp_stage_original(&job->forms[i].task, job->target, job->facts,
                                 i == CP_VERIFY_SHIPPED ? CP_FORM_SHIPPED : CP_FORM_BYTECODE,
                                 job->ctx, a, err));
    }
    CP_TRY(cp_built_open(&job->built, job->target, o->build, o->mount_point, job->ctx, a, err));
    job->forms[CP_VERIFY_BUILT] =
        cp_built_cold(&job->built, job->target, o->env, o->env_count, (cp_str){0}, a);
    limits(&job->forms[CP_VERIFY_BUILT], o);
    return CP_OK;
}

// An init that fails is the answer to every event.
static cp_run_answer answer_of(const cp_run_result *run) {
    if (run->init == CP_OUTCOME_ANSWER)
        return run->answers[0];
    return (cp_run_answer){.outcome = run->init, .json = run->init_error};
}

static void see_names(struct job *job, const cp_json *misses) {
    for (const cp_json *n = cp_json_first(misses); n && job->names.n < MISS_NAMES;
         n = cp_json_next(n)) {
        cp_str name = cp_json_str(cp_json_get(n, "name"));
        bool known = name.n == 0;
        for (size_t i = 0; i < job->names.n && !known; i++)
            known = cp_str_eq(job->names.v[i], name);
        if (!known)
            cp_vec_push(&job->names, cp_arena_str(job->arena, name));
    }
}

// The record is written by a process that runs the user's code: a missing or odd one is no news.
static void read_record(struct job *job, size_t event) {
    CP_AUTOV(cp_arena) scratch = {0};
    CP_AUTO(cp_json_doc) doc = NULL;
    cp_str text;
    cp_err ignored;
    if (cp_file_read(&text, &scratch, job->record, MAX_RECORD, &ignored) != CP_OK ||
        cp_json_parse(&doc, text, MAX_RECORD, "record", &ignored) != CP_OK)
        return;
    const cp_json *root = cp_json_root(doc);
    uint64_t misses = 0, fetched = 0;
    if (cp_json_need_u64(&misses, root, "miss_count", "record", &ignored) == CP_OK &&
        misses > job->misses[event])
        job->misses[event] = misses;
    if (cp_json_need_u64(&fetched, root, "bytes_fetched", "record", &ignored) == CP_OK &&
        fetched > job->out->fetched_bytes)
        job->out->fetched_bytes = fetched;
    see_names(job, cp_json_get(root, "misses"));
}

static cp_status run_form(cp_run_answer *answer, struct job *job, const cp_cold *cold, size_t event,
                          cp_arena *arena, cp_err *err) {
    cp_run_result run;
    CP_TRY(cp_cold_run(&run, cold, &job->events[event], 1, job->ctx, arena, err));
    *answer = answer_of(&run);
    return CP_OK;
}

// One run's differences are enough; the others repeat them.
static void judge(struct job *job, cp_differences *list, bool *found, size_t event,
                  const cp_run_answer *got) {
    size_t before = list->n;
    bool more = list->more;
    if (found[event])
        return;
    cp_compare(list, &job->events[event], &job->wanted[event], got, job->arena);
    found[event] = list->n > before || list->more != more;
}

static void judge_built(struct job *job, size_t event, const cp_run_answer *got) {
    judge(job, &job->out->different, job->differs, event, got);
}

static void judge_original(struct job *job, size_t event, const cp_run_answer *got) {
    judge(job, &job->out->unstable, job->varies, event, got);
}

// The original stands here with its bytecode: the same code as shipped, in a third of the time.
static cp_status compare_event(struct job *job, size_t event, cp_err *err) {
    CP_AUTOV(cp_arena) once = {0};
    cp_run_result first;
    cp_run_answer got;
    const cp_cold *original = &job->forms[CP_VERIFY_BYTECODE];
    CP_TRY(cp_cold_run(&first, original, &job->events[event], 1, job->ctx, &job->scratch, err));
    if (event == 0)
        CP_TRY(cp_profile_refuse(&first, "verify", job->ctx, err));
    job->wanted[event] = answer_of(&first);
    CP_TRY(run_form(&got, job, original, event, &once, err));
    judge_original(job, event, &got);
    cp_cold built = cp_built_cold(&job->built, job->target, job->options->env,
                                  job->options->env_count, job->record, &once);
    limits(&built, job->options);
    for (unsigned i = 0; i < 2; i++) {
        cp_err ignored;
        (void)!cp_tree_remove(job->record, &ignored);
        CP_TRY(run_form(&got, job, &built, event, &once, err));
        read_record(job, event);
        judge_built(job, event, &got);
    }
    return CP_OK;
}

static cp_status compare_events(struct job *job, cp_err *err) {
    cp_verify *out = job->out;
    cp_str folder;
    CP_TRY(cp_dir_temporary(&folder,
                            cp_path_join(&job->scratch, job->target->work, CP_STR("scratch")),
                            "record", &job->scratch, err));
    job->record = cp_path_join(&job->scratch, folder, CP_STR("record.json"));
    cp_status status = CP_OK;
    for (size_t i = 0; i < job->count && status == CP_OK; i++) {
        cp_progress(sink(job), "verify", "comparing answers", i, job->count);
        status = compare_event(job, i, err);
    }
    cp_err ignored;
    (void)!cp_tree_remove(folder, &ignored);
    CP_TRY(status);
    for (size_t i = 0; i < job->count; i++)
        out->misses += job->misses[i];
    return CP_OK;
}

static cp_status time_forms(struct job *job, cp_err *err) {
    size_t runs = job->out->runs, all = runs * CP_VERIFY_FORMS;
    double *init = CP_ARENA_ARRAY(&job->scratch, double, all * 4);
    double *first = init + all, *cpu = first + all, *total = cpu + all;
    for (size_t i = 0; i < runs; i++) {
        cp_progress(sink(job), "verify", "timing cold starts", i, runs);
        for (size_t f = 0; f < CP_VERIFY_FORMS; f++) {
            CP_AUTOV(cp_arena) once = {0};
            cp_run_result r;
            CP_TRY(cp_cold_run(&r, &job->forms[f], job->events, 1, job->ctx, &once, err));
            size_t at = f * runs + i;
            init[at] = r.init_ms;
            first[at] = r.answers[0].wall_ms;
            cpu[at] = r.answers[0].cpu_ms;
            total[at] = init[at] + first[at];
            cp_run_answer answer = answer_of(&r);
            if (f == CP_VERIFY_BUILT)
                judge_built(job, 0, &answer);
            else
                judge_original(job, 0, &answer);
        }
    }
    for (size_t f = 0; f < CP_VERIFY_FORMS; f++)
        job->out->times[f] =
            (cp_verify_times){cp_median(init + f * runs, runs), cp_median(first + f * runs, runs),
                              cp_median(cpu + f * runs, runs), cp_median(total + f * runs, runs)};
    return CP_OK;
}

static cp_status check(const cp_verify_options *options, size_t count, cp_err *err) {
    if (count == 0)
        return cp_fail(err, CP_EUSAGE, "verifying needs at least one event");
    if (options->runs > MAX_RUNS)
        return cp_fail(err, CP_EUSAGE, "%u runs: at most %d", options->runs, MAX_RUNS);
    return CP_OK;
}

cp_status cp_verify_run(cp_verify *out, const cp_target *target, const cp_verify_options *options,
                        const cp_facts *facts, const cp_test_event *events, size_t count,
                        const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    CP_TRY(check(options, count, err));
    *out = (cp_verify){.events = (uint32_t)count,
                       .runs = options->runs ? options->runs : RUNS,
                       .predicted_ms = options->predicted_ms,
                       .guard = target->guard};
    __attribute__((cleanup(job_cleanup))) struct job job = {.out = out,
                                                            .target = target,
                                                            .options = options,
                                                            .facts = facts,
                                                            .events = events,
                                                            .count = count,
                                                            .ctx = ctx,
                                                            .arena = arena};
    job.wanted = CP_ARENA_ARRAY(&job.scratch, cp_run_answer, count);
    job.differs = CP_ARENA_ARRAY(&job.scratch, bool, count);
    job.varies = CP_ARENA_ARRAY(&job.scratch, bool, count);
    job.misses = CP_ARENA_ARRAY(&job.scratch, uint64_t, count);
    CP_TRY(cp_dir_make(cp_path_join(&job.scratch, target->work, CP_STR("scratch")), err));
    CP_TRY(make_forms(&job, err));
    CP_TRY(compare_events(&job, err));
    CP_TRY(time_forms(&job, err));
    for (size_t i = 0; i < count; i++)
        out->equal += job.differs[i] ? 0 : 1;
    CP_TRY(cp_verify_sizes(&out->installed_bytes, &out->shipped_zip_bytes, target, facts, ctx,
                           &job.scratch, err));
    out->local_bytes = job.built.unzipped_bytes;
    out->zip_bytes = job.built.zip_bytes;
    out->remote_bytes = job.built.remote_bytes;
    out->layers = job.built.layers;
    out->miss_names = cp_vec_to_arena(&job.names, arena);
    out->miss_name_count = job.names.n;
    return CP_OK;
}

cp_status cp_invoke_local(cp_str *json, bool *raised, cp_str *log, const cp_target *target,
                          const cp_verify_options *options, const cp_test_event *event,
                          const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    cp_built built;
    CP_TRY(cp_built_open(&built, target, options->build, options->mount_point, ctx, arena, err));
    cp_cold cold =
        cp_built_cold(&built, target, options->env, options->env_count, (cp_str){0}, arena);
    limits(&cold, options);
    cp_run_result run;
    CP_TRY(cp_cold_run(&run, &cold, event, 1, ctx, arena, err));
    cp_run_answer answer = answer_of(&run);
    *raised = answer.outcome != CP_OUTCOME_ANSWER;
    *json = answer.json;
    *log = run.log;
    return CP_OK;
}
