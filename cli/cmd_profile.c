#include "session.h"
#include "text.h"

#include "profile/profile.h"

#include <stdlib.h>

enum { SHOWN = 12 };

static int slower_first(const void *a, const void *b) {
    const cp_module_profile *const *x = a, *const *y = b;
    return ((*x)->self_ms < (*y)->self_ms) - ((*x)->self_ms > (*y)->self_ms);
}

static void print_modules(cp_arena *arena, const cp_profile *p) {
    const cp_module_profile **sorted =
        CP_ARENA_ARRAY(arena, const cp_module_profile *, p->module_count);
    for (uint32_t i = 0; i < p->module_count; i++)
        sorted[i] = &p->modules[i];
    if (p->module_count)
        qsort(sorted, p->module_count, sizeof(void *), slower_first);
    cp_table table;
    cp_table_start(&table, arena, 4);
    const char *const heads[] = {"slowest modules", "own time", "when", "functions run"};
    for (size_t i = 0; i < 4; i++)
        cp_table_add(&table, cp_str_of(heads[i]));
    for (uint32_t i = 0; i < p->module_count && i < SHOWN; i++) {
        cp_table_add(&table, sorted[i]->name);
        cp_table_add(&table, cp_text_ms(arena, sorted[i]->self_ms));
        cp_table_add(&table, sorted[i]->phase ? cp_arena_fmt(arena, "event %u", sorted[i]->phase)
                                              : CP_STR("init"));
        cp_table_add(&table, sorted[i]->used ? CP_STR("yes") : CP_STR("no"));
    }
    CP_AUTOV(cp_buf) out = {0};
    cp_table_render(&table, &out, 2);
    (void)printf("\n%s", out.p ? out.p : "");
}

static void print(cp_cli *cli, const cp_profile *p) {
    cp_arena *a = cli->arena;
    uint32_t initial = 0;
    for (uint32_t i = 0; i < p->module_count; i++)
        initial += p->modules[i].phase == 0;
    (void)printf("%u cold runs with valid bytecode: init %.*s median, %.*s p95; first event %.*s; "
                 "CPU %.*s\n",
                 p->runs, CP_STR_ARG(cp_text_ms(a, p->init_ms)),
                 CP_STR_ARG(cp_text_ms(a, p->init_p95_ms)), CP_STR_ARG(cp_text_ms(a, p->first_ms)),
                 CP_STR_ARG(cp_text_ms(a, p->cpu_ms)));
    (void)printf("  of which %.*s are the interpreter and AWS's runtime client\n",
                 CP_STR_ARG(cp_text_ms(a, p->runtime_ms)));
    (void)printf(
        "  %u modules loaded, %u of them during init; %u files opened; %.*s memory at most\n",
        p->module_count, initial, p->opened_count,
        CP_STR_ARG(cp_text_bytes(a, p->peak_memory_bytes)));
    print_modules(a, p);
}

static cp_status run(cp_cli *cli, const void *opaque, int argc, char *const argv[], cp_err *err) {
    (void)opaque, (void)argc, (void)argv;
    CP_AUTO(cp_store) store = NULL;
    CP_TRY(cp_session_store(&store, cli, err));
    const cp_facts *facts;
    CP_TRY(cp_store_get_facts(&facts, store, cli->arena, err));
    cp_events events;
    CP_TRY(cp_session_events(&events, cli, err));
    cp_target target;
    CP_TRY(cp_session_target(&target, cli, facts->python, err));
    cp_profile_options options = {
        .runs = (uint32_t)cli->config.profile_runs,
        .memory_mb = (uint32_t)cli->config.memory_mb,
        .timeout_ms = (uint32_t)cli->config.timeout_s * 1000,
    };
    const cp_profile *profile;
    CP_TRY(cp_profile_run(&profile, &target, &options, facts, events.v, events.n, &cli->ctx,
                          cli->arena, err));
    CP_TRY(cp_store_put_profile(store, profile, err));
    if (!cli->json) {
        print(cli, profile);
        return CP_OK;
    }
    CP_AUTOV(cp_buf) out = {0};
    cp_profile_to_json(&out, profile, facts);
    cp_session_print(cli, cp_buf_str(&out));
    return CP_OK;
}

static const cp_opt opts[] = {
    {"events", 'e', CP_OPT_CONFIG, 0, "events", "DIR", "folder of *.json events"},
    {"runs", 'n', CP_OPT_CONFIG, 0, "profile.runs", "N", "cold runs that are timed"},
};

extern const cp_cmd cp_cmd_profile;
const cp_cmd cp_cmd_profile = {
    .name = "profile",
    .synopsis = "",
    .summary = "run the handler on its events in cold processes of the target Python",
    .options = opts,
    .option_count = sizeof opts / sizeof *opts,
    .max_operands = 0,
    .json = true,
    .run = run,
};
