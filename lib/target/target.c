#include "target/target.h"

#include "core/file.h"
#include "target/ric.h"
#include "target/venv.h"

cp_status cp_target_open(cp_target *out, cp_str version, cp_str work, const cp_ctx *ctx,
                         cp_arena *arena, cp_err *err) {
    *out = (cp_target){0};
    CP_TRY(cp_python_find(&out->python, version, arena, err));
    CP_TRY(cp_dir_make(work, err));
    CP_TRY(cp_path_real(&out->work, arena, work, err));
    CP_TRY(cp_venv_make(&out->interpreter, &out->python, out->work, arena, err));
    CP_TRY(cp_ric_get(&out->ric, &out->python, out->interpreter, out->work, ctx, arena, err));
    out->guard = cp_guard_find();
    return CP_OK;
}
