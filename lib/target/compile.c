#include "target/compile.h"

#include "core/child.h"

enum { TIMEOUT_MS = 20 * 60 * 1000 };

// compileall's exit code is 1 when any source failed, which is no failure here: 3 says that all was
// looked at.
static const char script[] =
    "import compileall, py_compile, sys\n"
    "compileall.compile_dir(sys.argv[1], maxlevels=60, quiet=2, workers=int(sys.argv[2]),\n"
    "    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)\n"
    "sys.exit(3)\n";

cp_status cp_compile_tree(cp_str interpreter, cp_str folder, const cp_ctx *ctx, cp_arena *arena,
                          cp_err *err) {
    const char *argv[] = {cp_arena_cstr(arena, interpreter),
                          "-I",
                          "-c",
                          script,
                          cp_arena_cstr(arena, folder),
                          cp_arena_fmt(arena, "%u", ctx ? ctx->threads : 0).p,
                          NULL};
    cp_child_spec spec = {.argv = argv, .timeout_ms = TIMEOUT_MS};
    CP_AUTOV(cp_child_result) result = {0};
    CP_TRY(cp_child_run(&result, &spec, ctx, err));
    if (result.exit_code != 3)
        return cp_fail(err, CP_EIO, "compile %.*s: exit %d: %.*s", CP_STR_ARG(folder),
                       result.exit_code, CP_STR_ARG(cp_str_trim(cp_buf_str(&result.err))));
    return CP_OK;
}
