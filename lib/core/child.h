// child.h - running other programs: no shell, bounded output, a deadline, nothing left running.
#pragma once

#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"

#include <sys/types.h>

/// What to run. Strings are NUL-terminated arrays that end with NULL, as execve wants them.
typedef struct cp_child_spec {
    const char *const *argv; ///< argv[0] is looked up on PATH when it has no '/'
    const char *const *env;  ///< "K=V"; NULL = ours
    const char *cwd;         ///< NULL = ours
    cp_str input;            ///< fed to standard input, which is then closed; empty = /dev/null
    uint32_t timeout_ms;     ///< 0 = none; then the whole process group is killed
    size_t max_output; ///< kept bytes of each of stdout and stderr; more is read and dropped. 0 = 1
                       ///< MiB
    /// Called for each line of stdout/stderr as it arrives when not NULL (the output is kept as
    /// well).
    void (*on_line)(void *self, int fd, cp_str line);
    void *self;
    /// Runs in the child between fork and exec; only async-signal-safe calls; non-zero = give up.
    /// May be NULL.
    int (*prepare)(void *self);
    void *prepare_self;
} cp_child_spec;

typedef struct cp_child_result {
    int exit_code; ///< 0..255, or 128 + signal
    bool timed_out;
    cp_buf out, err; ///< free with cp_child_result_cleanup
} cp_child_result;

void cp_child_result_cleanup(cp_child_result *result);

/// Runs to the end. CP_OK when the program ran, whatever its exit code. Fails with CP_ENOTFOUND
/// when there is no such program, CP_EIO when it cannot be started, CP_EINTR when ctx was
/// interrupted (the group is killed first).
CP_MUST_CHECK cp_status cp_child_run(cp_child_result *out, const cp_child_spec *spec,
                                     const cp_ctx *ctx, cp_err *err);

/// Starts it without waiting: standard input is /dev/null; stdout and stderr go to `output_fd` (or
/// ours when -1). The child leads its own process group.
CP_MUST_CHECK cp_status cp_child_start(pid_t *pid, const cp_child_spec *spec, int output_fd,
                                       cp_err *err);
/// SIGKILL to the group of `pid`, then reaps it. Harmless when it is gone.
void cp_child_kill(pid_t pid);

/// `base` ("K=V" array, NULL = our own environment) with the `count` assignments of `set` put over
/// it, in the arena. "K=" sets to empty, "K" alone removes.
const char *const *cp_env_with(cp_arena *arena, const char *const *base, const char *const *set,
                               size_t count);
/// First executable called `name` on PATH, or an empty string.
cp_str cp_find_program(cp_arena *arena, const char *name);
