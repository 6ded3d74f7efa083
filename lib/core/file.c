#include "core/file.h"

#include "core/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct cp_file_out {
    cp_arena arena;
    cp_str path, temporary;
    int fd;
    uint64_t bytes;
};

static cp_status fail_path(cp_err *err, int errnum, const char *verb, cp_str path) {
    cp_fail_errno(err, errnum, "%s %.*s", verb, CP_STR_ARG(path));
    if (errnum == ENOENT || errnum == ENOTDIR)
        err->status = CP_ENOTFOUND;
    if (errnum == ENOSPC || errnum == EDQUOT)
        cp_hint(err,
                "free some space and run the same command again; nothing was left half-written");
    return err->status;
}

static void close_fd(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
}
#define AUTO_FD __attribute__((cleanup(close_fd))) int

// Opens a regular file of at most max_bytes.
static cp_status open_bounded(int *fd, struct stat *st, const char *path, uint64_t max_bytes,
                              cp_err *err) {
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return fail_path(err, errno, "open", cp_str_of(path));
    if (fstat(*fd, st) != 0)
        return fail_path(err, errno, "stat", cp_str_of(path));
    if (!S_ISREG(st->st_mode))
        return cp_fail(err, CP_EIO, "read %s: not a regular file", path);
    if ((uint64_t)st->st_size > max_bytes)
        return cp_fail(err, CP_EFORMAT, "%s: %lld bytes, at most %llu are read", path,
                       (long long)st->st_size, (unsigned long long)max_bytes);
    return CP_OK;
}

cp_status cp_file_read(cp_str *out, cp_arena *arena, cp_str path, uint64_t max_bytes, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    AUTO_FD fd = -1;
    struct stat st;
    CP_TRY(open_bounded(&fd, &st, cp_arena_cstr(&scratch, path), max_bytes, err));
    size_t size = (size_t)st.st_size, have = 0;
    char *p = cp_arena_alloc(arena, size + 1);
    while (have < size) {
        ssize_t n = read(fd, p + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_path(err, errno, "read", path);
        if (n == 0)
            break; // shrank while we read: what is there is the content
        have += (size_t)n;
    }
    *out = (cp_str){p, have};
    return CP_OK;
}

cp_status cp_map_open(cp_map *out, cp_str path, uint64_t max_bytes, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    AUTO_FD fd = -1;
    struct stat st;
    CP_TRY(open_bounded(&fd, &st, cp_arena_cstr(&scratch, path), max_bytes, err));
    out->bytes = (cp_str){"", 0};
    if (st.st_size == 0)
        return CP_OK;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return fail_path(err, errno, "map", path);
    out->bytes = (cp_str){p, (size_t)st.st_size};
    return CP_OK;
}

void cp_map_cleanup(cp_map *map) {
    if (map->bytes.n)
        (void)munmap((void *)(uintptr_t)map->bytes.p, map->bytes.n);
    map->bytes = (cp_str){"", 0};
}

cp_status cp_file_out_open(cp_file_out **out, cp_str path, cp_err *err) {
    static atomic_uint counter;
    cp_file_out *f = cp_xcalloc(1, sizeof *f);
    f->path = cp_arena_str(&f->arena, path);
    f->temporary = cp_arena_fmt(&f->arena, "%.*s.tmp-%ld-%u", CP_STR_ARG(path), (long)getpid(),
                                atomic_fetch_add(&counter, 1));
    f->fd = open(f->temporary.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (f->fd < 0) {
        cp_status status = fail_path(err, errno, "create", path);
        cp_arena_cleanup(&f->arena);
        free(f);
        return status;
    }
    *out = f;
    return CP_OK;
}

cp_status cp_file_out_add(cp_file_out *file, cp_str bytes, cp_err *err) {
    for (size_t done = 0; done < bytes.n;) {
        ssize_t n = write(file->fd, bytes.p + done, bytes.n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_path(err, errno, "write", file->path);
        done += (size_t)n;
    }
    file->bytes += bytes.n;
    return CP_OK;
}

uint64_t cp_file_out_bytes(const cp_file_out *file) {
    return file->bytes;
}

cp_status cp_file_out_commit(cp_file_out **file, cp_err *err) {
    cp_file_out *f = *file;
    cp_status status = CP_OK;
    // Without the flush, a crash of the machine could leave the new name with no content.
    if (fdatasync(f->fd) != 0 && errno != EINVAL)
        status = fail_path(err, errno, "flush", f->path);
    else if (close(f->fd) != 0)
        status = fail_path(err, errno, "close", f->path);
    else if (rename(f->temporary.p, f->path.p) != 0)
        status = fail_path(err, errno, "rename to", f->path);
    if (status == CP_OK)
        f->temporary = (cp_str){0};
    f->fd = -1;
    cp_file_out_cleanup(file);
    return status;
}

void cp_file_out_cleanup(cp_file_out **file) {
    cp_file_out *f = *file;
    if (!f)
        return;
    if (f->fd >= 0)
        (void)close(f->fd);
    if (f->temporary.n)
        (void)unlink(f->temporary.p);
    cp_arena_cleanup(&f->arena);
    free(f);
    *file = NULL;
}

cp_status cp_file_write(cp_str path, cp_str bytes, cp_err *err) {
    CP_AUTO(cp_file_out) f = NULL;
    CP_TRY(cp_file_out_open(&f, path, err));
    CP_TRY(cp_file_out_add(f, bytes, err));
    return cp_file_out_commit(&f, err);
}

bool cp_file_exists(cp_str path) {
    CP_AUTOV(cp_arena) scratch = {0};
    struct stat st;
    return stat(cp_arena_cstr(&scratch, path), &st) == 0;
}

bool cp_file_is_dir(cp_str path) {
    CP_AUTOV(cp_arena) scratch = {0};
    struct stat st;
    return stat(cp_arena_cstr(&scratch, path), &st) == 0 && S_ISDIR(st.st_mode);
}

cp_status cp_file_stat(struct stat *out, cp_str path, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    return stat(cp_arena_cstr(&scratch, path), out) == 0 ? CP_OK
                                                         : fail_path(err, errno, "stat", path);
}

cp_status cp_dir_make(cp_str path, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    char *p = cp_arena_cstr(&scratch, path);
    for (size_t i = 1; i <= path.n; i++) {
        if (i < path.n && p[i] != '/')
            continue;
        p[i] = '\0';
        if (mkdir(p, 0755) != 0 && errno != EEXIST)
            return fail_path(err, errno, "make folder", cp_str_of(p));
        if (i < path.n)
            p[i] = '/';
    }
    if (path.n && !cp_file_is_dir(path))
        return cp_fail(err, CP_EIO, "make folder %.*s: a file of that name is in the way",
                       CP_STR_ARG(path));
    return CP_OK;
}

cp_status cp_path_real(cp_str *out, cp_arena *arena, cp_str path, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    char real[PATH_MAX];
    if (!realpath(cp_arena_cstr(&scratch, path), real))
        return fail_path(err, errno, "resolve", path);
    *out = cp_arena_str(arena, cp_str_of(real));
    return CP_OK;
}

cp_status cp_file_rename(cp_str from, cp_str to, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    if (rename(cp_arena_cstr(&scratch, from), cp_arena_cstr(&scratch, to)) != 0)
        return fail_path(err, errno, "rename to", to);
    return CP_OK;
}

cp_status cp_file_link_or_copy(cp_str from, cp_str to, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    const char *source = cp_arena_cstr(&scratch, from), *target = cp_arena_cstr(&scratch, to);
    if (link(source, target) == 0)
        return CP_OK;
    if (errno == EEXIST)
        return fail_path(err, errno, "create", to);
    struct stat st;
    CP_TRY(cp_file_stat(&st, from, err));
    CP_AUTOV(cp_map) map = {{"", 0}};
    CP_TRY(cp_map_open(&map, from, UINT64_MAX / 2, err));
    CP_TRY(cp_file_write(to, map.bytes, err));
    if (chmod(target, st.st_mode & 0777) != 0)
        return fail_path(err, errno, "set the mode of", to);
    return CP_OK;
}
