#include "opt.h"

#include "core/child.h"
#include "core/file.h"
#include "core/path.h"

#include <stdlib.h>
#include <unistd.h>

// The page of the source tree or of the installation, beside the program or where it was installed
// to.
static cp_str find_page(cp_arena *arena, cp_str name) {
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    cp_str bin = n > 0 ? cp_path_dir(cp_arena_str(arena, (cp_str){self, (size_t)n})) : CP_STR(".");
    const char *const places[] = {"../share/man/man1", "../man", "../../man", "../../../man",
                                  CP_MAN_DIR};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cp_str page = cp_path_join(arena, cp_path_join(arena, bin, cp_str_of(places[i])), name);
        if (cp_file_exists(page))
            return page;
        cp_str gz = cp_arena_fmt(arena, "%.*s.gz", CP_STR_ARG(page));
        if (cp_file_exists(gz))
            return gz;
    }
    return CP_STR("");
}

static cp_status run(cp_cli *cli, const void *options, int argc, char *const argv[], cp_err *err) {
    (void)options;
    const cp_cmd *cmd = argc ? cp_cmd_find(argv[0]) : NULL;
    if (argc && !cmd) {
        cp_fail(err, CP_EUSAGE, "no help for '%s'", argv[0]);
        const cp_cmd *near = cp_cmd_nearest(argv[0]);
        return cp_hint(err,
                       near ? "did you mean `cloudpack help %s`?"
                            : "`cloudpack help` lists the commands%s",
                       near ? near->name : "");
    }
    if (!cmd) {
        cp_opt_print_overview(stdout);
        return CP_OK;
    }
    cp_str page = find_page(cli->arena, cp_arena_fmt(cli->arena, "cloudpack-%s.1", cmd->name));
    cp_str man = cp_find_program(cli->arena, "man");
    if (page.n && man.n && isatty(STDOUT_FILENO)) {
        (void)fflush(stdout);
        (void)execl(man.p, "man", "-l", page.p, (char *)NULL);
    }
    cp_opt_print_help(stdout, cmd);
    return CP_OK;
}

extern const cp_cmd cp_cmd_help;
const cp_cmd cp_cmd_help = {
    .name = "help",
    .synopsis = "[COMMAND]",
    .summary = "show the manual page of a command",
    .max_operands = 1,
    .run = run,
};
