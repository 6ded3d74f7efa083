// Every solver on every file of tests/problems: each carries its proved answer ("expected").
// Solvers that prove must give it; the others must not beat it.
#include "core/file.h"
#include "core/vec.h"
#include "data/json.h"
#include "solvers/solver.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>

static int by_name(const void *a, const void *b) {
    return cp_str_cmp(*(const cp_str *)a, *(const cp_str *)b);
}

static void run(const cp_problem *p, const cp_solver *solver, cp_str status, int64_t objective,
                const char *name, cp_arena *arena) {
    cp_err err = {0};
    cp_placement *s = NULL;
    cp_effort effort = {.seconds = 60};
    cr_assert_eq(cp_solve(&s, p, cp_str_of(solver->name), &effort, arena, &err), CP_OK, "%s %s: %s",
                 name, solver->name, err.message);
    bool infeasible = cp_str_is(status, "infeasible");
    if (solver->proves) {
        cr_assert(cp_str_is(status, cp_placement_status_name(s->status)), "%s %s: %s", name,
                  solver->name, cp_placement_status_name(s->status));
        if (!infeasible)
            cr_assert(
                s->objective <= objective + p->step - 1 && s->objective >= objective - p->step + 1,
                "%s %s: %" PRId64 " not %" PRId64, name, solver->name, s->objective, objective);
        else
            cr_assert(s->conflict_count > 0, "%s", name);
    } else {
        cr_assert_not(infeasible && s->tier, "%s %s", name, solver->name);
        cr_assert(!s->tier || s->objective >= objective - p->step + 1, "%s %s beats the optimum",
                  name, solver->name);
    }
}

static void run_file(const char *name) {
    CP_AUTOV(cp_arena) arena = {0};
    CP_AUTO(cp_json_doc) doc = NULL;
    cp_err err = {0};
    cp_str text, path = cp_arena_fmt(&arena, "%s/tests/problems/%s", CP_SOURCE_DIR, name);
    cr_assert_eq(cp_file_read(&text, &arena, path, 1 << 26, &err), CP_OK, "%s", err.message);
    cr_assert_eq(cp_json_parse(&doc, text, 1 << 26, name, &err), CP_OK, "%s", err.message);
    const cp_json *expected = cp_json_get(cp_json_root(doc), "expected");
    cp_str status = cp_json_str(cp_json_get(expected, "status"));
    cr_assert(status.n > 0, "%s has no \"expected\"", name);
    int64_t objective = (int64_t)cp_json_num(cp_json_get(expected, "objective"), -1);
    cp_problem *p = NULL;
    cr_assert_eq(cp_problem_from_json(&p, text, name, &arena, &err), CP_OK, "%s", err.message);
    for (size_t i = 0; i < cp_solver_count; i++)
        run(p, cp_solvers[i], status, objective, name, &arena);
}

Test(files, every_solver_agrees_with_the_proved_answers) {
    CP_AUTOV(cp_arena) arena = {0};
    CP_VEC(cp_str) names = {0};
    DIR *dir = opendir(CP_SOURCE_DIR "/tests/problems");
    cr_assert_not_null(dir);
    for (struct dirent *d; (d = readdir(dir));)
        if (cp_str_ends(cp_str_of(d->d_name), CP_STR(".json")))
            cp_vec_push(&names, cp_arena_str(&arena, cp_str_of(d->d_name)));
    (void)closedir(dir);
    cr_assert(names.n >= 8);
    qsort(names.v, names.n, sizeof *names.v, by_name);
    for (size_t i = 0; i < names.n; i++)
        run_file(names.v[i].p);
    cp_vec_free(&names);
}
