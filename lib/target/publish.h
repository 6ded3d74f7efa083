// publish.h - a folder that appears whole or not at all.
#pragma once

#include "core/err.h"
#include "core/str.h"

/// Renames the finished folder `made` to `name`. When `name` is there already, another process was
/// faster with the same content: `made` is removed and that is fine. Fails with CP_EIO; `made` is
/// gone then too.
CP_MUST_CHECK cp_status cp_folder_publish(cp_str made, cp_str name, cp_err *err);
