#include "py/name.h"

cp_str cp_py_normalise(cp_arena *arena, cp_str distribution) {
    char *to = cp_arena_alloc(arena, distribution.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < distribution.n; i++) {
        char c = distribution.p[i];
        bool mark = c == '-' || c == '_' || c == '.';
        if (mark && n && to[n - 1] == '-')
            continue;
        to[n++] = mark ? '-' : (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return (cp_str){to, n};
}

bool cp_py_is_identifier(cp_str s) {
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool letter = (c | 0x20u) - 'a' < 26u || c == '_' || c >= 0x80;
        if (!letter && (i == 0 || c - 0u - '0' >= 10u))
            return false;
    }
    return s.n > 0;
}

bool cp_py_is_module_name(cp_str s) {
    if (s.n == 0)
        return false;
    while (s.p)
        if (!cp_py_is_identifier(cp_str_next(&s, '.')))
            return false;
    return true;
}

cp_str cp_py_top_level(cp_str module) {
    return cp_str_sub(module, 0, cp_str_find(module, '.', 0));
}

cp_str cp_py_parent(cp_str module) {
    size_t dot = cp_str_rfind(module, '.');
    return dot == SIZE_MAX ? cp_str_sub(module, 0, 0) : cp_str_sub(module, 0, dot);
}
