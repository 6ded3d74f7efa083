#include "core/tree.h"

#include "core/file.h"
#include "core/path.h"
#include "core/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { MAX_DEPTH = 64 };

struct walk {
    cp_arena *arena;
    cp_str root;
    cp_tree_keep keep;
    void *self;
    size_t max;
    CP_VEC(cp_entry) entries;
    struct {
        dev_t device;
        ino_t inode;
    } chain[MAX_DEPTH]; // folders from the root to here: a link back to one of them is a loop
    size_t depth;
};

static int by_name(const void *a, const void *b) {
    const cp_str *x = a, *y = b;
    return cp_str_cmp(*x, *y);
}

static cp_status list_folder(struct walk *w, cp_str rel, uint32_t *unreadable, cp_err *err);

static bool in_chain(const struct walk *w, const struct stat *st) {
    for (size_t i = 0; i < w->depth; i++)
        if (w->chain[i].device == st->st_dev && w->chain[i].inode == st->st_ino)
            return true;
    return w->depth == MAX_DEPTH;
}

static cp_status add_entry(struct walk *w, cp_str rel, cp_str name, cp_err *err) {
    if (w->entries.n == w->max)
        return cp_fail(err, CP_EFORMAT, "%.*s: more than %zu files and folders",
                       CP_STR_ARG(w->root), w->max);
    cp_str path = cp_path_join(w->arena, w->root, rel);
    struct stat st;
    cp_entry e = {.rel = rel, .kind = CP_ENTRY_OTHER};
    if (lstat(path.p, &st) == 0)
        e.link = S_ISLNK(st.st_mode);
    if (stat(path.p, &st) != 0) {
        e.unreadable_errno = (uint32_t)errno;
        st.st_mode = 0;
        st.st_size = 0;
    } else {
        e.kind = S_ISDIR(st.st_mode)   ? CP_ENTRY_DIR
                 : S_ISREG(st.st_mode) ? CP_ENTRY_FILE
                                       : CP_ENTRY_OTHER;
        e.bytes = (uint64_t)st.st_size;
        e.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
        e.inode = st.st_ino;
        e.executable = (st.st_mode & 0111) != 0;
    }
    if (w->keep && !w->keep(w->self, rel, name, e.kind))
        return CP_OK;
    size_t at = w->entries.n;
    cp_vec_push(&w->entries, e);
    if (e.kind != CP_ENTRY_DIR || in_chain(w, &st))
        return CP_OK;
    w->chain[w->depth].device = st.st_dev;
    w->chain[w->depth].inode = st.st_ino;
    w->depth++;
    uint32_t unreadable = 0;
    cp_status status = list_folder(w, rel, &unreadable, err);
    w->depth--;
    w->entries.v[at].unreadable_errno = unreadable;
    return status;
}

static cp_status list_folder(struct walk *w, cp_str rel, uint32_t *unreadable, cp_err *err) {
    DIR *dir = opendir(cp_path_join(w->arena, w->root, rel).p);
    if (!dir) {
        *unreadable = (uint32_t)errno;
        return CP_OK;
    }
    CP_VEC(cp_str) names = {0};
    for (struct dirent *d; (d = readdir(dir));)
        if (!cp_str_is(cp_str_of(d->d_name), ".") && !cp_str_is(cp_str_of(d->d_name), ".."))
            cp_vec_push(&names, cp_arena_str(w->arena, cp_str_of(d->d_name)));
    (void)closedir(dir);
    if (names.n)
        qsort(names.v, names.n, sizeof *names.v, by_name);
    cp_status status = CP_OK;
    for (size_t i = 0; i < names.n && status == CP_OK; i++)
        status = add_entry(w, cp_path_join(w->arena, rel, names.v[i]), names.v[i], err);
    cp_vec_free(&names);
    return status;
}

cp_status cp_tree_list(const cp_entry **out, size_t *count, cp_str root, cp_tree_keep keep,
                       void *self, size_t max_entries, cp_arena *arena, cp_err *err) {
    struct walk w = {.arena = arena,
                     .root = cp_arena_str(arena, root),
                     .keep = keep,
                     .self = self,
                     .max = max_entries};
    struct stat st;
    CP_TRY(cp_file_stat(&st, root, err));
    if (!S_ISDIR(st.st_mode))
        return cp_fail(err, CP_EIO, "%.*s: not a folder", CP_STR_ARG(root));
    w.chain[0].device = st.st_dev;
    w.chain[0].inode = st.st_ino;
    w.depth = 1;
    uint32_t unreadable = 0;
    cp_status status = list_folder(&w, CP_STR(""), &unreadable, err);
    if (status == CP_OK && unreadable)
        status = cp_fail_errno(err, (int)unreadable, "list %.*s", CP_STR_ARG(root));
    *out = cp_vec_to_arena(&w.entries, arena);
    *count = w.entries.n;
    cp_vec_free(&w.entries);
    return status;
}

static int remove_at(int parent, const char *name) {
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -1;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        (void)close(fd);
        return -1;
    }
    int result = 0;
    for (struct dirent *d; result == 0 && (d = readdir(dir));)
        if (!cp_str_is(cp_str_of(d->d_name), ".") && !cp_str_is(cp_str_of(d->d_name), ".."))
            result = remove_at(dirfd(dir), d->d_name);
    int saved = errno;
    (void)closedir(dir);
    errno = saved;
    return result == 0 ? unlinkat(parent, name, AT_REMOVEDIR) : -1;
}

cp_status cp_tree_remove(cp_str path, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    if (remove_at(AT_FDCWD, cp_arena_cstr(&scratch, path)) != 0)
        return cp_fail_errno(err, errno, "remove %.*s", CP_STR_ARG(path));
    return CP_OK;
}

cp_status cp_dir_temporary(cp_str *out, cp_str parent, const char *prefix, cp_arena *arena,
                           cp_err *err) {
    const char *fallback = getenv("TMPDIR");
    cp_str base = parent.n ? parent : cp_str_of(fallback && *fallback ? fallback : "/tmp");
    cp_str name = cp_arena_fmt(arena, "%.*s/%s-XXXXXX", CP_STR_ARG(base), prefix);
    char *path = cp_arena_cstr(arena, name);
    if (!mkdtemp(path))
        return cp_fail_errno(err, errno, "make a folder in %.*s", CP_STR_ARG(base));
    *out = (cp_str){path, name.n};
    return CP_OK;
}
