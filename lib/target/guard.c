#include "target/guard.h"

#include "core/path.h"
#include "core/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_ENTRIES = 1000000 };

const char *cp_guard_name(cp_guard guard) {
    static const char *const names[] = {"read-only mount", "permissions",
                                        "PYTHONDONTWRITEBYTECODE"};
    return names[guard];
}

void cp_guard_fill(cp_guard_entry *out, cp_guard guard, const char *const *folders, size_t count) {
    CP_ASSERT(count <= CP_GUARD_FOLDERS);
    *out = (cp_guard_entry){.guard = guard, .user_namespace = geteuid() != 0};
    for (size_t i = 0; i < count; i++)
        out->folders[i] = folders[i];
    (void)snprintf(out->uid_map, sizeof out->uid_map, "%u %u 1\n", geteuid(), geteuid());
    (void)snprintf(out->gid_map, sizeof out->gid_map, "%u %u 1\n", getegid(), getegid());
}

static int put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = write(fd, text, strlen(text));
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return n == (ssize_t)strlen(text) ? 0 : -1;
}

// Flags that a remount inside a user namespace must repeat: they are locked there.
static unsigned long kept_flags(const char *folder) {
    struct statvfs v;
    if (statvfs(folder, &v) != 0)
        return 0;
    return ((v.f_flag & ST_NOSUID) ? (unsigned long)MS_NOSUID : 0) |
           ((v.f_flag & ST_NODEV) ? (unsigned long)MS_NODEV : 0) |
           ((v.f_flag & ST_NOEXEC) ? (unsigned long)MS_NOEXEC : 0) |
           ((v.f_flag & ST_NOATIME) ? (unsigned long)MS_NOATIME : 0) |
           ((v.f_flag & ST_RELATIME) ? (unsigned long)MS_RELATIME : 0);
}

int cp_guard_enter(const cp_guard_entry *entry) {
    if (entry->guard != CP_GUARD_NAMESPACE || !entry->folders[0])
        return 0;
    if (unshare(CLONE_NEWNS | (entry->user_namespace ? CLONE_NEWUSER : 0)) != 0)
        return -1;
    if (entry->user_namespace && (put("/proc/self/setgroups", "deny") != 0 ||
                                  put("/proc/self/uid_map", entry->uid_map) != 0 ||
                                  put("/proc/self/gid_map", entry->gid_map) != 0))
        return -1;
    // Nothing of this may travel back to the mounts of everybody else.
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return -1;
    for (size_t i = 0; i < CP_GUARD_FOLDERS && entry->folders[i]; i++) {
        const char *f = entry->folders[i];
        unsigned long flags = kept_flags(f);
        if (mount(f, f, NULL, MS_BIND, NULL) != 0 ||
            mount(NULL, f, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) != 0)
            return -1;
    }
    return 0;
}

cp_guard cp_guard_find(void) {
    cp_guard_entry entry;
    cp_guard_fill(&entry, CP_GUARD_NAMESPACE, (const char *[]){"/tmp"}, 1);
    pid_t pid = fork();
    if (pid == 0)
        _exit(cp_guard_enter(&entry) == 0 && access("/tmp", W_OK) != 0 && errno == EROFS ? 0 : 1);
    int status = 1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return CP_GUARD_NAMESPACE;
    return geteuid() != 0 ? CP_GUARD_MODE : CP_GUARD_FLAG;
}

static bool folders_only(void *self, cp_str rel, cp_str name, cp_entry_kind kind) {
    (void)self;
    (void)rel;
    (void)name;
    return kind == CP_ENTRY_DIR;
}

static cp_status set_modes(cp_guard guard, cp_str root, mode_t mode, cp_err *err) {
    if (guard != CP_GUARD_MODE)
        return CP_OK;
    CP_AUTOV(cp_arena) scratch = {0};
    const cp_entry *entries;
    size_t count;
    CP_TRY(cp_tree_list(&entries, &count, root, folders_only, NULL, MAX_ENTRIES, &scratch, err));
    for (size_t i = 0; i <= count; i++) {
        cp_str path =
            i < count ? cp_path_join(&scratch, root, entries[i].rel) : cp_arena_str(&scratch, root);
        if (chmod(path.p, mode) != 0)
            return cp_fail_errno(err, errno, "change the mode of %s", path.p);
    }
    return CP_OK;
}

cp_status cp_guard_seal(cp_guard guard, cp_str root, cp_err *err) {
    return set_modes(guard, root, 0555, err);
}

cp_status cp_guard_unseal(cp_guard guard, cp_str root, cp_err *err) {
    return set_modes(guard, root, 0755, err);
}
