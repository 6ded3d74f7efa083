#include "profile/cold.h"

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"

#include <string.h>

// Longer than Lambda's 10 s: this machine may be slower and busier than Lambda's; who measures
// warns about what is over it.
enum { INIT_TIMEOUT_MS = 60000 };

static const char *const *with_scratch(size_t *count, const cp_cold *cold, cp_str scratch,
                                       cp_arena *arena) {
    const char **env = CP_ARENA_ARRAY(arena, const char *, cold->env_count + 1);
    if (cold->env_count)
        memcpy(env, cold->env, cold->env_count * sizeof *env);
    *count = cold->env_count;
    if (cold->scratch_for_runtime)
        env[(*count)++] =
            cp_arena_fmt(arena, "CLOUDPACK_SCRATCH=%.*s/cloudpack", CP_STR_ARG(scratch)).p;
    return env;
}

static cp_str replaced(cp_arena *arena, cp_str text, cp_str from, cp_str to) {
    if (!from.n || cp_str_search(text, from) == SIZE_MAX)
        return text;
    CP_AUTOV(cp_buf) out = {0};
    for (size_t at; (at = cp_str_search(text, from)) != SIZE_MAX;) {
        cp_buf_add(&out, cp_str_sub(text, 0, at));
        cp_buf_add(&out, to);
        text = cp_str_sub(text, at + from.n, text.n);
    }
    cp_buf_add(&out, text);
    return cp_arena_str(arena, cp_buf_str(&out));
}

static cp_str as_on_lambda(cp_arena *arena, const cp_cold *cold, cp_str scratch, cp_str text) {
    text = replaced(arena, text, cold->task, CP_STR(CP_COLD_TASK));
    text = replaced(arena, text, cold->opt, CP_STR("/opt"));
    return replaced(arena, text, scratch, CP_STR("/tmp"));
}

static void hide_folders(cp_run_result *out, const cp_cold *cold, cp_str scratch, cp_arena *arena) {
    cp_run_answer *answers = CP_ARENA_ARRAY(arena, cp_run_answer, out->count);
    for (size_t i = 0; i < out->count; i++) {
        answers[i] = out->answers[i];
        answers[i].json = as_on_lambda(arena, cold, scratch, answers[i].json);
    }
    out->answers = answers;
    out->init_error = as_on_lambda(arena, cold, scratch, out->init_error);
    out->log = as_on_lambda(arena, cold, scratch, out->log);
}

cp_status cp_cold_run(cp_run_result *out, const cp_cold *cold, const cp_test_event *events,
                      size_t count, const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    const cp_target *t = cold->target;
    const cp_test_event *first = count ? &events[0] : &(cp_test_event){0};
    cp_str parent = cp_path_join(arena, t->work, CP_STR("scratch")), scratch;
    CP_TRY(cp_dir_make(parent, err));
    CP_TRY(cp_dir_temporary(&scratch, parent, "run", arena, err));
    cp_invocation *list = CP_ARENA_ARRAY(arena, cp_invocation, count);
    for (size_t i = 0; i < count; i++)
        list[i] = events[i].invocation;
    cp_run_spec spec = {.python = t->interpreter,
                        .version = t->python.version,
                        .ric = t->ric,
                        .handler = cold->handler,
                        .task_root = cold->task,
                        .opt = cold->opt,
                        .paths = &cold->tools,
                        .path_count = cold->tools.n ? 1 : 0,
                        .readonly = cold->readonly,
                        .readonly_count = cold->readonly_count,
                        .guard = t->guard,
                        .scratch = scratch,
                        .function_name = first->function_name,
                        .function_version = first->function_version,
                        .memory_mb = first->memory_mb ? first->memory_mb : cold->memory_mb,
                        .init_timeout_ms =
                            cold->init_timeout_ms ? cold->init_timeout_ms : INIT_TIMEOUT_MS,
                        .timeout_ms = cold->timeout_ms,
                        .let_exit = cold->let_exit};
    spec.env = with_scratch(&spec.env_count, cold, scratch, arena);
    cp_status status = cp_run_cold(out, &spec, list, count, ctx, arena, err);
    cp_err ignored;
    (void)!cp_tree_remove(scratch, &ignored);
    if (status == CP_OK)
        hide_folders(out, cold, scratch, arena);
    return status;
}
