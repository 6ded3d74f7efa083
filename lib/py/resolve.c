#include "py/resolve.h"

#include "core/intern.h"
#include "core/path.h"
#include "core/vec.h"
#include "py/name.h"

// Smaller is better; the order of importlib's FileFinder.
enum {
    RANK_TAGGED,
    RANK_ABI3,
    RANK_PLAIN,
    RANK_SOURCE,
    RANK_MODULE = 10, // added for what is not an __init__
    RANK_NAMESPACE = 100,
};

struct candidate {
    cp_id name;
    cp_str text;
    uint32_t root, rank, file;
};

struct cp_py_index {
    cp_arena arena;
    cp_str python, arch;
    cp_intern *names;
    CP_VEC(struct candidate) candidates;
    CP_VEC(cp_py_module) modules;
    uint32_t *roots;    // of a module: bit set of the roots its submodules may be in
    uint32_t *position; // name id -> module
};

cp_py_index *cp_py_index_new(cp_str python, cp_str arch) {
    cp_py_index *x = cp_xcalloc(1, sizeof *x);
    x->python = cp_arena_str(&x->arena, python);
    x->arch = cp_arena_str(&x->arena, arch);
    x->names = cp_intern_new();
    return x;
}

void cp_py_index_cleanup(cp_py_index **index) {
    cp_py_index *x = *index;
    if (!x)
        return;
    cp_intern_free(x->names);
    cp_vec_free(&x->candidates);
    cp_vec_free(&x->modules);
    free(x->roots);
    free(x->position);
    cp_arena_cleanup(&x->arena);
    free(x);
    *index = NULL;
}

static bool is_foreign_library(cp_str file) {
    return cp_str_ends(file, CP_STR(".pyd")) || cp_str_ends(file, CP_STR(".dylib")) ||
           cp_str_ends(file, CP_STR(".dll"));
}

// "cpython-311-x86_64-linux-gnu": the tag between the first dot and ".so".
static cp_py_fit tag_fit(cp_str tag, cp_str python, cp_str arch) {
    cp_str rest = tag;
    cp_str implementation = cp_str_next(&rest, '-'), version = cp_str_next(&rest, '-');
    if (!cp_str_is(implementation, "cpython"))
        return CP_PY_FIT_OTHER_PYTHON;
    const char *platform = cp_str_is(arch, "arm64") ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
    if (rest.p && !cp_str_is(rest, platform))
        return CP_PY_FIT_OTHER_PLATFORM;
    bool same = version.n + 1 == python.n && python.n > 2 && version.n > 0 &&
                version.p[0] == python.p[0] &&
                cp_str_eq(cp_str_sub(version, 1, version.n), cp_str_sub(python, 2, python.n));
    return same ? CP_PY_FIT_TAGGED : CP_PY_FIT_OTHER_PYTHON;
}

cp_py_fit cp_py_extension_fit(cp_str file, cp_str python, cp_str arch) {
    if (is_foreign_library(file))
        return CP_PY_FIT_OTHER_PLATFORM;
    if (!cp_str_ends(file, CP_STR(".so")))
        return CP_PY_FIT_NONE;
    cp_str stem = cp_str_sub(file, 0, file.n - 3);
    size_t dot = cp_str_find(stem, '.', 0);
    if (dot == SIZE_MAX)
        return CP_PY_FIT_PLAIN;
    cp_str tag = cp_str_sub(stem, dot + 1, stem.n);
    if (cp_str_is(tag, "abi3"))
        return CP_PY_FIT_TAGGED;
    bool named = cp_str_starts(tag, CP_STR("cpython-")) || cp_str_starts(tag, CP_STR("pypy"));
    return named ? tag_fit(tag, python, arch) : CP_PY_FIT_NONE;
}

// The rank of a file by its suffix, and its module name without the suffix; false when it is no
// module of the target.
static bool suffix_rank(const cp_py_index *x, cp_str file, cp_str *stem, uint32_t *rank) {
    if (cp_str_ends(file, CP_STR(".py"))) {
        *stem = cp_str_sub(file, 0, file.n - 3);
        *rank = RANK_SOURCE;
        return true;
    }
    cp_py_fit fit = cp_py_extension_fit(file, x->python, x->arch);
    if (fit != CP_PY_FIT_TAGGED && fit != CP_PY_FIT_PLAIN)
        return false;
    *stem = cp_str_sub(file, 0, cp_str_find(file, '.', 0));
    *rank = fit == CP_PY_FIT_PLAIN                  ? RANK_PLAIN
            : cp_str_ends(file, CP_STR(".abi3.so")) ? RANK_ABI3
                                                    : RANK_TAGGED;
    return true;
}

static void add_candidate(cp_py_index *x, cp_str name, uint32_t root, uint32_t rank,
                          uint32_t file) {
    cp_id id = cp_intern_add(x->names, name);
    cp_vec_push(&x->candidates,
                (struct candidate){id, cp_intern_text(x->names, id), root, rank, file});
}

void cp_py_index_add(cp_py_index *index, uint32_t root, cp_str rel, uint32_t file) {
    CP_ASSERT(root < 8);
    cp_str base = cp_path_base(rel), stem;
    uint32_t rank;
    if (rel.n > 1000 || !suffix_rank(index, base, &stem, &rank) || !cp_py_is_identifier(stem))
        return;
    char name[1024];
    size_t n = 0;
    for (cp_str rest = cp_path_dir(rel); rest.n;) {
        cp_str part = cp_str_next(&rest, '/');
        if (!cp_py_is_identifier(part))
            return;
        if (n)
            name[n++] = '.';
        memcpy(name + n, part.p, part.n);
        n += part.n;
        // Every folder on the way is a namespace package, unless something better has the name.
        add_candidate(index, (cp_str){name, n}, root, RANK_NAMESPACE, UINT32_MAX);
    }
    if (cp_str_is(stem, "__init__")) {
        if (n)
            add_candidate(index, (cp_str){name, n}, root, rank, file);
        return;
    }
    if (n)
        name[n++] = '.';
    memcpy(name + n, stem.p, stem.n);
    add_candidate(index, (cp_str){name, n + stem.n}, root, rank + RANK_MODULE, file);
}

static int by_name_root_rank(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->name.i != y->name.i)
        return cp_str_cmp(x->text, y->text);
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->file < y->file ? -1 : x->file > y->file;
}

// The roots in which the submodules of `name`'s parent are looked for; 0 when there is no such
// parent or it is no package.
static uint32_t parent_roots(const cp_py_index *x, cp_str name) {
    cp_str parent = cp_py_parent(name);
    if (parent.n == 0)
        return UINT32_MAX;
    uint32_t at = cp_py_index_find(x, parent);
    return at != CP_PY_NO_MODULE ? x->roots[at] : 0;
}

// Decides among the candidates [from, to), which have one name.
static void choose(cp_py_index *x, size_t from, size_t to) {
    const struct candidate *c = x->candidates.v;
    uint32_t allowed = parent_roots(x, c[from].text), namespace_roots = 0;
    const struct candidate *best = NULL;
    for (size_t i = from; i < to && !best; i++) {
        if (!(allowed & (1u << c[i].root)))
            continue;
        if (c[i].rank == RANK_NAMESPACE)
            namespace_roots |= 1u << c[i].root;
        else
            best = &c[i];
    }
    if (!best && !namespace_roots)
        return;
    cp_py_module m = {.name = c[from].text, .kind = CP_PY_MODULE_NAMESPACE, .package = true};
    m.file = UINT32_MAX;
    if (best) {
        m.file = best->file;
        m.package = best->rank < RANK_MODULE;
        m.kind =
            best->rank % RANK_MODULE == RANK_SOURCE ? CP_PY_MODULE_SOURCE : CP_PY_MODULE_EXTENSION;
    }
    uint32_t position = (uint32_t)x->modules.n;
    x->position[c[from].name.i] = position;
    x->roots[position] = !m.package ? 0 : best ? 1u << best->root : namespace_roots;
    cp_vec_push(&x->modules, m);
}

void cp_py_index_finish(cp_py_index *index) {
    uint32_t names = cp_intern_count(index->names);
    index->position = cp_xmalloc(names * sizeof *index->position);
    memset(index->position, 0xff, names * sizeof *index->position);
    index->roots = cp_xcalloc(names, sizeof *index->roots);
    size_t n = index->candidates.n;
    if (n)
        qsort(index->candidates.v, n, sizeof *index->candidates.v, by_name_root_rank);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n; to++)
            if (index->candidates.v[to].name.i != index->candidates.v[from].name.i)
                break;
        choose(index, from, to);
    }
}

const cp_py_module *cp_py_index_modules(const cp_py_index *index, uint32_t *count) {
    *count = (uint32_t)index->modules.n;
    return index->modules.v;
}

uint32_t cp_py_index_find(const cp_py_index *index, cp_str name) {
    cp_id id = cp_intern_find(index->names, name);
    return id.i == CP_NO_ID.i ? CP_PY_NO_MODULE : index->position[id.i];
}
