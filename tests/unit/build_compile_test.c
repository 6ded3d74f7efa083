// Bytecode is made once per content, and a damaged cache only costs time. Digests likewise.
#include "build_fixture.h"

#include "build/compile.h"
#include "build/digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static fixture fx;
static cp_interpreter python;
static cp_compile_counts counts;

static void set_up(void) {
    fx_open(&fx);
}

static void tear_down(void) {
    fx_close(&fx);
}

TestSuite(compile, .init = set_up, .fini = tear_down, .timeout = 120);

static void probe(void) {
    cp_str path = fx_python(&fx, 11);
    cr_assert_gt(path.n, 0, "python3.11 is needed");
    cr_assert_eq(cp_interpreter_probe(&python, path, CP_STR("3.11"), NULL, &fx.arena, &fx.err),
                 CP_OK, "%s", fx.err.message);
}

static cp_compile_job job(const char *rel, const char *text) {
    fx_write(&fx, rel, cp_str_of(text));
    return (cp_compile_job){.src = fx_path(&fx, rel),
                            .name = cp_arena_fmt(&fx.arena, "/x/%s", rel),
                            .digest = cp_sha256_of(cp_str_of(text))};
}

static void compile(cp_compile_job *jobs, size_t n, int optimize, uint32_t threads) {
    cp_compile_settings settings = {&python, fx_path(&fx, "work"), optimize};
    cp_ctx ctx = {.threads = threads};
    counts = (cp_compile_counts){0};
    cr_assert_eq(cp_compile_all(jobs, n, &settings, &counts, &ctx, &fx.arena, &fx.err), CP_OK, "%s",
                 fx.err.message);
}

Test(compile, the_same_content_is_compiled_once) {
    probe();
    cp_compile_job jobs[40];
    for (int i = 0; i < 40; i++)
        jobs[i] = job(cp_arena_fmt(&fx.arena, "m%d.py", i).p,
                      cp_arena_fmt(&fx.arena, "def f(): return %d, 'text'\n", i).p);
    compile(jobs, 40, 0, 3);
    cr_assert_eq(counts.compiled, 40);
    cp_str first, again;
    cr_assert_eq(cp_compile_read(&first, &jobs[7], &fx.arena, &fx.err), CP_OK);
    cr_assert_gt(first.n, 100);
    compile(jobs, 40, 0, 1);
    cr_assert_eq(counts.compiled, 0);
    cr_assert_eq(counts.reused, 40);
    cr_assert_eq(cp_compile_read(&again, &jobs[7], &fx.arena, &fx.err), CP_OK);
    cr_assert(cp_str_eq(first, again));
    compile(jobs, 1, 2, 1);
    cr_assert_eq(counts.compiled, 1, "another level is another result");
}

Test(compile, source_that_does_not_compile_is_a_result_with_its_place) {
    probe();
    cp_compile_job jobs[] = {job("good.py", "x = 1\n"), job("bad.py", "x = 1\nprint 'py2'\n")};
    for (int again = 0; again < 2; again++) {
        compile(jobs, 2, 0, 1);
        cr_assert_eq(counts.compiled, again ? 0 : 2);
        cr_assert(jobs[0].ok);
        cr_assert_not(jobs[1].ok);
        cr_assert_eq(jobs[1].line, 2);
        cr_assert_gt(jobs[1].error.n, 10);
    }
}

Test(compile, a_damaged_cache_file_is_compiled_again) {
    probe();
    cp_compile_job jobs[] = {job("m.py", "x = 1\n")};
    compile(jobs, 1, 0, 1);
    cp_str kept, bytecode;
    cr_assert_eq(cp_file_read(&kept, &fx.arena, jobs[0].cached, 1 << 20, &fx.err), CP_OK);
    cr_assert_eq(cp_file_write(jobs[0].cached, cp_str_sub(kept, 0, kept.n - 1), &fx.err), CP_OK);
    cr_assert_eq(cp_compile_read(&bytecode, &jobs[0], &fx.arena, &fx.err), CP_EFORMAT);
    compile(jobs, 1, 0, 1);
    cr_assert_eq(counts.compiled, 1);
    cr_assert_eq(cp_compile_read(&bytecode, &jobs[0], &fx.arena, &fx.err), CP_OK);
}

Test(compile, the_wrong_interpreter_is_refused_with_the_ways_out) {
    cp_str path = fx_python(&fx, 11);
    cr_assert_eq(cp_interpreter_probe(&python, path, CP_STR("3.13"), NULL, &fx.arena, &fx.err),
                 CP_ENOTFOUND);
    cr_assert(strstr(fx.err.message, "3.13") && strstr(fx.err.message, "3.11"), "%s",
              fx.err.message);
    cr_assert(strstr(fx.err.hint, "CLOUDPACK_INTERPRETER"), "%s", fx.err.hint);
    cr_assert_eq(cp_interpreter_probe(&python, CP_STR("/nonexistent/python3.13"), CP_STR("3.13"),
                                      NULL, &fx.arena, &fx.err),
                 CP_ENOTFOUND);
    cr_assert(strstr(fx.err.hint, "CLOUDPACK_INTERPRETER"), "%s", fx.err.hint);
    cr_assert_eq(
        cp_interpreter_probe(&python, CP_STR("true"), CP_STR("3.13"), NULL, &fx.arena, &fx.err),
        CP_EFORMAT);
}

static cp_sha256 digest_of(const char *rel) {
    CP_AUTO(cp_digest_cache) cache = NULL;
    cp_digest_cache_open(&cache, fx_path(&fx, "digests"));
    cp_digest_job d = {.path = fx_path(&fx, rel)};
    cr_assert_eq(cp_digest_files(cache, &d, 1, NULL, &fx.err), CP_OK, "%s", fx.err.message);
    cr_assert_eq(cp_digest_cache_save(cache, &fx.err), CP_OK);
    return d.digest;
}

static void age(const char *rel) {
    struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    cr_assert_eq(utimensat(AT_FDCWD, fx_path(&fx, rel).p, old, 0), 0);
}

Test(compile, digests_are_remembered_only_for_files_at_rest) {
    fx_write(&fx, "f", CP_STR("one"));
    cp_sha256 want = cp_sha256_of(CP_STR("one")), got = digest_of("f");
    cr_assert(cp_sha256_eq(&got, &want));
    cr_assert_not(cp_file_exists(fx_path(&fx, "digests")), "a file of this moment may yet change");
    age("f");
    got = digest_of("f");
    cr_assert(cp_file_exists(fx_path(&fx, "digests")));
    // Same inode, size and time: the memory is believed, which shows that it is used.
    int fd = open(fx_path(&fx, "f").p, O_WRONLY | O_CLOEXEC);
    cr_assert_eq(write(fd, "two", 3), 3);
    (void)close(fd);
    age("f");
    got = digest_of("f");
    cr_assert(cp_sha256_eq(&got, &want));
    // A damaged memory counts as empty.
    cr_assert_eq(cp_file_write(fx_path(&fx, "digests"), CP_STR("cloudpack digests 1\nxx"), &fx.err),
                 CP_OK);
    got = digest_of("f");
    want = cp_sha256_of(CP_STR("two"));
    cr_assert(cp_sha256_eq(&got, &want));
}
