#include "solvers/search.h"

#include <string.h>
#include <time.h>

static double now_s(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double over(int64_t value, int64_t limit) {
    if (limit == CP_NO_LIMIT || value <= limit)
        return 0;
    return (double)(value - limit) / (limit > 0 ? (double)limit : 1.0);
}

typedef struct totals {
    int64_t nusd, platform, first, init, use[CP_PROBLEM_ROWS_MAX];
    uint32_t tiers;
} totals;

static void add_items(totals *s, const cp_problem *p, const uint8_t *tier) {
    for (uint32_t j = 0; j < p->item_count; j++) {
        const cp_problem_choice *c = &p->items[j].choices[tier[j]];
        s->tiers |= 1u << tier[j];
        s->nusd += c->nusd;
        s->platform += c->platform_us;
        s->first += c->first_us;
        for (uint32_t i = 0; i < p->row_count; i++)
            s->use[i] += c->use[i];
    }
}

static void add_init(totals *s, const cp_problem *p, const uint8_t *tier) {
    int64_t stream = s->init + p->stream_start_us;
    for (uint32_t j = 0; j < p->item_count; j++) {
        if (!p->items[j].initial)
            continue;
        const cp_problem_choice *c = &p->items[j].choices[tier[j]];
        if (p->tiers[tier[j]].stream) {
            stream += c->stream_us;
            s->init = stream > s->init ? stream : s->init;
        }
        s->init += c->import_us;
    }
}

cp_score cp_search_score(const cp_problem *p, const uint8_t *tier) {
    totals s = {.platform = p->platform_us, .init = p->init_us};
    cp_score score = {0};
    int mounts = 0;
    add_items(&s, p, tier);
    for (uint32_t t = 0; t < p->tier_count; t++) {
        if (!(s.tiers & (1u << t)))
            continue;
        s.nusd += p->tiers[t].open_nusd;
        s.init += p->tiers[t].open_us;
        mounts += p->tiers[t].mount;
        score.over += p->tiers[t].closed;
    }
    add_init(&s, p, tier);
    s.nusd +=
        s.init / 1000 * p->init_nusd_per_ms + (s.init % 1000 * p->init_nusd_per_ms + 999) / 1000;
    int64_t response = s.platform + s.init + s.first;
    for (uint32_t i = 0; i < p->row_count; i++)
        score.over += over(s.use[i] + p->rows[i].fixed, p->rows[i].capacity);
    score.over += over(s.init, p->init_limit_us) + over(response, p->latency_limit_us) +
                  over(s.nusd, p->budget_nusd) + (mounts > 1 ? mounts - 1 : 0);
    score.objective = p->objective == CP_OBJECTIVE_COST ? s.nusd : response;
    return score;
}

bool cp_score_less(cp_score a, cp_score b) {
    if (a.over < b.over || a.over > b.over)
        return a.over < b.over;
    return a.objective < b.objective;
}

static bool usable(const cp_problem *p, uint32_t j, uint32_t t) {
    return p->items[j].choices[t].allowed && !p->tiers[t].closed;
}

// The nearest usable tier at or beyond `from`; the nearest allowed one when none is.
static uint8_t nearest(const cp_problem *p, uint32_t j, uint32_t from) {
    for (uint32_t t = from; t < p->tier_count; t++)
        if (usable(p, j, t))
            return (uint8_t)t;
    for (uint32_t t = 0; t < p->tier_count; t++)
        if (usable(p, j, t))
            return (uint8_t)t;
    for (uint32_t t = 0; t < p->tier_count; t++)
        if (p->items[j].choices[t].allowed)
            return (uint8_t)t;
    return 0;
}

// Pulls what is needed as near as who needs it, or pushes who needs it away, until closure holds or
// cannot be repaired. Items moved on purpose (`pinned`) decide which of the two.
static bool repair(const cp_problem *p, uint8_t *tier, uint32_t pinned) {
    for (uint32_t round = 0; round <= p->item_count; round++) {
        bool changed = false;
        for (uint32_t j = 0; j < p->item_count; j++)
            for (uint32_t k = 0; k < p->items[j].need_count; k++) {
                uint32_t need = p->items[j].needs[k];
                if (tier[need] <= tier[j])
                    continue;
                if (need == pinned) {
                    uint8_t t = nearest(p, j, tier[need]);
                    if (t < tier[need])
                        return false;
                    tier[j] = t;
                } else {
                    uint32_t t = tier[j] + 1u;
                    while (t > 0 && !usable(p, need, t - 1))
                        t--;
                    if (t == 0)
                        return false;
                    tier[need] = (uint8_t)(t - 1);
                }
                changed = true;
            }
        if (!changed)
            return true;
    }
    return false;
}

static uint32_t largest_in(const cp_problem *p, const uint8_t *tier, const bool *stuck,
                           uint32_t row) {
    uint32_t best = UINT32_MAX;
    int64_t size = 0;
    for (uint32_t j = 0; j < p->item_count; j++)
        if (!stuck[j] && p->items[j].choices[tier[j]].use[row] > size) {
            size = p->items[j].choices[tier[j]].use[row];
            best = j;
        }
    return best;
}

static uint32_t first_row_over(const cp_problem *p, const uint8_t *tier) {
    for (uint32_t i = 0; i < p->row_count; i++) {
        int64_t use = p->rows[i].fixed;
        for (uint32_t j = 0; j < p->item_count; j++)
            use += p->items[j].choices[tier[j]].use[i];
        if (use > p->rows[i].capacity)
            return i;
    }
    return UINT32_MAX;
}

void cp_search_largest_first(uint8_t *tier, const cp_problem *p, cp_arena *scratch) {
    for (uint32_t j = 0; j < p->item_count; j++)
        tier[j] = nearest(p, j, 0);
    (void)repair(p, tier, UINT32_MAX);
    bool *stuck = CP_ARENA_ARRAY(scratch, bool, p->item_count);
    uint8_t *next = CP_ARENA_ARRAY(scratch, uint8_t, p->item_count);
    for (uint32_t row; (row = first_row_over(p, tier)) != UINT32_MAX;) {
        uint32_t j = largest_in(p, tier, stuck, row);
        if (j == UINT32_MAX)
            return;
        memcpy(next, tier, p->item_count);
        uint32_t t = tier[j] + 1u;
        while (t < p->tier_count && !(usable(p, j, t) && p->items[j].choices[t].use[row] <
                                                             p->items[j].choices[tier[j]].use[row]))
            t++;
        next[j] = (uint8_t)t;
        if (t == p->tier_count || !repair(p, next, j))
            stuck[j] = true;
        else
            memcpy(tier, next, p->item_count);
    }
}

typedef struct climb {
    const cp_problem *p;
    uint8_t *tier, *next, *second;
    cp_score score;
    uint64_t work; ///< items that may still be looked at
    double deadline;
    const volatile int *interrupted;
} climb;

static bool out_of_time(const climb *c) {
    return c->work < c->p->item_count || now_s() > c->deadline ||
           (c->interrupted && *c->interrupted);
}

// Moves item j to tier t in `into`, starting from `from`; true when closure could be kept.
static bool move(climb *c, uint8_t *into, const uint8_t *from, uint32_t j, uint32_t t) {
    c->work -= c->work < c->p->item_count ? c->work : c->p->item_count;
    memcpy(into, from, c->p->item_count);
    into[j] = (uint8_t)t;
    return repair(c->p, into, j);
}

static bool accept(climb *c, const uint8_t *next) {
    cp_score s = cp_search_score(c->p, next);
    if (!cp_score_less(s, c->score))
        return false;
    memcpy(c->tier, next, c->p->item_count);
    c->score = s;
    return true;
}

static bool single_moves(climb *c) {
    bool any = false;
    for (uint32_t j = 0; j < c->p->item_count && !out_of_time(c); j++)
        for (uint32_t t = 0; t < c->p->tier_count; t++)
            if (t != c->tier[j] && usable(c->p, j, t) && move(c, c->next, c->tier, j, t))
                any |= accept(c, c->next);
    return any;
}

// Pairs: j goes to t, then some k takes the place that j had.
static bool pair_moves(climb *c) {
    bool any = false;
    for (uint32_t j = 0; j < c->p->item_count && !out_of_time(c); j++)
        for (uint32_t t = 0; t < c->p->tier_count; t++) {
            uint8_t had = c->tier[j];
            if (t == had || !usable(c->p, j, t) || !move(c, c->next, c->tier, j, t))
                continue;
            for (uint32_t k = 0; k < c->p->item_count && c->work > 0; k++)
                if (k != j && c->next[k] == t && usable(c->p, k, had) &&
                    move(c, c->second, c->next, k, had) && accept(c, c->second)) {
                    any = true;
                    break;
                }
        }
    return any;
}

// All movable items of one tier go to another at once: the only way over an opening charge.
static bool tier_moves(climb *c) {
    bool any = false;
    for (uint32_t from = 0; from < c->p->tier_count; from++)
        for (uint32_t to = 0; to < c->p->tier_count; to++) {
            if (from == to)
                continue;
            memcpy(c->next, c->tier, c->p->item_count);
            for (uint32_t j = 0; j < c->p->item_count; j++)
                if (c->next[j] == from && usable(c->p, j, to))
                    c->next[j] = (uint8_t)to;
            if (repair(c->p, c->next, UINT32_MAX))
                any |= accept(c, c->next);
        }
    return any;
}

void cp_search_improve(uint8_t *tier, const cp_problem *p, uint64_t work, double deadline,
                       const volatile int *interrupted, cp_arena *scratch) {
    climb c = {.p = p,
               .tier = tier,
               .next = CP_ARENA_ARRAY(scratch, uint8_t, p->item_count),
               .second = CP_ARENA_ARRAY(scratch, uint8_t, p->item_count),
               .score = cp_search_score(p, tier),
               .work = work,
               .deadline = deadline,
               .interrupted = interrupted};
    bool any = true;
    while (any && !out_of_time(&c)) {
        any = tier_moves(&c);
        any |= single_moves(&c);
        if (!any)
            any = pair_moves(&c);
    }
}
