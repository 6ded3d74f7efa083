#include "target/run.h"

#include "core/path.h"
#include "core/vec.h"
#include "data/jsonw.h"
#include "target/api.h"
#include "target/run_env.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK_MS = 50,
    LOG_KEPT = 64 << 10,
    INIT_TIMEOUT_MS = 10000,
    TIMEOUT_MS = 30000,
    SETTLE_MS = 2000,
    EXIT_MS = 3000,
};

// Written by the child just before exec: what came earlier is ours (fork, mounts), not its.
struct start_mark {
    int64_t wall_ns, cpu_ns;
};

struct life {
    const cp_run_spec *spec;
    const cp_ctx *ctx;
    cp_arena *arena;
    cp_run_result *out;
    cp_run_answer *answers;
    cp_api *api;
    pid_t pid; // 0 = not there (any more)
    int log_fd;
    char *log;
    size_t log_n;
    struct start_mark *mark;
    cp_guard_entry guard;
    const char *task_root;
    clockid_t cpu_clock;
};

typedef enum happened { CALLED, TIMED_OUT, EXITED, INTERRUPTED } happened;

static int64_t read_clock(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        return -1;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double ms(int64_t ns) {
    return ns > 0 ? (double)ns / 1e6 : 0;
}

static int prepare(void *self) {
    struct life *life = self;
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    // The folder is entered again: the old working folder is below the read-only mount, not in it.
    if (cp_guard_enter(&life->guard) != 0 || chdir(life->task_root) != 0)
        return -1;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    life->mark->cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    life->mark->wall_ns = read_clock(CLOCK_MONOTONIC);
    return 0;
}

static void keep_log(struct life *life) {
    char chunk[16384];
    for (ssize_t n; life->log_fd >= 0 && (n = read(life->log_fd, chunk, sizeof chunk)) != -1;) {
        if (n == 0) {
            (void)close(life->log_fd);
            life->log_fd = -1;
            return;
        }
        // The buffer holds twice what is kept, so that bytes move rarely.
        if (life->log_n + (size_t)n > 2 * LOG_KEPT) {
            memmove(life->log, life->log + life->log_n - LOG_KEPT, LOG_KEPT);
            life->log_n = LOG_KEPT;
        }
        memcpy(life->log + life->log_n, chunk, (size_t)n);
        life->log_n += (size_t)n;
        life->out->log_bytes += (uint64_t)n;
    }
}

static void see_memory(struct life *life) {
    char path[40], text[4096];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)life->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, sizeof text);
    (void)close(fd);
    cp_str status = {text, n > 0 ? (size_t)n : 0};
    size_t at = cp_str_search(status, CP_STR("VmHWM:"));
    if (at == SIZE_MAX)
        return;
    cp_str rest = cp_str_trim(cp_str_sub(status, at + 6, status.n));
    uint64_t kib = 0;
    if (cp_str_to_u64(&kib, cp_str_next(&rest, ' ')) && kib << 10 > life->out->peak_memory_bytes)
        life->out->peak_memory_bytes = kib << 10;
}

static double cpu_now(struct life *life) {
    int64_t now = read_clock(life->cpu_clock);
    return now < 0 ? 0 : ms(now - life->mark->cpu_ns);
}

static bool has_exited(struct life *life) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)life->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == life->pid;
}

static happened await_call(cp_api_call *call, struct life *life, int64_t deadline_ns) {
    for (;;) {
        if (cp_api_wait(call, life->api, life->log_fd, TICK_MS) == CP_API_CALL)
            return CALLED;
        keep_log(life);
        if (cp_interrupted(life->ctx))
            return INTERRUPTED;
        if (has_exited(life)) {
            // Its last words may be on the wire although it is gone.
            if (cp_api_wait(call, life->api, -1, 0) == CP_API_CALL ||
                cp_api_wait(call, life->api, -1, 0) == CP_API_CALL)
                return CALLED;
            keep_log(life);
            return EXITED;
        }
        if (read_clock(CLOCK_MONOTONIC) >= deadline_ns)
            return TIMED_OUT;
    }
}

static cp_str document(cp_arena *arena, const char *type, cp_str message) {
    CP_AUTOV(cp_buf) text = {0};
    cp_jsonw w = {.buf = &text};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "errorType", cp_str_of(type));
    cp_jsonw_str(&w, "errorMessage", message);
    cp_jsonw_end(&w);
    return cp_arena_str(arena, cp_buf_str(&text));
}

static cp_str timeout_document(cp_arena *arena, const char *what, uint32_t limit_ms) {
    return document(arena, "Sandbox.Timedout",
                    cp_arena_fmt(arena, "%s timed out after %.2f seconds", what, limit_ms / 1e3));
}

// Does not reap: cp_child_kill does, when everything that was read of the process is settled.
static cp_str exit_document(struct life *life) {
    siginfo_t info = {0};
    (void)waitid(P_PID, (id_t)life->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    bool signalled = info.si_code != CLD_EXITED;
    life->out->exit_code = signalled ? 128 + info.si_status : info.si_status;
    cp_str why = signalled ? cp_arena_fmt(life->arena, "signal %d", info.si_status)
                           : cp_arena_fmt(life->arena, "exit status %d", info.si_status);
    return document(life->arena, "Runtime.ExitError",
                    cp_arena_fmt(life->arena, "Runtime exited %s: %.*s",
                                 life->out->exit_code ? "with error" : "without providing a reason",
                                 CP_STR_ARG(why)));
}

static void accept_post(struct life *life, const cp_api_call *call) {
    cp_api_answer(life->api, call->connection, 202, CP_STR(""), CP_STR("{\"status\":\"OK\"}\n"));
}

static void refuse_call(struct life *life, const cp_api_call *call) {
    cp_api_answer(life->api, call->connection, 400, CP_STR(""),
                  CP_STR("{\"errorType\":\"InvalidRequest\",\"errorMessage\":\"not expected "
                         "now\"}\n"));
}

// Waits for the process to ask for an event. Everything else that it may say is dealt with here.
static happened await_next(uint32_t *connection, cp_outcome *outcome, cp_str *error,
                           struct life *life, int64_t deadline_ns) {
    for (;;) {
        cp_api_call call;
        happened h = await_call(&call, life, deadline_ns);
        if (h != CALLED)
            return h;
        if (call.kind == CP_API_NEXT) {
            *outcome = CP_OUTCOME_ANSWER;
            *connection = call.connection;
            return CALLED;
        }
        if (call.kind == CP_API_INIT_ERROR) {
            *outcome = CP_OUTCOME_RAISED;
            *error = cp_arena_str(life->arena, call.body);
            accept_post(life, &call);
            return CALLED;
        }
        refuse_call(life, &call);
    }
}

static void hand_out(struct life *life, uint32_t connection, const cp_invocation *event,
                     uint32_t timeout_ms) {
    CP_AUTOV(cp_buf) head = {0};
    int64_t deadline = read_clock(CLOCK_REALTIME) / 1000000 + timeout_ms;
    cp_buf_addf(&head, "Lambda-Runtime-Aws-Request-Id: %.*s\r\n", CP_STR_ARG(event->request_id));
    cp_buf_addf(&head, "Lambda-Runtime-Deadline-Ms: %lld\r\n", (long long)deadline);
    cp_str arn = event->function_arn.n
                     ? event->function_arn
                     : CP_STR("arn:aws:lambda:us-east-1:000000000000:function:cloudpack-local");
    cp_buf_addf(&head, "Lambda-Runtime-Invoked-Function-Arn: %.*s\r\n", CP_STR_ARG(arn));
    cp_buf_addf(&head, "Lambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000\r\n");
    if (event->client_context.n)
        cp_buf_addf(&head, "Lambda-Runtime-Client-Context: %.*s\r\n",
                    CP_STR_ARG(event->client_context));
    if (event->identity.n)
        cp_buf_addf(&head, "Lambda-Runtime-Cognito-Identity: %.*s\r\n",
                    CP_STR_ARG(event->identity));
    cp_api_answer(life->api, connection, 200, cp_buf_str(&head), event->event);
}

static void take_answer(cp_run_answer *answer, struct life *life, const cp_api_call *call) {
    if (call->too_large) {
        answer->outcome = CP_OUTCOME_TOO_LARGE;
        answer->json = document(
            life->arena, "Function.ResponseSizeTooLarge",
            cp_arena_fmt(life->arena,
                         "Response payload size (%llu bytes) exceeded maximum allowed payload size "
                         "(%d bytes).",
                         (unsigned long long)call->body_bytes, CP_API_MAX_PAYLOAD));
        cp_api_answer(life->api, call->connection, 413, CP_STR(""),
                      CP_STR("{\"errorType\":\"RequestEntityTooLarge\"}\n"));
        return;
    }
    answer->outcome = call->kind == CP_API_RESPONSE ? CP_OUTCOME_ANSWER : CP_OUTCOME_RAISED;
    answer->json = cp_arena_str(life->arena, call->body);
    accept_post(life, call);
}

// Hands out one event and waits for what comes of it.
static happened invoke(cp_run_answer *answer, struct life *life, uint32_t connection,
                       const cp_invocation *event) {
    uint32_t limit = life->spec->timeout_ms ? life->spec->timeout_ms : TIMEOUT_MS;
    int64_t start = read_clock(CLOCK_MONOTONIC);
    hand_out(life, connection, event, limit);
    for (;;) {
        cp_api_call call;
        happened h = await_call(&call, life, start + (int64_t)limit * 1000000);
        answer->wall_ms = ms(read_clock(CLOCK_MONOTONIC) - start);
        answer->cpu_ms = cpu_now(life);
        if (h == TIMED_OUT) {
            answer->outcome = CP_OUTCOME_TIMEOUT;
            answer->json = timeout_document(life->arena, "Task", limit);
        } else if (h == EXITED) {
            answer->outcome = CP_OUTCOME_EXIT;
            answer->json = exit_document(life);
        } else if (h == CALLED) {
            bool ours = (call.kind == CP_API_RESPONSE || call.kind == CP_API_ERROR) &&
                        cp_str_eq(call.id, event->request_id);
            if (!ours) {
                refuse_call(life, &call);
                continue;
            }
            see_memory(life);
            take_answer(answer, life, &call);
        }
        return h;
    }
}

// Refusing the next request makes the runtime client end with its exit handlers.
static void let_exit(struct life *life, uint32_t connection) {
    cp_api_answer(life->api, connection, 410, CP_STR(""), CP_STR("{}"));
    int64_t deadline = read_clock(CLOCK_MONOTONIC) + (int64_t)EXIT_MS * 1000000;
    cp_api_call call;
    for (happened h = CALLED; h == CALLED;) {
        h = await_call(&call, life, deadline);
        if (h == CALLED)
            cp_api_answer(life->api, call.connection, 410, CP_STR(""), CP_STR("{}"));
    }
}

static happened run_events(struct life *life, const cp_invocation *events, size_t count,
                           uint32_t connection) {
    for (size_t i = 0; i < count; i++) {
        happened h = invoke(&life->answers[i], life, connection, &events[i]);
        if (h != CALLED)
            return h;
        cp_outcome outcome = CP_OUTCOME_NONE;
        cp_str error = {0};
        int64_t deadline = read_clock(CLOCK_MONOTONIC) + (int64_t)SETTLE_MS * 1000000;
        bool last = i + 1 == count;
        if (last && !life->spec->let_exit)
            break;
        h = await_next(&connection, &outcome, &error, life, deadline);
        if (h == EXITED && !last) {
            life->answers[i + 1].outcome = CP_OUTCOME_EXIT;
            life->answers[i + 1].json = exit_document(life);
        }
        if (h != CALLED || outcome != CP_OUTCOME_ANSWER)
            return h;
    }
    see_memory(life);
    if (life->spec->let_exit)
        let_exit(life, connection);
    return CALLED;
}

static cp_status live(struct life *life, const cp_invocation *events, size_t count, cp_err *err) {
    cp_run_result *out = life->out;
    uint32_t limit = life->spec->init_timeout_ms ? life->spec->init_timeout_ms : INIT_TIMEOUT_MS;
    uint32_t connection = 0;
    happened h = await_next(&connection, &out->init, &out->init_error, life,
                            life->mark->wall_ns + (int64_t)limit * 1000000);
    out->init_ms = ms(read_clock(CLOCK_MONOTONIC) - life->mark->wall_ns);
    out->init_cpu_ms = cpu_now(life);
    see_memory(life);
    if (h == TIMED_OUT) {
        out->init = CP_OUTCOME_TIMEOUT;
        out->init_error = timeout_document(life->arena, "Init", limit);
    } else if (h == EXITED) {
        out->init = CP_OUTCOME_EXIT;
        out->init_error = exit_document(life);
    } else if (h == CALLED && out->init == CP_OUTCOME_ANSWER) {
        h = run_events(life, events, count, connection);
    }
    return h == INTERRUPTED ? cp_fail(err, CP_EINTR, "interrupted while running %.*s",
                                      CP_STR_ARG(life->spec->handler))
                            : CP_OK;
}

static void life_cleanup(struct life *life) {
    if (life->pid)
        cp_child_kill(life->pid);
    if (life->log_fd >= 0)
        (void)close(life->log_fd);
    if (life->mark)
        (void)munmap(life->mark, sizeof *life->mark);
    cp_api_cleanup(&life->api);
    free(life->log);
}

static cp_status begin(struct life *life, cp_err *err) {
    const cp_run_spec *spec = life->spec;
    CP_TRY(cp_api_open(&life->api, err));
    void *page =
        mmap(NULL, sizeof *life->mark, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int pipes[2];
    if (page == MAP_FAILED || pipe2(pipes, O_CLOEXEC) != 0)
        return cp_fail_errno(err, errno, "run %.*s", CP_STR_ARG(spec->handler));
    life->mark = page;
    life->log_fd = pipes[0];
    (void)fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    life->log = cp_xmalloc(2 * LOG_KEPT);
    life->task_root = cp_arena_cstr(life->arena, spec->task_root);
    const char *folders[CP_GUARD_FOLDERS] = {life->task_root};
    size_t count = 1;
    if (spec->opt.n)
        folders[count++] = cp_arena_cstr(life->arena, spec->opt);
    for (size_t i = 0; i < spec->readonly_count && count < CP_GUARD_FOLDERS; i++)
        folders[count++] = cp_arena_cstr(life->arena, spec->readonly[i]);
    cp_guard_fill(&life->guard, spec->guard, folders, count);
    const char *argv[] = {cp_arena_cstr(life->arena, spec->python), "-m", "awslambdaric",
                          cp_arena_cstr(life->arena, spec->handler), NULL};
    cp_child_spec child = {.argv = argv,
                           .env = cp_run_environment(life->arena, spec, cp_api_port(life->api)),
                           .cwd = life->task_root,
                           .prepare = prepare,
                           .prepare_self = life};
    cp_status status = cp_child_start(&life->pid, &child, pipes[1], err);
    (void)close(pipes[1]);
    if (status != CP_OK)
        life->pid = 0;
    else if (clock_getcpuclockid(life->pid, &life->cpu_clock) != 0)
        return cp_fail(err, CP_EIO, "no CPU clock for the function's process");
    return status;
}

cp_status cp_run_cold(cp_run_result *out, const cp_run_spec *spec, const cp_invocation *events,
                      size_t count, const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    *out = (cp_run_result){.exit_code = -1, .count = count};
    __attribute__((cleanup(life_cleanup))) struct life life = {
        .spec = spec, .ctx = ctx, .arena = arena, .out = out, .log_fd = -1};
    life.answers = CP_ARENA_ARRAY(arena, cp_run_answer, count);
    out->answers = life.answers;
    CP_TRY(begin(&life, err));
    CP_TRY(live(&life, events, count, err));
    keep_log(&life);
    size_t kept = life.log_n < LOG_KEPT ? life.log_n : LOG_KEPT;
    out->log = cp_arena_str(arena, (cp_str){life.log + life.log_n - kept, kept});
    return CP_OK;
}
