// The profiler on small functions in real cold processes.
#include "data/json.h"
#include "profile/profile.h"
#include "profile/record.h"
#include "profile/stage.h"
#include "profile/stats.h"
#include "profile_fixture.h"

static cp_target t;
static cp_str folder, project, site;
static cp_facts facts;
static const cp_profile *profile;
static cp_profile_options options = {.runs = 2, .instrumented = 2};

static void setup(void) {
    t = target();
    folder = fresh_folder();
    t.work = cp_path_join(&arena, folder, CP_STR("work"));
    project = cp_path_join(&arena, folder, CP_STR("project"));
    site = cp_path_join(&arena, folder, CP_STR("site"));
    put_file(site, "lib/__init__.py", "from . import used, idle\n");
    put_file(site, "lib/used.py", "import time\ntime.sleep(0.05)\ndef f(): return 1\n");
    put_file(site, "lib/idle.py", "def g(): return 1\n");
    put_file(site, "lib/late.py", "def h(): return 2\n");
    put_file(site, "lib/never.py", "raise SystemError\n");
    put_file(site, "lib/data.txt", "text");
    put_file(site, "lib-1.dist-info/METADATA", "Name: lib\n");
}

static void teardown(void) {
    finish(folder);
}

TestSuite(profile, .init = setup, .fini = teardown, .timeout = 120);

static cp_status run(const char *code, const cp_test_event *events, size_t count) {
    put_file(project, "app.py", code);
    facts = facts_of(project, site);
    return cp_profile_run(&profile, &t, &options, &facts, events, count, NULL, &arena, &err);
}

static const cp_module_profile *module(const char *name) {
    for (uint32_t i = 0; i < profile->module_count; i++)
        if (cp_str_is(profile->modules[i].name, name))
            return &profile->modules[i];
    return NULL;
}

static bool opened(const char *rel) {
    for (uint32_t i = 0; i < profile->opened_count; i++)
        if (cp_str_is(facts.files[profile->opened[i]].rel, rel))
            return true;
    return false;
}

static const char good[] =
    "import lib, os\n"
    "def handler(e, c):\n"
    "    if e == 2:\n"
    "        from lib import late\n"
    "        return late.h()\n"
    "    open(os.path.join(os.path.dirname(lib.__file__), 'data.txt')).read()\n"
    "    return lib.used.f()\n";

Test(profile, modules_have_order_phase_own_time_and_use) {
    cp_test_event events[] = {event_of("a", "1"), event_of("b", "2")};
    OK(run(good, events, 2));
    const cp_module_profile *app = module("app"), *lib = module("lib"), *used = module("lib.used");
    cr_assert(app && lib && used && module("lib.idle"));
    cr_assert_lt(lib->order, used->order);
    cr_assert_geq(used->self_ms, 50);
    cr_assert_lt(lib->self_ms, 50);
    cr_assert(used->used);
    cr_assert_not(module("lib.idle")->used);
    cr_assert_eq(used->phase, 0);
    cr_assert_eq(module("lib.late")->phase, 2);
    cr_assert_null(module("lib.never"));
    cr_assert_null(module("os"));
    cr_assert(opened("app.py") && opened("lib/used.py") && opened("lib/late.py") &&
              opened("lib/data.txt"));
    cr_assert_not(opened("lib/never.py"));
    cr_assert_not(opened("lib-1.dist-info/METADATA"));
    cr_assert_geq(profile->init_ms, 50);
    cr_assert_gt(profile->cpu_ms, profile->runtime_ms * 0.5);
    cr_assert_gt(profile->runtime_ms, 1);
    cr_assert_gt(profile->peak_memory_bytes, 4u << 20);
    cr_assert_eq(profile->facts_digest.n, 64);
}

Test(profile, json_has_the_contracts_members) {
    cp_test_event event = event_of("a", "1");
    OK(run(good, &event, 1));
    CP_AUTOV(cp_buf) text = {0};
    cp_profile_to_json(&text, profile, &facts);
    CP_AUTO(cp_json_doc) doc = NULL;
    OK(cp_json_parse(&doc, cp_buf_str(&text), 1 << 20, "profile", &err));
    const cp_json *root = cp_json_root(doc);
    cr_assert(cp_str_is(cp_json_str(cp_json_get(root, "format")), "cloudpack.profile/1"));
    cr_assert_eq(cp_json_num(cp_json_get(root, "runs"), 0), 2);
    cr_assert_geq(cp_json_num(cp_json_get(cp_json_get(root, "init_ms"), "median"), 0), 50);
    cr_assert_geq(cp_json_num(cp_json_get(cp_json_get(root, "init_ms"), "p95"), 0), 50);
    cr_assert_eq(cp_json_count(cp_json_get(root, "modules")), 4);
    cr_assert_eq(cp_json_num(cp_json_get(root, "files_opened"), 0), profile->opened_count);
    cr_assert_gt(cp_json_num(cp_json_get(root, "peak_memory_bytes"), 0), 0);
}

Test(profile, a_handler_that_raises_at_import_is_refused_with_its_place) {
    cp_test_event event = event_of("a", "1");
    cr_assert_eq(run("import lib\n\n1 / 0\n", &event, 1), CP_EFORMAT);
    SAYS(err.message, "while it was imported: ZeroDivisionError: division by zero (app.py:3)");
}

Test(profile, a_handler_that_does_not_end_is_refused) {
    cp_test_event event = event_of("a", "1");
    options.timeout_ms = 300;
    cr_assert_eq(run("import time\ndef handler(e, c): time.sleep(99)\n", &event, 1), CP_EFORMAT);
    SAYS(err.message, "timed out after 0.30 seconds");
    SAYS(err.hint, "timeout_s");
}

Test(profile, an_event_that_raises_is_profiled) {
    cp_test_event events[] = {event_of("a", "1"), event_of("b", "2")};
    OK(run("import lib\ndef handler(e, c): raise KeyError(e)\n", events, 2));
    cr_assert_not_null(module("lib.used"));
}

Test(profile, the_users_files_are_never_changed_by_a_run) {
    cp_test_event event = event_of("a", "1");
    OK(run("import os, lib\n"
           "try: open(os.path.join(os.environ['LAMBDA_TASK_ROOT'], 'app.py'), 'a').write('#')\n"
           "except OSError: pass\n"
           "try: open(lib.__file__, 'w').write('#')\n"
           "except OSError: pass\n"
           "def handler(e, c): return 1\n",
           &event, 1));
    cp_str text;
    OK(cp_file_read(&text, &arena, cp_path_join(&arena, site, CP_STR("lib/__init__.py")), 100,
                    &err));
    cr_assert_str_eq(text.p, "from . import used, idle\n");
}

Test(profile, a_stage_has_links_or_copies_and_the_project_wins) {
    put_file(project, "app.py", "x = 1\n");
    put_file(project, "lib/idle.py", "mine = 1\n");
    facts = facts_of(project, site);
    cp_str shipped, again, bytecode, text;
    OK(cp_stage_original(&shipped, &t, &facts, CP_FORM_SHIPPED, NULL, &arena, &err));
    OK(cp_stage_original(&again, &t, &facts, CP_FORM_SHIPPED, NULL, &arena, &err));
    cr_assert_str_eq(shipped.p, again.p);
    OK(cp_file_read(&text, &arena, cp_path_join(&arena, shipped, CP_STR("lib/idle.py")), 99, &err));
    cr_assert_str_eq(text.p, "mine = 1\n");
    OK(cp_stage_original(&bytecode, &t, &facts, CP_FORM_BYTECODE, NULL, &arena, &err));
    cr_assert(cp_file_exists(
        cp_path_join(&arena, bytecode, CP_STR("lib/__pycache__/used.cpython-311.pyc"))));
    cr_assert_not(cp_file_exists(cp_path_join(&arena, site, CP_STR("lib/__pycache__"))));
    put_file(project, "app.py", "x = 22\n");
    facts = facts_of(project, site);
    OK(cp_stage_original(&again, &t, &facts, CP_FORM_SHIPPED, NULL, &arena, &err));
    cr_assert_str_neq(shipped.p, again.p);
}

// Wherever it may: as a user without namespaces, folders lose their write permission and files are
// copies.
Test(profile, without_namespaces_files_are_copied) {
    put_file(project, "app.py", "x = 1\n");
    facts = facts_of(project, site);
    t.guard = CP_GUARD_MODE;
    cp_str stage;
    OK(cp_stage_original(&stage, &t, &facts, CP_FORM_SHIPPED, NULL, &arena, &err));
    struct stat a, b;
    OK(cp_file_stat(&a, cp_path_join(&arena, stage, CP_STR("app.py")), &err));
    OK(cp_file_stat(&b, cp_path_join(&arena, project, CP_STR("app.py")), &err));
    cr_assert_neq(a.st_ino, b.st_ino);
    OK(cp_file_stat(&a, cp_path_join(&arena, stage, CP_STR("lib")), &err));
    cr_assert_eq(a.st_mode & 0222, 0);
    OK(cp_guard_unseal(t.guard, stage, &err));
}

Test(profile, a_record_that_is_not_one_is_refused) {
    put_file(project, "app.py", "x = 1\n");
    facts = facts_of(project, site);
    static const char *const wrong[] = {"", "[]", "{\"modules\":{},\"opened\":[],\"mapped\":[]}",
                                        "{\"modules\":[],\"opened\":[]}",
                                        "{\"modules\":[{\"name\":"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CP_AUTO(cp_record) record = cp_record_new(&facts, project);
        cr_assert_eq(cp_record_add(record, cp_str_of(wrong[i]), true, &err), CP_EFORMAT, "%zu", i);
    }
    CP_AUTO(cp_record) record = cp_record_new(&facts, project);
    OK(cp_record_add(record,
                     CP_STR("{\"modules\":[1,{\"name\":5},{\"name\":\"m\",\"self_ms\":\"x\","
                            "\"phase\":1e99}],\"opened\":[\"../x\",7,\"\"],\"mapped\":[null]}"),
                     true, &err));
    cp_profile p = {0};
    cp_record_finish(&p, record, &arena);
    cr_assert_eq(p.module_count, 1);
    cr_assert_eq(p.opened_count, 0);
}

Test(profile, code_that_was_written_since_the_analysis_is_not_measured) {
    cp_test_event e = event_of("a", "1");
    OK(run(good, &e, 1));
    put_file(site, "lib/idle.py", "def g(): return 9\n");
    cr_assert_eq(cp_profile_run(&profile, &t, &options, &facts, &e, 1, NULL, &arena, &err),
                 CP_ESTALE);
    cr_assert(strstr(err.message, "lib/idle.py was written"), "%s", err.message);
    OK(cp_tree_remove(cp_path_join(&arena, site, CP_STR("lib/never.py")), &err));
    cr_assert_eq(cp_profile_run(&profile, &t, &options, &facts, &e, 1, NULL, &arena, &err),
                 CP_ESTALE);
}

Test(stats, medians_and_quantiles) {
    double v[] = {3, 1, 2, 10};
    cr_assert_eq(cp_median(v, 4), 2.5);
    cr_assert_eq(cp_median(v, 3), 2);
    cr_assert_eq(cp_quantile(v, 4, 0.95), 10);
    cr_assert_eq(cp_quantile(v, 4, 0.5), 2);
    cr_assert_eq(cp_quantile(v, 4, 0), 1);
    cr_assert_eq(cp_median(v, 0), 0);
}
