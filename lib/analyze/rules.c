// rules.c - imports that no reader of texts can see: data/quirks.def.
#include "analyze/graph.h"

enum when { INITIAL, DEFERRED, CLONE, STAR, FALLBACK };

static const struct rule {
    cp_str trigger, extra;
    enum when when;
    cp_str from, below; // versions of the distribution; empty = any
} rules[] = {
#define CP_QUIRK(trigger, extra, when, from, below, reason)                                        \
    {CP_LIT(trigger), CP_LIT(extra), when, CP_LIT(from), CP_LIT(below)},
#include "analyze/data/quirks.def"
#undef CP_QUIRK
};

// Numbers between dots; the first part that is no number ends the comparison.
static int compare_versions(cp_str a, cp_str b) {
    while (a.p || b.p) {
        uint64_t x = 0, y = 0;
        bool number = a.p == NULL || cp_str_to_u64(&x, cp_str_next(&a, '.'));
        number &= b.p == NULL || cp_str_to_u64(&y, cp_str_next(&b, '.'));
        if (!number || x != y)
            return number ? (x < y ? -1 : 1) : 0;
    }
    return 0;
}

static bool version_fits(const cp_graph *graph, uint32_t module, const struct rule *rule) {
    uint32_t file = graph->modules[module].file;
    if (file == CP_NONE || (rule->from.n == 0 && rule->below.n == 0))
        return true;
    uint32_t distribution = graph->listing->files[file].distribution;
    if (distribution == CP_NONE)
        return true;
    cp_str version = graph->listing->distributions[distribution].version;
    return (rule->from.n == 0 || compare_versions(version, rule->from) >= 0) &&
           (rule->below.n == 0 || compare_versions(version, rule->below) < 0);
}

// "module" or "module:function"; the latter holds when the function is called at import.
static bool applies(cp_graph *graph, uint32_t module, const struct rule *rule) {
    cp_str function = rule->trigger, name = cp_str_next(&function, ':');
    return cp_str_eq(graph->modules[module].name, name) &&
           (!function.p || cp_graph_is_called(graph, module, function)) &&
           version_fits(graph, module, rule);
}

static void add(cp_graph *graph, uint32_t module, uint32_t extra, enum when when) {
    cp_edge edge = {
        .module = extra,
        .target = graph->modules[extra].name,
        .context = CP_IMPORT_RULE,
        .initial = when != DEFERRED,
    };
    cp_graph_edge(graph, module, &edge);
}

void cp_rules_edges(cp_graph *graph, uint32_t module) {
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].when > CLONE || !applies(graph, module, &rules[i]))
            continue;
        uint32_t extra = cp_graph_find(graph, rules[i].extra, (cp_str){0});
        if (extra == CP_NONE)
            continue;
        add(graph, module, extra, rules[i].when);
        cp_edge clone = {.initial = true};
        if (rules[i].when == CLONE)
            cp_rules_star(graph, module, extra, &clone);
    }
}

void cp_rules_star(cp_graph *graph, uint32_t from, uint32_t base, const cp_edge *like) {
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].when != STAR || !applies(graph, base, &rules[i]))
            continue;
        cp_edge edge = *like;
        edge.module = cp_graph_find(graph, rules[i].extra, (cp_str){0});
        if (edge.module == CP_NONE)
            continue;
        edge.target = graph->modules[edge.module].name;
        edge.context = CP_IMPORT_RULE;
        cp_graph_edge(graph, from, &edge);
    }
}

bool cp_rules_is_fallback(cp_str module) {
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        cp_str root = rules[i].trigger;
        if (rules[i].when == FALLBACK && cp_str_starts(module, root) &&
            (module.n == root.n || module.p[root.n] == '.'))
            return true;
    }
    return false;
}
