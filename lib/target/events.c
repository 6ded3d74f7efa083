#include "target/events.h"

#include "core/file.h"
#include "core/path.h"
#include "core/tree.h"
#include "core/vec.h"
#include "data/json.h"
#include "target/api.h"

enum { MAX_EVENTS = 10000, MAX_IGNORE = 1000 };

// An object is an envelope when it has "event" and every other member is one of ours: a bare event
// that happens to have an "event" of its own stays a bare event.
static bool is_envelope(const cp_json *root) {
    if (!cp_json_is_object(root) || !cp_json_get(root, "event"))
        return false;
    for (const cp_json *n = cp_json_first(root); n; n = cp_json_next(n)) {
        cp_str key = cp_json_key(n);
        if (!cp_str_is(key, "event") && !cp_str_is(key, "context") &&
            !cp_str_is(key, "tolerance") && !cp_str_is(key, "ignore"))
            return false;
    }
    return true;
}

// Goes into an HTTP header, where a line feed would start another one.
static cp_status plain_text(cp_str *out, const cp_json *context, const char *key, cp_arena *arena,
                            cp_err *err) {
    const cp_json *node = cp_json_get(context, key);
    if (!node || cp_json_is_null(node))
        return CP_OK;
    cp_str s = cp_json_str(node);
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 127)
            return cp_fail(err, CP_EFORMAT, "context.%s has a control character", key);
    if (!cp_json_is_string(node) || s.n > 1000)
        return cp_fail(err, CP_EFORMAT, "context.%s: expected a string of at most 1000 bytes", key);
    *out = cp_arena_str(arena, s);
    return CP_OK;
}

static bool is_request_id(cp_str id) {
    for (size_t i = 0; i < id.n; i++)
        if (!(id.p[i] == '-' || (id.p[i] >= '0' && id.p[i] <= '9') ||
              ((id.p[i] | 32) >= 'a' && (id.p[i] | 32) <= 'z')))
            return false;
    return id.n > 0 && id.n <= 128;
}

static cp_status read_context(cp_test_event *e, const cp_json *c, cp_arena *arena, cp_err *err) {
    if (c && !cp_json_is_object(c))
        return cp_fail(err, CP_EFORMAT, "\"context\" is not an object");
    cp_invocation *in = &e->invocation;
    CP_TRY(plain_text(&in->request_id, c, "aws_request_id", arena, err));
    CP_TRY(plain_text(&in->function_arn, c, "invoked_function_arn", arena, err));
    CP_TRY(plain_text(&e->function_name, c, "function_name", arena, err));
    CP_TRY(plain_text(&e->function_version, c, "function_version", arena, err));
    if (!is_request_id(in->request_id))
        return cp_fail(err, CP_EFORMAT, "context.aws_request_id: only letters, digits and '-'");
    const cp_json *client = cp_json_get(c, "client_context"), *who = cp_json_get(c, "identity");
    if (client)
        in->client_context = cp_json_text(client, arena);
    if (who)
        in->identity = cp_json_text(who, arena);
    double memory = cp_json_num(cp_json_get(c, "memory_limit_in_mb"), 0);
    if (memory < 0 || memory > 100000)
        return cp_fail(err, CP_EFORMAT, "context.memory_limit_in_mb is out of range");
    e->memory_mb = (uint32_t)memory;
    return CP_OK;
}

static cp_status read_envelope(cp_test_event *e, const cp_json *root, cp_arena *arena,
                               cp_err *err) {
    const cp_json *tolerance = cp_json_get(root, "tolerance");
    const cp_json *ignore = cp_json_get(root, "ignore");
    e->tolerance = cp_json_num(tolerance, e->tolerance);
    if (tolerance && (!cp_json_is_number(tolerance) || !(e->tolerance >= 0 && e->tolerance <= 1)))
        return cp_fail(err, CP_EFORMAT, "\"tolerance\" is not a number from 0 to 1");
    if (ignore && !cp_json_is_array(ignore))
        return cp_fail(err, CP_EFORMAT, "\"ignore\" is not an array of JSON pointers");
    e->ignore_count = cp_json_count(ignore);
    if (e->ignore_count > MAX_IGNORE)
        return cp_fail(err, CP_EFORMAT, "\"ignore\" has more than %d pointers", MAX_IGNORE);
    cp_str *pointers = CP_ARENA_ARRAY(arena, cp_str, e->ignore_count);
    size_t i = 0;
    for (const cp_json *n = cp_json_first(ignore); n; n = cp_json_next(n), i++) {
        pointers[i] = cp_arena_str(arena, cp_json_str(n));
        if (!cp_json_is_string(n) || (pointers[i].n && pointers[i].p[0] != '/'))
            return cp_fail(err, CP_EFORMAT,
                           "\"ignore\": element %zu is not a JSON pointer such as \"/body/time\"",
                           i);
    }
    e->ignore = pointers;
    e->invocation.event = cp_json_text(cp_json_get(root, "event"), arena);
    return read_context(e, cp_json_get(root, "context"), arena, err);
}

cp_status cp_event_load(cp_test_event *out, cp_str path, cp_arena *arena, cp_err *err) {
    cp_str text, base = cp_path_base(path);
    *out = (cp_test_event){.tolerance = 1e-9};
    out->name = cp_arena_str(
        arena, cp_str_ends(base, CP_STR(".json")) ? cp_str_sub(base, 0, base.n - 5) : base);
    out->invocation.request_id = CP_STR("c10d9ac0-0000-4000-8000-000000000001");
    if (cp_file_read(&text, arena, path, CP_API_MAX_PAYLOAD, err) != CP_OK)
        return cp_wrap(err, "event");
    CP_AUTO(cp_json_doc) doc = NULL;
    CP_TRY(cp_json_parse(&doc, text, CP_API_MAX_PAYLOAD, cp_arena_cstr(arena, path), err));
    const cp_json *root = cp_json_root(doc);
    if (!is_envelope(root)) {
        // As it is: a number that a double cannot hold stays what it was.
        out->invocation.event = text;
        return CP_OK;
    }
    if (read_envelope(out, root, arena, err) != CP_OK)
        return cp_wrap(err, "%.*s", CP_STR_ARG(path));
    return CP_OK;
}

static bool json_files(void *self, cp_str rel, cp_str name, cp_entry_kind kind) {
    (void)self;
    return kind == CP_ENTRY_FILE && cp_str_ends(name, CP_STR(".json")) &&
           cp_str_find(rel, '/', 0) == SIZE_MAX;
}

cp_status cp_events_load(const cp_test_event **out, size_t *count, cp_str folder, cp_arena *arena,
                         cp_err *err) {
    const cp_entry *entries;
    if (!cp_file_is_dir(folder)) {
        (void)cp_fail(err, CP_ENOTFOUND, "events: no folder %.*s", CP_STR_ARG(folder));
        return cp_hint(err, "make it and put test events there, for instance {} in first.json");
    }
    if (cp_tree_list(&entries, count, folder, json_files, NULL, MAX_EVENTS, arena, err) != CP_OK)
        return cp_wrap(err, "events");
    if (*count == 0) {
        (void)cp_fail(err, CP_ENOTFOUND, "events: no *.json in %.*s", CP_STR_ARG(folder));
        return cp_hint(err, "put at least one test event there, for instance {} in first.json");
    }
    cp_test_event *events = CP_ARENA_ARRAY(arena, cp_test_event, *count);
    for (size_t i = 0; i < *count; i++)
        CP_TRY(cp_event_load(&events[i], cp_path_join(arena, folder, entries[i].rel), arena, err));
    *out = events;
    return CP_OK;
}
