// main.c - finds the command, opens what it needs, renders the error, chooses the exit code.
#include "core/file.h"
#include "core/path.h"
#include "opt.h"
#include "render.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CP_CMD(name) extern const cp_cmd cp_cmd_##name;
#include "commands.def"
#undef CP_CMD
const cp_cmd *const cp_cmds[] = {
#define CP_CMD(name) &cp_cmd_##name,
#include "commands.def"
#undef CP_CMD
};
const size_t cp_cmds_count = sizeof cp_cmds / sizeof *cp_cmds;

extern char **environ;

static volatile sig_atomic_t interrupted;
static volatile int interrupted_flag;

static void on_interrupt(int signal_number) {
    if (interrupted) // a second ^C means now
        _exit(128 + signal_number);
    interrupted = 1;
    interrupted_flag = 1;
}

static int exit_code(cp_status status) {
    switch (status) {
    case CP_OK:
        return 0;
    case CP_EUSAGE:
        return 2;
    case CP_EINFEASIBLE:
        return 3;
    case CP_EREMOTE:
        return 5;
    case CP_ECHECK:
        return 6;
    case CP_EINTR:
        return 130;
    default:
        return 1;
    }
}

// cloudpack.yml here or in a folder above, up to the one that holds .git; empty when there is none.
static cp_str find_config(cp_arena *arena) {
    char cwd[PATH_MAX];
    if (!getcwd(cwd, sizeof cwd))
        return CP_STR("");
    for (cp_str dir = cp_arena_str(arena, cp_str_of(cwd));; dir = cp_path_dir(dir)) {
        cp_str path = cp_path_join(arena, dir, CP_STR("cloudpack.yml"));
        if (cp_file_exists(path))
            return path;
        if (dir.n <= 1 || cp_file_exists(cp_path_join(arena, dir, CP_STR(".git"))))
            return CP_STR("");
    }
}

// Where packages come from, said on the command line, takes the place of the other way to say it
// in the file; both on the command line stay, and are refused later.
static void replace_packages(cp_config *config, const char *key) {
    bool site = strcmp(key, "site_packages") == 0, file = strcmp(key, "requirements") == 0;
    const char *other = site ? "requirements" : "site_packages";
    const char *origin = cp_config_origin(config, cp_str_of(other));
    if ((!site && !file) || (origin && origin[0] == '-'))
        return;
    if (site)
        config->requirements = CP_STR("");
    else
        config->site_packages = CP_STR("");
}

// Flag > environment > cloudpack.yml > default.
static cp_status load_settings(cp_cli *cli, const cp_parsed *parsed, cp_err *err) {
    cp_str path = parsed->common.config_path ? cp_str_of(parsed->common.config_path)
                                             : find_config(cli->arena);
    cp_config_default(&cli->config);
    cp_str dir = CP_STR(".");
    if (path.n) {
        CP_TRY(cp_config_load(&cli->config, path, cli->arena, err));
        cli->has_config_file = true;
        dir = cp_path_dir(path).n ? cp_path_dir(path) : dir;
    }
    CP_TRY(cp_path_real(&cli->root, cli->arena, dir, err));
    CP_TRY(cp_config_from_env(&cli->config, (const char *const *)environ, cli->arena, err));
    for (size_t i = 0; i < parsed->setting_count; i++) {
        const cp_setting *s = &parsed->settings[i];
        cp_str origin = cp_arena_fmt(cli->arena, "--%s", s->flag);
        replace_packages(&cli->config, s->key);
        CP_TRY(cp_config_set(&cli->config, cp_str_of(s->key), cp_str_of(s->value), origin.p,
                             cli->arena, err));
    }
    cli->work = cp_path_join(cli->arena, cli->root, CP_STR(".cloudpack"));
    cp_str store = cp_path_join(cli->arena, cli->work, CP_STR("store.db"));
    cli->store_path = parsed->common.store_path ? cp_str_of(parsed->common.store_path) : store;
    return CP_OK;
}

static cp_status run(const cp_cmd *cmd, cp_cli *cli, cp_render *render, int argc, char **argv,
                     cp_err *err) {
    cp_parsed parsed;
    void *values = cp_arena_alloc(cli->arena, cmd->options_size);
    CP_TRY(cp_opt_parse(&parsed, values, cmd, argc, argv, err));
    if (parsed.common.help) {
        cp_opt_print_help(stdout, cmd);
        return CP_OK;
    }
    if (parsed.common.json_set)
        cli->json = parsed.common.json ? CP_JSON_LINES : CP_JSON_DOCUMENT;
    render->json = cli->json;
    render->quiet = cli->quiet = parsed.common.quiet;
    render->verbose = cli->verbose = parsed.common.verbose;
    CP_TRY(load_settings(cli, &parsed, err));
    return cmd->run(cli, values, argc - parsed.first_operand, argv + parsed.first_operand, err);
}

static cp_status unknown_command(const char *word, cp_err *err) {
    if (word[0] == '-') {
        cp_fail(err, CP_EUSAGE, "unknown option %s", word);
        size_t version = cp_str_distance(cp_str_of(word), CP_STR("--version"));
        if (version < 4)
            return cp_hint(err, "did you mean --version?");
        return cp_hint(err, "options follow the command: cloudpack COMMAND [options]");
    }
    cp_fail(err, CP_EUSAGE, "'%s' is not a command", word);
    const cp_cmd *near = cp_cmd_nearest(word);
    return cp_hint(err,
                   near ? "did you mean `cloudpack %s`?" : "`cloudpack help` lists the commands%s",
                   near ? near->name : "");
}

// A full disk or a closed pipe behind standard output shows at the latest here.
static int end_output(cp_render *render, cp_status status) {
    cp_err err = {0};
    if (fflush(stdout) == 0 && !ferror(stdout))
        return exit_code(status);
    cp_fail_errno(&err, errno, "write to standard output");
    cp_render_error(render, &err);
    return status == CP_OK ? 1 : exit_code(status);
}

static int run_command(int argc, char **argv, cp_render *render) {
    cp_err err = {0};
    const cp_cmd *cmd = cp_cmd_find(argv[1]);
    if (!cmd) {
        (void)unknown_command(argv[1], &err);
        cp_render_error(render, &err);
        return exit_code(err.status);
    }
    CP_AUTOV(cp_arena) arena = {0};
    cp_sink sink = cp_render_sink(render);
    cp_cli cli = {.arena = &arena};
    cli.ctx = (cp_ctx){.sink = &sink, .interrupted = &interrupted_flag};
    cp_status status = run(cmd, &cli, render, argc - 1, argv + 1, &err);
    cp_render_end(render);
    if (status != CP_OK && err.message[0])
        cp_render_error(render, &err);
    return end_output(render, status);
}

// Started with a closed standard stream, the first file opened would take its number, and output
// would go into it. Standard output stays one that cannot be written to, so that this is noticed.
static void hold_standard_streams(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv) {
    hold_standard_streams();
    struct sigaction action = {.sa_handler = on_interrupt};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    cp_render render = {0};
    cp_render_init(&render);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cp_opt_print_overview(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : end_output(&render, CP_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("cloudpack %s\n", CP_VERSION);
        return end_output(&render, CP_OK);
    }
    return run_command(argc, argv, &render);
}
