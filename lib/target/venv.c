#include "target/venv.h"

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "target/publish.h"

#include <errno.h>
#include <unistd.h>

enum { MAX_CONFIG = 4096 };

static cp_status fill(cp_str folder, const cp_python *python, cp_str config, cp_arena *arena,
                      cp_err *err) {
    cp_str bin = cp_path_join(arena, folder, CP_STR("bin"));
    cp_str site = cp_arena_fmt(arena, "%.*s/lib/python%.*s/site-packages", CP_STR_ARG(folder),
                               CP_STR_ARG(python->version));
    CP_TRY(cp_dir_make(bin, err));
    CP_TRY(cp_dir_make(site, err));
    cp_str link = cp_path_join(arena, bin, CP_STR("python"));
    if (symlink(cp_arena_cstr(arena, python->path), link.p) != 0)
        return cp_fail_errno(err, errno, "link %s", link.p);
    return cp_file_write(cp_path_join(arena, folder, CP_STR("pyvenv.cfg")), config, err);
}

cp_status cp_venv_make(cp_str *out, const cp_python *python, cp_str work, cp_arena *arena,
                       cp_err *err) {
    CP_TRY(cp_dir_make(work, err));
    CP_TRY(cp_path_real(&work, arena, work, err));
    cp_str folder =
        cp_arena_fmt(arena, "%.*s/venv-%.*s", CP_STR_ARG(work), CP_STR_ARG(python->version));
    cp_str home = cp_path_dir(python->path);
    cp_str config =
        cp_arena_fmt(arena, "home = %.*s\ninclude-system-site-packages = false\nversion = %.*s\n",
                     CP_STR_ARG(home), CP_STR_ARG(python->full));
    *out = cp_path_join(arena, folder, CP_STR("bin/python"));
    cp_str known = {0};
    cp_err ignored;
    if (cp_file_read(&known, arena, cp_path_join(arena, folder, CP_STR("pyvenv.cfg")), MAX_CONFIG,
                     &ignored) == CP_OK &&
        cp_str_eq(known, config) && access(out->p, X_OK) == 0)
        return CP_OK;
    cp_str temporary;
    CP_TRY(cp_dir_temporary(&temporary, work, ".venv", arena, err));
    cp_status status = fill(temporary, python, config, arena, err);
    if (status == CP_OK)
        status = cp_tree_remove(folder, err);
    if (status == CP_OK)
        status = cp_folder_publish(temporary, folder, err);
    else
        (void)!cp_tree_remove(temporary, &ignored);
    return status == CP_OK
               ? CP_OK
               : cp_wrap(err, "bare environment for Python %.*s", CP_STR_ARG(python->version));
}
