#include "target/ric.h"

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "target/compile.h"
#include "target/installer.h"
#include "target/publish.h"
#include "target/table.h"

// Newest C library that wheels of the client may ask of this machine.
enum { HOST_GLIBC = 17 };

static cp_status fill(cp_install_job *job, cp_str interpreter, const cp_ctx *ctx, cp_arena *arena,
                      cp_err *err) {
    cp_installer installer;
    CP_TRY(cp_installer_find(&installer, arena, err));
    CP_TRY(cp_installer_run(&installer, job, ctx, arena, err));
    return cp_compile_tree(interpreter, job->target, ctx, arena, err);
}

cp_status cp_ric_get(cp_str *out, const cp_python *python, cp_str interpreter, cp_str work,
                     const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    cp_str requirement = cp_table_value("ric.txt", python->version);
    cp_str version = cp_str_sub(requirement, cp_str_rfind(requirement, '=') + 1, requirement.n);
    CP_TRY(cp_dir_make(work, err));
    CP_TRY(cp_path_real(&work, arena, work, err));
    uint64_t minor = 0;
    cp_str rest = python->version;
    (void)cp_str_next(&rest, '.');
    CP_ASSERT(cp_str_to_u64(&minor, rest));
    *out = cp_arena_fmt(arena, "%.*s/ric-%.*s-cp3%u", CP_STR_ARG(work), CP_STR_ARG(version),
                        (unsigned)minor);
    if (cp_file_is_dir(*out))
        return CP_OK;
    cp_step(ctx ? ctx->sink : NULL, "install", "getting AWS's runtime client %.*s",
            CP_STR_ARG(version));
    cp_install_job job = {.version = python->version,
                          .machine = python->machine,
                          .glibc = HOST_GLIBC,
                          .requirement = cp_arena_str(arena, requirement)};
    CP_TRY(cp_dir_temporary(&job.target, work, ".ric", arena, err));
    cp_status status = fill(&job, interpreter, ctx, arena, err);
    if (status == CP_OK)
        return cp_folder_publish(job.target, *out, err);
    cp_err ignored;
    (void)!cp_tree_remove(job.target, &ignored);
    return cp_wrap(err, "AWS's runtime client");
}
