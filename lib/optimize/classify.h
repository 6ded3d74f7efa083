// classify.h - what each file is to the function, before files are grouped (see group.h).
#pragma once

#include "optimize/use.h"

typedef enum cp_file_class {
    CP_CLASS_PROJECT,
    CP_CLASS_META,
    CP_CLASS_INITIAL,
    CP_CLASS_DEFERRED,
    CP_CLASS_LIBRARY,
    CP_CLASS_DATA,
    CP_CLASS_COLD,
} cp_file_class;

typedef struct cp_file_use {
    cp_file_class cls;
    bool initial;       ///< needed during init (project, modules, libraries)
    uint64_t order;     ///< first use; UINT64_MAX = not known to be used
    double probability; ///< of being needed at all
} cp_file_use;

/// One for each file of the facts.
cp_file_use *cp_classify_files(const cp_facts *facts, const cp_profile *profile,
                               const cp_module_use *modules, cp_arena *arena);
/// First path component without ".py" and the like: the package a file of site-packages is in.
cp_str cp_top_of(cp_str rel);
