#include "optimize/use.h"

#include <stdlib.h>
#include <string.h>

double cp_use_estimate_ms(const cp_file_fact *file, const cp_numbers *n) {
    double mb = (double)file->bytes / 1e6;
    switch (file->kind) {
    case CP_FILE_SOURCE:
        return mb * n->import_ms_per_source_mb;
    case CP_FILE_EXTENSION:
    case CP_FILE_LIBRARY:
        return mb * n->import_ms_per_native_mb;
    default:
        return 0;
    }
}

typedef struct walk {
    const cp_facts *facts;
    cp_module_use *use;
    uint32_t *first;  ///< first import of a module in `sorted`; one more at the end
    uint32_t *sorted; ///< import indexes by (from, line, index)
    bool *seen;
    uint32_t *stack, *at;
    uint32_t depth, next_order;
} walk;

static void sort_imports(walk *w, cp_arena *arena) {
    const cp_facts *f = w->facts;
    w->first = CP_ARENA_ARRAY(arena, uint32_t, (size_t)f->module_count + 2);
    w->sorted = CP_ARENA_ARRAY(arena, uint32_t, f->import_count);
    for (uint32_t i = 0; i < f->import_count; i++)
        if (f->imports[i].from < f->module_count)
            w->first[f->imports[i].from + 2]++;
    for (uint32_t m = 1; m <= f->module_count; m++)
        w->first[m + 1] += w->first[m];
    for (uint32_t i = 0; i < f->import_count; i++) {
        if (f->imports[i].from >= f->module_count)
            continue;
        uint32_t at = w->first[f->imports[i].from + 1]++;
        // The statements of one module come nearly sorted by line: insertion is linear then.
        uint32_t low = w->first[f->imports[i].from];
        while (at > low && f->imports[w->sorted[at - 1]].line > f->imports[i].line) {
            w->sorted[at] = w->sorted[at - 1];
            at--;
        }
        w->sorted[at] = i;
    }
}

static bool runs_in_init(cp_import_context context) {
    return context == CP_IMPORT_INIT || context == CP_IMPORT_OPTIONAL ||
           context == CP_IMPORT_CONDITIONAL || context == CP_IMPORT_DYNAMIC ||
           context == CP_IMPORT_NATIVE || context == CP_IMPORT_RULE;
}

static void enter(walk *w, uint32_t module) {
    if (module >= w->facts->module_count || w->seen[module] || !w->facts->modules[module].initial)
        return;
    w->seen[module] = true;
    w->use[module].order = w->next_order++;
    w->at[module] = w->first[module];
    w->stack[w->depth++] = module;
}

// Parents are executed before their children. The innermost is pushed last, so it would run first;
// what matters is the order number, which is given when it is entered: outermost first.
static void enter_with_parents(walk *w, uint32_t module) {
    if (module >= w->facts->module_count)
        return;
    cp_str name = w->facts->modules[module].name;
    for (size_t dot = 0; (dot = cp_str_find(name, '.', dot)) != SIZE_MAX; dot++)
        enter(w, cp_facts_find_module(w->facts, cp_str_sub(name, 0, dot)));
    enter(w, module);
}

static void follow(walk *w, uint32_t root) {
    enter_with_parents(w, root);
    while (w->depth > 0) {
        uint32_t module = w->stack[w->depth - 1];
        if (w->at[module] == w->first[module + 1]) {
            w->depth--;
            continue;
        }
        const cp_import_fact *import = &w->facts->imports[w->sorted[w->at[module]++]];
        if (runs_in_init(import->context))
            enter_with_parents(w, import->module);
    }
}

static void from_facts(cp_module_use *use, const cp_facts *f, cp_arena *arena) {
    walk w = {.facts = f,
              .use = use,
              .seen = CP_ARENA_ARRAY(arena, bool, f->module_count),
              .stack = CP_ARENA_ARRAY(arena, uint32_t, f->module_count),
              .at = CP_ARENA_ARRAY(arena, uint32_t, f->module_count)};
    sort_imports(&w, arena);
    follow(&w, cp_facts_find_module(f, f->handler_module));
    for (uint32_t m = 0; m < f->module_count; m++) // by rule only: no statement leads there
        follow(&w, m);
    for (uint32_t m = 0; m < f->module_count; m++) {
        use[m].initial = f->modules[m].initial;
        use[m].reached = f->modules[m].reached || use[m].initial;
        use[m].probability = use[m].initial ? 1 : use[m].reached ? CP_USE_REACHED : CP_USE_COLD;
    }
}

// Watching an import makes it slower, and the time of the interpreter's own modules belongs to
// nobody: the times of the watched runs are shares of what init took when nobody watched.
// On a machine that is busy with other things the wall time is the machine's, the CPU time ours.
static void scale_to_init(cp_module_use *use, uint32_t count, const cp_profile *profile) {
    bool busy = profile->cpu_ms > 0 && profile->cpu_ms < profile->init_ms;
    double sum = 0, imports = (busy ? profile->cpu_ms : profile->init_ms) - profile->runtime_ms;
    for (uint32_t m = 0; m < count; m++)
        sum += use[m].self_ms;
    if (!(sum > 0) || !(imports > 0))
        return;
    for (uint32_t m = 0; m < count; m++)
        use[m].self_ms *= imports / sum;
}

static void from_profile(cp_module_use *use, const cp_facts *f, const cp_profile *profile) {
    for (uint32_t m = 0; m < f->module_count; m++) {
        use[m].reached = f->modules[m].reached;
        use[m].probability = use[m].reached ? CP_USE_UNSEEN : CP_USE_COLD;
    }
    for (uint32_t i = 0; i < profile->module_count; i++) {
        const cp_module_profile *p = &profile->modules[i];
        uint32_t m = cp_facts_find_module(f, p->name);
        if (m == CP_NONE)
            continue;
        use[m].reached = true;
        use[m].order = p->order;
        use[m].initial = p->phase == 0;
        use[m].probability = use[m].initial ? 1 : CP_USE_SEEN;
        use[m].self_ms = use[m].initial ? p->self_ms : 0;
    }
    scale_to_init(use, f->module_count, profile);
}

cp_module_use *cp_use_of_modules(const cp_facts *facts, const cp_profile *profile,
                                 const cp_numbers *numbers, cp_arena *arena) {
    cp_module_use *use = CP_ARENA_ARRAY(arena, cp_module_use, facts->module_count);
    for (uint32_t m = 0; m < facts->module_count; m++)
        use[m].order = CP_NONE;
    if (profile) {
        from_profile(use, facts, profile);
        return use;
    }
    from_facts(use, facts, arena);
    for (uint32_t m = 0; m < facts->module_count; m++)
        if (use[m].initial && facts->modules[m].file < facts->file_count)
            use[m].self_ms = cp_use_estimate_ms(&facts->files[facts->modules[m].file], numbers);
    return use;
}
