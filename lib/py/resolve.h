// resolve.h - which file a module name means.
//
// Built from a listing of the folders, not by asking the disk for each name, so it is a pure
// function of the listing. The order is Lambda's sys.path: the project, then the installed
// distributions, then the standard library. Inside one folder, as importlib's FileFinder: a package
// (folder with
// __init__), an extension module, a source file, and last a namespace package (folder without
// __init__), which may have parts in several roots. A regular package hides the same name in every
// later root, with all that is below it.
#pragma once

#include "core/arena.h"

#define CP_PY_NO_MODULE UINT32_MAX

typedef enum cp_py_module_kind {
    CP_PY_MODULE_SOURCE,
    CP_PY_MODULE_EXTENSION,
    CP_PY_MODULE_NAMESPACE
} cp_py_module_kind;

typedef struct cp_py_module {
    cp_str name;
    cp_py_module_kind kind;
    bool package;  ///< has submodules
    uint32_t file; ///< as given to add; UINT32_MAX for a namespace
} cp_py_module;

/// What the name of a shared object says about where it can be imported.
typedef enum cp_py_fit {
    CP_PY_FIT_NONE,           ///< not named *.so: a versioned library (libx.so.1), or no library
    CP_PY_FIT_TAGGED,         ///< carries the target's tag, or .abi3
    CP_PY_FIT_PLAIN,          ///< x.so: an extension module or a library
    CP_PY_FIT_OTHER_PYTHON,   ///< cpython-310 on a 3.11 target
    CP_PY_FIT_OTHER_PLATFORM, ///< another architecture or system; *.pyd, *.dylib
} cp_py_fit;
/// `file` is a base name; `python` as "3.11", `arch` as "x86_64" or "arm64".
cp_py_fit cp_py_extension_fit(cp_str file, cp_str python, cp_str arch);

typedef struct cp_py_index cp_py_index;

/// An empty index for a target. Free with cp_py_index_cleanup.
cp_py_index *cp_py_index_new(cp_str python, cp_str arch);
void cp_py_index_cleanup(cp_py_index **index);
/// Adds a file of root 0 (searched first) to 7. Files that are no modules are passed over, so that
/// all of a listing can be added.
void cp_py_index_add(cp_py_index *index, uint32_t root, cp_str rel, uint32_t file);
/// Decides who hides whom. Call once, after the last add and before what follows.
void cp_py_index_finish(cp_py_index *index);

/// The modules, sorted by name; positions are stable. They live as long as the index.
const cp_py_module *cp_py_index_modules(const cp_py_index *index, uint32_t *count);
/// Position of the module of that name, or CP_PY_NO_MODULE.
uint32_t cp_py_index_find(const cp_py_index *index, cp_str name);
