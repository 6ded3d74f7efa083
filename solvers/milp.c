#include "solvers/milp.h"

#include "core/vec.h"

#include <glpk.h>

// Collects the matrix; GLPK wants triplets from index 1 on.
typedef struct builder {
    cp_milp *m;
    const cp_problem *p;
    CP_VEC(int) rows;
    CP_VEC(int) cols;
    CP_VEC(double) values;
} builder;

static void put(builder *b, int row, int col, double v) {
    if (col == 0 || !(v < 0 || v > 0))
        return;
    cp_vec_push(&b->rows, row);
    cp_vec_push(&b->cols, col);
    cp_vec_push(&b->values, v);
}

static int add_row(builder *b, int type, double bound) {
    int row = glp_add_rows(b->m->lp, 1);
    glp_set_row_bnds(b->m->lp, row, type, bound, bound);
    return row;
}

static int add_col(builder *b, int type, double low, double high) {
    int col = glp_add_cols(b->m->lp, 1);
    glp_set_col_bnds(b->m->lp, col, type, low, high);
    return col;
}

static int x_of(const builder *b, uint32_t j, uint32_t t) {
    return b->m->x[(size_t)j * b->p->tier_count + t];
}

static double ms(int64_t us) {
    return (double)us / 1e3;
}

static void add_choices(builder *b) {
    for (uint32_t j = 0; j < b->p->item_count; j++) {
        int row = add_row(b, GLP_FX, 1);
        for (uint32_t t = 0; t < b->p->tier_count; t++) {
            if (!(b->m->masks[j] & (1u << t)))
                continue;
            int col = add_col(b, GLP_DB, 0, 1);
            glp_set_col_kind(b->m->lp, col, GLP_BV);
            b->m->x[(size_t)j * b->p->tier_count + t] = col;
            put(b, row, col, 1);
        }
    }
}

static void add_rows(builder *b) {
    for (uint32_t i = 0; i < b->p->row_count; i++) {
        if (b->p->rows[i].capacity == CP_NO_LIMIT)
            continue;
        int row = add_row(b, GLP_UP, (double)(b->p->rows[i].capacity - b->p->rows[i].fixed));
        for (uint32_t j = 0; j < b->p->item_count; j++)
            for (uint32_t t = 0; t < b->p->tier_count; t++)
                put(b, row, x_of(b, j, t), (double)b->p->items[j].choices[t].use[i]);
    }
}

static void add_closure(builder *b) {
    for (uint32_t j = 0; j < b->p->item_count; j++)
        for (uint32_t k = 0; k < b->p->items[j].need_count; k++) {
            uint32_t need = b->p->items[j].needs[k];
            for (uint32_t t = 0; t + 1 < b->p->tier_count; t++) {
                if (!(b->m->masks[j] & ((2u << t) - 1)) || !(b->m->masks[need] >> (t + 1)))
                    continue;
                int row = add_row(b, GLP_UP, 0);
                for (uint32_t s = 0; s <= t; s++) {
                    put(b, row, x_of(b, j, s), 1);
                    put(b, row, x_of(b, need, s), -1);
                }
            }
        }
}

static bool may_stream(const builder *b, uint32_t j) {
    for (uint32_t t = 0; t < b->p->tier_count; t++)
        if (b->p->tiers[t].stream && x_of(b, j, t))
            return true;
    return false;
}

static void put_imports(builder *b, int row, uint32_t j, double sign) {
    for (uint32_t t = 0; t < b->p->tier_count; t++)
        put(b, row, x_of(b, j, t), sign * ms(b->p->items[j].choices[t].import_us));
}

// When init can begin to import: the interpreter and what is opened.
static int64_t start_us(const builder *b) {
    int64_t us = b->p->init_us;
    for (uint32_t t = 0; t < b->p->tier_count; t++)
        us += b->m->open & (1u << t) ? b->p->tiers[t].open_us : 0;
    return us;
}

// Z - ... >= start
static int add_finish(builder *b) {
    int row = add_row(b, GLP_LO, ms(start_us(b)));
    put(b, row, b->m->z, 1);
    return row;
}

// One link of the chain: D(k) and w(k), and the row that Z must satisfy for k.
static void add_link(builder *b, uint32_t k, int *d, int *w, uint32_t *since) {
    int next = add_col(b, GLP_LO, 0, 0);
    int chain = add_row(b, GLP_FX, 0);
    put(b, chain, next, 1);
    put(b, chain, *d, -1);
    for (uint32_t j = *since; j < k; j++)
        if (b->p->items[j].initial)
            put_imports(b, chain, j, 1);
    for (uint32_t t = 0; t < b->p->tier_count; t++)
        if (b->p->tiers[t].stream)
            put(b, chain, x_of(b, k, t), -ms(b->p->items[k].choices[t].stream_us));
    int open = add_col(b, GLP_DB, 0, 1);
    int rise = add_row(b, GLP_LO, 0);
    put(b, rise, open, 1);
    for (uint32_t t = 0; t < b->p->tier_count; t++)
        if (b->p->tiers[t].stream)
            put(b, rise, x_of(b, k, t), -1);
    if (*w) {
        int keep = add_row(b, GLP_LO, 0);
        put(b, keep, open, 1);
        put(b, keep, *w, -1);
    }
    int finish = add_finish(b);
    put(b, finish, next, -1);
    put(b, finish, open, -ms(b->p->stream_start_us));
    *d = next;
    *w = open;
    *since = k;
}

static void add_pipeline(builder *b) {
    int64_t start = start_us(b), wall = b->p->init_limit_us;
    b->m->z = add_col(b,
                      wall == CP_NO_LIMIT ? GLP_LO
                      : wall > start      ? GLP_DB
                                          : GLP_FX,
                      ms(start), wall == CP_NO_LIMIT ? 0 : ms(wall));
    int total = add_col(b, GLP_LO, 0, 0); // all imports; D before the first link
    int sum = add_row(b, GLP_FX, 0), all = add_finish(b);
    put(b, sum, total, 1);
    put(b, all, total, -1);
    int d = total, w = 0;
    uint32_t since = 0;
    for (uint32_t j = 0; j < b->p->item_count; j++) {
        if (!b->p->items[j].initial)
            continue;
        put_imports(b, sum, j, -1);
        if (may_stream(b, j))
            add_link(b, j, &d, &w, &since);
    }
}

typedef void (*coefficient)(builder *b, int row, int col, double v);

static void put_in_objective(builder *b, int row, int col, double v) {
    (void)row;
    if (col)
        glp_set_obj_coef(b->m->lp, col, glp_get_obj_coef(b->m->lp, col) + v / b->m->scale);
}

static void put_in_row(builder *b, int row, int col, double v) {
    put(b, row, col, v);
}

static int64_t open_nusd(const builder *b) {
    int64_t nusd = 0;
    for (uint32_t t = 0; t < b->p->tier_count; t++)
        nusd += b->m->open & (1u << t) ? b->p->tiers[t].open_nusd : 0;
    return nusd;
}

// cost without the constant open_nusd: sum nusd x + price Z
static void put_cost(builder *b, int row, coefficient set, double unit) {
    for (uint32_t j = 0; j < b->p->item_count; j++)
        for (uint32_t t = 0; t < b->p->tier_count; t++)
            set(b, row, x_of(b, j, t), (double)b->p->items[j].choices[t].nusd / unit);
    set(b, row, b->m->z, (double)b->p->init_nusd_per_ms / unit);
}

// response: sum (platform + first) x + Z
static void put_response(builder *b, int row, coefficient set, double unit) {
    for (uint32_t j = 0; j < b->p->item_count; j++)
        for (uint32_t t = 0; t < b->p->tier_count; t++) {
            const cp_problem_choice *c = &b->p->items[j].choices[t];
            set(b, row, x_of(b, j, t), ms(c->platform_us + c->first_us) * unit);
        }
    set(b, row, b->m->z, unit);
}

static void add_limits(builder *b) {
    if (b->p->latency_limit_us != CP_NO_LIMIT) {
        int row = add_row(b, GLP_UP, ms(b->p->latency_limit_us) - ms(b->p->platform_us));
        put_response(b, row, put_in_row, 1);
    }
    if (b->p->budget_nusd != CP_NO_LIMIT) {
        double unit = (double)b->p->budget_nusd / 1e3 + 1;
        int row = add_row(b, GLP_UP, (double)(b->p->budget_nusd - open_nusd(b)) / unit);
        put_cost(b, row, put_in_row, unit);
    }
}

static void set_goal(builder *b) {
    const cp_milp_goal *g = &b->m->goal;
    glp_set_obj_dir(b->m->lp, GLP_MIN);
    if (g->kind == CP_GOAL_ANY)
        return;
    bool cost = b->p->objective == CP_OBJECTIVE_COST;
    if (g->kind == CP_GOAL_LIMIT) {
        cost = g->limit.kind == CP_LIMIT_BUDGET;
        if (g->limit.kind == CP_LIMIT_INIT) {
            put_in_objective(b, 0, b->m->z, 1e3);
            return;
        }
        if (g->limit.kind == CP_LIMIT_ROW) {
            for (uint32_t j = 0; j < b->p->item_count; j++)
                for (uint32_t t = 0; t < b->p->tier_count; t++)
                    put_in_objective(b, 0, x_of(b, j, t),
                                     (double)b->p->items[j].choices[t].use[g->limit.row]);
            glp_set_obj_coef(b->m->lp, 0, (double)b->p->rows[g->limit.row].fixed / b->m->scale);
            return;
        }
    }
    if (cost) {
        put_cost(b, 0, put_in_objective, 1);
        glp_set_obj_coef(b->m->lp, 0, (double)open_nusd(b) / b->m->scale);
    } else {
        put_response(b, 0, put_in_objective, 1e3);
        glp_set_obj_coef(b->m->lp, 0, (double)b->p->platform_us / b->m->scale);
    }
}

int64_t cp_milp_value(const cp_problem *p, cp_milp_goal goal, const cp_check *check) {
    if (goal.kind == CP_GOAL_ANY)
        return 0;
    if (goal.kind == CP_GOAL_OBJECTIVE)
        return p->objective == CP_OBJECTIVE_COST ? check->nusd : check->response_us;
    switch (goal.limit.kind) {
    case CP_LIMIT_ROW:
        return check->use[goal.limit.row];
    case CP_LIMIT_INIT:
        return check->init_us;
    case CP_LIMIT_BUDGET:
        return check->nusd;
    default:
        return check->response_us;
    }
}

void cp_milp_build(cp_milp *out, const cp_problem *problem, cp_milp_goal goal, double scale,
                   uint32_t *masks, uint32_t open, cp_arena *arena) {
    *out =
        (cp_milp){.problem = problem, .goal = goal, .masks = masks, .open = open, .scale = scale};
    out->x = CP_ARENA_ARRAY(arena, int, (size_t)problem->item_count * problem->tier_count);
    out->lp = glp_create_prob();
    builder b = {.m = out, .p = problem};
    cp_vec_push(&b.rows, 0); // GLPK counts from 1
    cp_vec_push(&b.cols, 0);
    cp_vec_push(&b.values, 0);
    add_choices(&b);
    add_rows(&b);
    add_closure(&b);
    add_pipeline(&b);
    add_limits(&b);
    set_goal(&b);
    out->cutoff = add_col(&b, GLP_FX, 0, 0);
    glp_set_obj_coef(out->lp, out->cutoff, 1);
    glp_load_matrix(out->lp, (int)b.rows.n - 1, b.rows.v, b.cols.v, b.values.v);
    cp_vec_free(&b.rows);
    cp_vec_free(&b.cols);
    cp_vec_free(&b.values);
}
