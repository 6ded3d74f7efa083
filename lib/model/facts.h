// facts.h - what is known about a function without running it in production: the output of analyze
// and of profile.
//
// Plain data. Everything hangs in the arena of whoever made it; texts are borrowed from that arena.
// Indexes are positions in the arrays of the same cp_facts; CP_NONE means "there is none".
#pragma once

#include "core/hash.h"

#define CP_NONE UINT32_MAX

/// Which folder a file is in.
typedef enum cp_root {
    CP_ROOT_PROJECT, ///< the user's own code: what would be at the top of the function zip
    CP_ROOT_SITE,    ///< installed distributions (site-packages)
} cp_root;

typedef enum cp_file_kind {
    CP_FILE_SOURCE,    ///< .py
    CP_FILE_EXTENSION, ///< importable .so
    CP_FILE_LIBRARY,   ///< shared library that is not importable
    CP_FILE_DATA,      ///< anything else of a distribution or of the project
    CP_FILE_METADATA,  ///< *.dist-info, *.egg-info
    CP_FILE_MODEL,     ///< joblib, pickle, onnx, ... by name
} cp_file_kind;
/// "source", "extension", "library", "data", "metadata", "model".
const char *cp_file_kind_name(cp_file_kind kind);

/// One installed or project file. Every file below the two roots is here except caches
/// (__pycache__, .git, virtual environments, .cloudpack), sorted by (root, rel).
typedef struct cp_file_fact {
    cp_root root;
    cp_str rel; ///< below its root
    cp_file_kind kind;
    uint64_t bytes;
    int64_t mtime_ns;
    uint64_t inode;
    bool executable;
    uint32_t distribution; ///< CP_NONE when no RECORD claims it
    uint32_t module;       ///< CP_NONE when not importable
} cp_file_fact;

typedef enum cp_module_kind {
    CP_MODULE_SOURCE,
    CP_MODULE_EXTENSION,
    CP_MODULE_NAMESPACE
} cp_module_kind;

typedef struct cp_module_fact {
    cp_str name; ///< full dotted name
    cp_module_kind kind;
    uint32_t file;     ///< CP_NONE for a namespace package
    bool package;      ///< has submodules (an __init__ file or a namespace)
    bool initial;      ///< executed while the handler module is imported
    bool reached;      ///< can be imported at all: initial, deferred, lazy or by rule
    uint32_t why_from; ///< module whose statement first reached it; CP_NONE for the handler
    uint32_t why_line;
} cp_module_fact;

/// When and under what condition an import statement runs. The order is from surest to least sure.
typedef enum cp_import_context {
    CP_IMPORT_INIT,
    CP_IMPORT_DEFERRED,    ///< inside a function
    CP_IMPORT_OPTIONAL,    ///< under try/except ImportError
    CP_IMPORT_CONDITIONAL, ///< under a test that could not be decided for the target
    CP_IMPORT_TYPING,      ///< TYPE_CHECKING only: never runs
    CP_IMPORT_LAZY,        ///< module __getattr__, lazy_loader, PEP 810
    CP_IMPORT_DYNAMIC,     ///< import_module("literal")
    CP_IMPORT_NATIVE,      ///< a name found inside a compiled module
    CP_IMPORT_RULE,        ///< the rules table
} cp_import_context;
/// "init", "deferred", "optional", ...
const char *cp_import_context_name(cp_import_context context);

typedef struct cp_import_fact {
    uint32_t from; ///< module
    uint32_t line;
    cp_str target; ///< absolute dotted name as resolved ("numpy.linalg")
    cp_import_context context;
    cp_str binds;    ///< name it binds in the importing scope; "*" for a star; empty for none
    bool deferrable; ///< every name it binds is read only inside function bodies
    uint32_t module; ///< what it resolved to; CP_NONE when missing or standard library
} cp_import_fact;

/// A compiled file and what it needs from the same package set, by DT_NEEDED.
typedef struct cp_native_fact {
    uint32_t file;
    const uint32_t *needs; ///< files
    uint32_t need_count;
    cp_str soname;  ///< DT_SONAME, or empty
    cp_str missing; ///< comma-separated names found neither in the package set nor in the runtime's
                    ///< image; usually empty
} cp_native_fact;

typedef struct cp_distribution_fact {
    cp_str name; ///< PEP 503 normalised
    cp_str version;
    cp_str metadata_dir; ///< rel of its .dist-info
} cp_distribution_fact;

/// Something that could not be followed, or was not found.
typedef struct cp_place_fact {
    uint32_t from; ///< module
    uint32_t line;
    cp_str text; ///< opaque: the source text; missing: the name asked for
    cp_import_context context;
} cp_place_fact;

typedef struct cp_facts {
    cp_str handler; ///< as configured: "app.handler"
    cp_str handler_module, handler_function;
    cp_str python;                  ///< "3.11"
    cp_str arch;                    ///< "x86_64" or "arm64"
    cp_str project_root, site_root; ///< absolute folders; site_root may be empty
    const cp_file_fact *files;
    uint32_t file_count;
    const cp_module_fact *modules;
    uint32_t module_count;
    const cp_import_fact *imports;
    uint32_t import_count;
    const cp_native_fact *natives;
    uint32_t native_count;
    const cp_distribution_fact *distributions;
    uint32_t distribution_count;
    const cp_place_fact *opaque, *missing;
    uint32_t opaque_count, missing_count;
    double seconds;
} cp_facts;

/// Absolute path of a file, in the arena.
cp_str cp_facts_path(cp_arena *arena, const cp_facts *facts, uint32_t file);
/// Position of the module of that name, or CP_NONE (linear in the log of the count: modules are
/// sorted by name).
uint32_t cp_facts_find_module(const cp_facts *facts, cp_str name);
/// Position of a file by root and rel, or CP_NONE (binary search).
uint32_t cp_facts_find_file(const cp_facts *facts, cp_root root, cp_str rel);

/// What cold runs of the function on the user's events showed (medians over the runs).
typedef struct cp_module_profile {
    cp_str name;
    double self_ms; ///< own import time, without that of what it imports
    uint32_t order; ///< position in first-use order, from 0
    uint32_t phase; ///< 0 = init, k = k-th event
    bool used;      ///< a function of it ran after its import
} cp_module_profile;

typedef struct cp_profile {
    uint32_t runs;
    double init_ms, init_p95_ms;   ///< process start to the first request for an event, wall
    double first_ms, first_p95_ms; ///< first event, wall
    double cpu_ms;                 ///< CPU from start to the first answer
    double
        runtime_ms; ///< the same for a handler that imports nothing: interpreter and runtime client
    uint64_t peak_memory_bytes;
    const cp_module_profile *modules; ///< sorted by order; third-party and project modules
    uint32_t module_count;
    const uint32_t *opened; ///< files (cp_facts.files) opened or mapped, sorted
    uint32_t opened_count;
    cp_str facts_digest; ///< digest of the files the profile is about
} cp_profile;

/// Hex sha256 of what a profile of these facts is about: target, handler, every file's place and
/// size, and the time stamps of the user's own files. In the arena.
cp_str cp_facts_digest(cp_arena *arena, const cp_facts *facts);
