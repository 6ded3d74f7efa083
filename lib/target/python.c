#include "target/python.h"

#include "core/child.h"
#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "core/vec.h"

enum { PROBE_MS = 20000, MAX_OUTPUT = 8192, MAX_VERSIONS = 4096 };

// One field a line, in the order of `read_probe`. -I keeps the environment and the user's folders
// out; site is needed to see whether pip is there.
static const char probe[] = "import sys, importlib.util as u, importlib.machinery as m, os\n"
                            "print(getattr(sys, '_base_executable', None) or sys.executable)\n"
                            "print(sys.implementation.name)\n"
                            "print('%d.%d' % sys.version_info[:2])\n"
                            "print('%d.%d.%d' % sys.version_info[:3])\n"
                            "print(u.MAGIC_NUMBER.hex())\n"
                            "print(sys.implementation.cache_tag)\n"
                            "print(':'.join(m.EXTENSION_SUFFIXES))\n"
                            "print(os.uname().machine)\n"
                            "print('pip' if u.find_spec('pip') else '-')\n";

static bool ask(cp_child_result *result, const char *program) {
    const char *argv[] = {program, "-I", "-c", probe, NULL};
    cp_child_spec spec = {.argv = argv, .timeout_ms = PROBE_MS, .max_output = MAX_OUTPUT};
    cp_err ignored;
    return cp_child_run(result, &spec, NULL, &ignored) == CP_OK && result->exit_code == 0 &&
           !result->out.over;
}

// False when `program` is no CPython that runs.
static bool look_at(cp_python *out, cp_arena *arena, const char *program) {
    CP_AUTOV(cp_child_result) result = {0};
    if (!ask(&result, program))
        return false;
    cp_str implementation = {0}, pip = {0};
    *out = (cp_python){0};
    cp_str *fields[] = {&out->path,      &implementation, &out->version, &out->full, &out->magic,
                        &out->cache_tag, &out->suffixes,  &out->machine, &pip};
    cp_str rest = cp_arena_str(arena, cp_buf_str(&result.out));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!rest.p)
            return false;
        *fields[i] = cp_arena_str(arena, cp_str_trim(cp_str_next(&rest, '\n')));
    }
    out->pip = cp_str_is(pip, "pip");
    return cp_str_is(implementation, "cpython") && cp_file_exists(out->path);
}

static bool is_version(cp_str v) {
    cp_str rest = v;
    uint64_t major, minor;
    return v.n < 8 && cp_str_to_u64(&major, cp_str_next(&rest, '.')) && rest.p &&
           cp_str_to_u64(&minor, rest) && major == 3;
}

typedef CP_VEC(const char *) names;

static bool top_only(void *self, cp_str rel, cp_str name, cp_entry_kind kind) {
    (void)self;
    (void)name;
    return kind == CP_ENTRY_DIR && cp_str_find(rel, '/', 0) == SIZE_MAX;
}

// FOLDER/<anything that starts with prefix>/bin/<program>, newest name first.
static void add_folder(names *list, cp_arena *arena, cp_str folder, cp_str prefix,
                       const char *program) {
    const cp_entry *entries;
    size_t count;
    cp_err ignored;
    if (!folder.n || !cp_file_is_dir(folder) ||
        cp_tree_list(&entries, &count, folder, top_only, NULL, MAX_VERSIONS, arena, &ignored) !=
            CP_OK)
        return;
    for (size_t i = count; i-- > 0;) {
        if (!cp_str_starts(entries[i].rel, prefix))
            continue;
        cp_str path = cp_arena_fmt(arena, "%.*s/%.*s/bin/%s", CP_STR_ARG(folder),
                                   CP_STR_ARG(entries[i].rel), program);
        if (cp_file_exists(path))
            cp_vec_push(list, path.p);
    }
}

static cp_str home_folder(cp_arena *arena, const char *variable, const char *below) {
    const char *named = variable ? getenv(variable) : NULL, *home = getenv("HOME");
    if (named && *named)
        return cp_str_of(named);
    return home && *home ? cp_path_join(arena, cp_str_of(home), cp_str_of(below)) : (cp_str){0};
}

// Every place where an interpreter of that version may be, best first.
static void add_candidates(names *list, cp_arena *arena, cp_str version) {
    cp_str program = cp_arena_fmt(arena, "python%.*s", CP_STR_ARG(version));
    cp_str on_path = cp_find_program(arena, program.p);
    if (on_path.n)
        cp_vec_push(list, on_path.p);
    cp_str pyenv = home_folder(arena, "PYENV_ROOT", ".pyenv");
    if (pyenv.n)
        add_folder(list, arena, cp_path_join(arena, pyenv, CP_STR("versions")),
                   cp_arena_fmt(arena, "%.*s.", CP_STR_ARG(version)), program.p);
    cp_vec_push(list, cp_path_join(arena, CP_STR("/usr/bin"), program).p);
    cp_vec_push(list, cp_path_join(arena, CP_STR("/usr/local/bin"), program).p);
    add_folder(list, arena, home_folder(arena, "UV_PYTHON_INSTALL_DIR", ".local/share/uv/python"),
               cp_arena_fmt(arena, "cpython-%.*s.", CP_STR_ARG(version)), program.p);
}

static cp_status absent(cp_err *err, cp_str version) {
    (void)cp_fail(err, CP_ENOTFOUND, "Python %.*s is not on this machine", CP_STR_ARG(version));
    return cp_hint(err,
                   "install it (pyenv install %.*s, or uv python install %.*s), name it in "
                   "CLOUDPACK_INTERPRETER, or choose another version with --target-python",
                   CP_STR_ARG(version), CP_STR_ARG(version));
}

static cp_status find_named(cp_python *out, cp_str version, const char *named, cp_arena *arena,
                            cp_err *err) {
    if (!look_at(out, arena, named)) {
        (void)cp_fail(err, CP_ENOTFOUND, "CLOUDPACK_INTERPRETER=%s: not a CPython that runs",
                      named);
        return cp_hint(err, "unset it, or let it name a Python %.*s", CP_STR_ARG(version));
    }
    if (!cp_str_eq(out->version, version)) {
        (void)cp_fail(err, CP_ENOTFOUND,
                      "CLOUDPACK_INTERPRETER=%s is Python %.*s, but the function needs %.*s", named,
                      CP_STR_ARG(out->version), CP_STR_ARG(version));
        return cp_hint(err, "unset CLOUDPACK_INTERPRETER or choose --target-python %.*s",
                       CP_STR_ARG(out->version));
    }
    return CP_OK;
}

cp_status cp_python_find(cp_python *out, cp_str version, cp_arena *arena, cp_err *err) {
    if (!is_version(version))
        return cp_fail(err, CP_EUSAGE, "\"%.*s\" is not a Python version such as 3.12",
                       CP_STR_ARG(version));
    const char *named = getenv("CLOUDPACK_INTERPRETER");
    if (named && *named)
        return find_named(out, version, named, arena, err);
    names list = {0};
    add_candidates(&list, arena, version);
    bool found = false;
    for (size_t i = 0; i < list.n && !found; i++)
        found = cp_file_exists(cp_str_of(list.v[i])) && look_at(out, arena, list.v[i]) &&
                cp_str_eq(out->version, version);
    cp_vec_free(&list);
    return found ? CP_OK : absent(err, version);
}

static bool can_run_pip(const cp_python *python) {
    cp_str rest = python->version;
    (void)cp_str_next(&rest, '.');
    uint64_t minor = 0;
    return cp_str_to_u64(&minor, rest) && minor >= 9 && python->pip;
}

cp_status cp_python_find_tool(cp_python *out, cp_arena *arena, cp_err *err) {
    static const char *const versions[] = {"3.12", "3.13", "3.14", "3.11", "3.10", "3.9"};
    cp_str plain = cp_find_program(arena, "python3");
    bool found = plain.n && look_at(out, arena, plain.p) && can_run_pip(out);
    for (size_t v = 0; v < sizeof versions / sizeof *versions && !found; v++) {
        names list = {0};
        add_candidates(&list, arena, cp_str_of(versions[v]));
        for (size_t i = 0; i < list.n && !found; i++)
            found = cp_file_exists(cp_str_of(list.v[i])) && look_at(out, arena, list.v[i]) &&
                    can_run_pip(out);
        cp_vec_free(&list);
    }
    if (found)
        return CP_OK;
    (void)cp_fail(err, CP_ENOTFOUND, "no Python from 3.9 on with pip on this machine");
    return cp_hint(err, "install one (apt install python3-pip), or install uv");
}
