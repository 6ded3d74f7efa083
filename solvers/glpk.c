// glpk.c - exact answers by GLPK's branch and cut.
//
// GLPK works in doubles with tolerances and has been seen to call an answer optimal that was not
// (objective off by 1e-7, with its cut generators on). So: its cuts are off, its pruning tolerance
// is far below the smallest step of the objective, every integer point that it is about to accept is
// added up in integers first and cut off when it breaks a limit by a single byte, and our own best
// point, not GLPK's, is what is returned.
#include "core/vec.h"
#include "solvers/milp.h"
#include "solvers/reduce.h"
#include "solvers/search.h"

#include <glpk.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <time.h>

typedef struct run {
    cp_milp *m;
    cp_problem relaxed; ///< the problem with the goal as its objective, for the local search
    const cp_effort *effort;
    double deadline;
    uint8_t *best; ///< NULL until there is one
    int64_t best_value;
    uint8_t *work;
    double bound; ///< of the whole tree, in the program's units
    bool bounded;
    bool fixed; ///< tiers were dropped that cannot be better than `best`
    uint64_t nodes;
    uint64_t next_heuristic;
    cp_arena *arena;
    cp_arena scratch;
    jmp_buf fault;
    char message[300]; ///< what GLPK printed before it gave up
} run;

static double now_s(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool stopped(const run *r) {
    return r->effort->interrupted && *r->effort->interrupted;
}

// How close is proved: one unit of the goal, or the relative gap that was asked for, or 1e-9.
static double tolerance(const run *r) {
    double size = fabs((double)r->best_value);
    double gap = r->effort->gap > 1e-9 ? r->effort->gap : 1e-9;
    return size * gap > 0.999 ? size * gap : 0.999;
}

// Takes a placement over when it keeps every limit and is better than the best one so far.
static bool offer(run *r, const uint8_t *tier) {
    cp_check check;
    cp_check_placement(&check, r->m->problem, tier, &r->scratch);
    int64_t value = cp_milp_value(r->m->problem, r->m->goal, &check);
    if (check.violation_count > 0 || (r->best && value >= r->best_value))
        return false;
    if (!r->best)
        r->best = CP_ARENA_ARRAY(r->arena, uint8_t, r->m->problem->item_count);
    memcpy(r->best, tier, r->m->problem->item_count);
    r->best_value = value;
    return true;
}

// The tier with the largest share of each item; true when all shares are whole.
static bool round_shares(const run *r, uint8_t *tier, double (*value)(glp_prob *, int),
                         glp_prob *lp) {
    const cp_problem *p = r->m->problem;
    bool whole = true;
    for (uint32_t j = 0; j < p->item_count; j++) {
        double most = -1;
        for (uint32_t t = 0; t < p->tier_count; t++) {
            int col = r->m->x[(size_t)j * p->tier_count + t];
            if (!col)
                continue;
            double v = value(lp, col);
            if (v > most) {
                most = v;
                tier[j] = (uint8_t)t;
            }
        }
        whole &= most > 1 - 1e-6;
    }
    return whole;
}

// GLPK is about to accept this point, which breaks a limit in exact arithmetic. Forbids it: a row is
// broken by the set of items that use it, anything else by the whole point.
static void forbid(run *r, glp_tree *tree, const uint8_t *tier) {
    const cp_problem *p = r->m->problem;
    cp_check check;
    cp_check_placement(&check, p, tier, &r->scratch);
    const cp_violation *v = NULL;
    for (uint32_t i = 0; i < check.violation_count && !v; i++)
        if (check.violations[i].limit.kind == CP_LIMIT_ROW)
            v = &check.violations[i];
    glp_prob *lp = glp_ios_get_prob(tree);
    CP_VEC(int) cols = {0};
    CP_VEC(double) ones = {0};
    cp_vec_push(&cols, 0);
    cp_vec_push(&ones, 0);
    for (uint32_t j = 0; j < p->item_count; j++) {
        bool part = !v || p->items[j].choices[tier[j]].use[v->limit.row] > 0;
        if (part && (r->m->masks[j] & (r->m->masks[j] - 1))) {
            cp_vec_push(&cols, r->m->x[(size_t)j * p->tier_count + tier[j]]);
            cp_vec_push(&ones, 1);
        }
    }
    int n = (int)cols.n - 1;
    int row = glp_add_rows(lp, 1);
    glp_set_row_bnds(lp, row, GLP_UP, 0, n - 1);
    glp_set_mat_row(lp, row, n, cols.v, ones.v);
    cp_vec_free(&cols);
    cp_vec_free(&ones);
}

static void check_point(run *r, glp_tree *tree) {
    glp_prob *lp = glp_ios_get_prob(tree);
    if (!round_shares(r, r->work, glp_get_col_prim, lp))
        return;
    cp_check check;
    cp_check_placement(&check, r->m->problem, r->work, &r->scratch);
    if (check.violation_count > 0)
        forbid(r, tree, r->work);
    else
        (void)offer(r, r->work);
}

// Gives GLPK the best point, so that it prunes with it. Only the objective counts there, so the
// running sums can stay zero.
static void give_best(run *r, glp_tree *tree) {
    const cp_problem *p = r->m->problem;
    glp_prob *lp = glp_ios_get_prob(tree);
    cp_check check;
    cp_check_placement(&check, p, r->best, &r->scratch);
    double *x = CP_ARENA_ARRAY(&r->scratch, double, (size_t)glp_get_num_cols(lp) + 1);
    for (uint32_t j = 0; j < p->item_count; j++) {
        int col = r->m->x[(size_t)j * p->tier_count + r->best[j]];
        if (!col)
            return; // found before presolve narrowed the tiers
        x[col] = 1;
    }
    for (uint32_t t = 0; t < p->tier_count; t++)
        if (r->m->y[t] && (check.tiers & (1u << t)))
            x[r->m->y[t]] = 1;
    x[r->m->z] = (double)check.init_us / 1e3;
    (void)glp_ios_heur_sol(tree, x);
}

static void heuristic(run *r, glp_tree *tree) {
    double left = r->deadline - now_s();
    if (r->nodes < r->next_heuristic || left < 0.05)
        return;
    bool root = r->next_heuristic == 0;
    r->next_heuristic = root ? 20 : r->next_heuristic * 2;
    int64_t before = r->best ? r->best_value : INT64_MAX;
    (void)round_shares(r, r->work, glp_get_col_prim, glp_ios_get_prob(tree));
    cp_search_improve(r->work, &r->relaxed, left < 2 ? left / 10 : 0.2, r->effort->interrupted,
                      &r->scratch);
    (void)offer(r, r->work);
    if (r->best && (root || r->best_value < before))
        give_best(r, tree);
}

static void note_bound(run *r, glp_tree *tree) {
    int node = glp_ios_best_node(tree);
    if (node) {
        r->bound = glp_ios_node_bound(tree, node);
        r->bounded = true;
    }
    double bound = r->bound * r->m->scale;
    if (stopped(r) ||
        (r->bounded && r->best && (double)r->best_value - bound <= tolerance(r) * 0.999))
        glp_ios_terminate(tree);
}

// Opening charges first: with those decided the relaxation is tight.
static void branch_on_openings(run *r, glp_tree *tree) {
    for (uint32_t t = 0; t < r->m->problem->tier_count; t++)
        if (r->m->y[t] && glp_ios_can_branch(tree, r->m->y[t])) {
            glp_ios_branch_upon(tree, r->m->y[t], GLP_NO_BRNCH);
            return;
        }
}

static void callback(glp_tree *tree, void *info) {
    run *r = info;
    switch (glp_ios_reason(tree)) {
    case GLP_ISELECT:
        r->nodes++;
        note_bound(r, tree);
        break;
    case GLP_IROWGEN:
        check_point(r, tree);
        break;
    case GLP_IHEUR:
        heuristic(r, tree);
        break;
    case GLP_IBRANCH:
        branch_on_openings(r, tree);
        break;
    default:
        break;
    }
    cp_arena_cleanup(&r->scratch);
}

static int keep_message(void *info, const char *text) {
    run *r = info;
    size_t n = strlen(text);
    n = n < sizeof r->message - 1 ? n : sizeof r->message - 1;
    memcpy(r->message, text, n);
    r->message[n] = '\0';
    return 1;
}

static void fault(void *info) {
    longjmp(((run *)info)->fault, 1);
}

static int remaining_ms(const run *r) {
    double ms = (r->deadline - now_s()) * 1e3;
    return ms < 1 ? 1 : ms > 2e9 ? 2000000000 : (int)ms;
}

// The root relaxation. False when there is nothing to branch on: `status` says why.
static bool solve_root(run *r, cp_placement_status *status) {
    glp_scale_prob(r->m->lp, GLP_SF_AUTO);
    glp_adv_basis(r->m->lp, 0);
    glp_smcp simplex;
    glp_init_smcp(&simplex);
    simplex.msg_lev = GLP_MSG_OFF;
    simplex.meth = GLP_DUALP;
    simplex.tm_lim = remaining_ms(r);
    int rc = glp_simplex(r->m->lp, &simplex);
    int state = glp_get_status(r->m->lp);
    *status = CP_PLACEMENT_UNKNOWN;
    if (rc == 0 && state == GLP_NOFEAS)
        *status = CP_PLACEMENT_INFEASIBLE;
    return rc == 0 && state == GLP_OPT;
}

// A placement that uses this column costs at least root bound + reduced cost; when that is more than
// the best one has, the column can go. The margin is far above the errors of the doubles.
static bool too_dear(const run *r, int col) {
    if (!col || glp_get_col_stat(r->m->lp, col) != GLP_NL)
        return false;
    double least = (glp_get_obj_val(r->m->lp) + glp_get_col_dual(r->m->lp, col)) * r->m->scale;
    return least > (double)r->best_value + 1 + 1e-9 * fabs((double)r->best_value);
}

// Removes tiers that the root relaxation proves too dear; returns how many.
static size_t fix_by_reduced_cost(run *r) {
    const cp_problem *p = r->m->problem;
    size_t removed = 0;
    for (uint32_t t = 0; t < p->tier_count; t++) {
        bool whole = too_dear(r, r->m->y[t]);
        for (uint32_t j = 0; j < p->item_count; j++) {
            int col = r->m->x[(size_t)j * p->tier_count + t];
            if (col && r->best[j] != t && (whole || too_dear(r, col))) {
                r->m->masks[j] &= ~(1u << t);
                removed++;
            }
        }
    }
    return removed;
}

static void build(run *r) {
    double scale = r->best ? fabs((double)r->best_value) / 1e5 : 1e3;
    if (r->m->lp)
        glp_delete_prob(r->m->lp);
    uint32_t *masks = r->m->masks;
    r->m->lp = NULL;
    cp_milp_build(r->m, r->m->problem, r->m->goal, scale > 1 ? scale : 1, masks, r->arena);
}

// Solves the root, looks for a better placement near it, drops what is too dear, and again while
// that makes the program markedly smaller.
static bool narrow(run *r, cp_placement_status *status) {
    for (int round = 0; round < 6; round++) {
        build(r);
        if (!solve_root(r, status))
            return false;
        r->bound = glp_get_obj_val(r->m->lp);
        r->bounded = true;
        if (round < 3) {
            double left = r->deadline - now_s();
            (void)round_shares(r, r->work, glp_get_col_prim, r->m->lp);
            cp_search_improve(r->work, &r->relaxed, left < 4 ? left / 10 : 0.4,
                              r->effort->interrupted, &r->scratch);
            (void)offer(r, r->work);
        }
        if (getenv("TR")) fprintf(stderr,"root %.10g best %.10g ints %d\n", r->bound*r->m->scale,(double)r->best_value,glp_get_num_int(r->m->lp));
    if (!r->best || r->m->goal.kind == CP_GOAL_ANY)
            return true;
        size_t before = (size_t)glp_get_num_int(r->m->lp), removed = fix_by_reduced_cost(r);
        r->fixed |= removed > 0;
        if (removed == 0 || (round > 0 && removed * 20 < before))
            return true;
    }
    return true;
}

static cp_placement_status branch(run *r) {
    cp_placement_status status;
    if (!narrow(r, &status))
        return status == CP_PLACEMENT_INFEASIBLE && r->fixed ? CP_PLACEMENT_OPTIMAL : status;
    glp_iocp parm;
    glp_init_iocp(&parm);
    parm.msg_lev = GLP_MSG_OFF;
    parm.br_tech = GLP_BR_PCH;
    parm.bt_tech = GLP_BT_BLB;
    parm.pp_tech = GLP_PP_ALL;
    parm.tol_int = 1e-7;
    double size = r->best ? fabs((double)r->best_value) / r->m->scale : 1e6;
    parm.tol_obj = 0.4 / r->m->scale / (1 + size);
    parm.tol_obj = parm.tol_obj < 1e-13 ? 1e-13 : parm.tol_obj > 1e-7 ? 1e-7 : parm.tol_obj;
    parm.tm_lim = remaining_ms(r);
    parm.cb_func = callback;
    parm.cb_info = r;
    int rc = glp_intopt(r->m->lp, &parm);
    if (rc == GLP_ETMLIM || rc == GLP_ESTOP || rc == GLP_EMIPGAP)
        return CP_PLACEMENT_FEASIBLE;
    if (rc != 0)
        return CP_PLACEMENT_UNKNOWN;
    int state = glp_mip_status(r->m->lp);
    if (round_shares(r, r->work, glp_mip_col_val, r->m->lp))
        (void)offer(r, r->work);
    if (state == GLP_OPT || r->fixed)
        return CP_PLACEMENT_OPTIMAL;
    return r->best ? CP_PLACEMENT_FEASIBLE : CP_PLACEMENT_INFEASIBLE;
}

// What the tree's bound means in the goal's units, rounded to the safe side.
static int64_t safe_bound(const run *r) {
    if (!r->bounded)
        return INT64_MIN;
    double b = r->bound * r->m->scale;
    b -= 1e-9 * fabs(b);
    if (!(fabs(b) < 2e18))
        return INT64_MIN;
    int64_t bound = (int64_t)floor(b);
    return r->best && bound > r->best_value ? r->best_value : bound;
}

static void conclude(const run *r, cp_placement_status status, cp_milp_result *out) {
    out->tier = r->best;
    out->value = r->best_value;
    out->nodes = r->nodes;
    out->bound = safe_bound(r);
    out->status = status;
    if (!r->best) {
        if (status != CP_PLACEMENT_INFEASIBLE)
            out->status = CP_PLACEMENT_UNKNOWN;
        return;
    }
    bool proved = status == CP_PLACEMENT_OPTIMAL || r->m->goal.kind == CP_GOAL_ANY ||
                  (r->bounded && (double)r->best_value - r->bound * r->m->scale <= tolerance(r));
    out->status = proved ? CP_PLACEMENT_OPTIMAL : CP_PLACEMENT_FEASIBLE;
    // "Optimal" without a gap asked for means: equal up to the stop rule.
    if (proved && (status == CP_PLACEMENT_OPTIMAL || !(r->effort->gap > 1e-9)))
        out->bound = r->best_value - (status == CP_PLACEMENT_OPTIMAL ? 0 : (int64_t)tolerance(r));
}

static void warm_start(run *r) {
    const cp_problem *p = r->m->problem;
    double left = r->deadline - now_s();
    cp_search_largest_first(r->work, p, &r->scratch);
    (void)offer(r, r->work);
    cp_search_improve(r->work, &r->relaxed, left < 4 ? left / 10 : 0.4, r->effort->interrupted,
                      &r->scratch);
    (void)offer(r, r->work);
}

static void finish(run *r) {
    if (r->m->lp)
        glp_delete_prob(r->m->lp);
    glp_error_hook(NULL, NULL);
    glp_term_hook(NULL, NULL);
    glp_free_env();
    cp_arena_cleanup(&r->scratch);
}

static cp_status guarded(run *r, uint32_t *masks, cp_milp_result *out, cp_err *err) {
    glp_error_hook(fault, r);
    glp_term_hook(keep_message, r);
    if (setjmp(r->fault)) {
        r->m->lp = NULL; // freed with the environment
        finish(r);
        return cp_fail(err, CP_ECHECK, "GLPK gave up: %s", r->message);
    }
    r->m->masks = masks;
    warm_start(r);
    if (r->m->goal.kind == CP_GOAL_ANY && r->best) {
        conclude(r, CP_PLACEMENT_OPTIMAL, out);
    } else {
        conclude(r, branch(r), out);
    }
    finish(r);
    return CP_OK;
}

cp_status cp_milp_solve(cp_milp_result *out, const cp_problem *problem, cp_milp_goal goal,
                        const cp_effort *effort, cp_arena *arena, cp_err *err) {
    *out = (cp_milp_result){.status = CP_PLACEMENT_INFEASIBLE, .bound = INT64_MIN};
    uint32_t *masks = CP_ARENA_ARRAY(arena, uint32_t, problem->item_count);
    if (problem->init_us > problem->init_limit_us || !cp_reduce(masks, problem))
        return CP_OK;
    for (uint32_t i = 0; i < problem->row_count; i++)
        if (problem->rows[i].fixed > problem->rows[i].capacity)
            return CP_OK;
    cp_milp m = {.problem = problem, .goal = goal, .scale = 1};
    run *r = CP_ARENA_NEW(arena, run);
    r->m = &m;
    r->relaxed = *problem;
    if (goal.kind == CP_GOAL_LIMIT)
        r->relaxed.objective =
            goal.limit.kind == CP_LIMIT_BUDGET ? CP_OBJECTIVE_COST : CP_OBJECTIVE_LATENCY;
    r->effort = effort;
    r->deadline = now_s() + effort->seconds;
    r->arena = arena;
    r->work = CP_ARENA_ARRAY(arena, uint8_t, problem->item_count);
    return guarded(r, masks, out, err);
}

extern const cp_solver cp_solver_glpk;

static cp_status solve(cp_placement *out, const cp_problem *problem, const cp_effort *effort,
                       cp_arena *arena, cp_err *err) {
    cp_milp_result result;
    CP_TRY(cp_milp_solve(&result, problem, (cp_milp_goal){.kind = CP_GOAL_OBJECTIVE}, effort,
                         arena, err));
    out->status = result.status;
    out->tier = result.tier;
    out->bound = result.bound;
    out->nodes = result.nodes;
    if (result.status == CP_PLACEMENT_INFEASIBLE)
        return cp_conflict_find(out, problem, effort, arena, err);
    return CP_OK;
}

const cp_solver cp_solver_glpk = {
    .name = "glpk",
    .summary = "branch and bound over a sparse linear program (GLPK): proves or gives bound and gap",
    .proves = true,
    .solve = solve,
};
