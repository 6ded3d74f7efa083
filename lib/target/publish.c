#include "target/publish.h"

#include "core/file.h"
#include "core/tree.h"

cp_status cp_folder_publish(cp_str made, cp_str name, cp_err *err) {
    cp_status status = cp_file_rename(made, name, err);
    if (status == CP_OK)
        return CP_OK;
    cp_err ignored;
    (void)!cp_tree_remove(made, &ignored);
    return cp_file_is_dir(name) ? CP_OK : status;
}
