// glpk.c - exact answers by GLPK's branch and cut.
//
// GLPK works in doubles with tolerances and has been seen to call an answer optimal that was not
// (objective off by 1e-7, with its cut generators on). So: its cuts are off, its pruning tolerance
// is far below the smallest step of the objective, every integer point that it is about to accept
// is added up in integers first and cut off when it breaks a limit by a single byte, and our own
// best point, not GLPK's, is what is returned.
#include "core/vec.h"
#include "solvers/milp.h"
#include "solvers/reduce.h"
#include "solvers/search.h"

#include <glpk.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Doubles cannot prove more: the stop rule when no gap is asked for.
#define PROOF_GAP 1e-9

// For one local search: about 0.2 s.
#define SEARCH_WORK 10000000

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
    bool closed; ///< the tree was left because its bound says that it has nothing better
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

// Below this nothing counts as better: less than one step of the goal, or a relative `gap`.
static double tolerance_for(const run *r, double gap) {
    double near = fabs((double)r->best_value) * gap;
    int64_t units = r->m->goal.kind == CP_GOAL_OBJECTIVE ? r->m->problem->step : 1;
    double step = (double)units - 0.001;
    return near > step ? near : step;
}

// What the search may leave open: the gap that was asked for, or the proof.
static double tolerance(const run *r) {
    return tolerance_for(r, r->effort->gap > PROOF_GAP ? r->effort->gap : PROOF_GAP);
}

// Nothing in the current program can be better than the best by more than the tolerance.
static bool beaten(const run *r) {
    return r->best && r->bound * r->m->scale >= (double)r->best_value - 0.9 * tolerance(r);
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

// GLPK is about to accept this point, which breaks a limit in exact arithmetic. Forbids it: a row
// is broken by the set of items that use it, anything else by the whole point.
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

// Tells GLPK the value that must be beaten, as a point whose only content is the cutoff column:
// GLPK takes the objective of such a point and looks at nothing else.
static void give_cutoff(run *r, glp_tree *tree) {
    glp_prob *lp = glp_ios_get_prob(tree);
    double *x = CP_ARENA_ARRAY(&r->scratch, double, (size_t)glp_get_num_cols(lp) + 1);
    x[r->m->cutoff] =
        ((double)r->best_value - 0.9 * tolerance(r)) / r->m->scale - glp_get_obj_coef(lp, 0);
    (void)glp_ios_heur_sol(tree, x);
}

static void heuristic(run *r, glp_tree *tree) {
    if (r->nodes < r->next_heuristic)
        return;
    bool root = r->next_heuristic == 0;
    r->next_heuristic = root ? 20 : r->next_heuristic * 2;
    int64_t before = r->best ? r->best_value : INT64_MAX;
    (void)round_shares(r, r->work, glp_get_col_prim, glp_ios_get_prob(tree));
    cp_search_improve(r->work, &r->relaxed, SEARCH_WORK, r->deadline, r->effort->interrupted,
                      &r->scratch);
    (void)offer(r, r->work);
    if (r->best && (root || r->best_value < before))
        give_cutoff(r, tree);
}

static void note_bound(run *r, glp_tree *tree) {
    int node = glp_ios_best_node(tree);
    if (node) {
        r->bound = glp_ios_node_bound(tree, node);
        r->bounded = true;
    }
    r->closed = r->bounded && beaten(r);
    if (stopped(r) || r->closed)
        glp_ios_terminate(tree);
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

// A placement that uses this column costs at least root bound + reduced cost; when that is more
// than the best one has, the column can go. The margin is far above the errors of the doubles.
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
    for (uint32_t j = 0; j < p->item_count; j++)
        for (uint32_t t = 0; t < p->tier_count; t++)
            if (too_dear(r, r->m->x[(size_t)j * p->tier_count + t])) {
                r->m->masks[j] &= ~(1u << t);
                removed++;
            }
    return removed;
}

static void build(run *r) {
    double scale = r->best ? fabs((double)r->best_value) / 1e5 : 1e3;
    if (r->m->lp)
        glp_delete_prob(r->m->lp);
    uint32_t *masks = r->m->masks, open = r->m->open;
    r->m->lp = NULL;
    cp_milp_build(r->m, r->m->problem, r->m->goal, scale > 1 ? scale : 1, masks, open, r->arena);
}

// Solves the root, looks for a better placement near it, drops what is too dear, and again while
// that makes the program markedly smaller. False when nothing is left to search.
static bool narrow(run *r, cp_placement_status *status, int rounds) {
    for (int round = 0; round < rounds; round++) {
        build(r);
        if (!solve_root(r, status))
            return false;
        r->bound = glp_get_obj_val(r->m->lp);
        r->bounded = true;
        (void)round_shares(r, r->work, glp_get_col_prim, r->m->lp);
        cp_search_improve(r->work, &r->relaxed, SEARCH_WORK, r->deadline, r->effort->interrupted,
                          &r->scratch);
        (void)offer(r, r->work);
        cp_arena_cleanup(&r->scratch);
        if (!r->best || r->m->goal.kind == CP_GOAL_ANY)
            return true;
        if (beaten(r)) {
            *status = CP_PLACEMENT_INFEASIBLE; // nothing better here
            return false;
        }
        size_t before = (size_t)glp_get_num_int(r->m->lp), removed = fix_by_reduced_cost(r);
        if (removed * 20 < before)
            return true;
    }
    return true;
}

// Searches the tree of the built program. INFEASIBLE: nothing better than the best is in it.
static cp_placement_status branch(run *r) {
    glp_iocp parm;
    glp_init_iocp(&parm);
    parm.msg_lev = GLP_MSG_OFF;
    parm.br_tech = GLP_BR_PCH;
    parm.bt_tech = GLP_BT_BLB;
    parm.pp_tech = GLP_PP_ALL;
    parm.tol_int = 1e-7;
    parm.tol_obj = 1e-13;
    parm.tm_lim = remaining_ms(r);
    parm.cb_func = callback;
    parm.cb_info = r;
    r->next_heuristic = 0;
    r->closed = false;
    int rc = glp_intopt(r->m->lp, &parm);
    if (rc == GLP_ESTOP && r->closed)
        return CP_PLACEMENT_INFEASIBLE;
    if (rc == GLP_ETMLIM || rc == GLP_ESTOP || rc == GLP_EMIPGAP)
        return CP_PLACEMENT_FEASIBLE;
    if (rc != 0)
        return CP_PLACEMENT_UNKNOWN;
    if (round_shares(r, r->work, glp_mip_col_val, r->m->lp))
        (void)offer(r, r->work);
    return CP_PLACEMENT_INFEASIBLE;
}

typedef struct pattern {
    uint32_t open;
    double bound; ///< goal units
} pattern;

static int by_bound(const void *a, const void *b) {
    const pattern *x = a, *y = b;
    if (x->bound < y->bound || x->bound > y->bound)
        return x->bound < y->bound ? -1 : 1;
    return x->open < y->open ? -1 : x->open > y->open;
}

// The tiers of the pattern only. False when an item then has none, or two mounts are open.
static bool narrow_to(run *r, const uint32_t *all, uint32_t open) {
    const cp_problem *p = r->m->problem;
    uint32_t usable = open;
    int mounts = 0;
    for (uint32_t t = 0; t < p->tier_count; t++) {
        if (p->tiers[t].open_nusd == 0 && p->tiers[t].open_us == 0 && !p->tiers[t].mount)
            usable |= 1u << t;
        mounts += p->tiers[t].mount && (open & (1u << t));
    }
    r->m->open = open;
    for (uint32_t j = 0; j < p->item_count; j++)
        if (!(r->m->masks[j] = all[j] & usable))
            return false;
    cp_problem start = {.init_us = p->init_us};
    for (uint32_t t = 0; t < p->tier_count; t++)
        start.init_us += open & (1u << t) ? p->tiers[t].open_us : 0;
    return mounts <= 1 && start.init_us <= p->init_limit_us;
}

// Subsets of the tiers that have a charge and that some item can use.
static uint32_t list_patterns(const run *r, const uint32_t *all, pattern *list) {
    const cp_problem *p = r->m->problem;
    uint32_t chargeable = 0, count = 0;
    for (uint32_t j = 0; j < p->item_count; j++)
        chargeable |= all[j];
    for (uint32_t t = 0; t < p->tier_count; t++)
        if (p->tiers[t].open_nusd == 0 && p->tiers[t].open_us == 0 && !p->tiers[t].mount)
            chargeable &= ~(1u << t);
    for (uint32_t open = chargeable;; open = (open - 1) & chargeable) {
        list[count++] = (pattern){.open = open};
        if (open == 0)
            return count;
    }
}

// The bound of each pattern; those that cannot be better than the best go. UNKNOWN: out of time.
static uint32_t bound_patterns(run *r, const uint32_t *all, pattern *list, uint32_t count,
                               bool *complete) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        cp_placement_status status = CP_PLACEMENT_INFEASIBLE;
        if (!narrow_to(r, all, list[i].open))
            continue;
        bool alive = narrow(r, &status, 1);
        if (!alive && status == CP_PLACEMENT_INFEASIBLE)
            continue;
        list[kept] = list[i];
        list[kept++].bound = alive ? r->bound * r->m->scale : -INFINITY;
        *complete &= alive;
    }
    qsort(list, kept, sizeof *list, by_bound);
    return kept;
}

// All patterns, the most promising first. Returns INFEASIBLE when the search is complete: what was
// found, if anything, is the best there is.
static cp_placement_status search(run *r, const uint32_t *all) {
    pattern list[1u << CP_PROBLEM_TIERS_MAX] = {0};
    bool complete = true;
    uint32_t count = bound_patterns(r, all, list, list_patterns(r, all, list), &complete);
    double least = INFINITY; // bound of the patterns that were not finished
    for (uint32_t i = 0; i < count; i++) {
        if (r->best && r->m->goal.kind == CP_GOAL_ANY)
            break;
        if (r->best && list[i].bound >= (double)r->best_value - 0.9 * tolerance(r))
            break; // sorted: nor can the others
        cp_placement_status status = CP_PLACEMENT_UNKNOWN;
        double bound = list[i].bound;
        if (now_s() < r->deadline && !stopped(r)) {
            (void)narrow_to(r, all, list[i].open);
            status = CP_PLACEMENT_INFEASIBLE;
            if (narrow(r, &status, 6))
                status = branch(r);
            bound = r->bounded && r->bound * r->m->scale > bound ? r->bound * r->m->scale : bound;
        }
        complete &= status == CP_PLACEMENT_INFEASIBLE;
        if (status != CP_PLACEMENT_INFEASIBLE && bound < least)
            least = bound;
    }
    r->bounded = isfinite(least);
    r->bound = least / r->m->scale;
    return complete || !(least < INFINITY) ? CP_PLACEMENT_INFEASIBLE : CP_PLACEMENT_FEASIBLE;
}

// What the bound of the unfinished patterns means in the goal's units, rounded to the safe side.
static int64_t safe_bound(const run *r) {
    double b = r->bound * r->m->scale;
    b -= 1e-9 * fabs(b);
    if (!r->bounded || !(fabs(b) < 2e18))
        return INT64_MIN;
    int64_t bound = (int64_t)floor(b);
    return r->best && bound > r->best_value ? r->best_value : bound;
}

// `status` INFEASIBLE: the search is complete.
static void conclude(const run *r, cp_placement_status status, cp_milp_result *out) {
    bool complete = status == CP_PLACEMENT_INFEASIBLE;
    out->tier = r->best;
    out->value = r->best_value;
    out->nodes = r->nodes;
    out->bound = safe_bound(r);
    out->status = complete ? CP_PLACEMENT_INFEASIBLE : CP_PLACEMENT_UNKNOWN;
    if (!r->best)
        return;
    if (r->m->goal.kind == CP_GOAL_ANY)
        out->bound = 0;
    else if (complete)
        out->bound = r->best_value - (int64_t)tolerance(r);
    bool proved = out->bound != INT64_MIN &&
                  r->best_value - out->bound <= (int64_t)tolerance_for(r, PROOF_GAP);
    out->status = proved ? CP_PLACEMENT_OPTIMAL : CP_PLACEMENT_FEASIBLE;
}

static void warm_start(run *r) {
    const cp_problem *p = r->m->problem;
    cp_search_largest_first(r->work, p, &r->scratch);
    (void)offer(r, r->work);
    cp_search_improve(r->work, &r->relaxed, SEARCH_WORK, r->deadline, r->effort->interrupted,
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

static cp_status guarded(run *r, const uint32_t *masks, cp_milp_result *out, cp_err *err) {
    glp_error_hook(fault, r);
    glp_term_hook(keep_message, r);
    if (setjmp(r->fault)) {
        r->m->lp = NULL; // freed with the environment
        finish(r);
        return cp_fail(err, CP_ECHECK, "GLPK gave up: %s", r->message);
    }
    r->m->masks = CP_ARENA_ARRAY(r->arena, uint32_t, r->m->problem->item_count);
    warm_start(r);
    cp_placement_status status = CP_PLACEMENT_INFEASIBLE;
    if (r->m->goal.kind != CP_GOAL_ANY || !r->best)
        status = search(r, masks);
    conclude(r, status, out);
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
    CP_TRY(cp_milp_solve(&result, problem, (cp_milp_goal){.kind = CP_GOAL_OBJECTIVE}, effort, arena,
                         err));
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
    .summary =
        "branch and bound over a sparse linear program (GLPK): proves or gives bound and gap",
    .proves = true,
    .solve = solve,
};
