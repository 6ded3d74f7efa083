#include "target/run_env.h"

#include "core/buf.h"
#include "core/vec.h"

typedef CP_VEC(const char *) assignments;

static cp_str or_else(cp_str s, const char *fallback) {
    return s.n ? s : cp_str_of(fallback);
}

static void set(assignments *list, cp_arena *arena, const char *key, cp_str value) {
    cp_vec_push(list, cp_arena_fmt(arena, "%s=%.*s", key, CP_STR_ARG(value)).p);
}

// The task root itself is not in it: `python -m` puts the working folder first.
static cp_str python_path(cp_arena *arena, const cp_run_spec *spec) {
    CP_AUTOV(cp_buf) path = {0};
    for (size_t i = 0; i < spec->path_count; i++)
        cp_buf_addf(&path, "%.*s:", CP_STR_ARG(spec->paths[i]));
    if (spec->opt.n)
        cp_buf_addf(&path,
                    "%.*s/python/lib/python%.*s/site-packages:%.*s/python:", CP_STR_ARG(spec->opt),
                    CP_STR_ARG(spec->version), CP_STR_ARG(spec->opt));
    cp_buf_add(&path, spec->ric);
    return cp_arena_str(arena, cp_buf_str(&path));
}

const char *const *cp_run_environment(cp_arena *arena, const cp_run_spec *spec, uint16_t port) {
    assignments a = {0};
    cp_str task = spec->task_root, opt = or_else(spec->opt, "/opt");
    cp_str name = or_else(spec->function_name, "cloudpack-local");
    set(&a, arena, "PATH", CP_STR("/usr/local/bin:/usr/bin:/bin"));
    set(&a, arena, "LD_LIBRARY_PATH",
        cp_arena_fmt(arena, "%.*s:%.*s/lib:%.*s/lib", CP_STR_ARG(task), CP_STR_ARG(task),
                     CP_STR_ARG(opt)));
    set(&a, arena, "LANG", CP_STR("en_US.UTF-8"));
    set(&a, arena, "TZ", CP_STR(":UTC"));
    set(&a, arena, "HOME", spec->scratch);
    set(&a, arena, "TMPDIR", spec->scratch);
    set(&a, arena, "PYTHONPATH", python_path(arena, spec));
    if (spec->guard == CP_GUARD_FLAG)
        set(&a, arena, "PYTHONDONTWRITEBYTECODE", CP_STR("1"));
    set(&a, arena, "LAMBDA_TASK_ROOT", task);
    set(&a, arena, "LAMBDA_RUNTIME_DIR", spec->ric);
    set(&a, arena, "_HANDLER", spec->handler);
    set(&a, arena, "AWS_LAMBDA_RUNTIME_API", cp_arena_fmt(arena, "127.0.0.1:%u", port));
    set(&a, arena, "AWS_LAMBDA_FUNCTION_NAME", name);
    set(&a, arena, "AWS_LAMBDA_FUNCTION_VERSION", or_else(spec->function_version, "$LATEST"));
    set(&a, arena, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        cp_arena_fmt(arena, "%u", spec->memory_mb ? spec->memory_mb : 512));
    set(&a, arena, "AWS_LAMBDA_LOG_GROUP_NAME",
        cp_arena_fmt(arena, "/aws/lambda/%.*s", CP_STR_ARG(name)));
    set(&a, arena, "AWS_LAMBDA_LOG_STREAM_NAME", CP_STR("cloudpack"));
    set(&a, arena, "AWS_LAMBDA_INITIALIZATION_TYPE", CP_STR("on-demand"));
    set(&a, arena, "AWS_EXECUTION_ENV",
        cp_arena_fmt(arena, "AWS_Lambda_python%.*s", CP_STR_ARG(spec->version)));
    // Made up, so that a test run neither searches the machine for credentials nor reaches a real
    // account by accident; spec->env may put real ones over them.
    set(&a, arena, "AWS_REGION", CP_STR("us-east-1"));
    set(&a, arena, "AWS_DEFAULT_REGION", CP_STR("us-east-1"));
    set(&a, arena, "AWS_ACCESS_KEY_ID", CP_STR("cloudpack-local"));
    set(&a, arena, "AWS_SECRET_ACCESS_KEY", CP_STR("cloudpack-local"));
    cp_vec_push(&a, NULL);
    const char *const *base = cp_vec_to_arena(&a, arena);
    cp_vec_free(&a);
    return cp_env_with(arena, base, spec->env, spec->env_count);
}
