#include "session.h"
#include "text.h"

#include "analyze/analyze.h"
#include "analyze/json.h"

struct totals {
    uint64_t bytes, initial_bytes, reached_bytes;
    uint32_t modules, initial, reached;
};

static struct totals add_up(const cp_facts *facts) {
    struct totals t = {0};
    for (uint32_t i = 0; i < facts->file_count; i++)
        t.bytes += facts->files[i].bytes;
    for (uint32_t i = 0; i < facts->module_count; i++) {
        const cp_module_fact *m = &facts->modules[i];
        uint64_t bytes = m->file == CP_NONE ? 0 : facts->files[m->file].bytes;
        t.modules++;
        t.initial += m->initial;
        t.reached += m->reached;
        t.initial_bytes += m->initial ? bytes : 0;
        t.reached_bytes += m->reached ? bytes : 0;
    }
    return t;
}

static void add_row(cp_table *table, const char *what, uint64_t count, uint64_t bytes) {
    cp_table_add(table, cp_str_of(what));
    cp_table_add(table, cp_text_count(table->arena, count));
    cp_table_add(table, cp_text_bytes(table->arena, bytes));
}

static void print(cp_cli *cli, const cp_facts *facts) {
    struct totals t = add_up(facts);
    (void)printf("%.*s on Python %.*s (%.*s)\n\n", CP_STR_ARG(facts->handler),
                 CP_STR_ARG(facts->python), CP_STR_ARG(facts->arch));
    cp_table table;
    cp_table_start(&table, cli->arena, 3);
    cp_table_add(&table, CP_STR(""));
    cp_table_add(&table, CP_STR("count"));
    cp_table_add(&table, CP_STR("size"));
    add_row(&table, "files installed", facts->file_count, t.bytes);
    add_row(&table, "modules that can be reached", t.reached, t.reached_bytes);
    add_row(&table, "modules loaded at start", t.initial, t.initial_bytes);
    CP_AUTOV(cp_buf) out = {0};
    cp_table_render(&table, &out, 2);
    (void)printf("%s\n", out.p);
    (void)printf(
        "  %u distributions, %u imports read, %u could not be followed, %u not found (%.2f s)\n",
        facts->distribution_count, facts->import_count, facts->opaque_count, facts->missing_count,
        facts->seconds);
}

// What Lambda's image brings (docs.aws.amazon.com/lambda/latest/dg/lambda-python.html, 2025-11).
static bool is_in_runtime(cp_str module) {
    static const char *const names[] = {"boto3",    "botocore", "s3transfer", "jmespath",
                                        "dateutil", "urllib3",  "six",        "awslambdaric"};
    cp_str top = cp_str_sub(module, 0, cp_str_find(module, '.', 0));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cp_str_is(top, names[i]))
            return true;
    return false;
}

// Nothing guards these imports, so the function would not start. Packages are another matter: whole
// modules of theirs are imported inside a try elsewhere.
static void warn_missing(cp_cli *cli, const cp_facts *facts) {
    for (uint32_t i = 0; i < facts->missing_count; i++) {
        const cp_place_fact *m = &facts->missing[i];
        const cp_module_fact *from = &facts->modules[m->from];
        if (m->context != CP_IMPORT_INIT || !from->initial || from->file == CP_NONE ||
            facts->files[from->file].root != CP_ROOT_PROJECT || is_in_runtime(m->text))
            continue;
        cp_warn_at(cli->ctx.sink, "analyze", cp_facts_path(cli->arena, facts, from->file), m->line,
                   0, "%.*s is neither in the project nor among the packages", CP_STR_ARG(m->text));
    }
}

static cp_status run(cp_cli *cli, const void *opaque, int argc, char *const argv[], cp_err *err) {
    (void)opaque;
    if (argc == 1)
        CP_TRY(cp_config_set(&cli->config, CP_STR("handler"), cp_str_of(argv[0]), "HANDLER",
                             cli->arena, err));
    const cp_facts *facts;
    CP_TRY(cp_session_analyze(&facts, cli, err));
    warn_missing(cli, facts);
    CP_AUTO(cp_store) store = NULL;
    CP_TRY(cp_store_open(&store, cli->store_path, err));
    CP_TRY(cp_store_put_facts(store, facts, err));
    if (!cli->json) {
        print(cli, facts);
        return CP_OK;
    }
    CP_AUTOV(cp_buf) out = {0};
    cp_facts_to_json(&out, facts);
    cp_session_print(cli, cp_buf_str(&out));
    return CP_OK;
}

static const cp_opt opts[] = {
    {"target-python", 0, CP_OPT_CONFIG, 0, "python", "X.Y", "Python version on Lambda"},
    {"target-arch", 0, CP_OPT_CONFIG, 0, "arch", "ARCH", "x86_64 or arm64"},
    {"requirements", 'r', CP_OPT_CONFIG, 0, "requirements", "FILE",
     "requirements.txt, pyproject.toml or uv.lock"},
    {"site-packages", 0, CP_OPT_CONFIG, 0, "site_packages", "DIR",
     "use the packages of this folder as they are"},
};

extern const cp_cmd cp_cmd_analyze;
const cp_cmd cp_cmd_analyze = {
    .name = "analyze",
    .synopsis = "[HANDLER]",
    .summary = "follow the imports from the handler; record every file and why it is needed",
    .options = opts,
    .option_count = sizeof opts / sizeof *opts,
    .max_operands = 1,
    .json = true,
    .run = run,
};
