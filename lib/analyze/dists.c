// dists.c - which distribution a file belongs to, and whether each is whole and for the target.
#include "analyze/files.h"
#include "core/file.h"
#include "core/intern.h"
#include "core/path.h"
#include "core/vec.h"
#include "py/dist.h"
#include "py/name.h"
#include "py/resolve.h"

enum { MAX_METADATA = 16 << 20 };

struct dists {
    cp_listing *listing;
    const cp_analyze_options *options;
    const cp_ctx *ctx;
    cp_arena *arena;
    CP_VEC(cp_distribution_fact) found;
    CP_VEC(cp_requires) requires;
};

static uint32_t find_file(const cp_listing *l, cp_root root, cp_str rel) {
    cp_facts view = {.files = l->files, .file_count = l->file_count};
    return cp_facts_find_file(&view, root, rel);
}

static cp_str place_of(const struct dists *d, cp_root root, cp_str rel) {
    const cp_listing *l = d->listing;
    return cp_path_join(d->arena, root == CP_ROOT_PROJECT ? l->project_root : l->site_root, rel);
}

// The text of a file of a .dist-info folder; empty when there is none.
static cp_str read_part(struct dists *d, cp_root root, cp_str folder, const char *name) {
    cp_str text = {0}, rel = cp_path_join(d->arena, folder, cp_str_of(name));
    uint32_t file = find_file(d->listing, root, rel);
    cp_err err;
    if (file != CP_NONE &&
        cp_file_read(&text, d->arena, cp_listing_path(d->listing, file, d->arena), MAX_METADATA,
                     &err) != CP_OK) {
        cp_warn(d->ctx->sink, "analyze", "%s", err.message);
        return (cp_str){0};
    }
    return text;
}

struct record_count {
    uint32_t absent, changed;
    cp_str first_absent, first_changed;
};

static void claim_row(struct dists *d, cp_root root, const cp_py_record_row *row,
                      uint32_t distribution, struct record_count *count) {
    // "../../bin/x" went elsewhere with --target, and bytecode is made anew anyway.
    if (!cp_path_is_safe(row->path) || cp_str_ends(row->path, CP_STR(".pyc")))
        return;
    uint32_t file = find_file(d->listing, root, row->path);
    if (file == CP_NONE) {
        if (count->absent++ == 0)
            count->first_absent = row->path;
        return;
    }
    cp_file_fact *f = &d->listing->files[file];
    if (f->distribution == CP_NONE)
        f->distribution = distribution;
    if (row->hash.n && row->bytes != f->bytes && f->kind != CP_FILE_METADATA &&
        count->changed++ == 0)
        count->first_changed = row->path;
}

static void claim_files(struct dists *d, cp_root root, cp_str folder, cp_str name,
                        uint32_t distribution) {
    cp_str text = read_part(d, root, folder, "RECORD");
    cp_str place = place_of(d, root, cp_path_join(d->arena, folder, CP_STR("RECORD")));
    if (text.n == 0) {
        cp_warn_at(d->ctx->sink, "analyze", place, 0, 0,
                   "%.*s has no RECORD: its files cannot be told from others", CP_STR_ARG(name));
        return;
    }
    const cp_py_record_row *rows;
    size_t n;
    cp_err err;
    if (cp_py_record(&rows, &n, text, d->arena, &err) != CP_OK)
        cp_warn_at(d->ctx->sink, "analyze", place, 0, 0, "broken RECORD, read up to %s",
                   err.message);
    struct record_count count = {0};
    for (size_t i = 0; i < n; i++)
        claim_row(d, root, &rows[i], distribution, &count);
    if (count.absent)
        cp_warn_at(d->ctx->sink, "analyze", place, 0, 0,
                   "%u files of %.*s are not there, first %.*s", count.absent, CP_STR_ARG(name),
                   CP_STR_ARG(count.first_absent));
    if (count.changed)
        cp_warn_at(d->ctx->sink, "analyze", place, 0, 0,
                   "%u files of %.*s have another size than installed, first %.*s", count.changed,
                   CP_STR_ARG(name), CP_STR_ARG(count.first_changed));
}

static void check_tags(struct dists *d, cp_root root, cp_str folder, cp_str name) {
    const cp_str *tags;
    size_t n;
    cp_py_wheel_tags(&tags, &n, read_part(d, root, folder, "WHEEL"), d->arena);
    for (size_t i = 0; i < n; i++)
        if (cp_py_tag_fits(tags[i], d->options->python, d->options->arch))
            return;
    if (n)
        cp_warn_at(d->ctx->sink, "analyze", place_of(d, root, folder), 0, 0,
                   "%.*s was built for %.*s, not for Python %.*s on Linux %.*s", CP_STR_ARG(name),
                   CP_STR_ARG(tags[0]), CP_STR_ARG(d->options->python),
                   CP_STR_ARG(d->options->arch));
}

static void add_distribution(struct dists *d, cp_root root, cp_str folder, bool egg) {
    cp_str name, version;
    cp_str metadata = read_part(d, root, folder, egg ? "PKG-INFO" : "METADATA");
    cp_requires requires;
    cp_py_metadata(&name, &version, metadata);
    cp_py_requires(&requires.names, &requires.count, metadata, d->arena);
    if (name.n == 0) { // as pip names the folder: Name-Version.dist-info
        cp_warn_at(d->ctx->sink, "analyze", place_of(d, root, folder), 0, 0,
                   "no %s with a name: importlib.metadata will not find this distribution",
                   egg ? "PKG-INFO" : "METADATA");
        cp_str stem = cp_str_sub(folder, 0, cp_str_rfind(folder, '.'));
        size_t dash = cp_str_find(stem, '-', 0);
        name = cp_str_sub(stem, 0, dash);
        version = dash == SIZE_MAX ? CP_STR("") : cp_str_sub(stem, dash + 1, stem.n);
    }
    uint32_t at = (uint32_t)d->found.n;
    cp_str normalised = cp_py_normalise(d->arena, name);
    cp_vec_push(&d->requires, requires);
    cp_vec_push(&d->found, (cp_distribution_fact){normalised, version, folder});
    if (egg)
        return;
    claim_files(d, root, folder, normalised, at);
    check_tags(d, root, folder, normalised);
}

// The folders at the top of a root whose names say metadata; files are sorted, so each folder's
// stand together.
static void find_folders(struct dists *d) {
    cp_str last = {0};
    cp_root last_root = CP_ROOT_PROJECT;
    for (uint32_t i = 0; i < d->listing->file_count; i++) {
        const cp_file_fact *f = &d->listing->files[i];
        size_t slash = cp_str_find(f->rel, '/', 0);
        if (f->kind != CP_FILE_METADATA || slash == SIZE_MAX)
            continue;
        cp_str folder = cp_arena_str(d->arena, cp_str_sub(f->rel, 0, slash));
        bool egg = cp_str_ends(folder, CP_STR(".egg-info"));
        if ((!egg && !cp_str_ends(folder, CP_STR(".dist-info"))) ||
            (last_root == f->root && cp_str_eq(last, folder)))
            continue;
        last = folder;
        last_root = f->root;
        add_distribution(d, f->root, folder, egg);
    }
}

// One warning for each folder or module at the top of site-packages that nobody claims.
static void warn_unclaimed(struct dists *d) {
    cp_str last = {0};
    for (uint32_t i = 0; i < d->listing->file_count; i++) {
        const cp_file_fact *f = &d->listing->files[i];
        if (f->root != CP_ROOT_SITE || f->distribution != CP_NONE ||
            (f->kind != CP_FILE_SOURCE && f->kind != CP_FILE_EXTENSION))
            continue;
        cp_str top = cp_str_sub(f->rel, 0, cp_str_find(f->rel, '/', 0));
        if (cp_str_eq(top, last) || cp_str_is(top, "bin"))
            continue;
        last = top;
        cp_warn_at(d->ctx->sink, "analyze", place_of(d, f->root, f->rel), 0, 0,
                   "no .dist-info claims this: what looks up its version or plug-ins will fail");
    }
}

// Binaries that cannot load on the target: one warning a distribution.
static void warn_foreign(struct dists *d) {
    uint32_t *count = CP_ARENA_ARRAY(d->arena, uint32_t, d->found.n + 1);
    uint32_t *first = CP_ARENA_ARRAY(d->arena, uint32_t, d->found.n + 1);
    for (uint32_t i = 0; i < d->listing->file_count; i++) {
        const cp_file_fact *f = &d->listing->files[i];
        cp_py_fit fit =
            cp_py_extension_fit(cp_path_base(f->rel), d->options->python, d->options->arch);
        if (fit != CP_PY_FIT_OTHER_PLATFORM && fit != CP_PY_FIT_OTHER_PYTHON)
            continue;
        size_t owner = f->distribution == CP_NONE ? d->found.n : f->distribution;
        if (count[owner]++ == 0)
            first[owner] = i;
    }
    for (size_t owner = 0; owner <= d->found.n; owner++) {
        const cp_file_fact *f = &d->listing->files[first[owner]];
        if (count[owner] == 0)
            continue;
        cp_str more = count[owner] == 1
                          ? CP_STR("")
                          : cp_arena_fmt(d->arena, " (and %u more)", count[owner] - 1);
        cp_py_fit fit =
            cp_py_extension_fit(cp_path_base(f->rel), d->options->python, d->options->arch);
        cp_warn_at(d->ctx->sink, "analyze", place_of(d, f->root, f->rel), 0, 0,
                   "this binary is for another %s, not for Python %.*s on Linux %.*s%.*s",
                   fit == CP_PY_FIT_OTHER_PYTHON ? "Python" : "platform",
                   CP_STR_ARG(d->options->python), CP_STR_ARG(d->options->arch), CP_STR_ARG(more));
    }
}

cp_status cp_listing_distributions(cp_listing *listing, const cp_analyze_options *options,
                                   const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    (void)err;
    struct dists d = {.listing = listing, .options = options, .ctx = ctx, .arena = arena};
    find_folders(&d);
    warn_unclaimed(&d);
    warn_foreign(&d);
    listing->distributions = cp_vec_to_arena(&d.found, arena);
    listing->distribution_count = (uint32_t)d.found.n;
    listing->requires = cp_vec_to_arena(&d.requires, arena);
    cp_vec_free(&d.requires);
    cp_vec_free(&d.found);
    return CP_OK;
}
