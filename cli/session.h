// session.h - what several commands need: the site folder, the store, the target's Python, the
// events.
#pragma once

#include "cmd.h"

#include "model/facts.h"
#include "model/plan.h"
#include "store/facts.h"
#include "store/plans.h"
#include "store/store.h"
#include "target/events.h"
#include "target/python.h"
#include "target/target.h"
#include "verify/verify.h"

typedef struct cp_events {
    const cp_test_event *v;
    size_t n;
} cp_events;

/// Absolute form of a configured path (relative to the folder of cloudpack.yml).
cp_str cp_session_path(cp_cli *cli, cp_str path);
/// The project folder, absolute and without links. Fails with CP_ENOTFOUND.
CP_MUST_CHECK cp_status cp_session_project(cp_str *out, cp_cli *cli, cp_err *err);
/// The folder with the installed packages: `site_packages` when set, else the requirements
/// installed for the target below .cloudpack (installing them when that has not been done), else
/// empty.
CP_MUST_CHECK cp_status cp_session_site(cp_str *out, cp_cli *cli, cp_err *err);
/// Fails with CP_ENOTFOUND when `requirements` is set and no such file is there.
CP_MUST_CHECK cp_status cp_session_requirements(cp_cli *cli, cp_err *err);
/// Runs the analysis with the configured handler, target and folders.
CP_MUST_CHECK cp_status cp_session_analyze(const cp_facts **out, cp_cli *cli, cp_err *err);
/// Opens the store of a project that was analyzed before. Fails with CP_ENOTFOUND when there is
/// none: a command in the wrong folder leaves nothing behind.
CP_MUST_CHECK cp_status cp_session_store(cp_store **out, cp_cli *cli, cp_err *err);
/// The profile that belongs to these facts, or NULL when there is none (a note tells of a stale
/// one).
CP_MUST_CHECK cp_status cp_session_profile(const cp_profile **out, cp_cli *cli, cp_store *store,
                                           const cp_facts *facts, cp_err *err);
/// The newest plan, checked to be about these facts. Fails with CP_ENOTFOUND when `optimize` never
/// ran, CP_ESTALE when the facts have changed since.
CP_MUST_CHECK cp_status cp_session_plan(const cp_plan **out, cp_cli *cli, cp_store *store,
                                        const cp_facts *facts, cp_err *err);
/// The interpreter, its bare environment and AWS's runtime client for `version`.
CP_MUST_CHECK cp_status cp_session_target(cp_target *out, cp_cli *cli, cp_str version, cp_err *err);
/// The configured events folder; at least one event.
CP_MUST_CHECK cp_status cp_session_events(cp_events *out, cp_cli *cli, cp_err *err);
/// "20s" in seconds; NULL leaves *seconds as it is.
CP_MUST_CHECK cp_status cp_session_seconds(double *seconds, const char *text, cp_err *err);
/// What `verify` and `invoke` run with: configured memory and time, and the environment that makes
/// the built function fetch from `endpoint_url` (NULL = the build folder).
void cp_session_verify_options(cp_verify_options *out, cp_cli *cli, const char *build_dir,
                               const char *endpoint_url);
/// Where the build is: `out` or .cloudpack/build.
cp_str cp_session_build_dir(cp_cli *cli, const char *out);
/// Prints one JSON document on stdout, ending in a line feed.
void cp_session_print(cp_cli *cli, cp_str json);
/// Milliseconds since the epoch; SOURCE_DATE_EPOCH when that is set.
int64_t cp_session_now_ms(void);
