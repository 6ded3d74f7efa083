// profile.h - run the function on the user's events in cold processes, and see what it loads, when,
// and what that costs.
//
// Two kinds of runs, because watching costs time: plain ones for the times that are reported, and
// instrumented ones (runtime/build/profile.py in place of the handler) for what happened. Never one
// run alone: medians, and the 95th percentile for spread.
#pragma once

#include "core/buf.h"
#include "model/facts.h"
#include "target/events.h"
#include "target/target.h"

typedef struct cp_profile_options {
    uint32_t runs;                                   ///< plain cold runs; 0 = 5; at most 1000
    uint32_t instrumented;                           ///< watched cold runs; 0 = 3; at most 15
    uint32_t memory_mb, init_timeout_ms, timeout_ms; ///< 0 = 512 MB, 60 s, 30 s
    const char *const *env;                          ///< "K=V" of the function's configuration
    size_t env_count;
} cp_profile_options;

/// Profiles the function of `facts` on `events` (at least one; all in order in one process for what
/// is loaded, the first one for times). The result and its texts are in `arena`.
///
/// Fails with CP_EFORMAT when the handler raises at import, ends its process or is over its time:
/// the message has type, message and file:line, the end of the log follows as a note. An event that
/// raises is only warned about. Fails with CP_EIO, CP_EINTR.
CP_MUST_CHECK cp_status cp_profile_run(const cp_profile **out, const cp_target *target,
                                       const cp_profile_options *options, const cp_facts *facts,
                                       const cp_test_event *events, size_t count, const cp_ctx *ctx,
                                       cp_arena *arena, cp_err *err);

/// "cloudpack.profile/1" (design: runs, init_ms, modules, files_opened, peak_memory_bytes, ...).
void cp_profile_to_json(cp_buf *out, const cp_profile *profile, const cp_facts *facts);

/// The failure of a run as an error of ours; CP_OK when the process answered its first event or
/// raised in it. `what` is "profile" or "verify"; the log's end goes to the sink.
CP_MUST_CHECK cp_status cp_profile_refuse(const cp_run_result *run, const char *what,
                                          const cp_ctx *ctx, cp_err *err);
