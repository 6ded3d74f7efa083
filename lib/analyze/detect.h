// detect.h - what can be found out about a project without asking: handler, Python version,
// requirements.
#pragma once

#include "core/arena.h"

/// Texts are empty when nothing was found; `*_from` says where the value comes from
/// ("template.yaml:12").
typedef struct cp_detected {
    cp_str name; ///< of the folder, as a function name
    cp_str handler, handler_from;
    cp_str python, python_from; ///< "3.12"
    cp_str arch, arch_from;
    cp_str project, project_from; ///< folder of the code, when a template says another than "."
    cp_str memory, memory_from;   ///< "1024"
    cp_str timeout, timeout_from; ///< seconds
    cp_str requirements; ///< uv.lock, requirements.txt or pyproject.toml, the first of them that
                         ///< is in the folder of the code or else at the top
    cp_str events;       ///< folder with *.json, when it is not the default
    cp_str rivals;       ///< other handlers that were found, comma separated
} cp_detected;

/// Looks at SAM and serverless templates, .python-version, pyproject.toml, and for a module-level
/// `def handler(event, context)` or `lambda_handler` in the usual files and then in every top-level
/// .py file. Reads at most 1 MiB of each file. Fails only when `project` cannot be listed.
CP_MUST_CHECK cp_status cp_detect(cp_detected *out, cp_str project, cp_arena *arena, cp_err *err);
