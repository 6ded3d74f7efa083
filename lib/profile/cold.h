// cold.h - one cold process of some form of the function, with a scratch folder of its own.
#pragma once

#include "target/events.h"
#include "target/target.h"

typedef struct cp_cold {
    const cp_target *target;
    cp_str handler;
    cp_str task;            ///< folder that stands for /var/task
    cp_str opt;             ///< folder that stands for /opt, or empty
    cp_str tools;           ///< folder of helper modules after the task root, or empty
    const cp_str *readonly; ///< more folders the function must not write to (at most 2)
    size_t readonly_count;
    const char *const *env; ///< "K=V" of the function's configuration and of the caller
    size_t env_count;
    bool scratch_for_runtime; ///< CLOUDPACK_SCRATCH below the scratch folder
    bool let_exit;
    uint32_t memory_mb, init_timeout_ms, timeout_ms; ///< 0 = defaults: 512 MB, 60 s, 30 s
} cp_cold;

/// Where the task root seems to be in answers and error documents (see cp_cold_run).
#define CP_COLD_TASK "/var/task"

/// Runs the events in one cold process. In answers and error documents the folders of this machine
/// are replaced by those of Lambda (/var/task, /opt, /tmp), so that two forms can be compared.
/// Context values of the first event that are not per event
/// (name, version, memory) hold for all. The scratch folder is made and removed. Fails like
/// cp_run_cold.
CP_MUST_CHECK cp_status cp_cold_run(cp_run_result *out, const cp_cold *cold,
                                    const cp_test_event *events, size_t count, const cp_ctx *ctx,
                                    cp_arena *arena, cp_err *err);
