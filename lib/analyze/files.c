#include "analyze/files.h"

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "core/vec.h"
#include "py/resolve.h"

#include <string.h>
#include <unistd.h>

enum { MAX_ENTRIES = 500000 };

struct walk {
    cp_str root;
    cp_str leave_out; // rel of a folder that is listed on its own
    cp_arena *arena;
};

static bool is_cache(cp_str name) {
    static const char *const names[] = {"__pycache__",   ".git",         ".hg",        ".svn",
                                        ".cloudpack",    "node_modules", ".tox",       ".nox",
                                        ".mypy_cache",   ".ruff_cache",  ".idea",      ".vscode",
                                        ".pytest_cache", ".aws-sam",     ".serverless"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cp_str_is(name, names[i]))
            return true;
    return false;
}

static bool keep_entry(void *self, cp_str rel, cp_str name, cp_entry_kind kind) {
    struct walk *w = self;
    if (kind != CP_ENTRY_DIR)
        return !cp_str_ends(name, CP_STR(".pyc")) && !cp_str_ends(name, CP_STR(".pyo"));
    if (is_cache(name) || (w->leave_out.n && cp_str_eq(rel, w->leave_out)))
        return false;
    cp_str folder = cp_path_join(w->arena, w->root, rel);
    // A virtual environment, and what `build --out` wrote here.
    if (cp_file_exists(cp_path_join(w->arena, folder, CP_STR("pyvenv.cfg"))))
        return false;
    return !cp_file_exists(cp_path_join(w->arena, folder, CP_STR("build.json"))) ||
           !cp_file_exists(cp_path_join(w->arena, folder, CP_STR("catalog.bin")));
}

static bool is_model_name(cp_str rel) {
    static const char *const suffixes[] = {".joblib", ".pkl",         ".pickle", ".onnx",
                                           ".pt",     ".h5",          ".keras",  ".tflite",
                                           ".gguf",   ".safetensors", ".cbm",    ".ubj"};
    cp_str suffix = cp_path_ext(rel);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (cp_str_is(suffix, suffixes[i]))
            return true;
    return false;
}

static bool is_metadata(cp_str rel) {
    return cp_str_search(rel, CP_STR(".dist-info/")) != SIZE_MAX ||
           cp_str_search(rel, CP_STR(".egg-info/")) != SIZE_MAX ||
           cp_str_ends(rel, CP_STR(".egg-info"));
}

// Plain .so files are told apart later, by what they export.
static cp_file_kind classify(cp_str rel, const cp_analyze_options *options) {
    cp_str base = cp_path_base(rel);
    if (is_metadata(rel))
        return CP_FILE_METADATA;
    if (cp_str_ends(base, CP_STR(".py")))
        return CP_FILE_SOURCE;
    switch (cp_py_extension_fit(base, options->python, options->arch)) {
    case CP_PY_FIT_TAGGED:
        return CP_FILE_EXTENSION;
    case CP_PY_FIT_PLAIN:
        return CP_FILE_LIBRARY;
    default:
        break;
    }
    if (cp_str_search(base, CP_STR(".so.")) != SIZE_MAX)
        return CP_FILE_LIBRARY;
    return is_model_name(rel) ? CP_FILE_MODEL : CP_FILE_DATA;
}

// The file that our own output goes to (`analyze --json >facts.json`) is no part of the function,
// and grows after it was looked at.
static bool is_our_output(const struct walk *w, const cp_entry *e) {
    struct stat file, out;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &out) == 0 && S_ISREG(out.st_mode) && out.st_ino == e->inode &&
            stat(cp_path_join(w->arena, w->root, e->rel).p, &file) == 0 &&
            file.st_dev == out.st_dev && file.st_ino == out.st_ino)
            return true;
    return false;
}

static void warn_entry(const cp_ctx *ctx, const struct walk *w, const cp_entry *e) {
    cp_str path = cp_path_join(w->arena, w->root, e->rel), real;
    cp_err ignored;
    if (e->unreadable_errno) {
        char reason[128];
        cp_warn_at(ctx->sink, "analyze", path, 0, 0, "left out: %s",
                   strerror_r((int)e->unreadable_errno, reason, sizeof reason));
    } else if (e->link && e->kind == CP_ENTRY_DIR &&
               cp_path_real(&real, w->arena, path, &ignored) == CP_OK) {
        cp_str below;
        if (cp_path_below(&below, path, real) || cp_str_eq(path, real))
            cp_warn_at(ctx->sink, "analyze", path, 0, 0,
                       "this link leads back to a folder above it: not followed");
    }
}

static cp_status list_root(cp_listing *out, struct walk *w, cp_root root,
                           const cp_analyze_options *options, const cp_ctx *ctx, cp_err *err) {
    const cp_entry *entries;
    size_t count;
    CP_TRY(cp_tree_list(&entries, &count, w->root, keep_entry, w, MAX_ENTRIES, w->arena, err));
    cp_file_fact *files = CP_ARENA_ARRAY(w->arena, cp_file_fact, out->file_count + count);
    if (out->file_count)
        memcpy(files, out->files, out->file_count * sizeof *files);
    out->files = files;
    for (size_t i = 0; i < count; i++) {
        const cp_entry *e = &entries[i];
        if (e->unreadable_errno || e->link)
            warn_entry(ctx, w, e);
        if (e->kind != CP_ENTRY_FILE || e->unreadable_errno || is_our_output(w, e))
            continue;
        files[out->file_count++] = (cp_file_fact){
            .root = root,
            .rel = e->rel,
            .kind = classify(e->rel, options),
            .bytes = e->bytes,
            .mtime_ns = e->mtime_ns,
            .inode = e->inode,
            .executable = e->executable,
            .distribution = CP_NONE,
            .module = CP_NONE,
        };
    }
    return CP_OK;
}

static int by_root_rel(const void *a, const void *b) {
    const cp_file_fact *x = a, *y = b;
    return x->root != y->root ? (x->root < y->root ? -1 : 1) : cp_str_cmp(x->rel, y->rel);
}

cp_str cp_listing_path(const cp_listing *listing, uint32_t file, cp_arena *arena) {
    const cp_file_fact *f = &listing->files[file];
    return cp_path_join(
        arena, f->root == CP_ROOT_PROJECT ? listing->project_root : listing->site_root, f->rel);
}

cp_status cp_listing_make(cp_listing *out, const cp_analyze_options *options, const cp_ctx *ctx,
                          cp_arena *arena, cp_err *err) {
    *out = (cp_listing){0};
    if (cp_path_real(&out->project_root, arena, options->project_root, err) != CP_OK)
        return cp_wrap(err, "project folder");
    struct walk project = {.root = out->project_root, .arena = arena};
    if (options->site_root.n) {
        if (cp_path_real(&out->site_root, arena, options->site_root, err) != CP_OK)
            return cp_wrap(err, "site-packages folder");
        if (cp_str_eq(out->site_root, out->project_root))
            out->site_root = (cp_str){0}; // vendored into the project: one root says it all
        else
            (void)cp_path_below(&project.leave_out, out->site_root, out->project_root);
    }
    CP_TRY(list_root(out, &project, CP_ROOT_PROJECT, options, ctx, err));
    if (out->site_root.n) {
        struct walk site = {.root = out->site_root, .arena = arena};
        CP_TRY(list_root(out, &site, CP_ROOT_SITE, options, ctx, err));
    }
    // The tree is sorted by parts; here "a-1.dist-info" stands before "a/b", as bytes do.
    if (out->file_count)
        qsort(out->files, out->file_count, sizeof *out->files, by_root_rel);
    CP_TRY(cp_listing_distributions(out, options, ctx, arena, err));
    return cp_listing_natives(out, options, ctx, arena, err);
}
