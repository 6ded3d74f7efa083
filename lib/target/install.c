#include "target/install.h"

#include "core/file.h"
#include "core/hash.h"
#include "core/path.h"
#include "core/tree.h"
#include "target/installer.h"
#include "target/publish.h"
#include "target/table.h"

#include <string.h>

enum { MAX_REQUIREMENTS = 8 << 20, MAX_NESTED = 8 };

// Requirement files may include others: their bytes count too.
static cp_status digest_file(cp_sha256_stream *sha, cp_str path, unsigned depth, cp_arena *arena,
                             cp_err *err) {
    cp_str text;
    CP_TRY(cp_file_read(&text, arena, path, MAX_REQUIREMENTS, err));
    cp_sha256_add_field(sha, text);
    if (!cp_str_ends(path, CP_STR(".txt")) && !cp_str_ends(path, CP_STR(".in")))
        return CP_OK;
    for (cp_str rest = text; rest.p;) {
        cp_str line = cp_str_trim(cp_str_next(&rest, '\n'));
        static const char *const signs[] = {"-r", "-c", "--requirement", "--constraint"};
        for (size_t i = 0; i < 4; i++) {
            cp_str sign = cp_str_of(signs[i]);
            if (!cp_str_starts(line, sign) || line.n == sign.n || !strchr(" \t=", line.p[sign.n]))
                continue;
            cp_str name = cp_str_trim(cp_str_sub(line, sign.n + 1, line.n));
            if (depth == MAX_NESTED)
                return cp_fail(err, CP_EFORMAT, "%.*s: files that include files, over %d deep",
                               CP_STR_ARG(path), MAX_NESTED);
            cp_str nested = cp_path_join(arena, cp_path_dir(path), name);
            CP_TRY(digest_file(sha, nested, depth + 1, arena, err));
        }
    }
    return CP_OK;
}

static cp_status find_key(cp_str *out, cp_str path, const cp_install_job *job, bool uv,
                          cp_arena *arena, cp_err *err) {
    cp_sha256_stream *sha = cp_sha256_new();
    cp_sha256_add_field(sha, job->version);
    cp_sha256_add_field(sha, job->machine);
    cp_sha256_add_field(sha, cp_arena_fmt(arena, "%s %u", uv ? "uv" : "pip", job->glibc));
    cp_status status = digest_file(sha, path, 0, arena, err);
    cp_sha256 digest = cp_sha256_end(sha);
    *out = cp_str_sub(cp_sha256_hex(arena, &digest), 0, 32);
    return status;
}

static cp_status describe(cp_install_job *job, const cp_install_spec *spec, cp_err *err) {
    *job = (cp_install_job){.version = spec->version, .glibc = spec->glibc};
    if (cp_str_is(spec->arch, "x86_64"))
        job->machine = CP_STR("x86_64");
    else if (cp_str_is(spec->arch, "arm64") || cp_str_is(spec->arch, "aarch64"))
        job->machine = CP_STR("aarch64");
    else
        return cp_fail(err, CP_EUSAGE, "\"%.*s\" is not an architecture of Lambda (x86_64, arm64)",
                       CP_STR_ARG(spec->arch));
    uint64_t n = 0;
    if (!job->glibc && cp_str_to_u64(&n, cp_table_value("glibc.txt", spec->version)))
        job->glibc = (uint32_t)n;
    return CP_OK;
}

// Requirements that only uv or a TOML reader understands become a plain file of lines first.
static cp_status as_lines(cp_install_job *job, const cp_installer *installer, cp_str path,
                          cp_str folder, const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    cp_str base = cp_path_base(path);
    job->requirements = path;
    job->folder = cp_path_dir(path);
    if (cp_str_ends(base, CP_STR(".txt")) || cp_str_ends(base, CP_STR(".in")))
        return CP_OK;
    if (!cp_str_is(base, "uv.lock") && !cp_str_is(base, "pyproject.toml")) {
        (void)cp_fail(err, CP_EUSAGE, "%.*s: not a kind of requirement file that is known",
                      CP_STR_ARG(path));
        return cp_hint(err, "known are requirements.txt (any *.txt), pyproject.toml and uv.lock");
    }
    cp_str lines;
    CP_TRY(cp_installer_requirements(&lines, installer, path, ctx, arena, err));
    job->requirements = cp_path_join(arena, folder, CP_STR("requirements.txt"));
    return cp_file_write(job->requirements, lines, err);
}

static cp_status fill(cp_install_job *job, const cp_installer *installer, cp_str path,
                      cp_str folder, const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    job->target = cp_path_join(arena, folder, CP_STR("site"));
    CP_TRY(cp_dir_make(job->target, err));
    CP_TRY(as_lines(job, installer, path, folder, ctx, arena, err));
    CP_TRY(cp_installer_run(installer, job, ctx, arena, err));
    return cp_tree_remove(cp_path_join(arena, job->target, CP_STR(".lock")), err);
}

cp_status cp_install(cp_str *out, const cp_install_spec *spec, cp_str requirements,
                     const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    cp_install_job job;
    cp_installer installer;
    cp_str path, work, key, folder;
    CP_TRY(describe(&job, spec, err));
    CP_TRY(cp_path_real(&path, arena, requirements, err));
    CP_TRY(cp_installer_find(&installer, arena, err));
    CP_TRY(find_key(&key, path, &job, installer.uv, arena, err));
    work = cp_path_join(arena, spec->work, CP_STR("site"));
    CP_TRY(cp_dir_make(work, err));
    CP_TRY(cp_path_real(&work, arena, work, err));
    *out = cp_path_join(arena, work, key);
    if (cp_file_is_dir(*out))
        return CP_OK;
    cp_step(ctx ? ctx->sink : NULL, "install", "installing %.*s for Python %.*s on %.*s with %s",
            CP_STR_ARG(cp_path_base(path)), CP_STR_ARG(job.version), CP_STR_ARG(job.machine),
            installer.uv ? "uv" : "pip");
    CP_TRY(cp_dir_temporary(&folder, work, ".new", arena, err));
    cp_status status = fill(&job, &installer, path, folder, ctx, arena, err);
    if (status == CP_OK)
        status = cp_folder_publish(job.target, *out, err);
    cp_err ignored;
    (void)!cp_tree_remove(folder, &ignored);
    return status == CP_OK ? CP_OK : cp_wrap(err, "install %.*s", CP_STR_ARG(cp_path_base(path)));
}
