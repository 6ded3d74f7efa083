#include "session.h"

#include "analyze/analyze.h"
#include "config/values.h"
#include "core/file.h"
#include "core/path.h"
#include "data/json.h"
#include "optimize/optimize.h"
#include "target/install.h"

#include <stdlib.h>
#include <time.h>

cp_str cp_session_path(cp_cli *cli, cp_str path) {
    return cp_path_join(cli->arena, cli->root, path);
}

cp_status cp_session_project(cp_str *out, cp_cli *cli, cp_err *err) {
    cp_str path = cp_session_path(cli, cli->config.project);
    if (!cp_file_is_dir(path)) {
        cp_fail(err, CP_ENOTFOUND, "project: no folder %.*s", CP_STR_ARG(path));
        return cp_hint(err, "`project` is the folder with your own code, seen from cloudpack.yml");
    }
    return cp_path_real(out, cli->arena, path, err);
}

cp_status cp_session_requirements(cp_cli *cli, cp_err *err) {
    cp_str path = cp_session_path(cli, cli->config.requirements);
    if (cli->config.requirements.n == 0 || (cp_file_exists(path) && !cp_file_is_dir(path)))
        return CP_OK;
    cp_fail(err, CP_ENOTFOUND, "requirements: no file %.*s", CP_STR_ARG(path));
    return cp_hint(err, "name a requirements.txt, pyproject.toml or uv.lock, or use "
                        "--site-packages DIR");
}

cp_status cp_session_site(cp_str *out, cp_cli *cli, cp_err *err) {
    const cp_config *c = &cli->config;
    *out = CP_STR("");
    if (c->site_packages.n) {
        cp_str path = cp_session_path(cli, c->site_packages);
        if (!cp_file_is_dir(path)) {
            cp_fail(err, CP_ENOTFOUND, "site_packages: no folder %.*s", CP_STR_ARG(path));
            return cp_hint(err, "name the folder that holds the *.dist-info folders");
        }
        return cp_path_real(out, cli->arena, path, err);
    }
    if (c->requirements.n == 0)
        return CP_OK;
    CP_TRY(cp_session_requirements(cli, err));
    CP_TRY(cp_dir_make(cli->work, err));
    cp_install_spec spec = {.version = c->python, .arch = c->arch, .work = cli->work};
    return cp_install(out, &spec, cp_session_path(cli, c->requirements), &cli->ctx, cli->arena,
                      err);
}

// Without a configured version, the newest of Lambda's that this machine has would make results
// depend on the machine; so it has to be said once.
static cp_status need_target(const cp_config *c, cp_err *err) {
    if (c->handler.n == 0) {
        cp_fail(err, CP_EUSAGE, "no handler given");
        return cp_hint(err,
                       "`cloudpack init` finds it, or name it: `cloudpack analyze app.handler`");
    }
    if (c->python.n == 0) {
        cp_fail(err, CP_EUSAGE, "the Python version of the function is not known");
        return cp_hint(err, "set `python: \"3.12\"` in cloudpack.yml or use --target-python 3.12");
    }
    return CP_OK;
}

cp_status cp_session_analyze(const cp_facts **out, cp_cli *cli, cp_err *err) {
    CP_TRY(cp_config_check(&cli->config, err));
    CP_TRY(need_target(&cli->config, err));
    cp_analyze_options options = {
        .handler = cli->config.handler, .python = cli->config.python, .arch = cli->config.arch};
    CP_TRY(cp_session_project(&options.project_root, cli, err));
    CP_TRY(cp_session_site(&options.site_root, cli, err));
    return cp_analyze(out, &options, &cli->ctx, cli->arena, err);
}

cp_status cp_session_store(cp_store **out, cp_cli *cli, cp_err *err) {
    if (!cp_file_exists(cli->store_path)) {
        cp_fail(err, CP_ENOTFOUND, "nothing is known about a function here: no %.*s",
                CP_STR_ARG(cli->store_path));
        return cp_hint(err, "run `cloudpack analyze` first");
    }
    return cp_store_open(out, cli->store_path, err);
}

cp_status cp_session_profile(const cp_profile **out, cp_cli *cli, cp_store *store,
                             const cp_facts *facts, cp_err *err) {
    cp_err missing = {0};
    *out = NULL;
    cp_status status = cp_store_get_profile(out, store, cli->arena, &missing);
    if (status == CP_ENOTFOUND)
        return CP_OK;
    if (status != CP_OK) {
        *err = missing;
        return status;
    }
    if (!cp_str_eq((*out)->facts_digest, cp_facts_digest(cli->arena, facts))) {
        cp_note(cli->ctx.sink, "optimize",
                "the profile is about other files and is left aside; "
                "`cloudpack profile` makes a new one");
        *out = NULL;
    }
    return CP_OK;
}

cp_status cp_session_plan(const cp_plan **out, cp_cli *cli, cp_store *store, const cp_facts *facts,
                          cp_err *err) {
    CP_TRY(cp_store_get_plan(out, NULL, store, cli->arena, err));
    if (cp_str_eq((*out)->digest, cp_plan_digest(*out, facts, cli->arena)))
        return CP_OK;
    cp_fail(err, CP_ESTALE, "the plan is about an older analysis of this function");
    return cp_hint(err, "`cloudpack optimize` makes a new one");
}

cp_status cp_session_target(cp_target *out, cp_cli *cli, cp_str version, cp_err *err) {
    CP_TRY(cp_dir_make(cli->work, err));
    return cp_target_open(out, version, cli->work, &cli->ctx, cli->arena, err);
}

cp_status cp_session_events(cp_events *out, cp_cli *cli, cp_err *err) {
    return cp_events_load(&out->v, &out->n, cp_session_path(cli, cli->config.events), cli->arena,
                          err);
}

cp_status cp_session_seconds(double *seconds, const char *text, cp_err *err) {
    if (!text)
        return CP_OK;
    double ms;
    if (cp_parse_duration_ms(&ms, cp_str_of(text), err) != CP_OK)
        return cp_wrap(err, "--time-limit");
    *seconds = ms / 1000;
    return CP_OK;
}

void cp_session_verify_options(cp_verify_options *out, cp_cli *cli, const char *build_dir,
                               const char *endpoint_url) {
    // Runs see nothing of our environment, so what a real S3 server needs is handed over by name.
    static const char *const passed[] = {"AWS_ENDPOINT_URL",  "AWS_ENDPOINT_URL_S3",
                                         "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                         "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"};
    const size_t most = sizeof passed / sizeof *passed + 1;
    const char **env = CP_ARENA_ARRAY(cli->arena, const char *, most);
    size_t count = 0;
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        if (getenv(passed[i]) && !(endpoint_url && i < 2))
            env[count++] = cp_arena_fmt(cli->arena, "%s=%s", passed[i], getenv(passed[i])).p;
    if (endpoint_url)
        env[count++] = cp_arena_fmt(cli->arena, "AWS_ENDPOINT_URL_S3=%s", endpoint_url).p;
    *out = (cp_verify_options){
        .build = cp_session_build_dir(cli, build_dir),
        .mount_point = cli->config.mount_path,
        .runs = (uint32_t)cli->config.verify_runs,
        .memory_mb = (uint32_t)cli->config.memory_mb,
        .timeout_ms = (uint32_t)cli->config.timeout_s * 1000,
        .env = env,
        .env_count = count,
    };
}

cp_str cp_session_build_dir(cp_cli *cli, const char *out) {
    return out ? cp_arena_str(cli->arena, cp_str_of(out))
               : cp_path_join(cli->arena, cli->work, CP_STR("build"));
}

void cp_session_print(cp_cli *cli, cp_str json) {
    cp_err ignored = {0};
    CP_AUTO(cp_json_doc) doc = NULL;
    // With progress events, every object has to be one line.
    if (cli->json == CP_JSON_LINES &&
        cp_json_parse(&doc, json, json.n, "output", &ignored) == CP_OK)
        json = cp_json_text(cp_json_root(doc), cli->arena);
    (void)fwrite(json.p, 1, json.n, stdout);
    if (json.n == 0 || json.p[json.n - 1] != '\n')
        (void)fputc('\n', stdout);
}

int64_t cp_session_now_ms(void) {
    uint64_t fixed;
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    if (epoch && cp_str_to_u64(&fixed, cp_str_of(epoch)) && fixed < UINT32_MAX)
        return (int64_t)fixed * 1000;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
