#include "session.h"

#include "verify/verify.h"

struct options {
    const char *out;
    const char *endpoint_url;
};

static cp_status verify(cp_verify *out, cp_cli *cli, const struct options *flags, cp_err *err) {
    CP_AUTO(cp_store) store = NULL;
    CP_TRY(cp_session_store(&store, cli, err));
    const cp_facts *facts;
    CP_TRY(cp_store_get_facts(&facts, store, cli->arena, err));
    const cp_plan *plan;
    CP_TRY(cp_session_plan(&plan, cli, store, facts, err));
    cp_events events;
    CP_TRY(cp_session_events(&events, cli, err));
    cp_target target;
    CP_TRY(cp_session_target(&target, cli, facts->python, err));
    cp_verify_options options;
    cp_session_verify_options(&options, cli, flags->out, flags->endpoint_url);
    // What can be measured here begins with the process: neither the platform's download nor the
    // network is in it.
    const cp_profile *profile;
    CP_TRY(cp_session_profile(&profile, cli, store, facts, err));
    options.predicted_ms = plan->predicted.init_ms + (profile ? profile->first_ms : 0);
    return cp_verify_run(out, &target, &options, facts, events.v, events.n, &cli->ctx, cli->arena,
                         err);
}

static cp_status run(cp_cli *cli, const void *opaque, int argc, char *const argv[], cp_err *err) {
    (void)argc, (void)argv;
    cp_verify result;
    CP_TRY(verify(&result, cli, opaque, err));
    CP_AUTOV(cp_buf) out = {0};
    if (cli->json) {
        cp_verify_to_json(&out, &result);
        cp_session_print(cli, cp_buf_str(&out));
    } else {
        cp_verify_to_text(&out, &result);
        (void)printf("%s", out.p);
    }
    if (result.equal == result.events)
        return CP_OK;
    cp_fail(err, CP_ECHECK, "%u of %u events have another answer than the original",
            result.events - result.equal, result.events);
    return cp_hint(err, "fields that change from run to run belong into \"ignore\" of the event "
                        "file; anything else is a "
                        "reason not to deploy this build");
}

static const cp_opt opts[] = {
    {"events", 'e', CP_OPT_CONFIG, 0, "events", "DIR", "folder of *.json events"},
    {"runs", 'n', CP_OPT_CONFIG, 0, "verify.runs", "N", "cold runs of each form that are timed"},
    {"out", 'o', CP_OPT_STRING, offsetof(struct options, out), NULL, "DIR",
     "the build to verify (default: .cloudpack/build)"},
    {"endpoint-url", 0, CP_OPT_STRING, offsetof(struct options, endpoint_url), NULL, "URL",
     "fetch from this S3 server instead of the build folder"},
};

extern const cp_cmd cp_cmd_verify;
const cp_cmd cp_cmd_verify = {
    .name = "verify",
    .synopsis = "",
    .summary = "run original and built function on the events; compare answers, time and size",
    .options = opts,
    .option_count = sizeof opts / sizeof *opts,
    .options_size = sizeof(struct options),
    .max_operands = 0,
    .json = true,
    .run = run,
};
