// Verification of hand-made artefacts: a boot module that finds its packages in a layer stands for
// what build makes, so that what is right and what is wrong with them is known.
#include "data/json.h"
#include "profile_fixture.h"
#include "verify/verify.h"
#include "zip/write.h"

static cp_target t;
static cp_str folder, project, site, build;
static cp_facts facts;
static cp_verify verify;
static cp_verify_options options = {.runs = 1};

static const char boot[] =
    "import json, os, sys\n"
    "sys.path.insert(1, os.environ['CLOUDPACK_OPT'] + '/cloudpack/x')\n"
    "from app import handler as real\n"
    "def handler(event, context):\n"
    "    answer = real(event, context)\n"
    "    if 'CLOUDPACK_RECORD' in os.environ:\n"
    "        with open(os.environ['CLOUDPACK_RECORD'], 'w') as f:\n"
    "            json.dump({'miss_count': 2, 'misses': [{'name': 'lib.late'}, {'name': 'lib.x'}],\n"
    "                       'bytes_fetched': 77}, f)\n"
    "    return answer\n";

static void setup(void) {
    t = target();
    folder = fresh_folder();
    t.work = cp_path_join(&arena, folder, CP_STR("work"));
    project = cp_path_join(&arena, folder, CP_STR("project"));
    site = cp_path_join(&arena, folder, CP_STR("site"));
    build = cp_path_join(&arena, folder, CP_STR("build"));
    options.build = build;
    OK(cp_dir_make(build, &err));
    put_file(site, "lib/__init__.py", "value = 41\n");
    put_file(build, "objects/cas/00", "12345");
}

static void teardown(void) {
    finish(folder);
}

TestSuite(verify, .init = setup, .fini = teardown, .timeout = 120);

static cp_zip_entry text_entry(const char *name, const char *text) {
    return (cp_zip_entry){.name = cp_str_of(name), .bytes = cp_str_of(text)};
}

static void pack(const char *app, const char *lib) {
    cp_zip_entry function[] = {text_entry("app.py", app), text_entry("cloudpack_boot.py", boot)};
    cp_zip_entry layer[] = {text_entry("cloudpack/x/lib/__init__.py", lib)};
    cp_zip_totals totals;
    cp_str zip = cp_path_join(&arena, build, CP_STR("function.zip"));
    OK(cp_zip_write(&totals, zip, function, 2, 6, NULL, &err));
    zip = cp_path_join(&arena, build, CP_STR("layer-1.zip"));
    OK(cp_zip_write(&totals, zip, layer, 1, 6, NULL, &err));
}

static cp_status run(const char *app, const char *built_app, const char *lib,
                     const cp_test_event *events, size_t count) {
    put_file(project, "app.py", app);
    pack(built_app, lib);
    facts = facts_of(project, site);
    return cp_verify_run(&verify, &t, &options, &facts, events, count, NULL, &arena, &err);
}

static const char good[] = "import lib\n"
                           "def handler(e, c):\n"
                           "    if e == 'bad': raise ValueError('no ' + e)\n"
                           "    return {'v': lib.value + 1, 'f': __file__, 'e': e}\n";

Test(verify, equal_answers_and_equal_exceptions_are_equal) {
    cp_test_event events[] = {event_of("a", "1"), event_of("b", "\"bad\"")};
    OK(run(good, good, "value = 41\n", events, 2));
    cr_assert_eq(verify.events, 2);
    cr_assert_eq(verify.equal, 2, "%s", verify.different.n ? verify.different.v[0].got.p : "");
    cr_assert_eq(verify.different.n + verify.unstable.n, 0);
    for (unsigned f = 0; f < CP_VERIFY_FORMS; f++) {
        cr_assert_gt(verify.times[f].init_ms, 1);
        cr_assert_gt(verify.times[f].cpu_ms, 1);
    }
    cr_assert_eq(verify.misses, 2); // of the event that returns
    cr_assert_eq(verify.miss_name_count, 2);
    cr_assert_str_eq(verify.miss_names[0].p, "lib.late");
    cr_assert_eq(verify.fetched_bytes, 77);
    cr_assert_eq(verify.installed_bytes, strlen(good) + strlen("value = 41\n"));
    cr_assert_eq(verify.local_bytes, strlen(good) + strlen(boot) + strlen("value = 41\n"));
    cr_assert_gt(verify.shipped_zip_bytes, 100);
    cr_assert_gt(verify.zip_bytes, 100);
    cr_assert_eq(verify.remote_bytes, 5);
    cr_assert_eq(verify.layers, 1);
}

Test(verify, a_different_field_is_named_with_both_values) {
    cp_test_event events[] = {event_of("a", "1"), event_of("b", "\"bad\"")};
    OK(run(good, good, "value = 42\n", events, 2));
    cr_assert_eq(verify.equal, 1);
    cr_assert_eq(verify.different.n, 1);
    cr_assert_str_eq(verify.different.v[0].event.p, "a");
    cr_assert_str_eq(verify.different.v[0].field.p, "/v");
    cr_assert_str_eq(verify.different.v[0].expected.p, "42");
    cr_assert_str_eq(verify.different.v[0].got.p, "43");
}

Test(verify, a_built_function_that_does_not_start_is_different_not_a_failure_of_ours) {
    cp_test_event event = event_of("a", "1");
    OK(run(good, "import not_there\n", "", &event, 1));
    cr_assert_eq(verify.equal, 0);
    cr_assert_eq(verify.different.n, 1);
    SAYS(verify.different.v[0].got.p, "not_there");
}

Test(verify, an_original_that_does_not_run_is_refused) {
    cp_test_event event = event_of("a", "1");
    cr_assert_eq(run("1 / 0\n", good, "", &event, 1), CP_EFORMAT);
    SAYS(err.message, "ZeroDivisionError");
}

Test(verify, what_the_original_does_not_repeat_is_told_and_can_be_ignored) {
    static const char code[] = "import lib, time\n"
                               "def handler(e, c): return {'now': time.time_ns(), 'v': 1}\n";
    cp_test_event event = event_of("a", "1");
    OK(run(code, code, "", &event, 1));
    cr_assert_eq(verify.equal, 0);
    cr_assert_eq(verify.unstable.n, 1);
    cr_assert_str_eq(verify.unstable.v[0].field.p, "/now");
    const cp_str pointer = CP_STR("/now");
    event.ignore = &pointer;
    event.ignore_count = 1;
    OK(run(code, code, "", &event, 1));
    cr_assert_eq(verify.equal, 1);
    cr_assert_eq(verify.unstable.n, 0);
}

Test(verify, nothing_built_names_the_command) {
    cp_test_event event = event_of("a", "1");
    put_file(project, "app.py", good);
    facts = facts_of(project, site);
    cr_assert_eq(cp_verify_run(&verify, &t, &options, &facts, &event, 1, NULL, &arena, &err),
                 CP_ENOTFOUND);
    SAYS(err.message, "function.zip");
    SAYS(err.hint, "cloudpack build");
}

Test(verify, reports_have_what_was_measured) {
    cp_test_event event = event_of("a", "1");
    options.predicted_ms = 123.5;
    OK(run(good, good, "value = 42\n", &event, 1));
    CP_AUTOV(cp_buf) json = {0};
    CP_AUTOV(cp_buf) text = {0};
    cp_verify_to_json(&json, &verify);
    cp_verify_to_text(&text, &verify);
    CP_AUTO(cp_json_doc) doc = NULL;
    OK(cp_json_parse(&doc, cp_buf_str(&json), 1 << 20, "verify", &err));
    const cp_json *root = cp_json_root(doc);
    static const char *const times[] = {"init_ms", "first_ms", "cpu_ms"};
    static const char *const forms[] = {"shipped", "bytecode", "built"};
    for (int i = 0; i < 3; i++)
        for (int f = 0; f < 3; f++)
            cr_assert_gt(cp_json_num(cp_json_get(cp_json_get(root, times[i]), forms[f]), -1), 0);
    cr_assert_eq(cp_json_num(cp_json_get(root, "events"), 0), 1);
    cr_assert_eq(cp_json_num(cp_json_get(root, "equal"), 9), 0);
    cr_assert_eq(cp_json_num(cp_json_get(root, "predicted_ms"), 0), 123.5);
    cr_assert_eq(cp_json_num(cp_json_get(cp_json_get(root, "package_bytes"), "before"), 0),
                 (double)verify.installed_bytes);
    cr_assert_eq(cp_json_count(cp_json_get(root, "different")), 1);
    SAYS(text.p, "0 of 1 event equal");
    SAYS(text.p, "a /v\n    original: 42\n    built:    43");
    SAYS(text.p, "predicted 124 ms");
    SAYS(text.p, "misses: 2: lib.late, lib.x");
}

Test(verify, invoke_gives_the_result_or_the_exception) {
    pack(good, "value = 41\n");
    cp_str json, log;
    bool raised;
    cp_test_event event = event_of("a", "[1]");
    OK(cp_invoke_local(&json, &raised, &log, &t, &options, &event, NULL, &arena, &err));
    cr_assert_not(raised);
    cr_assert_str_eq(json.p, "{\"v\": 42, \"f\": \"/var/task/app.py\", \"e\": [1]}");
    event = event_of("b", "\"bad\"");
    OK(cp_invoke_local(&json, &raised, &log, &t, &options, &event, NULL, &arena, &err));
    cr_assert(raised);
    SAYS(json.p, "\"errorType\": \"ValueError\"");
    SAYS(json.p, "stackTrace");
}

Test(verify, the_mount_is_found_under_its_own_name) {
    pack("import os\n"
         "def handler(e, c): return open(os.environ['CLOUDPACK_MOUNT'] + '/mnt/cp/id/f').read()\n",
         "");
    put_file(build, "mount/id/f", "from the mount");
    options.mount_point = CP_STR("/mnt/cp");
    cp_str json, log;
    bool raised;
    cp_test_event event = event_of("a", "1");
    OK(cp_invoke_local(&json, &raised, &log, &t, &options, &event, NULL, &arena, &err));
    cr_assert_str_eq(json.p, "\"from the mount\"");
}
