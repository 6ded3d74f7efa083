#include "model/check.h"

#include "core/vec.h"

typedef CP_VEC(cp_violation) violations;

static void add_over(violations *list, cp_limit limit, int64_t value, int64_t bound) {
    if (bound != CP_NO_LIMIT && value > bound)
        cp_vec_push(list, (cp_violation){.limit = limit,
                                         .item = UINT32_MAX,
                                         .other = UINT32_MAX,
                                         .value = value,
                                         .bound = bound,
                                         .excess = value - bound});
}

static bool placed(const cp_problem *p, const uint8_t *tier, uint32_t j) {
    return tier[j] < p->tier_count && p->items[j].choices[tier[j]].allowed;
}

static void check_items(violations *list, const cp_problem *p, const uint8_t *tier) {
    for (uint32_t j = 0; j < p->item_count; j++) {
        if (!placed(p, tier, j))
            cp_vec_push(list, (cp_violation){.limit = {CP_LIMIT_CHOICE, 0},
                                             .item = j,
                                             .other = UINT32_MAX,
                                             .value = tier[j],
                                             .excess = 1});
        for (uint32_t k = 0; k < p->items[j].need_count; k++) {
            uint32_t need = p->items[j].needs[k];
            if (tier[need] > tier[j])
                cp_vec_push(list, (cp_violation){.limit = {CP_LIMIT_CLOSURE, 0},
                                                 .item = j,
                                                 .other = need,
                                                 .value = tier[need],
                                                 .bound = tier[j],
                                                 .excess = 1});
        }
    }
}

// The flow shop as it happens: the stream and the importing thread, item by item.
static int64_t run_init(const cp_problem *p, const uint8_t *tier, uint32_t tiers) {
    int64_t import = p->init_us;
    for (uint32_t t = 0; t < p->tier_count; t++)
        if (tiers & (1u << t))
            import += p->tiers[t].open_us;
    int64_t stream = import + p->stream_start_us;
    for (uint32_t j = 0; j < p->item_count; j++) {
        if (!p->items[j].initial || !placed(p, tier, j))
            continue;
        const cp_problem_choice *c = &p->items[j].choices[tier[j]];
        if (p->tiers[tier[j]].stream) {
            stream += c->stream_us;
            if (stream > import)
                import = stream;
        }
        import += c->import_us;
    }
    return import;
}

static void add_up(cp_check *out, const cp_problem *p, const uint8_t *tier) {
    out->platform_us = p->platform_us;
    for (uint32_t i = 0; i < p->row_count; i++)
        out->use[i] = p->rows[i].fixed;
    for (uint32_t j = 0; j < p->item_count; j++) {
        if (!placed(p, tier, j))
            continue;
        const cp_problem_choice *c = &p->items[j].choices[tier[j]];
        out->tiers |= 1u << tier[j];
        out->nusd += c->nusd;
        out->platform_us += c->platform_us;
        out->first_us += c->first_us;
        for (uint32_t i = 0; i < p->row_count; i++)
            out->use[i] += c->use[i];
    }
    for (uint32_t t = 0; t < p->tier_count; t++)
        if (out->tiers & (1u << t))
            out->nusd += p->tiers[t].open_nusd;
    out->init_us = run_init(p, tier, out->tiers);
    // whole milliseconds and the rest apart, so that the product cannot wrap
    out->nusd += out->init_us / 1000 * p->init_nusd_per_ms +
                 (out->init_us % 1000 * p->init_nusd_per_ms + 999) / 1000;
    out->response_us = out->platform_us + out->init_us + out->first_us;
    out->objective = p->objective == CP_OBJECTIVE_COST ? out->nusd : out->response_us;
}

void cp_check_placement(cp_check *out, const cp_problem *p, const uint8_t *tier, cp_arena *arena) {
    *out = (cp_check){0};
    violations list = {0};
    check_items(&list, p, tier);
    add_up(out, p, tier);
    for (uint32_t i = 0; i < p->row_count; i++)
        add_over(&list, (cp_limit){CP_LIMIT_ROW, i}, out->use[i], p->rows[i].capacity);
    add_over(&list, (cp_limit){CP_LIMIT_INIT, 0}, out->init_us, p->init_limit_us);
    add_over(&list, (cp_limit){CP_LIMIT_LATENCY, 0}, out->response_us, p->latency_limit_us);
    add_over(&list, (cp_limit){CP_LIMIT_BUDGET, 0}, out->nusd, p->budget_nusd);
    int64_t mounts = 0, closed = 0;
    for (uint32_t t = 0; t < p->tier_count; t++)
        if (out->tiers & (1u << t)) {
            mounts += p->tiers[t].mount;
            closed += p->tiers[t].closed;
        }
    add_over(&list, (cp_limit){CP_LIMIT_MOUNT, 0}, mounts, 1);
    add_over(&list, (cp_limit){CP_LIMIT_TIERS, 0}, closed, 0);
    out->violation_count = (uint32_t)list.n;
    out->violations = cp_vec_to_arena(&list, arena);
    cp_vec_free(&list);
}

void cp_violation_text(cp_buf *out, const cp_problem *p, const cp_violation *v) {
    if (v->limit.kind == CP_LIMIT_CHOICE) {
        cp_buf_addf(out, "%.*s may not be in tier %d", CP_STR_ARG(p->items[v->item].name),
                    (int)v->value);
        return;
    }
    if (v->limit.kind == CP_LIMIT_CLOSURE) {
        cp_buf_addf(out, "%.*s is farther than %.*s, which needs it",
                    CP_STR_ARG(p->items[v->other].name), CP_STR_ARG(p->items[v->item].name));
        return;
    }
    cp_str unit = cp_limit_unit(p, v->limit);
    cp_buf_addf(out, "%.*s: ", CP_STR_ARG(cp_limit_name(p, v->limit)));
    cp_limit_amount(out, unit, v->value);
    cp_buf_addf(out, " is over ");
    cp_limit_amount(out, unit, v->bound);
    cp_buf_addf(out, " by ");
    cp_limit_amount(out, unit, v->excess);
}
