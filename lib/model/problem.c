#include "model/problem.h"

#include "core/intern.h"
#include "core/vec.h"

#include <inttypes.h>
#include <stdio.h>

cp_str cp_limit_name(const cp_problem *problem, cp_limit limit) {
    static const char *const names[] = {"",      "init",  "latency", "budget",
                                        "mount", "tiers", "choice",  "closure"};
    return limit.kind == CP_LIMIT_ROW ? problem->rows[limit.row].name
                                      : cp_str_of(names[limit.kind]);
}

cp_str cp_limit_unit(const cp_problem *problem, cp_limit limit) {
    static const char *const units[] = {"", "us", "us", "nusd", "mount", "tier", "item", "item"};
    return limit.kind == CP_LIMIT_ROW ? problem->rows[limit.row].unit
                                      : cp_str_of(units[limit.kind]);
}

static int64_t closed_tiers(const cp_problem *problem) {
    int64_t n = 0;
    for (uint32_t t = 0; t < problem->tier_count; t++)
        n += problem->tiers[t].closed;
    return n;
}

static int64_t mount_tiers(const cp_problem *problem) {
    int64_t n = 0;
    for (uint32_t t = 0; t < problem->tier_count; t++)
        n += problem->tiers[t].mount;
    return n;
}

int64_t cp_limit_value(const cp_problem *problem, cp_limit limit) {
    switch (limit.kind) {
    case CP_LIMIT_ROW:
        return problem->rows[limit.row].capacity;
    case CP_LIMIT_INIT:
        return problem->init_limit_us;
    case CP_LIMIT_LATENCY:
        return problem->latency_limit_us;
    case CP_LIMIT_BUDGET:
        return problem->budget_nusd;
    case CP_LIMIT_MOUNT:
        return mount_tiers(problem) > 1 ? 1 : CP_NO_LIMIT;
    case CP_LIMIT_TIERS:
        return closed_tiers(problem) > 0 ? 0 : CP_NO_LIMIT;
    case CP_LIMIT_CHOICE:
    case CP_LIMIT_CLOSURE:
        break;
    }
    return CP_NO_LIMIT;
}

uint32_t cp_problem_limits(cp_limit out[CP_PROBLEM_ROWS_MAX + 5], const cp_problem *problem) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < problem->row_count; i++)
        if (problem->rows[i].capacity != CP_NO_LIMIT)
            out[n++] = (cp_limit){CP_LIMIT_ROW, i};
    for (cp_limit_kind kind = CP_LIMIT_INIT; kind <= CP_LIMIT_TIERS; kind++)
        if (cp_limit_value(problem, (cp_limit){kind, 0}) != CP_NO_LIMIT)
            out[n++] = (cp_limit){kind, 0};
    return n;
}

static void add_grouped(cp_buf *buf, int64_t value) {
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%" PRId64, value);
    for (int i = 0; i < n; i++) {
        cp_buf_add_c(buf, digits[i]);
        if (digits[i] != '-' && i + 1 < n && (n - 1 - i) % 3 == 0)
            cp_buf_add_c(buf, ',');
    }
}

void cp_limit_amount(cp_buf *buf, cp_str unit, int64_t value) {
    if (cp_str_is(unit, "byte")) {
        cp_buf_addf(buf, "%.1f MB (", (double)value / 1048576.0);
        add_grouped(buf, value);
        cp_buf_addf(buf, " bytes)");
    } else if (cp_str_is(unit, "us")) {
        cp_buf_addf(buf, "%.3f ms", (double)value / 1e3);
    } else if (cp_str_is(unit, "nusd")) {
        cp_buf_addf(buf, "%.6f USD a month", (double)value / 1e9);
    } else {
        add_grouped(buf, value);
        cp_buf_addf(buf, " %.*s", CP_STR_ARG(unit));
    }
}

static cp_status check_names(const cp_problem *p, cp_err *err) {
    CP_AUTO(cp_intern) tiers = cp_intern_new();
    for (uint32_t t = 0; t < p->tier_count; t++) {
        if (p->tiers[t].name.n == 0)
            return cp_fail(err, CP_EFORMAT, "/tiers/%u/name: empty", t);
        if (cp_intern_add(tiers, p->tiers[t].name).i != t)
            return cp_fail(err, CP_EFORMAT, "/tiers/%u/name: duplicate \"%.*s\"", t,
                           CP_STR_ARG(p->tiers[t].name));
    }
    CP_AUTO(cp_intern) rows = cp_intern_new();
    for (uint32_t i = 0; i < p->row_count; i++) {
        if (p->rows[i].name.n == 0)
            return cp_fail(err, CP_EFORMAT, "/rows/%u/name: empty", i);
        if (cp_intern_add(rows, p->rows[i].name).i != i)
            return cp_fail(err, CP_EFORMAT, "/rows/%u/name: duplicate \"%.*s\"", i,
                           CP_STR_ARG(p->rows[i].name));
    }
    CP_AUTO(cp_intern) items = cp_intern_new();
    for (uint32_t j = 0; j < p->item_count; j++) {
        if (p->items[j].name.n == 0)
            return cp_fail(err, CP_EFORMAT, "/items/%u/name: empty", j);
        if (cp_intern_add(items, p->items[j].name).i != j)
            return cp_fail(err, CP_EFORMAT, "/items/%u/name: duplicate \"%.*s\"", j,
                           CP_STR_ARG(p->items[j].name));
    }
    return CP_OK;
}

static cp_status need_range(int64_t v, bool may_be_unset, const char *where, cp_err *err) {
    if (may_be_unset && v == CP_NO_LIMIT)
        return CP_OK;
    if (v < 0)
        return cp_fail(err, CP_EFORMAT, "%s: %" PRId64 " is negative", where, v);
    if (v > CP_PROBLEM_NUMBER_MAX)
        return cp_fail(err, CP_EFORMAT, "%s: %" PRId64 " is over 2^53 - 1", where, v);
    return CP_OK;
}

static cp_status check_head(const cp_problem *p, cp_err *err) {
    if (p->tier_count == 0 || p->tier_count > CP_PROBLEM_TIERS_MAX)
        return cp_fail(err, CP_EFORMAT, "/tiers: %u tiers, must be 1 to %d", p->tier_count,
                       CP_PROBLEM_TIERS_MAX);
    if (p->row_count > CP_PROBLEM_ROWS_MAX)
        return cp_fail(err, CP_EFORMAT, "/rows: %u rows, at most %d", p->row_count,
                       CP_PROBLEM_ROWS_MAX);
    if (p->item_count > CP_PROBLEM_ITEMS_MAX)
        return cp_fail(err, CP_EFORMAT, "/items: %u items, at most %d", p->item_count,
                       CP_PROBLEM_ITEMS_MAX);
    if (p->step < 1 || p->step > CP_PROBLEM_NUMBER_MAX)
        return cp_fail(err, CP_EFORMAT, "/step: %" PRId64 ", must be 1 to 2^53 - 1", p->step);
    CP_TRY(need_range(p->platform_us, false, "/platform_us", err));
    CP_TRY(need_range(p->init_us, false, "/init_us", err));
    CP_TRY(need_range(p->stream_start_us, false, "/stream_start_us", err));
    CP_TRY(need_range(p->init_nusd_per_ms, false, "/init_nusd_per_ms", err));
    CP_TRY(need_range(p->init_limit_us, true, "/init_limit_us", err));
    CP_TRY(need_range(p->latency_limit_us, true, "/latency_limit_us", err));
    CP_TRY(need_range(p->budget_nusd, true, "/budget_nusd", err));
    char where[64];
    for (uint32_t t = 0; t < p->tier_count; t++) {
        (void)snprintf(where, sizeof where, "/tiers/%u/open_nusd", t);
        CP_TRY(need_range(p->tiers[t].open_nusd, false, where, err));
        (void)snprintf(where, sizeof where, "/tiers/%u/open_us", t);
        CP_TRY(need_range(p->tiers[t].open_us, false, where, err));
    }
    for (uint32_t i = 0; i < p->row_count; i++) {
        (void)snprintf(where, sizeof where, "/rows/%u/capacity", i);
        CP_TRY(need_range(p->rows[i].capacity, true, where, err));
        (void)snprintf(where, sizeof where, "/rows/%u/fixed", i);
        CP_TRY(need_range(p->rows[i].fixed, false, where, err));
    }
    return CP_OK;
}

typedef struct sums {
    int64_t nusd, us, use[CP_PROBLEM_ROWS_MAX];
} sums;

static cp_status add_sum(int64_t *sum, int64_t v, const char *where, const char *what,
                         cp_err *err) {
    if (v > CP_PROBLEM_SUM_MAX - *sum)
        return cp_fail(err, CP_EFORMAT, "%s: the sum of %s over all items could pass 2^61", where,
                       what);
    *sum += v;
    return CP_OK;
}

static int64_t max64(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static cp_status check_choice(const cp_problem *p, uint32_t j, uint32_t t, cp_err *err) {
    const cp_problem_choice *c = &p->items[j].choices[t];
    const struct {
        const char *key;
        int64_t v;
    } numbers[] = {{"nusd", c->nusd},
                   {"import_us", c->import_us},
                   {"stream_us", c->stream_us},
                   {"first_us", c->first_us},
                   {"platform_us", c->platform_us}};
    char where[160];
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
        (void)snprintf(where, sizeof where, "/items/%u/choices/%.*s/%s", j,
                       CP_STR_ARG(p->tiers[t].name), numbers[k].key);
        CP_TRY(need_range(numbers[k].v, false, where, err));
    }
    if (c->stream_us > 0 && !p->tiers[t].stream)
        return cp_fail(err, CP_EFORMAT, "/items/%u/choices/%.*s/stream_us: the tier is no stream",
                       j, CP_STR_ARG(p->tiers[t].name));
    for (uint32_t i = 0; i < p->row_count; i++) {
        (void)snprintf(where, sizeof where, "/items/%u/choices/%.*s/use/%.*s", j,
                       CP_STR_ARG(p->tiers[t].name), CP_STR_ARG(p->rows[i].name));
        CP_TRY(need_range(c->use[i], false, where, err));
    }
    return CP_OK;
}

static cp_status check_item(const cp_problem *p, uint32_t j, sums *sum, cp_err *err) {
    const cp_problem_item *item = &p->items[j];
    int64_t nusd = 0, us = 0, use[CP_PROBLEM_ROWS_MAX] = {0};
    bool any = false;
    for (uint32_t t = 0; t < p->tier_count; t++) {
        const cp_problem_choice *c = &item->choices[t];
        if (!c->allowed)
            continue;
        any = true;
        CP_TRY(check_choice(p, j, t, err));
        nusd = max64(nusd, c->nusd);
        us = max64(us, c->import_us + c->stream_us + c->first_us + c->platform_us);
        for (uint32_t i = 0; i < p->row_count; i++)
            use[i] = max64(use[i], c->use[i]);
    }
    char where[64];
    (void)snprintf(where, sizeof where, "/items/%u", j);
    if (!any)
        return cp_fail(err, CP_EFORMAT, "%s/choices: \"%.*s\" has no allowed tier", where,
                       CP_STR_ARG(item->name));
    CP_TRY(add_sum(&sum->nusd, nusd, where, "nusd", err));
    CP_TRY(add_sum(&sum->us, us, where, "times", err));
    for (uint32_t i = 0; i < p->row_count; i++)
        CP_TRY(add_sum(&sum->use[i], use[i], where, "a row", err));
    return CP_OK;
}

static cp_status fail_cycle(const cp_problem *p, const uint32_t *stack, size_t depth, uint32_t to,
                            cp_err *err) {
    CP_AUTOV(cp_buf) text = {.max = 600};
    size_t from = depth;
    while (from > 0 && stack[from - 1] != to)
        from--;
    for (size_t i = from > 0 ? from - 1 : 0; i < depth; i++)
        cp_buf_addf(&text, "%.*s -> ", CP_STR_ARG(p->items[stack[i]].name));
    cp_str cycle = cp_buf_str(&text);
    return cp_fail(err, CP_EFORMAT, "/items/%u/needs: a cycle: %.*s%.*s", stack[depth - 1],
                   CP_STR_ARG(cycle), CP_STR_ARG(p->items[to].name));
}

// Depth-first with an explicit stack: a chain of needs may be as long as the list of items.
static cp_status visit(const cp_problem *p, uint32_t root, uint8_t *mark, uint32_t *at,
                       uint32_t *stack, cp_err *err) {
    size_t depth = 0;
    stack[depth++] = root;
    mark[root] = 1;
    while (depth > 0) {
        uint32_t j = stack[depth - 1];
        if (at[j] == p->items[j].need_count) {
            mark[j] = 2;
            depth--;
            continue;
        }
        uint32_t need = p->items[j].needs[at[j]++];
        if (need >= p->item_count)
            return cp_fail(err, CP_EFORMAT, "/items/%u/needs/%u: no such item", j, at[j] - 1);
        if (mark[need] == 1)
            return fail_cycle(p, stack, depth, need, err);
        if (mark[need] == 0) {
            mark[need] = 1;
            stack[depth++] = need;
        }
    }
    return CP_OK;
}

static cp_status check_needs(const cp_problem *p, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    uint8_t *mark = CP_ARENA_ARRAY(&scratch, uint8_t, p->item_count);
    uint32_t *at = CP_ARENA_ARRAY(&scratch, uint32_t, p->item_count);
    uint32_t *stack = CP_ARENA_ARRAY(&scratch, uint32_t, p->item_count);
    for (uint32_t j = 0; j < p->item_count; j++)
        if (mark[j] == 0)
            CP_TRY(visit(p, j, mark, at, stack, err));
    return CP_OK;
}

cp_status cp_problem_validate(const cp_problem *p, cp_err *err) {
    CP_TRY(check_head(p, err));
    CP_TRY(check_names(p, err));
    sums sum = {0};
    CP_TRY(add_sum(&sum.us, p->platform_us, "/platform_us", "times", err));
    CP_TRY(add_sum(&sum.us, p->init_us, "/init_us", "times", err));
    CP_TRY(add_sum(&sum.us, p->stream_start_us, "/stream_start_us", "times", err));
    for (uint32_t t = 0; t < p->tier_count; t++) {
        CP_TRY(add_sum(&sum.nusd, p->tiers[t].open_nusd, "/tiers", "nusd", err));
        CP_TRY(add_sum(&sum.us, p->tiers[t].open_us, "/tiers", "times", err));
    }
    for (uint32_t i = 0; i < p->row_count; i++)
        CP_TRY(add_sum(&sum.use[i], p->rows[i].fixed, "/rows", "a row", err));
    for (uint32_t j = 0; j < p->item_count; j++)
        CP_TRY(check_item(p, j, &sum, err));
    int64_t init;
    if (__builtin_mul_overflow(sum.us / 1000 + 1, p->init_nusd_per_ms, &init) ||
        init > CP_PROBLEM_SUM_MAX - sum.nusd)
        return cp_fail(err, CP_EFORMAT,
                       "/init_nusd_per_ms: the price of the longest init could pass 2^61");
    return check_needs(p, err);
}
