#include "session.h"

#include "verify/verify.h"

struct options {
    bool local;
    const char *out;
    const char *endpoint_url;
};

static cp_status run(cp_cli *cli, const void *opaque, int argc, char *const argv[], cp_err *err) {
    const struct options *flags = opaque;
    if (argc != 1 || !flags->local) {
        cp_fail(err, CP_EUSAGE,
                argc != 1 ? "invoke wants one event file"
                          : "invoke runs on this machine only: --local is missing");
        return cp_hint(err, "usage: cloudpack invoke --local EVENT.json");
    }
    CP_AUTO(cp_store) store = NULL;
    CP_TRY(cp_session_store(&store, cli, err));
    const cp_facts *facts;
    CP_TRY(cp_store_get_facts(&facts, store, cli->arena, err));
    cp_test_event event;
    CP_TRY(cp_event_load(&event, cp_str_of(argv[0]), cli->arena, err));
    cp_target target;
    CP_TRY(cp_session_target(&target, cli, facts->python, err));
    cp_verify_options options;
    cp_session_verify_options(&options, cli, flags->out, flags->endpoint_url);
    cp_str json, log;
    bool raised;
    CP_TRY(cp_invoke_local(&json, &raised, &log, &target, &options, &event, &cli->ctx, cli->arena,
                           err));
    (void)fprintf(stderr, "%.*s", CP_STR_ARG(log));
    (void)printf("%.*s\n", CP_STR_ARG(json));
    if (raised)
        return err->message[0] = '\0', err->status = CP_EIO, CP_EIO; // the document says it all
    return CP_OK;
}

static const cp_opt opts[] = {
    {"local", 'l', CP_OPT_FLAG, offsetof(struct options, local), NULL, NULL,
     "in a cold process of this machine, with the built artefacts"},
    {"out", 'o', CP_OPT_STRING, offsetof(struct options, out), NULL, "DIR",
     "the build to run (default: .cloudpack/build)"},
    {"endpoint-url", 0, CP_OPT_STRING, offsetof(struct options, endpoint_url), NULL, "URL",
     "fetch from this S3 server instead of the build folder"},
};

extern const cp_cmd cp_cmd_invoke;
const cp_cmd cp_cmd_invoke = {
    .name = "invoke",
    .synopsis = "--local EVENT.json",
    .summary = "run one event and print the result",
    .options = opts,
    .option_count = sizeof opts / sizeof *opts,
    .options_size = sizeof(struct options),
    .max_operands = 1,
    .run = run,
};
