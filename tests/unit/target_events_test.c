// Event files.
#include "target/events.h"
#include "target_fixture.h"

static cp_str folder;
static const cp_test_event *events;
static size_t count;

static void setup(void) {
    folder = fresh_folder();
}

static void teardown(void) {
    finish(folder);
}

TestSuite(events, .init = setup, .fini = teardown);

Test(events, bare_events_are_passed_on_as_they_are_in_order_of_names) {
    put_file(folder, "b.json", "{\"n\": 123456789012345678901234567890}");
    put_file(folder, "a.json", "[1]");
    put_file(folder, "readme.txt", "not an event");
    put_file(folder, "sub/c.json", "3");
    OK(cp_events_load(&events, &count, folder, &arena, &err));
    cr_assert_eq(count, 2);
    cr_assert_str_eq(events[0].name.p, "a");
    cr_assert_str_eq(events[1].invocation.event.p, "{\"n\": 123456789012345678901234567890}");
    cr_assert_float_eq(events[1].tolerance, 1e-9, 1e-15);
}

Test(events, an_envelope_gives_context_tolerance_and_what_to_ignore) {
    put_file(
        folder, "a.json",
        "{\"event\": {\"x\": 1}, \"context\": {\"function_name\": \"f\", \"memory_limit_in_mb\": "
        "1024, \"aws_request_id\": \"abc-1\", \"client_context\": {\"k\": \"v\"}}, "
        "\"tolerance\": 1e-6, \"ignore\": [\"/at\", \"/body/0\"]}");
    OK(cp_events_load(&events, &count, folder, &arena, &err));
    const cp_test_event *e = events;
    cr_assert_str_eq(e->invocation.event.p, "{\"x\":1}");
    cr_assert_str_eq(e->invocation.request_id.p, "abc-1");
    cr_assert_str_eq(e->function_name.p, "f");
    cr_assert_eq(e->memory_mb, 1024);
    cr_assert_str_eq(e->invocation.client_context.p, "{\"k\":\"v\"}");
    cr_assert_float_eq(e->tolerance, 1e-6, 1e-12);
    cr_assert_eq(e->ignore_count, 2);
    cr_assert_str_eq(e->ignore[1].p, "/body/0");
}

Test(events, an_event_that_has_an_event_of_its_own_stays_bare) {
    put_file(folder, "a.json", "{\"event\": 1, \"records\": []}");
    OK(cp_events_load(&events, &count, folder, &arena, &err));
    cr_assert_str_eq(events[0].invocation.event.p, "{\"event\": 1, \"records\": []}");
}

Test(events, wrong_files_are_named_with_what_is_wrong) {
    static const char *const cases[][2] = {
        {"{\"x\": }", "a.json:1:7"},
        {"", "a.json"},
        {"{\"event\": 1, \"tolerance\": 2}", "\"tolerance\" is not a number from 0 to 1"},
        {"{\"event\": 1, \"tolerance\": \"x\"}", "\"tolerance\""},
        {"{\"event\": 1, \"ignore\": {}}", "\"ignore\" is not an array"},
        {"{\"event\": 1, \"ignore\": [\"at\"]}", "element 0 is not a JSON pointer"},
        {"{\"event\": 1, \"context\": []}", "\"context\" is not an object"},
        {"{\"event\": 1, \"context\": {\"aws_request_id\": \"a b\"}}", "aws_request_id"},
        {"{\"event\": 1, \"context\": {\"function_name\": \"a\\r\\nX: y\"}}", "control character"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_file(folder, "a.json", cases[i][0]);
        cr_assert_eq(cp_events_load(&events, &count, folder, &arena, &err), CP_EFORMAT, "%zu", i);
        SAYS(err.message, cases[i][1]);
        SAYS(err.message, "a.json");
    }
}

Test(events, no_folder_and_no_events_are_told_apart) {
    cr_assert_eq(cp_events_load(&events, &count, folder, &arena, &err), CP_ENOTFOUND);
    SAYS(err.message, "no *.json in ");
    cr_assert_gt(strlen(err.hint), 0);
    cp_str none = cp_path_join(&arena, folder, CP_STR("none"));
    cr_assert_eq(cp_events_load(&events, &count, none, &arena, &err), CP_ENOTFOUND);
}
