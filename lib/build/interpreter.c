#include "build/interpreter.h"

#include "core/child.h"
#include "core/file.h"

#include <string.h>

enum { TIMEOUT_MS = 30000, MIN_MINOR = 10, MAX_MINOR = 14 };

static const char script[] =
    "import sys, _frozen_importlib_external as e\n"
    "v = sys.version_info\n"
    "print(sys.implementation.name, '%d.%d.%d' % v[:3], sys.implementation.cache_tag,"
    " e.MAGIC_NUMBER.hex(), v[0], v[1])\n";

static cp_status add_ways_out(cp_err *err, cp_str wanted) {
    return cp_hint(err,
                   "bytecode needs the target's own interpreter: install Python %.*s, or name it "
                   "in CLOUDPACK_INTERPRETER, or set the function's Python to one that is here",
                   CP_STR_ARG(wanted));
}

static bool parse_magic(uint8_t magic[4], cp_str hex) {
    uint64_t value = 0;
    for (size_t i = 0; i < hex.n; i++) {
        const char *digit = strchr("0123456789abcdef", hex.p[i]);
        if (!digit || !hex.p[i])
            return false;
        value = value << 4 | (uint64_t)(digit - "0123456789abcdef");
    }
    for (int i = 0; i < 4; i++)
        magic[i] = (uint8_t)(value >> (24 - 8 * i));
    return hex.n == 8;
}

static cp_status parse_answer(cp_interpreter *out, cp_str line, cp_str wanted, cp_arena *arena,
                              cp_err *err) {
    cp_str rest = cp_str_trim(line), name = cp_str_next(&rest, ' ');
    cp_str version = cp_str_next(&rest, ' '), tag = cp_str_next(&rest, ' ');
    cp_str magic = cp_str_next(&rest, ' '), major = cp_str_next(&rest, ' ');
    uint64_t minor = 0;
    if (!tag.n || !parse_magic(out->magic, magic) || !rest.p || !cp_str_to_u64(&minor, rest))
        return cp_fail(err, CP_EFORMAT, "%.*s does not answer like a Python interpreter",
                       CP_STR_ARG(out->path));
    cp_str is = cp_arena_fmt(arena, "%.*s.%.*s", CP_STR_ARG(major), CP_STR_ARG(rest));
    if (!cp_str_eq(is, wanted)) {
        cp_fail(err, CP_ENOTFOUND, "the function runs on Python %.*s, but %.*s is %.*s",
                CP_STR_ARG(wanted), CP_STR_ARG(out->path), CP_STR_ARG(version));
        return add_ways_out(err, wanted);
    }
    if (!cp_str_is(name, "cpython") || !cp_str_is(major, "3") || minor < MIN_MINOR ||
        minor > MAX_MINOR) {
        cp_fail(err, CP_ENOTFOUND, "%.*s is %.*s %.*s; bytecode is built for CPython 3.%d to 3.%d",
                CP_STR_ARG(out->path), CP_STR_ARG(name), CP_STR_ARG(version), MIN_MINOR, MAX_MINOR);
        return cp_hint(err, "set the function's Python to one of those");
    }
    out->minor = (unsigned)minor;
    out->version = cp_arena_str(arena, version);
    out->tag = cp_arena_str(arena, tag);
    return CP_OK;
}

cp_status cp_interpreter_probe(cp_interpreter *out, cp_str path, cp_str wanted, const cp_ctx *ctx,
                               cp_arena *arena, cp_err *err) {
    *out = (cp_interpreter){.path = cp_arena_str(arena, path)};
    const char *argv[] = {out->path.p, "-E", "-s", "-S", "-c", script, NULL};
    cp_child_spec spec = {.argv = argv, .timeout_ms = TIMEOUT_MS};
    CP_AUTOV(cp_child_result) result = {0};
    bool named = memchr(path.p ? path.p : "", '/', path.n) != NULL;
    if (path.n == 0 || (named && !cp_file_exists(path))) {
        cp_fail(err, CP_ENOTFOUND, "the function runs on Python %.*s, and there is no %.*s",
                CP_STR_ARG(wanted), CP_STR_ARG(path.n ? path : CP_STR("such interpreter here")));
        return add_ways_out(err, wanted);
    }
    cp_status status = cp_child_run(&result, &spec, ctx, err);
    if (status == CP_ENOTFOUND)
        add_ways_out(err, wanted);
    CP_TRY(status);
    if (result.timed_out || result.exit_code != 0) {
        cp_str said = cp_str_trim(cp_buf_str(&result.err));
        return cp_fail(err, CP_EFORMAT, "%.*s failed (exit code %d%s)%s%.*s", CP_STR_ARG(path),
                       result.exit_code, result.timed_out ? ", no answer in 30 s" : "",
                       said.n ? ": " : "", CP_STR_ARG(said));
    }
    return parse_answer(out, cp_buf_str(&result.out), wanted, arena, err);
}
