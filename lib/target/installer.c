#include "target/installer.h"

#include "core/path.h"
#include "core/vec.h"
#include "target/nowheel.h"

enum { MAX_OUTPUT = 16 << 20, TIMEOUT_MS = 30 * 60 * 1000, TAGS_SHOWN = 6, MIN_GLIBC = 5 };

typedef CP_VEC(const char *) words;

cp_status cp_installer_find(cp_installer *out, cp_arena *arena, cp_err *err) {
    const char *wish = getenv("CLOUDPACK_INSTALLER");
    cp_str uv = wish && strcmp(wish, "pip") == 0 ? (cp_str){"", 0} : cp_find_program(arena, "uv");
    if (uv.n) {
        *out = (cp_installer){true, uv};
        return CP_OK;
    }
    cp_python python;
    CP_TRY(cp_python_find_tool(&python, arena, err));
    *out = (cp_installer){false, python.path};
    return CP_OK;
}

struct progress {
    const cp_ctx *ctx;
    uint64_t count;
};

static void follow(void *self, int fd, cp_str line) {
    struct progress *p = self;
    (void)fd;
    line = cp_str_trim(line);
    if (!cp_str_starts(line, CP_STR("Collecting ")) && !cp_str_starts(line, CP_STR("Installing ")))
        return;
    CP_AUTOV(cp_buf) text = {.max = 200};
    cp_buf_add(&text, cp_str_sub(line, 0, 150));
    cp_buf_add_c(&text, '\0');
    cp_progress(p->ctx ? p->ctx->sink : NULL, "install", text.p, ++p->count, 0);
}

static cp_status run(cp_child_result *result, words *argv, cp_str folder, const cp_ctx *ctx,
                     cp_arena *arena, cp_err *err) {
    cp_vec_push(argv, NULL);
    struct progress progress = {ctx, 0};
    cp_child_spec spec = {.argv = argv->v,
                          .cwd = folder.n ? cp_arena_cstr(arena, folder) : NULL,
                          .timeout_ms = TIMEOUT_MS,
                          .max_output = MAX_OUTPUT,
                          .on_line = follow,
                          .self = &progress};
    // Progress bars and colours are for terminals; bytecode of the installer itself is no concern.
    const char *set[] = {"NO_COLOR=1", "PYTHONUNBUFFERED=1", "PYTHONPATH"};
    spec.env = cp_env_with(arena, NULL, set, 3);
    cp_status status = cp_child_run(result, &spec, ctx, err);
    if (status == CP_OK && result->timed_out)
        status =
            cp_fail(err, CP_EIO, "%s: no end after %d minutes", argv->v[0], TIMEOUT_MS / 60000);
    return status;
}

static void add_all(words *argv, const char *const *list) {
    for (; *list; list++)
        cp_vec_push(argv, *list);
}

// Every tag that an older C library satisfies too, newest first.
static void add_platforms(words *argv, const cp_install_job *job, cp_arena *arena) {
    static const struct {
        uint32_t glibc;
        const char *name;
    } old[] = {{17, "manylinux2014"}, {12, "manylinux2010"}, {5, "manylinux1"}};
    for (uint32_t n = job->glibc; n >= MIN_GLIBC; n--) {
        cp_vec_push(argv, "--platform");
        cp_vec_push(argv,
                    cp_arena_fmt(arena, "manylinux_2_%u_%.*s", n, CP_STR_ARG(job->machine)).p);
        for (size_t i = 0; i < 3; i++) {
            if (old[i].glibc != n)
                continue;
            cp_vec_push(argv, "--platform");
            cp_vec_push(argv,
                        cp_arena_fmt(arena, "%s_%.*s", old[i].name, CP_STR_ARG(job->machine)).p);
        }
    }
}

static void add_requirements(words *argv, const cp_install_job *job, cp_arena *arena) {
    if (job->requirement.n) {
        cp_vec_push(argv, cp_arena_cstr(arena, job->requirement));
        return;
    }
    cp_vec_push(argv, "-r");
    cp_vec_push(argv, cp_arena_cstr(arena, job->requirements));
}

static void pip_target(words *argv, const cp_install_job *job, cp_arena *arena) {
    static const char *const fixed[] = {"--only-binary=:all:", "--implementation", "cp",
                                        "--python-version", NULL};
    add_all(argv, fixed);
    cp_vec_push(argv, cp_arena_cstr(arena, job->version));
    add_platforms(argv, job, arena);
}

static cp_str join_tags(const cp_nowheel *there, cp_arena *arena) {
    CP_AUTOV(cp_buf) text = {0};
    for (size_t i = 0; i < there->tag_count && i < TAGS_SHOWN; i++)
        cp_buf_addf(&text, "%s%.*s", i ? ", " : "", CP_STR_ARG(there->tags[i]));
    if (there->tag_count > TAGS_SHOWN)
        cp_buf_addf(&text, " and %zu more", there->tag_count - TAGS_SHOWN);
    return cp_arena_str(arena, cp_buf_str(&text));
}

static cp_status no_wheel(cp_err *err, const cp_install_job *job, cp_str requirement,
                          const cp_nowheel *there, cp_arena *arena) {
    cp_str tags = join_tags(there, arena);
    cp_str what = cp_arena_fmt(arena, "%.*s has no wheel for Python %.*s on %.*s (glibc 2.%u)",
                               CP_STR_ARG(requirement), CP_STR_ARG(job->version),
                               CP_STR_ARG(job->machine), job->glibc);
    if (tags.n) {
        (void)cp_fail(err, CP_EFORMAT, "%s; version %.*s has wheels for %.*s", what.p,
                      CP_STR_ARG(there->version), CP_STR_ARG(tags));
        return cp_hint(
            err, "ask for another version of it, or another --target-python or --target-arch");
    }
    if (there->source.n) {
        (void)cp_fail(err, CP_EFORMAT, "%s; there is only its source, %.*s", what.p,
                      CP_STR_ARG(there->source));
        return cp_hint(err,
                       "build the wheel once: pip wheel %.*s -w wheels; then set "
                       "PIP_FIND_LINKS=$PWD/wheels",
                       CP_STR_ARG(requirement));
    }
    (void)cp_fail(err, CP_EFORMAT, "%s; the index has no such distribution or version", what.p);
    return cp_hint(err, "check the name and the version, and the index that pip uses");
}

// Asks pip once more, for that requirement alone, for what it saw and skipped.
static cp_status explain(cp_err *err, const cp_installer *installer, const cp_install_job *job,
                         cp_str requirement, const cp_ctx *ctx, cp_arena *arena) {
    words argv = {0};
    const char *const start[] = {
        installer->program.p, "-m",  "pip",        "download",
        "--no-deps",          "-vv", "--no-input", "--disable-pip-version-check",
        "--progress-bar",     "off", "--dest",     NULL};
    add_all(&argv, start);
    cp_vec_push(&argv, cp_arena_cstr(arena, job->target));
    pip_target(&argv, job, arena);
    cp_vec_push(&argv, cp_arena_cstr(arena, requirement));
    CP_AUTOV(cp_child_result) result = {0};
    cp_status status = run(&result, &argv, job->folder, ctx, arena, err);
    cp_vec_free(&argv);
    CP_TRY(status);
    cp_nowheel there;
    cp_nowheel_read(&there, requirement, cp_buf_str(&result.out), arena);
    return no_wheel(err, job, requirement, &there, arena);
}

static cp_status run_pip(const cp_installer *installer, const cp_install_job *job,
                         const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    words argv = {0};
    const char *const start[] = {installer->program.p,
                                 "-m",
                                 "pip",
                                 "install",
                                 "--no-compile",
                                 "--no-input",
                                 "--disable-pip-version-check",
                                 "--root-user-action=ignore",
                                 "--progress-bar",
                                 "off",
                                 "--target",
                                 NULL};
    add_all(&argv, start);
    cp_vec_push(&argv, cp_arena_cstr(arena, job->target));
    pip_target(&argv, job, arena);
    add_requirements(&argv, job, arena);
    CP_AUTOV(cp_child_result) result = {0};
    cp_status status = run(&result, &argv, job->folder, ctx, arena, err);
    cp_vec_free(&argv);
    CP_TRY(status);
    if (result.exit_code == 0)
        return CP_OK;
    cp_str said = cp_buf_str(&result.err);
    cp_str requirement = cp_arena_str(arena, cp_nowheel_requirement(said));
    if (requirement.n)
        return explain(err, installer, job, requirement, ctx, arena);
    cp_str last = cp_nowheel_last_error(said);
    return cp_fail(err, CP_EIO, "pip: %.*s", CP_STR_ARG(last));
}

// uv's own explanation is several lines of a tree; its marks are taken out.
static cp_str plain_words(cp_str text, cp_arena *arena) {
    CP_AUTOV(cp_buf) out = {.max = 900};
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool space = c <= ' ' || c >= 127;
        if (!space)
            cp_buf_add_c(&out, (char)c);
        else if (out.n && out.p[out.n - 1] != ' ')
            cp_buf_add_c(&out, ' ');
    }
    return cp_str_trim(cp_arena_str(arena, cp_buf_str(&out)));
}

static cp_status run_uv(const cp_installer *installer, const cp_install_job *job, const cp_ctx *ctx,
                        cp_arena *arena, cp_err *err) {
    // uv knows 2_17, 2_28 and 2_31 on as platforms; 2_17 is what Amazon Linux 2 can take of these.
    uint32_t glibc = job->glibc >= 31 ? job->glibc : job->glibc >= 28 ? 28 : 17;
    words argv = {0};
    const char *const start[] = {
        installer->program.p, "pip", "install", "--no-build", "--color", "never", "--target", NULL};
    add_all(&argv, start);
    cp_vec_push(&argv, cp_arena_cstr(arena, job->target));
    cp_vec_push(&argv, "--python-version");
    cp_vec_push(&argv, cp_arena_cstr(arena, job->version));
    cp_vec_push(&argv, "--python-platform");
    cp_vec_push(&argv,
                cp_arena_fmt(arena, "%.*s-manylinux_2_%u", CP_STR_ARG(job->machine), glibc).p);
    add_requirements(&argv, job, arena);
    CP_AUTOV(cp_child_result) result = {0};
    cp_status status = run(&result, &argv, job->folder, ctx, arena, err);
    cp_vec_free(&argv);
    CP_TRY(status);
    if (result.exit_code == 0)
        return CP_OK;
    cp_str said = plain_words(cp_buf_str(&result.err), arena);
    size_t cause = cp_str_search(said, CP_STR("cause: "));
    if (cause != SIZE_MAX)
        said = cp_str_sub(said, cause + 7, said.n);
    bool wheel = cause != SIZE_MAX || cp_str_search(said, CP_STR("No solution found")) != SIZE_MAX;
    (void)cp_fail(err, wheel ? CP_EFORMAT : CP_EIO, "uv: %.*s", CP_STR_ARG(said));
    return wheel ? cp_hint(err, "ask for another version of it, or another --target-python or "
                                "--target-arch; or "
                                "build the wheel and name its folder in UV_FIND_LINKS")
                 : err->status;
}

cp_status cp_installer_run(const cp_installer *installer, const cp_install_job *job,
                           const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    return installer->uv ? run_uv(installer, job, ctx, arena, err)
                         : run_pip(installer, job, ctx, arena, err);
}

static const char toml_script[] =
    "import sys\n"
    "try:\n"
    "    import tomllib\n"
    "except ImportError:\n"
    "    from pip._vendor import tomli as tomllib\n"
    "try:\n"
    "    with open(sys.argv[1], 'rb') as f: d = tomllib.load(f)\n"
    "except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:\n"
    "    sys.exit('error: ' + str(e))\n"
    "d = d.get('project', {}).get('dependencies', [])\n"
    "if not isinstance(d, list) or not all(isinstance(x, str) for x in d):\n"
    "    sys.exit('error: project.dependencies is not a list of texts')\n"
    "print('\\n'.join(d))\n";

static cp_status read_pyproject(words *argv, const cp_installer *installer, cp_str path,
                                cp_arena *arena, cp_err *err) {
    cp_python python = {.path = installer->program};
    if (installer->uv)
        CP_TRY(cp_python_find_tool(&python, arena, err));
    const char *const list[] = {python.path.p, "-c", toml_script, path.p, NULL};
    add_all(argv, list);
    return CP_OK;
}

static cp_status read_lock(words *argv, const cp_installer *installer, cp_err *err) {
    if (!installer->uv) {
        (void)cp_fail(err, CP_ENOTFOUND, "uv.lock: only uv reads it, and uv is not on PATH");
        return cp_hint(err, "python3 -m pip install uv, or give a requirements.txt "
                            "(uv export > requirements.txt)");
    }
    const char *const list[] = {installer->program.p,
                                "export",
                                "--frozen",
                                "--no-dev",
                                "--no-emit-project",
                                "--quiet",
                                "--color",
                                "never",
                                NULL};
    add_all(argv, list);
    return CP_OK;
}

cp_status cp_installer_requirements(cp_str *out, const cp_installer *installer, cp_str path,
                                    const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    words argv = {0};
    path = cp_arena_str(arena, path);
    bool lock = cp_str_is(cp_path_base(path), "uv.lock");
    cp_status status = lock ? read_lock(&argv, installer, err)
                            : read_pyproject(&argv, installer, path, arena, err);
    CP_AUTOV(cp_child_result) result = {0};
    if (status == CP_OK)
        status = run(&result, &argv, lock ? cp_path_dir(path) : (cp_str){0}, ctx, arena, err);
    cp_vec_free(&argv);
    CP_TRY(status);
    if (result.exit_code != 0)
        return cp_fail(err, CP_EFORMAT, "%s: %.*s", path.p,
                       CP_STR_ARG(cp_nowheel_last_error(cp_buf_str(&result.err))));
    *out = cp_arena_str(arena, cp_buf_str(&result.out));
    return CP_OK;
}
