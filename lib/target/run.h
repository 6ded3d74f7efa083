// run.h - one life of a Lambda execution environment: start the runtime client, feed it events,
// measure, end it.
//
// The process is AWS's own runtime client in the target's bare interpreter, so handler look-up,
// error documents and JSON are the real ones; only the Runtime API behind it is ours. It runs in
// its own process group, dies with us, and is gone when cp_run_cold returns. What the function does
// wrong (raises, times out, exits) is data, not an error of ours.
#pragma once

#include "core/child.h"
#include "target/guard.h"

/// How an init or an invocation ended.
typedef enum cp_outcome {
    CP_OUTCOME_NONE,      ///< never got that far
    CP_OUTCOME_ANSWER,    ///< a result
    CP_OUTCOME_RAISED,    ///< an exception: the document is what the runtime client sent
    CP_OUTCOME_TIMEOUT,   ///< over its deadline
    CP_OUTCOME_EXIT,      ///< the process ended by itself
    CP_OUTCOME_TOO_LARGE, ///< a response over CP_API_MAX_PAYLOAD
} cp_outcome;

/// One event for one process. Texts must outlive the run.
typedef struct cp_invocation {
    cp_str event;          ///< JSON text
    cp_str request_id;     ///< [A-Za-z0-9-]{1,128}; the context shows it
    cp_str function_arn;   ///< empty = a local one
    cp_str client_context; ///< JSON text, or empty
    cp_str identity;       ///< JSON text, or empty
} cp_invocation;

typedef struct cp_run_spec {
    cp_str python;       ///< interpreter of the bare environment (cp_venv_make)
    cp_str version;      ///< "3.11"
    cp_str ric;          ///< folder of AWS's runtime client (cp_ric_get)
    cp_str handler;      ///< "app.handler"
    cp_str task_root;    ///< working folder and LAMBDA_TASK_ROOT; read-only where `guard` can
    cp_str opt;          ///< stands for /opt: its python folders come after the task root; or empty
    const cp_str *paths; ///< more PYTHONPATH folders, in front of all others
    size_t path_count;
    const cp_str *readonly; ///< more folders to guard (at most 2)
    size_t readonly_count;
    cp_guard guard;
    cp_str scratch;         ///< fresh, writable: HOME and TMPDIR
    const char *const *env; ///< "K=V" over the defaults
    size_t env_count;
    cp_str function_name;     ///< empty = "cloudpack-local"
    cp_str function_version;  ///< empty = "$LATEST"
    uint32_t memory_mb;       ///< what the context says (nothing is limited); 0 = 512
    uint32_t init_timeout_ms; ///< 0 = 10,000 (Lambda's init phase)
    uint32_t timeout_ms;      ///< of one invocation; 0 = 30,000
    /// End the process by refusing its next request, so that exit handlers run, before killing it.
    bool let_exit;
} cp_run_spec;

typedef struct cp_run_answer {
    cp_outcome outcome;
    /// ANSWER: the result. Else a document {errorType, errorMessage[, stackTrace]} as Lambda would
    /// return it.
    cp_str json;
    double wall_ms; ///< event handed out to answer received
    double cpu_ms;  ///< CPU of the process and its threads from exec to the answer
} cp_run_answer;

/// The result hangs in the caller's arena.
typedef struct cp_run_result {
    cp_outcome init;   ///< ANSWER when it asked for an event
    cp_str init_error; ///< document, when it is not ANSWER
    double init_ms;    ///< exec to the first request for an event, wall
    double init_cpu_ms;
    const cp_run_answer *answers; ///< one for each event; NONE after the process ended
    size_t count;
    uint64_t peak_memory_bytes; ///< resident, highest seen
    cp_str log;                 ///< the last 64 KiB of stdout and stderr together
    uint64_t log_bytes;         ///< of which this many came
    int exit_code;              ///< 0..255 or 128 + signal, when it ended by itself; else -1
} cp_run_result;

/// Runs one cold process on `count` events, in order. CP_OK whatever the function does. Fails with
/// CP_EIO or CP_ENOTFOUND when the process or the server cannot be started, CP_EINTR when ctx was
/// interrupted; nothing is left running then either.
CP_MUST_CHECK cp_status cp_run_cold(cp_run_result *out, const cp_run_spec *spec,
                                    const cp_invocation *events, size_t count, const cp_ctx *ctx,
                                    cp_arena *arena, cp_err *err);

/// The last whole lines of a log, at most `max` bytes, for people: line ends of tracebacks (the
/// runtime client writes '\r' for '\n' in them) are written out, its general advice is left out.
cp_str cp_run_log_end(cp_arena *arena, cp_str log, size_t max);

/// What a bad outcome says, for people: "KeyError: 'x' (app.py:12)". `document` as in
/// cp_run_answer.json; the place is the innermost frame below `task_root`, when there is one.
cp_str cp_run_words(cp_arena *arena, cp_str document, cp_str task_root);
