#include "verify/built.h"

#include "core/file.h"
#include "core/hash.h"
#include "core/path.h"
#include "core/tree.h"
#include "core/vec.h"
#include "target/publish.h"
#include "zip/read.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LAYERS = 5, MAX_OBJECTS = 1000000, KEY_DIGITS = 32 };

struct archives {
    cp_str paths[MAX_LAYERS + 1]; // function.zip first
    size_t count;
    cp_str key;
};

// A file that was replaced atomically has another inode, so this is as good as its bytes.
static cp_status find_archives(struct archives *out, cp_str build, cp_str mount_point,
                               cp_arena *arena, cp_err *err) {
    cp_sha256_stream *sha = cp_sha256_new();
    cp_sha256_add_field(sha, build);
    cp_sha256_add_field(sha, mount_point);
    cp_status status = CP_OK;
    *out = (struct archives){0};
    for (unsigned i = 0; i <= MAX_LAYERS && status == CP_OK; i++) {
        cp_str name = i ? cp_arena_fmt(arena, "layer-%u.zip", i) : CP_STR("function.zip");
        cp_str path = cp_path_join(arena, build, name);
        struct stat st;
        if (i && !cp_file_exists(path))
            break;
        status = cp_file_stat(&st, path, err);
        const uint64_t fields[] = {(uint64_t)st.st_size, st.st_ino, (uint64_t)st.st_mtim.tv_sec,
                                   (uint64_t)st.st_mtim.tv_nsec};
        if (status == CP_OK)
            cp_sha256_add_field(sha, (cp_str){(const char *)fields, sizeof fields});
        out->paths[out->count++] = path;
    }
    cp_sha256 digest = cp_sha256_end(sha);
    out->key = cp_str_sub(cp_sha256_hex(arena, &digest), 0, KEY_DIGITS);
    return status == CP_OK ? CP_OK : cp_hint(err, "run cloudpack build first");
}

static cp_status count_archive(cp_built *out, cp_str path, cp_err *err) {
    CP_AUTO(cp_zip) zip = NULL;
    struct stat st;
    size_t count;
    CP_TRY(cp_zip_open(&zip, path, NULL, err));
    CP_TRY(cp_file_stat(&st, path, err));
    const cp_zip_member *members = cp_zip_members(zip, &count);
    out->zip_bytes += (uint64_t)st.st_size;
    for (size_t i = 0; i < count; i++)
        out->unzipped_bytes += members[i].bytes;
    return CP_OK;
}

static cp_status count_folder(uint64_t *bytes, cp_str folder, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    const cp_entry *entries;
    size_t count;
    if (!cp_file_is_dir(folder))
        return CP_OK;
    CP_TRY(cp_tree_list(&entries, &count, folder, NULL, NULL, MAX_OBJECTS, &scratch, err));
    for (size_t i = 0; i < count; i++)
        *bytes += entries[i].kind == CP_ENTRY_FILE ? entries[i].bytes : 0;
    return CP_OK;
}

// The runtime puts CLOUDPACK_MOUNT in front of the absolute mount path of the catalog.
static cp_status link_mount(cp_str folder, cp_str mount_point, cp_str mount, cp_arena *arena,
                            cp_err *err) {
    if (!mount_point.n || !cp_file_is_dir(mount))
        return CP_OK;
    cp_str link =
        cp_arena_fmt(arena, "%.*s/root/%.*s", CP_STR_ARG(folder), CP_STR_ARG(mount_point));
    CP_TRY(cp_dir_make(cp_path_dir(link), err));
    if (symlink(cp_arena_cstr(arena, mount), link.p) != 0)
        return cp_fail_errno(err, errno, "link %s", link.p);
    return CP_OK;
}

static cp_status fill(cp_str folder, const struct archives *archives, cp_str mount_point,
                      cp_str mount, cp_arena *arena, cp_err *err) {
    cp_str task = cp_path_join(arena, folder, CP_STR("task"));
    cp_str opt = cp_path_join(arena, folder, CP_STR("opt"));
    CP_TRY(cp_dir_make(task, err));
    CP_TRY(cp_dir_make(opt, err));
    for (size_t i = 0; i < archives->count; i++)
        CP_TRY(cp_zip_extract(archives->paths[i], i ? opt : task, NULL, err));
    return link_mount(folder, mount_point, mount, arena, err);
}

static cp_status unpack(cp_str *folder, const cp_target *target, const struct archives *archives,
                        cp_str mount_point, cp_str mount, cp_arena *arena, cp_err *err) {
    cp_str root = cp_path_join(arena, target->work, CP_STR("built")), made;
    *folder = cp_path_join(arena, root, archives->key);
    if (cp_file_is_dir(*folder))
        return CP_OK;
    CP_TRY(cp_dir_make(root, err));
    CP_TRY(cp_dir_temporary(&made, root, ".new", arena, err));
    cp_status status = fill(made, archives, mount_point, mount, arena, err);
    cp_err ignored;
    if (status != CP_OK) {
        (void)!cp_tree_remove(made, &ignored);
        return status;
    }
    CP_TRY(cp_folder_publish(made, *folder, err));
    return cp_guard_seal(target->guard, *folder, err);
}

static cp_status hint_build(cp_err *err) {
    return err->status == CP_EFORMAT ? cp_hint(err, "`cloudpack build` makes it anew")
                                     : err->status;
}

cp_status cp_built_open(cp_built *out, const cp_target *target, cp_str build, cp_str mount_point,
                        const cp_ctx *ctx, cp_arena *arena, cp_err *err) {
    *out = (cp_built){0};
    struct archives archives;
    cp_str folder;
    if (cp_path_real(&build, arena, build, err) != CP_OK)
        return cp_hint(err, "run `cloudpack build` first");
    if (find_archives(&archives, build, mount_point, arena, err) != CP_OK)
        return hint_build(err);
    cp_step(ctx ? ctx->sink : NULL, "verify", "unpacking the built function");
    cp_str mount = cp_path_join(arena, build, CP_STR("mount"));
    cp_str objects = cp_path_join(arena, build, CP_STR("objects"));
    if (unpack(&folder, target, &archives, mount_point, mount, arena, err) != CP_OK)
        return hint_build(err);
    out->task = cp_path_join(arena, folder, CP_STR("task"));
    out->opt = cp_path_join(arena, folder, CP_STR("opt"));
    if (cp_file_is_dir(mount))
        out->mount = mount_point.n ? cp_path_join(arena, folder, CP_STR("root")) : mount;
    if (cp_file_is_dir(objects))
        out->objects = objects;
    out->layers = (uint32_t)archives.count - 1;
    for (size_t i = 0; i < archives.count; i++)
        CP_TRY(count_archive(out, archives.paths[i], err));
    CP_TRY(count_folder(&out->remote_bytes, objects, err));
    return count_folder(&out->remote_bytes, mount, err);
}

static bool names_endpoint(const char *const *env, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strncmp(env[i], "AWS_ENDPOINT_URL=", 17) == 0 ||
            strncmp(env[i], "AWS_ENDPOINT_URL_S3=", 20) == 0)
            return true;
    return false;
}

cp_cold cp_built_cold(const cp_built *built, const cp_target *target, const char *const *env,
                      size_t env_count, cp_str record, cp_arena *arena) {
    const char **all = CP_ARENA_ARRAY(arena, const char *, env_count + 4);
    if (env_count)
        memcpy(all, env, env_count * sizeof *env);
    size_t n = env_count;
    all[n++] = cp_arena_fmt(arena, "CLOUDPACK_OPT=%.*s", CP_STR_ARG(built->opt)).p;
    if (built->objects.n && !names_endpoint(env, env_count))
        all[n++] = cp_arena_fmt(arena, "CLOUDPACK_SHELF=dir:%.*s", CP_STR_ARG(built->objects)).p;
    if (built->mount.n)
        all[n++] = cp_arena_fmt(arena, "CLOUDPACK_MOUNT=%.*s", CP_STR_ARG(built->mount)).p;
    if (record.n)
        all[n++] = cp_arena_fmt(arena, "CLOUDPACK_RECORD=%.*s", CP_STR_ARG(record)).p;
    cp_str *guarded = CP_ARENA_ARRAY(arena, cp_str, 2);
    size_t count = 0;
    if (built->objects.n)
        guarded[count++] = built->objects;
    if (built->mount.n)
        guarded[count++] = built->mount;
    return (cp_cold){.target = target,
                     .handler = CP_STR("cloudpack_boot.handler"),
                     .task = built->task,
                     .opt = built->opt,
                     .readonly = guarded,
                     .readonly_count = count,
                     .env = all,
                     .env_count = n,
                     .scratch_for_runtime = true};
}
