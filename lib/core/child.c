#include "core/child.h"

#include "core/file.h"
#include "core/path.h"
#include "core/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { POLL_MS = 100, DEFAULT_OUTPUT = 1 << 20 };

struct stream {
    int fd;
    cp_buf *kept;
    cp_buf line;
};

static uint64_t now_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

// In the child: only async-signal-safe calls. The errno of what failed goes up the report pipe.
static _Noreturn void become(const cp_child_spec *spec, const char *program, const int fds[3],
                             int report) {
    int failed = 0;
    (void)setpgid(0, 0);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0 && dup2(fds[i], i) < 0)
            failed = errno;
    if (!failed && spec->cwd && chdir(spec->cwd) != 0)
        failed = errno;
    if (!failed && spec->prepare && spec->prepare(spec->prepare_self) != 0)
        failed = errno ? errno : EPERM;
    if (!failed) {
        (void)execve(program, (char *const *)(uintptr_t)spec->argv,
                     spec->env ? (char *const *)(uintptr_t)spec->env : environ);
        failed = errno;
    }
    (void)!write(report, &failed, sizeof failed);
    _exit(127);
}

static cp_status start(pid_t *pid, const cp_child_spec *spec, const int fds[3], cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    cp_str program = cp_find_program(&scratch, spec->argv[0]);
    if (program.n == 0)
        return cp_fail(err, CP_ENOTFOUND, "%s: no such program on PATH", spec->argv[0]);
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return cp_fail_errno(err, errno, "run %s: pipe", spec->argv[0]);
    *pid = fork();
    if (*pid == 0)
        become(spec, program.p, fds, report[1]);
    int saved = errno;
    (void)close(report[1]);
    int failed = *pid < 0 ? saved : 0;
    if (*pid > 0) {
        (void)setpgid(*pid, *pid);
        if (read(report[0], &failed, sizeof failed) != (ssize_t)sizeof failed)
            failed = 0;
        else
            (void)waitpid(*pid, NULL, 0);
    }
    (void)close(report[0]);
    return failed ? cp_fail_errno(err, failed, "run %s", spec->argv[0]) : CP_OK;
}

static void take(struct stream *s, const cp_child_spec *spec, int number, cp_str bytes) {
    cp_buf_add(s->kept, bytes);
    if (!spec->on_line)
        return;
    for (cp_str rest = bytes; rest.p;) {
        cp_str part = cp_str_next(&rest, '\n');
        cp_buf_add(&s->line, part);
        if (rest.p) {
            spec->on_line(spec->self, number, cp_buf_str(&s->line));
            cp_buf_clear(&s->line);
        }
    }
}

// Reads what is there; closes at the end of the stream.
static void drain(struct stream *s, const cp_child_spec *spec, int number) {
    char chunk[16384];
    ssize_t n = read(s->fd, chunk, sizeof chunk);
    if (n > 0) {
        take(s, spec, number, (cp_str){chunk, (size_t)n});
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        if (spec->on_line && s->line.n)
            spec->on_line(spec->self, number, cp_buf_str(&s->line));
        (void)close(s->fd);
        s->fd = -1;
    }
}

static void feed(int *fd, cp_str *input) {
    ssize_t n = write(*fd, input->p, input->n);
    if (n > 0)
        *input = cp_str_sub(*input, (size_t)n, input->n);
    if (input->n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
        (void)close(*fd);
        *fd = -1;
    }
}

// Until both outputs are closed, the deadline passes or the user interrupts; returns false for the
// last two.
static bool pump(struct stream streams[2], int in, const cp_child_spec *spec, const cp_ctx *ctx,
                 bool *timed_out) {
    uint64_t deadline = spec->timeout_ms ? now_ms() + spec->timeout_ms : 0;
    cp_str input = spec->input;
    bool go_on = true;
    while (go_on && (streams[0].fd >= 0 || streams[1].fd >= 0)) {
        struct pollfd p[3] = {{.fd = streams[0].fd, .events = POLLIN},
                              {.fd = streams[1].fd, .events = POLLIN},
                              {.fd = in, .events = POLLOUT}};
        (void)poll(p, 3, POLL_MS);
        for (int i = 0; i < 2; i++)
            if (p[i].fd >= 0 && p[i].revents)
                drain(&streams[i], spec, i + 1);
        if (in >= 0 && p[2].revents)
            feed(&in, &input);
        *timed_out = deadline && now_ms() >= deadline;
        go_on = !*timed_out && !cp_interrupted(ctx);
    }
    if (in >= 0)
        (void)close(in);
    return go_on;
}

static void close_all(int *fds, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

void cp_child_result_cleanup(cp_child_result *result) {
    cp_buf_cleanup(&result->out);
    cp_buf_cleanup(&result->err);
}

static int reap(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

cp_status cp_child_run(cp_child_result *out, const cp_child_spec *spec, const cp_ctx *ctx,
                       cp_err *err) {
    size_t max = spec->max_output ? spec->max_output : DEFAULT_OUTPUT;
    *out = (cp_child_result){.out = {.max = max}, .err = {.max = max}};
    int pipes[6] = {-1, -1, -1, -1, -1, -1}; // stdin, stdout, stderr: read end, write end
    for (size_t i = 0; i < 3; i++) {
        if (i == 0 && spec->input.n == 0)
            pipes[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        else if (pipe2(pipes + 2 * i, O_CLOEXEC) != 0) {
            close_all(pipes, 6);
            return cp_fail_errno(err, errno, "run %s: pipe", spec->argv[0]);
        }
    }
    pid_t pid = 0;
    cp_status status = start(&pid, spec, (int[3]){pipes[0], pipes[3], pipes[5]}, err);
    close_all((int[3]){pipes[0], pipes[3], pipes[5]}, 3);
    if (status != CP_OK) {
        close_all((int[3]){pipes[1], pipes[2], pipes[4]}, 3);
        return status;
    }
    if (pipes[1] >= 0)
        (void)fcntl(pipes[1], F_SETFL, O_NONBLOCK);
    struct stream streams[2] = {{.fd = pipes[2], .kept = &out->out, .line = {.max = 1 << 16}},
                                {.fd = pipes[4], .kept = &out->err, .line = {.max = 1 << 16}}};
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);
    bool whole = pump(streams, pipes[1], spec, ctx, &out->timed_out);
    (void)signal(SIGPIPE, old);
    if (!whole)
        (void)kill(-pid, SIGKILL);
    close_all((int[2]){streams[0].fd, streams[1].fd}, 2);
    cp_buf_cleanup(&streams[0].line);
    cp_buf_cleanup(&streams[1].line);
    out->exit_code = reap(pid);
    if (cp_interrupted(ctx))
        return cp_fail(err, CP_EINTR, "interrupted while running %s", spec->argv[0]);
    return CP_OK;
}

cp_status cp_child_start(pid_t *pid, const cp_child_spec *spec, int output_fd, cp_err *err) {
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cp_status status = start(pid, spec, (int[3]){in, output_fd, output_fd}, err);
    if (in >= 0)
        (void)close(in);
    return status;
}

void cp_child_kill(pid_t pid) {
    if (pid <= 0)
        return;
    (void)kill(-pid, SIGKILL);
    (void)kill(pid, SIGKILL);
    (void)reap(pid);
}

static size_t key_length(const char *assignment) {
    const char *eq = strchr(assignment, '=');
    return eq ? (size_t)(eq - assignment) : strlen(assignment);
}

const char *const *cp_env_with(cp_arena *arena, const char *const *base, const char *const *set,
                               size_t count) {
    if (!base)
        base = (const char *const *)environ;
    size_t n = 0;
    while (base[n])
        n++;
    const char **out = CP_ARENA_ARRAY(arena, const char *, n + count + 1);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool replaced = false;
        for (size_t k = 0; k < count && !replaced; k++)
            replaced = key_length(set[k]) == key_length(base[i]) &&
                       strncmp(set[k], base[i], key_length(base[i])) == 0;
        if (!replaced)
            out[kept++] = base[i];
    }
    for (size_t k = 0; k < count; k++)
        if (strchr(set[k], '='))
            out[kept++] = set[k];
    return out;
}

cp_str cp_find_program(cp_arena *arena, const char *name) {
    if (strchr(name, '/'))
        return cp_arena_str(arena, cp_str_of(name));
    const char *path = getenv("PATH");
    for (cp_str rest = cp_str_of(path ? path : "/usr/bin:/bin"); rest.p;) {
        cp_str dir = cp_str_next(&rest, ':');
        cp_str full = cp_path_join(arena, dir.n ? dir : CP_STR("."), cp_str_of(name));
        if (access(full.p, X_OK) == 0 && !cp_file_is_dir(full))
            return full;
    }
    return (cp_str){"", 0};
}
