#include "solvers/reduce.h"

static uint32_t possible(const cp_problem *p, uint32_t j) {
    uint32_t mask = 0;
    for (uint32_t t = 0; t < p->tier_count; t++) {
        const cp_problem_choice *c = &p->items[j].choices[t];
        bool ok = c->allowed && !p->tiers[t].closed;
        for (uint32_t i = 0; ok && i < p->row_count; i++)
            ok = p->rows[i].capacity == CP_NO_LIMIT ||
                 c->use[i] <= p->rows[i].capacity - p->rows[i].fixed;
        if (ok)
            mask |= 1u << t;
    }
    return mask;
}

// tiers [0, t]
static uint32_t up_to(uint32_t t) {
    return (2u << t) - 1;
}

static uint32_t lowest(uint32_t mask) {
    return (uint32_t)__builtin_ctz(mask);
}

static uint32_t highest(uint32_t mask) {
    return 31u - (uint32_t)__builtin_clz(mask);
}

// What is needed must be at least as near; repeated until nothing changes.
static bool close_over(uint32_t *masks, const cp_problem *p) {
    bool changed = true;
    while (changed) {
        changed = false;
        for (uint32_t j = 0; j < p->item_count; j++)
            for (uint32_t k = 0; k < p->items[j].need_count; k++) {
                uint32_t need = p->items[j].needs[k];
                if (!masks[j] || !masks[need])
                    return false;
                uint32_t near = masks[need] & up_to(highest(masks[j]));
                uint32_t far = masks[j] & ~(up_to(lowest(masks[need])) >> 1);
                changed |= near != masks[need] || far != masks[j];
                masks[need] = near;
                masks[j] = far;
            }
    }
    for (uint32_t j = 0; j < p->item_count; j++)
        if (!masks[j])
            return false;
    return true;
}

// Choice `a` is never worse than `b` for this item: all numbers, and opening `a` is free.
static bool dominates(const cp_problem *p, uint32_t j, uint32_t a, uint32_t b) {
    const cp_problem_tier *ta = &p->tiers[a], *tb = &p->tiers[b];
    if (ta->open_nusd > 0 || ta->open_us > 0 || ta->mount || (ta->stream && !tb->stream))
        return false;
    const cp_problem_choice *ca = &p->items[j].choices[a], *cb = &p->items[j].choices[b];
    bool ok = ca->nusd <= cb->nusd && ca->import_us <= cb->import_us &&
              ca->stream_us <= cb->stream_us && ca->first_us <= cb->first_us &&
              ca->platform_us <= cb->platform_us;
    for (uint32_t i = 0; ok && i < p->row_count; i++)
        ok = ca->use[i] <= cb->use[i];
    return ok;
}

static void drop_dominated(uint32_t *masks, const cp_problem *p, const bool *needed) {
    for (uint32_t j = 0; j < p->item_count; j++) {
        bool needs = p->items[j].need_count > 0;
        for (uint32_t b = 0; b < p->tier_count; b++)
            for (uint32_t a = 0; a < p->tier_count && (masks[j] & (1u << b)); a++) {
                if (a == b || !(masks[j] & (1u << a)))
                    continue;
                // Going nearer may break what j needs, going farther who needs j.
                if ((a < b && needs) || (a > b && needed[j]))
                    continue;
                if (dominates(p, j, a, b))
                    masks[j] &= ~(1u << b);
            }
    }
}

bool cp_reduce(uint32_t *masks, const cp_problem *p) {
    for (uint32_t j = 0; j < p->item_count; j++)
        if (!(masks[j] = possible(p, j)))
            return false;
    if (!close_over(masks, p))
        return false;
    CP_AUTOV(cp_arena) scratch = {0};
    bool *needed = CP_ARENA_ARRAY(&scratch, bool, p->item_count);
    for (uint32_t j = 0; j < p->item_count; j++)
        for (uint32_t k = 0; k < p->items[j].need_count; k++)
            needed[p->items[j].needs[k]] = true;
    drop_dominated(masks, p, needed);
    return close_over(masks, p);
}
