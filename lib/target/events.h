// events.h - the user's test events: a folder of *.json files.
#pragma once

#include "core/arena.h"
#include "target/run.h"

/// One event file. A file is either the bare event, or an object with "event" and any of "context",
/// "tolerance", "ignore" and nothing else.
typedef struct cp_test_event {
    cp_str name;                            ///< file name without ".json"
    cp_invocation invocation;               ///< ready to run
    cp_str function_name, function_version; ///< from the context; empty = default
    uint32_t memory_mb;                     ///< from the context; 0 = default
    double tolerance;                       ///< relative, for comparing numbers
    const cp_str *ignore;                   ///< JSON pointers (RFC 6901) that are not compared
    size_t ignore_count;
} cp_test_event;

/// Reads every *.json of `folder`, sorted by name, in the arena. The context may have
/// function_name, function_version, invoked_function_arn, memory_limit_in_mb, aws_request_id,
/// client_context and identity; the default request id is the same in every run. Fails with
/// CP_ENOTFOUND when there is no folder or no event in it, CP_EFORMAT with file:line:col when a
/// file is not JSON, has a wrong member, or is larger than Lambda's payload limit.
CP_MUST_CHECK cp_status cp_events_load(const cp_test_event **out, size_t *count, cp_str folder,
                                       cp_arena *arena, cp_err *err);

/// The same for one file.
CP_MUST_CHECK cp_status cp_event_load(cp_test_event *out, cp_str path, cp_arena *arena,
                                      cp_err *err);
