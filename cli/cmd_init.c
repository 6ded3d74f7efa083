#include "session.h"

#include "analyze/analyze.h"
#include "analyze/detect.h"
#include "core/file.h"
#include "core/path.h"

struct options {
    bool force;
    bool no_install;
};

// Takes what was found for every key that neither a flag nor the environment has set.
static cp_status fill(cp_cli *cli, const char *key, cp_str value, cp_str from, cp_err *err) {
    if (value.n == 0 || cp_config_origin(&cli->config, cp_str_of(key)))
        return CP_OK;
    cp_str origin = from.n ? from : cp_str_of("found");
    CP_TRY(cp_config_set(&cli->config, cp_str_of(key), value, cp_arena_cstr(cli->arena, origin),
                         cli->arena, err));
    if (from.n)
        cp_note(cli->ctx.sink, "init", "%s: %.*s (from %.*s)", key, CP_STR_ARG(value),
                CP_STR_ARG(from));
    return CP_OK;
}

// Without any statement of the project, the newest Python of Lambda that this machine can run.
static cp_str newest_python(cp_arena *arena) {
    static const char *const versions[] = {"3.13", "3.12", "3.11", "3.10"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        cp_python found;
        cp_err ignored = {0};
        if (cp_python_find(&found, cp_str_of(versions[i]), arena, &ignored) == CP_OK)
            return cp_str_of(versions[i]);
    }
    return CP_STR("3.13");
}

static cp_status find_out(cp_cli *cli, cp_str operand, cp_err *err) {
    cp_str project;
    CP_TRY(cp_session_project(&project, cli, err));
    cp_detected found;
    CP_TRY(cp_detect(&found, project, cli->arena, err));
    CP_TRY(fill(cli, "handler", operand, CP_STR("HANDLER"), err));
    CP_TRY(fill(cli, "name", found.name, CP_STR(""), err));
    CP_TRY(fill(cli, "handler", found.handler, found.handler_from, err));
    CP_TRY(fill(cli, "project", found.project, found.project_from, err));
    CP_TRY(fill(cli, "arch", found.arch, found.arch_from, err));
    CP_TRY(fill(cli, "memory_mb", found.memory, found.memory_from, err));
    CP_TRY(fill(cli, "timeout_s", found.timeout, found.timeout_from, err));
    CP_TRY(fill(cli, "python", found.python, found.python_from, err));
    CP_TRY(fill(cli, "python", newest_python(cli->arena), CP_STR("this machine"), err));
    if (!cp_config_origin(&cli->config, CP_STR("site_packages")))
        CP_TRY(fill(cli, "requirements", found.requirements, found.requirements, err));
    if (cli->config.handler.n == 0) {
        cp_fail(err, CP_ENOTFOUND,
                "no handler in %.*s: no def handler(event, context) or lambda_handler at the top "
                "of a .py file",
                CP_STR_ARG(project));
        return cp_hint(err, "name it: `cloudpack init app.handler`");
    }
    if (found.rivals.n)
        cp_note(cli->ctx.sink, "init",
                "other handlers here: %.*s; one configuration is for one function",
                CP_STR_ARG(found.rivals));
    return CP_OK;
}

// Better now than in a file that says it for good: is there such a file, and such a function in it?
// Packages play no part in that.
static cp_status check_handler(cp_cli *cli, cp_err *err) {
    cp_sink quiet = {0};
    cp_ctx ctx = {.sink = &quiet, .interrupted = cli->ctx.interrupted};
    CP_AUTOV(cp_arena) scratch = {0};
    const cp_facts *facts;
    cp_analyze_options o = {
        .handler = cli->config.handler, .python = cli->config.python, .arch = cli->config.arch};
    CP_TRY(cp_session_project(&o.project_root, cli, err));
    return cp_analyze(&facts, &o, &ctx, &scratch, err);
}

static cp_status run(cp_cli *cli, const void *opaque, int argc, char *const argv[], cp_err *err) {
    const struct options *options = opaque;
    cp_str path = cp_path_join(cli->arena, cli->root, CP_STR("cloudpack.yml"));
    if (cli->has_config_file && !options->force) {
        cp_fail(err, CP_EUSAGE, "%.*s is there already", CP_STR_ARG(path));
        return cp_hint(err, "edit it, or `cloudpack init --force` to write a new one");
    }
    CP_TRY(find_out(cli, argc ? cp_str_of(argv[0]) : CP_STR(""), err));
    CP_TRY(cp_config_check(&cli->config, err));
    CP_TRY(cp_session_requirements(cli, err));
    CP_TRY(check_handler(cli, err));
    CP_AUTOV(cp_buf) text = {0};
    cp_config_write_template(&text, &cli->config);
    CP_TRY(cp_file_write(path, cp_buf_str(&text), err));
    (void)printf("wrote %.*s\n", CP_STR_ARG(path));
    if (options->no_install)
        return CP_OK;
    cp_str site;
    CP_TRY(cp_session_site(&site, cli, err));
    if (site.n)
        (void)printf("packages for Python %.*s (%.*s): %.*s\n", CP_STR_ARG(cli->config.python),
                     CP_STR_ARG(cli->config.arch), CP_STR_ARG(site));
    (void)printf(
        "next: cloudpack analyze && cloudpack profile && cloudpack optimize && cloudpack build && "
        "cloudpack verify\n");
    return CP_OK;
}

static const cp_opt opts[] = {
    {"force", 'f', CP_OPT_FLAG, offsetof(struct options, force), NULL, NULL,
     "replace an existing cloudpack.yml"},
    {"no-install", 0, CP_OPT_FLAG, offsetof(struct options, no_install), NULL, NULL,
     "write the settings only"},
    {"name", 0, CP_OPT_CONFIG, 0, "name", "NAME", "name of the function"},
    {"target-python", 0, CP_OPT_CONFIG, 0, "python", "X.Y", "Python version on Lambda"},
    {"target-arch", 0, CP_OPT_CONFIG, 0, "arch", "ARCH", "x86_64 or arm64"},
    {"requirements", 'r', CP_OPT_CONFIG, 0, "requirements", "FILE",
     "requirements.txt, pyproject.toml or uv.lock"},
    {"site-packages", 0, CP_OPT_CONFIG, 0, "site_packages", "DIR",
     "use the packages of this folder as they are"},
};

extern const cp_cmd cp_cmd_init;
const cp_cmd cp_cmd_init = {
    .name = "init",
    .synopsis = "[HANDLER]",
    .summary = "find handler, Python and requirements; write cloudpack.yml; install for the target",
    .options = opts,
    .option_count = sizeof opts / sizeof *opts,
    .options_size = sizeof(struct options),
    .max_operands = 1,
    .run = run,
};
