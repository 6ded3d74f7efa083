#include "core/path.h"

cp_str cp_path_join(cp_arena *arena, cp_str a, cp_str b) {
    if (b.n && b.p[0] == '/')
        return cp_arena_str(arena, b);
    if (a.n == 0 || b.n == 0)
        return cp_arena_str(arena, a.n ? a : b);
    const char *sep = a.p[a.n - 1] == '/' ? "" : "/";
    return cp_arena_fmt(arena, "%.*s%s%.*s", CP_STR_ARG(a), sep, CP_STR_ARG(b));
}

cp_str cp_path_base(cp_str path) {
    size_t at = cp_str_rfind(path, '/');
    return at == SIZE_MAX ? path : cp_str_sub(path, at + 1, path.n);
}

cp_str cp_path_dir(cp_str path) {
    size_t at = cp_str_rfind(path, '/');
    if (at == SIZE_MAX)
        return CP_STR("");
    return cp_str_sub(path, 0, at ? at : 1);
}

cp_str cp_path_ext(cp_str path) {
    cp_str base = cp_path_base(path);
    size_t at = cp_str_rfind(base, '.');
    return at == SIZE_MAX || at == 0 ? CP_STR("") : cp_str_sub(base, at, base.n);
}

bool cp_path_is_safe(cp_str rel) {
    if (rel.n == 0 || rel.n > 4096)
        return false;
    for (size_t i = 0; i < rel.n; i++)
        if ((unsigned char)rel.p[i] < 32 || rel.p[i] == '\\' || rel.p[i] == 127)
            return false;
    for (cp_str rest = rel; rest.p;) {
        cp_str part = cp_str_next(&rest, '/');
        if (part.n == 0 || cp_str_is(part, ".") || cp_str_is(part, ".."))
            return false;
    }
    return true;
}

bool cp_path_below(cp_str *rel, cp_str path, cp_str root) {
    while (root.n > 1 && root.p[root.n - 1] == '/')
        root.n--;
    if (!cp_str_starts(path, root) || path.n <= root.n)
        return false;
    if (root.n && root.p[root.n - 1] != '/' && path.p[root.n] != '/')
        return false;
    *rel = cp_str_sub(path, root.n, path.n);
    while (rel->n && rel->p[0] == '/')
        *rel = cp_str_sub(*rel, 1, rel->n);
    return rel->n > 0;
}
