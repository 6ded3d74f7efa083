// native.c - names of modules in the constants of a compiled one.
//
// A candidate is a dotted name whose first part is a top-level module of the package set. In joined
// text (see elf/cython.h) the borders of words are unknown, so the longest known name that fits is
// taken; undotted names would match by chance and are left alone.
#include "analyze/graph.h"
#include "elf/cython.h"

enum { MAX_PART = 64 };

static bool is_word(char c) {
    unsigned char u = (unsigned char)c;
    return (u | 0x20u) - 'a' < 26u || u - 0u - '0' < 10u || u == '_';
}

struct search {
    const cp_graph *graph;
    cp_str text;
    bool joined;
};

// The top-level module whose name ends at `dot`, or CP_NONE.
static uint32_t find_top(const struct search *s, size_t dot) {
    size_t from = dot;
    while (from > 0 && dot - from < MAX_PART && is_word(s->text.p[from - 1]))
        from--;
    if (!s->joined) {
        if (from > 0 && s->text.p[from - 1] != '\0')
            return CP_NONE; // in a sentence, not a string of its own
        return cp_py_index_find(s->graph->index, cp_str_sub(s->text, from, dot));
    }
    // Names stand next to names; after a space or a quote it is a docstring's.
    bool apart = from > 0 && dot - from < MAX_PART && s->text.p[from - 1] != '.';
    for (; from + 2 < dot && !apart; from++) {
        uint32_t at = cp_py_index_find(s->graph->index, cp_str_sub(s->text, from, dot));
        if (at != CP_NONE)
            return at;
    }
    return CP_NONE;
}

// The longest module name that starts with that top-level module; `*end` is set behind it.
static uint32_t extend(const struct search *s, uint32_t top, size_t *end) {
    cp_str name = s->graph->modules[top].name;
    size_t from = *end - name.n;
    uint32_t best = top;
    while (*end < s->text.n && s->text.p[*end] == '.') {
        size_t stop = *end + 1;
        while (stop < s->text.n && stop - *end < MAX_PART && is_word(s->text.p[stop]))
            stop++;
        uint32_t found = CP_NONE;
        for (; stop > *end + 1; stop--) {
            found = cp_py_index_find(s->graph->index, cp_str_sub(s->text, from, stop));
            if (found != CP_NONE || !s->joined)
                break;
        }
        if (found == CP_NONE)
            break;
        best = found;
        *end = stop;
    }
    return best;
}

static void search_text(const struct search *s, bool *seen) {
    for (size_t dot = 1; dot + 1 < s->text.n; dot++) {
        dot = cp_str_find(s->text, '.', dot);
        if (dot == SIZE_MAX || dot + 1 >= s->text.n)
            break;
        if (!is_word(s->text.p[dot - 1]) || !is_word(s->text.p[dot + 1]))
            continue;
        uint32_t top = find_top(s, dot);
        if (top == CP_NONE)
            continue;
        size_t end = dot;
        uint32_t found = extend(s, top, &end);
        if (found != top)
            seen[found] = true;
        dot = end > dot ? end - 1 : dot;
    }
}

void cp_native_names(const uint32_t **out, uint32_t *count, const cp_graph *graph, uint32_t module,
                     cp_str rodata, cp_arena *arena) {
    CP_AUTOV(cp_arena) scratch = {0};
    const cp_elf_text *texts;
    size_t n;
    cp_elf_texts(&texts, &n, rodata, &scratch);
    bool *seen = cp_xcalloc(graph->count, sizeof *seen);
    for (size_t i = 0; i < n; i++) {
        struct search s = {graph, texts[i].text, texts[i].joined};
        search_text(&s, seen);
    }
    seen[module] = false;
    CP_VEC(uint32_t) found = {0};
    for (uint32_t i = 0; i < graph->count; i++)
        if (seen[i])
            cp_vec_push(&found, i);
    *out = cp_vec_to_arena(&found, arena);
    *count = (uint32_t)found.n;
    cp_vec_free(&found);
    free(seen);
}
