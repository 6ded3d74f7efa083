#include "session.h"
#include "text.h"

#include "core/file.h"
#include "solvers/solver.h"

enum { LARGEST_PROBLEM = 256 << 20 };

struct options {
    const char *solver;
    const char *time_limit;
};

static void print(cp_cli *cli, const cp_problem *problem, const cp_placement *p) {
    (void)printf("%s", cp_placement_status_name(p->status));
    if (p->tier)
        (void)printf(": objective %lld, bound %lld, gap %.2g", (long long)p->objective,
                     (long long)p->bound, p->gap);
    (void)printf(" (%s, %.1f ms)\n", cp_arena_cstr(cli->arena, p->solver), p->solve_ms);
    for (uint32_t t = 0; p->tier && t < problem->tier_count; t++) {
        uint32_t items = 0;
        for (uint32_t i = 0; i < p->item_count; i++)
            items += p->tier[i] == t;
        if (items)
            (void)printf("  %-10.*s %u items\n", CP_STR_ARG(problem->tiers[t].name), items);
    }
}

// The status of the command: a problem without placement is exit 3, one that ran out of effort
// exit 1, one that was interrupted before its proof exit 130, its best placement printed.
static cp_status conclude(const cp_cli *cli, const cp_problem *problem, const cp_placement *p,
                          cp_err *err) {
    bool open_end = p->status == CP_PLACEMENT_FEASIBLE || p->status == CP_PLACEMENT_UNKNOWN;
    if (open_end && cp_interrupted(&cli->ctx))
        return cp_fail(err, CP_EINTR, "interrupted: %s",
                       p->tier ? "this is the best placement so far"
                               : "no placement was found yet");
    if (p->status == CP_PLACEMENT_UNKNOWN)
        return cp_fail(err, CP_EIO,
                       "no placement found within the time limit, and no proof that there is none");
    if (p->status != CP_PLACEMENT_INFEASIBLE)
        return CP_OK;
    CP_AUTOV(cp_buf) why = {.max = 900};
    cp_conflicts_text(&why, problem, p);
    return cp_fail(err, CP_EINFEASIBLE, "%s", why.p ? why.p : "no placement keeps all limits");
}

static cp_status run(cp_cli *cli, const void *opaque, int argc, char *const argv[], cp_err *err) {
    const struct options *options = opaque;
    if (argc != 1) {
        cp_fail(err, CP_EUSAGE, "solve wants one problem file");
        return cp_hint(err, "`cloudpack optimize --dump-problem FILE` writes one");
    }
    cp_effort effort = {.interrupted = cli->ctx.interrupted};
    CP_TRY(cp_session_seconds(&effort.seconds, options->time_limit, err));
    cp_str text;
    CP_TRY(cp_file_read(&text, cli->arena, cp_str_of(argv[0]), LARGEST_PROBLEM, err));
    cp_problem *problem;
    CP_TRY(cp_problem_from_json(&problem, text, argv[0], cli->arena, err));
    cp_placement *placement;
    CP_TRY(cp_solve(&placement, problem, cp_str_of(options->solver), &effort, cli->arena, err));
    if (cli->json) {
        CP_AUTOV(cp_buf) out = {0};
        cp_placement_to_json(&out, problem, placement);
        cp_session_print(cli, cp_buf_str(&out));
    } else {
        print(cli, problem, placement);
    }
    return conclude(cli, problem, placement, err);
}

static const cp_opt opts[] = {
    {"solver", 0, CP_OPT_STRING, offsetof(struct options, solver), NULL, "NAME", "glpk or greedy"},
    {"time-limit", 0, CP_OPT_STRING, offsetof(struct options, time_limit), NULL, "TIME",
     "stop with the best placement and its proved bound (default: 20s)"},
};

extern const cp_cmd cp_cmd_solve;
const cp_cmd cp_cmd_solve = {
    .name = "solve",
    .synopsis = "PROBLEM.json",
    .summary = "solve a bare placement problem",
    .options = opts,
    .option_count = sizeof opts / sizeof *opts,
    .options_size = sizeof(struct options),
    .max_operands = 1,
    .json = true,
    .run = run,
};
