// verify.h - the built function against the original: same answers, and what it costs before and
// after.
//
// Three forms, every run a new process behind our Runtime API server:
//   shipped   the original without valid bytecode in a folder that cannot be written, as pip's
//             folder in a zip behaves on Lambda
//   bytecode  the original with valid bytecode beside every source
//   built     function.zip and layers unpacked, the shelf served from the build folder
// For equality every event runs twice in the original with bytecode (a field that it does not
// repeat itself is named) and twice in the built form; the as-shipped form is the same code,
// slower, and is compared in its timed runs. For times the forms take turns, so that a busy moment
// of the machine hits all of them; the answers of the timed runs are compared as well.
#pragma once

#include "core/buf.h"
#include "model/facts.h"
#include "verify/built.h"
#include "verify/compare.h"

enum { CP_VERIFY_SHIPPED, CP_VERIFY_BYTECODE, CP_VERIFY_BUILT, CP_VERIFY_FORMS };

typedef struct cp_verify_options {
    cp_str build;       ///< folder with function.zip, layer-N.zip, objects/, mount/
    cp_str mount_point; ///< the function's mount, or empty
    uint32_t runs;      ///< timed cold runs per form; 0 = 5; at most 1000
    uint32_t memory_mb, init_timeout_ms, timeout_ms; ///< 0 = 512 MB, 60 s, 30 s
    const char *const *env; ///< "K=V" of the function's configuration, endpoint, credentials
    size_t env_count;
    double predicted_ms; ///< of the plan: start to first answer; 0 = unknown
} cp_verify_options;

/// Medians over the timed runs, on the first event.
typedef struct cp_verify_times {
    double init_ms, first_ms, cpu_ms; ///< cpu: of the process from start to first answer
    double total_ms;                  ///< init + first, wall
} cp_verify_times;

typedef struct cp_verify {
    uint32_t events, equal, runs;
    cp_differences different; ///< expected: the original; got: built
    cp_differences unstable;  ///< runs of the original, not ignored by the event file
    cp_verify_times times[CP_VERIFY_FORMS];
    uint64_t installed_bytes;                      ///< files of the original
    uint64_t shipped_zip_bytes;                    ///< the same as one zip
    uint64_t local_bytes, zip_bytes, remote_bytes; ///< built
    uint32_t layers;
    double predicted_ms;
    uint64_t misses;          ///< over all events: loads of what the plan thought not needed
    const cp_str *miss_names; ///< at most 100
    size_t miss_name_count;
    uint64_t fetched_bytes; ///< by the runtime, most of any event
    cp_guard guard;
} cp_verify;

/// Verifies. CP_OK also when answers differ: look at `equal`. The result is in `arena`.
///
/// Fails with CP_EFORMAT when the original itself does not run, CP_ENOTFOUND when nothing is built,
/// CP_EIO, CP_EINTR.
CP_MUST_CHECK cp_status cp_verify_run(cp_verify *out, const cp_target *target,
                                      const cp_verify_options *options, const cp_facts *facts,
                                      const cp_test_event *events, size_t count, const cp_ctx *ctx,
                                      cp_arena *arena, cp_err *err);

/// "cloudpack.verify/1".
void cp_verify_to_json(cp_buf *out, const cp_verify *verify);
/// The before/after table, differences and misses, for people.
void cp_verify_to_text(cp_buf *out, const cp_verify *verify);

/// One event against the built artefacts in a cold process. `*json` is the result or, when
/// `*raised` is set, {errorType, errorMessage, stackTrace}; in the arena. Fails like cp_built_open.
CP_MUST_CHECK cp_status cp_invoke_local(cp_str *json, bool *raised, cp_str *log,
                                        const cp_target *target, const cp_verify_options *options,
                                        const cp_test_event *event, const cp_ctx *ctx,
                                        cp_arena *arena, cp_err *err);
