#include "model/placement.h"

#include "data/jsonw.h"

#include <math.h>

const char *cp_placement_status_name(cp_placement_status status) {
    static const char *const names[] = {"optimal", "feasible", "infeasible", "unknown"};
    return names[status];
}

double cp_placement_gap(int64_t objective, int64_t bound, int64_t step) {
    if (bound == INT64_MIN)
        return (double)INFINITY;
    double size = fabs((double)objective);
    double gap = ((double)objective - (double)bound - (double)(step - 1)) / (size > 1 ? size : 1);
    return gap > 0 ? gap : 0;
}

static void conflict_text(cp_buf *out, const cp_problem *p, const cp_conflict *c) {
    cp_str name = cp_limit_name(p, c->limit), unit = cp_limit_unit(p, c->limit);
    if (c->limit.kind == CP_LIMIT_TIERS) {
        cp_buf_addf(out, "tiers not allowed:");
        for (uint32_t t = 0; t < p->tier_count; t++)
            if (p->tiers[t].closed)
                cp_buf_addf(out, " %.*s", CP_STR_ARG(p->tiers[t].name));
        if (c->needed != CP_NO_LIMIT)
            cp_buf_addf(out, " (allowing %.*s would be enough)",
                        CP_STR_ARG(p->tiers[c->needed].name));
        return;
    }
    if (c->limit.kind == CP_LIMIT_MOUNT) {
        cp_buf_addf(out, "one mount for a function");
        return;
    }
    cp_buf_addf(out, "%.*s is ", CP_STR_ARG(name));
    cp_limit_amount(out, unit, c->value);
    if (c->needed == CP_NO_LIMIT && c->within == CP_NO_LIMIT) {
        cp_buf_addf(out, " (lifting it alone is not enough)");
        return;
    }
    if (c->needed == CP_NO_LIMIT) {
        cp_buf_addf(out, " (would have to be at least ");
        cp_limit_amount(out, unit, c->within);
        cp_buf_addf(out, ", and then other limits clash)");
        return;
    }
    cp_buf_addf(out, c->proved ? " (would have to be " : " (would do with ");
    cp_limit_amount(out, unit, c->needed);
    cp_buf_addf(out, ", ");
    cp_limit_amount(out, unit, c->needed - c->value);
    cp_buf_addf(out, " more)");
}

void cp_conflicts_text(cp_buf *out, const cp_problem *p, const cp_placement *placement) {
    cp_buf_addf(out, placement->conflict_count > 1 ? "these limits cannot hold together: "
                                                   : "this limit cannot hold: ");
    for (uint32_t i = 0; i < placement->conflict_count; i++) {
        if (i)
            cp_buf_addf(out, "; ");
        conflict_text(out, p, &placement->conflicts[i]);
    }
}

static void conflicts_to_json(cp_jsonw *w, const cp_problem *p, const cp_placement *placement) {
    cp_jsonw_array(w, "conflicts");
    for (uint32_t i = 0; i < placement->conflict_count; i++) {
        const cp_conflict *c = &placement->conflicts[i];
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "limit", cp_limit_name(p, c->limit));
        cp_jsonw_str(w, "unit", cp_limit_unit(p, c->limit));
        cp_jsonw_i64(w, "value", c->value);
        if (c->needed == CP_NO_LIMIT)
            cp_jsonw_null(w, "needed");
        else if (c->limit.kind == CP_LIMIT_TIERS)
            cp_jsonw_str(w, "needed", p->tiers[c->needed].name);
        else
            cp_jsonw_i64(w, "needed", c->needed);
        cp_jsonw_bool(w, "proved", c->proved);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
}

void cp_placement_to_json(cp_buf *out, const cp_problem *p, const cp_placement *placement) {
    cp_jsonw w = {.buf = out, .indent = 2};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "format", CP_STR("cloudpack.solve/1"));
    cp_jsonw_str(&w, "status", cp_str_of(cp_placement_status_name(placement->status)));
    cp_jsonw_str(&w, "solver", placement->solver);
    if (placement->tier) {
        cp_jsonw_i64(&w, "objective", placement->objective);
        cp_jsonw_i64(&w, "nusd", placement->nusd);
        cp_jsonw_i64(&w, "init_us", placement->init_us);
        cp_jsonw_i64(&w, "response_us", placement->response_us);
    } else {
        cp_jsonw_null(&w, "objective");
    }
    if (placement->bound == INT64_MIN)
        cp_jsonw_null(&w, "bound");
    else
        cp_jsonw_i64(&w, "bound", placement->bound);
    cp_jsonw_num(&w, "gap", placement->gap);
    cp_jsonw_array(&w, "choice");
    for (uint32_t j = 0; placement->tier && j < placement->item_count; j++)
        cp_jsonw_str(&w, NULL, p->tiers[placement->tier[j]].name);
    cp_jsonw_end(&w);
    conflicts_to_json(&w, p, placement);
    cp_jsonw_u64(&w, "nodes", placement->nodes);
    cp_jsonw_fixed(&w, "ms", placement->solve_ms, 3);
    cp_jsonw_end(&w);
}
