// AWS's runtime client in a real interpreter behind our Runtime API server.
#include "target/api.h"
#include "target/run.h"
#include "target_fixture.h"

#include <signal.h>
#include <time.h>

static cp_target t;
static cp_str folder, task;

static void setup(void) {
    t = target();
    folder = fresh_folder();
    task = cp_path_join(&arena, folder, CP_STR("task"));
    OK(cp_dir_make(task, &err));
    OK(cp_dir_make(cp_path_join(&arena, folder, CP_STR("scratch")), &err));
}

static void teardown(void) {
    finish(folder);
}

static cp_run_spec spec_for(const char *code) {
    put_file(task, "app.py", code);
    return (cp_run_spec){.python = t.interpreter,
                         .version = CP_STR("3.11"),
                         .ric = t.ric,
                         .handler = CP_STR("app.handler"),
                         .task_root = task,
                         .guard = t.guard,
                         .scratch = cp_path_join(&arena, folder, CP_STR("scratch")),
                         .timeout_ms = 8000};
}

static cp_invocation event(const char *json) {
    return (cp_invocation){.event = cp_str_of(json), .request_id = CP_STR("id-1")};
}

static cp_run_result run_one(const cp_run_spec *spec, const char *json) {
    cp_run_result r;
    cp_invocation e = event(json);
    OK(cp_run_cold(&r, spec, &e, 1, NULL, &arena, &err));
    return r;
}

TestSuite(run, .init = setup, .fini = teardown, .timeout = 120);

Test(run, events_are_answered_in_order_by_one_process) {
    cp_run_spec spec = spec_for("n = 0\n"
                                "def handler(e, c):\n"
                                "    global n\n"
                                "    n += 1\n"
                                "    return {'n': n, 'x': e['x'], 'id': c.aws_request_id}\n");
    cp_invocation events[] = {event("{\"x\":1}"), event("{\"x\":\"\\u00fc\"}")};
    events[1].request_id = CP_STR("id-2");
    cp_run_result r;
    OK(cp_run_cold(&r, &spec, events, 2, NULL, &arena, &err));
    cr_assert_eq(r.init, CP_OUTCOME_ANSWER);
    cr_assert_str_eq(r.answers[0].json.p, "{\"n\": 1, \"x\": 1, \"id\": \"id-1\"}");
    cr_assert_str_eq(r.answers[1].json.p, "{\"n\": 2, \"x\": \"\\u00fc\", \"id\": \"id-2\"}");
    cr_assert_gt(r.init_ms, 5);
    cr_assert_lt(r.init_ms, 8000);
    cr_assert_gt(r.answers[0].cpu_ms, 5);
    cr_assert_geq(r.answers[1].cpu_ms, r.answers[0].cpu_ms);
    cr_assert_gt(r.peak_memory_bytes, 4u << 20);
    cr_assert_eq(r.exit_code, -1);
}

Test(run, time_is_counted_where_it_is_spent) {
    cp_run_spec spec = spec_for("import time\n"
                                "time.sleep(0.3)\n"
                                "def handler(e, c):\n"
                                "    s = time.process_time()\n"
                                "    while time.process_time() - s < 0.25: pass\n");
    cp_run_result r = run_one(&spec, "{}");
    cr_assert_geq(r.init_ms, 300);
    cr_assert_geq(r.answers[0].wall_ms, 250);
    cr_assert_geq(r.answers[0].cpu_ms, 250);
    cr_assert_lt(r.init_cpu_ms, r.answers[0].cpu_ms - 240);
}

Test(run, environment_is_lambdas_and_not_ours) {
    (void)setenv("CP_SECRET_OF_THE_MACHINE", "1", 1);
    cp_run_spec spec =
        spec_for("import os, sys\n"
                 "def handler(e, c):\n"
                 "    return [os.getcwd(), sorted(k for k in os.environ if 'CP_' in k),\n"
                 "            os.environ['TZ'], os.environ['GIVEN'], c.memory_limit_in_mb,\n"
                 "            [p for p in sys.path if 'packages' in p and 'venv' not in p]]\n");
    const char *env[] = {"GIVEN=yes"};
    spec.env = env;
    spec.env_count = 1;
    spec.memory_mb = 1769;
    cp_run_result r = run_one(&spec, "{}");
    cp_str want =
        cp_arena_fmt(&arena, "[\"%.*s\", [], \":UTC\", \"yes\", \"1769\", []]", CP_STR_ARG(task));
    cr_assert_str_eq(r.answers[0].json.p, want.p);
}

Test(run, an_exception_at_import_is_data_with_its_place) {
    cp_run_spec spec = spec_for("import os\n\nraise KeyError('nothing')\n");
    cp_run_result r = run_one(&spec, "{}");
    cr_assert_eq(r.init, CP_OUTCOME_RAISED);
    cr_assert_eq(r.answers[0].outcome, CP_OUTCOME_NONE);
    cp_str words = cp_run_words(&arena, r.init_error, task);
    SAYS(words.p, "KeyError: 'nothing' (app.py:3)");
}

Test(run, a_missing_module_and_a_missing_function_are_named) {
    cp_run_spec spec = spec_for("import no_such_module_xyz\n");
    cp_run_result r = run_one(&spec, "{}");
    SAYS(cp_run_words(&arena, r.init_error, task).p, "no_such_module_xyz");
    spec = spec_for("x = 1\n");
    r = run_one(&spec, "{}");
    cr_assert_eq(r.init, CP_OUTCOME_RAISED);
    SAYS(cp_run_words(&arena, r.init_error, task).p, "Runtime.HandlerNotFound");
}

Test(run, an_exception_in_the_handler_is_data_and_the_process_goes_on) {
    cp_run_spec spec = spec_for("def handler(e, c):\n"
                                "    if e: raise ValueError('bad ' + e)\n"
                                "    return 7\n");
    cp_invocation events[] = {event("\"input\""), event("null")};
    cp_run_result r;
    OK(cp_run_cold(&r, &spec, events, 2, NULL, &arena, &err));
    cr_assert_eq(r.answers[0].outcome, CP_OUTCOME_RAISED);
    cr_assert_str_eq(cp_run_words(&arena, r.answers[0].json, task).p,
                     "ValueError: bad input (app.py:2)");
    cr_assert_eq(r.answers[1].outcome, CP_OUTCOME_ANSWER);
    cr_assert_str_eq(r.answers[1].json.p, "7");
}

Test(run, init_over_its_limit_ends_the_process) {
    cp_run_spec spec = spec_for("import time\ntime.sleep(60)\n");
    spec.init_timeout_ms = 400;
    cp_run_result r = run_one(&spec, "{}");
    cr_assert_eq(r.init, CP_OUTCOME_TIMEOUT);
    SAYS(r.init_error.p, "Init timed out after 0.40 seconds");
    cr_assert_lt(r.init_ms, 3000);
}

Test(run, a_handler_over_its_limit_leaves_no_process_behind) {
    cp_run_spec spec = spec_for("import subprocess, time\n"
                                "p = subprocess.Popen(['sleep', '60'])\n"
                                "print(p.pid, flush=True)\n"
                                "def handler(e, c): time.sleep(60)\n");
    spec.timeout_ms = 300;
    cp_run_result r = run_one(&spec, "{}");
    cr_assert_eq(r.answers[0].outcome, CP_OUTCOME_TIMEOUT);
    SAYS(r.answers[0].json.p, "Task timed out after 0.30 seconds");
    uint64_t pid = 0;
    cr_assert(cp_str_to_u64(&pid, cp_str_trim(r.log)), "%s", r.log.p);
    bool gone = false;
    for (int i = 0; i < 100 && !gone; i++) {
        cp_str path = cp_arena_fmt(&arena, "/proc/%d/stat", (int)pid), stat = {0};
        cp_err ignored;
        gone = cp_file_read(&stat, &arena, path, 4096, &ignored) != CP_OK ||
               cp_str_search(stat, CP_STR(") Z ")) != SIZE_MAX;
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    cr_assert(gone);
}

Test(run, an_exit_is_data_with_its_code) {
    cp_run_spec spec = spec_for("import os\ndef handler(e, c): os._exit(3)\n");
    cp_run_result r = run_one(&spec, "{}");
    cr_assert_eq(r.answers[0].outcome, CP_OUTCOME_EXIT);
    cr_assert_eq(r.exit_code, 3);
    SAYS(r.answers[0].json.p, "Runtime.ExitError");
    spec = spec_for("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n");
    r = run_one(&spec, "{}");
    cr_assert_eq(r.init, CP_OUTCOME_EXIT);
    cr_assert_eq(r.exit_code, 128 + SIGSEGV);
    SAYS(r.init_error.p, "signal 11");
}

Test(run, sys_exit_in_the_handler_is_an_exit) {
    cp_run_spec spec = spec_for("import sys\ndef handler(e, c): sys.exit(4)\n");
    cp_run_result r = run_one(&spec, "{}");
    cr_assert_eq(r.answers[0].outcome, CP_OUTCOME_EXIT);
    cr_assert_eq(r.exit_code, 4);
    SAYS(r.answers[0].json.p, "exit status 4");
}

Test(run, endless_output_is_bounded_and_its_end_is_kept) {
    cp_run_spec spec = spec_for("import sys\n"
                                "def handler(e, c):\n"
                                "    for i in range(3000): sys.stdout.write('x' * 1000 + '\\n')\n"
                                "    print('the end')\n"
                                "    return 1\n");
    cp_run_result r = run_one(&spec, "{}");
    cr_assert_eq(r.answers[0].outcome, CP_OUTCOME_ANSWER);
    cr_assert_geq(r.log_bytes, 3000u * 1001u);
    cr_assert_leq(r.log.n, 64u << 10);
    SAYS(r.log.p, "the end");
}

Test(run, the_largest_response_passes_and_a_larger_one_is_refused) {
    cp_run_spec spec = spec_for("def handler(e, c): return 'x' * e\n");
    cp_str most = cp_arena_fmt(&arena, "%d", CP_API_MAX_PAYLOAD - 2);
    cp_run_result r = run_one(&spec, most.p);
    cr_assert_eq(r.answers[0].outcome, CP_OUTCOME_ANSWER);
    cr_assert_eq(r.answers[0].json.n, CP_API_MAX_PAYLOAD);
    r = run_one(&spec, "6500000");
    cr_assert_eq(r.answers[0].outcome, CP_OUTCOME_TOO_LARGE);
    SAYS(r.answers[0].json.p, "Function.ResponseSizeTooLarge");
    SAYS(r.answers[0].json.p, "6500002 bytes");
    r = run_one(&spec, "60000000");
    cr_assert_eq(r.answers[0].outcome, CP_OUTCOME_TOO_LARGE);
}

Test(run, the_task_folder_cannot_be_written) {
    if (t.guard != CP_GUARD_NAMESPACE)
        cr_skip_test("no mount namespaces here");
    put_file(task, "other.py", "x = 1\n");
    cp_run_spec spec =
        spec_for("import os, other\n"
                 "def handler(e, c):\n"
                 "    out = []\n"
                 "    for p in ('f', os.path.join(os.environ['LAMBDA_TASK_ROOT'], 'f')):\n"
                 "        try: open(p, 'w')\n"
                 "        except OSError as e: out.append(e.errno)\n"
                 "    open('app.py').close()\n"
                 "    open(os.path.join(os.environ['TMPDIR'], 'g'), 'w').close()\n"
                 "    return out\n");
    cp_run_result r = run_one(&spec, "{}");
    cr_assert_str_eq(r.answers[0].json.p, "[30, 30]"); // EROFS
    cr_assert_not(cp_file_exists(cp_path_join(&arena, task, CP_STR("__pycache__"))));
}

Test(run, exit_handlers_run_when_asked_for) {
    cp_run_spec spec =
        spec_for("import atexit, os\n"
                 "atexit.register(lambda: open(os.environ['OUT'], 'w').write('bye'))\n"
                 "def handler(e, c): return 1\n");
    cp_str path = cp_path_join(&arena, folder, CP_STR("out"));
    const char *env[] = {cp_arena_fmt(&arena, "OUT=%s", path.p).p};
    spec.env = env;
    spec.env_count = 1;
    cp_run_result r = run_one(&spec, "{}");
    cr_assert_eq(r.answers[0].outcome, CP_OUTCOME_ANSWER);
    cr_assert_not(cp_file_exists(path));
    spec.let_exit = true;
    r = run_one(&spec, "{}");
    cp_str said;
    OK(cp_file_read(&said, &arena, path, 100, &err));
    cr_assert_str_eq(said.p, "bye");
}

Test(run, an_interrupt_ends_it) {
    cp_run_spec spec = spec_for("import time\ntime.sleep(60)\n");
    volatile int now = 1;
    cp_ctx ctx = {.interrupted = &now};
    cp_run_result r;
    cp_invocation e = event("{}");
    cr_assert_eq(cp_run_cold(&r, &spec, &e, 1, &ctx, &arena, &err), CP_EINTR);
}

Test(run, the_end_of_a_log_is_whole_lines_without_general_advice) {
    cp_str log = CP_STR("one\n[WARNING]\tLAMBDA_WARNING: Unhandled exception. Read this.\n"
                        "[ERROR] E: x\rTraceback:\r  File \"app.py\"\n\n");
    cr_assert_str_eq(cp_arena_cstr(&arena, cp_run_log_end(&arena, log, 1000)),
                     "one\n[ERROR] E: x\nTraceback:\n  File \"app.py\"");
    cr_assert_str_eq(cp_arena_cstr(&arena, cp_run_log_end(&arena, log, 30)),
                     "Traceback:\n  File \"app.py\"");
    cr_assert_eq(cp_run_log_end(&arena, CP_STR(""), 10).n, 0);
}
