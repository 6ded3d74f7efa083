#include "verify/compare.h"

#include "data/json.h"

#include <string.h>

enum { MAX_DOCUMENT = 16 << 20, SHOWN = 200, MAX_DEPTH = 256 };

struct walk {
    cp_differences *out;
    const cp_test_event *event;
    cp_arena *arena;
    cp_buf path; // pointer of the values that are looked at
};

static cp_str shown(struct walk *w, const cp_json *node) {
    if (!node)
        return CP_STR("(absent)");
    cp_str text = cp_json_text(node, w->arena);
    return text.n <= SHOWN
               ? text
               : cp_arena_fmt(w->arena, "%.*s...", CP_STR_ARG(cp_str_sub(text, 0, SHOWN)));
}

static bool ignored(const struct walk *w) {
    cp_str here = cp_buf_str(&w->path);
    for (size_t i = 0; i < w->event->ignore_count; i++)
        if (cp_str_eq(here, w->event->ignore[i]))
            return true;
    return false;
}

static void differ_text(struct walk *w, cp_str expected, cp_str got) {
    if (w->out->n == CP_DIFFERENCES) {
        w->out->more = true;
        return;
    }
    w->out->v[w->out->n++] = (cp_difference){
        w->event->name, cp_arena_str(w->arena, cp_buf_str(&w->path)), expected, got};
}

static void differ(struct walk *w, const cp_json *expected, const cp_json *got) {
    if (!ignored(w))
        differ_text(w, shown(w, expected), shown(w, got));
}

static size_t enter(struct walk *w, cp_str key) {
    size_t before = w->path.n;
    cp_buf_add_c(&w->path, '/');
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == '~' || key.p[i] == '/')
            cp_buf_add(&w->path, key.p[i] == '~' ? CP_STR("~0") : CP_STR("~1"));
        else
            cp_buf_add_c(&w->path, key.p[i]);
    }
    return before;
}

static void leave(struct walk *w, size_t before) {
    w->path.n = before;
    w->path.p[before] = '\0';
}

static void compare(struct walk *w, const cp_json *a, const cp_json *b, unsigned depth);

// Members usually come in the same order on both sides; only when they do not are they looked up.
static const cp_json *partner(const cp_json *object, const cp_json *guess, const cp_json *member) {
    cp_str key = cp_json_key(member);
    return guess && cp_str_eq(cp_json_key(guess), key) ? guess : cp_json_get(object, key.p);
}

static void compare_objects(struct walk *w, const cp_json *a, const cp_json *b, unsigned depth) {
    const cp_json *guess = cp_json_first(b);
    for (const cp_json *n = cp_json_first(a); n; n = cp_json_next(n)) {
        const cp_json *other = partner(b, guess, n);
        size_t before = enter(w, cp_json_key(n));
        compare(w, n, other, depth + 1);
        leave(w, before);
        guess = other ? cp_json_next(other) : guess;
    }
    guess = cp_json_first(a);
    for (const cp_json *n = cp_json_first(b); n; n = cp_json_next(n)) {
        const cp_json *other = partner(a, guess, n);
        if (!other) {
            size_t before = enter(w, cp_json_key(n));
            differ(w, NULL, n);
            leave(w, before);
        }
        guess = other ? cp_json_next(other) : guess;
    }
}

static void compare_arrays(struct walk *w, const cp_json *a, const cp_json *b, unsigned depth) {
    const cp_json *x = cp_json_first(a), *y = cp_json_first(b);
    for (size_t i = 0; x || y; i++) {
        char number[24];
        cp_str key = {number, 0};
        for (size_t rest = i, digits = 1; digits; rest /= 10) {
            memmove(number + 1, number, key.n);
            number[0] = (char)('0' + rest % 10);
            key.n++;
            digits = rest >= 10;
        }
        size_t before = enter(w, key);
        compare(w, x, y, depth + 1);
        leave(w, before);
        x = x ? cp_json_next(x) : NULL;
        y = y ? cp_json_next(y) : NULL;
    }
}

static void compare(struct walk *w, const cp_json *a, const cp_json *b, unsigned depth) {
    if (ignored(w))
        return;
    if (a && b && depth < MAX_DEPTH && cp_json_is_object(a) && cp_json_is_object(b)) {
        compare_objects(w, a, b, depth);
    } else if (a && b && depth < MAX_DEPTH && cp_json_is_array(a) && cp_json_is_array(b)) {
        compare_arrays(w, a, b, depth);
    } else {
        cp_str pointer;
        CP_AUTOV(cp_arena) scratch = {0};
        if (!a || !b || !cp_json_equal(a, b, w->event->tolerance, &pointer, &scratch))
            differ(w, a, b);
    }
}

static void compare_results(struct walk *w, cp_str expected, cp_str got) {
    if (cp_str_eq(expected, got))
        return;
    CP_AUTO(cp_json_doc) a = NULL;
    CP_AUTO(cp_json_doc) b = NULL;
    cp_err no_json;
    if (cp_json_parse(&a, expected, MAX_DOCUMENT, "answer", &no_json) != CP_OK ||
        cp_json_parse(&b, got, MAX_DOCUMENT, "answer", &no_json) != CP_OK) {
        // Not JSON (a handler may return bytes): then every byte counts.
        differ_text(w, cp_arena_str(w->arena, cp_str_sub(expected, 0, SHOWN)),
                    cp_arena_str(w->arena, cp_str_sub(got, 0, SHOWN)));
        return;
    }
    compare(w, cp_json_root(a), cp_json_root(b), 0);
}

static void compare_errors(struct walk *w, cp_str expected, cp_str got) {
    CP_AUTO(cp_json_doc) a = NULL;
    CP_AUTO(cp_json_doc) b = NULL;
    cp_err no_json;
    if (cp_json_parse(&a, expected, MAX_DOCUMENT, "error", &no_json) != CP_OK ||
        cp_json_parse(&b, got, MAX_DOCUMENT, "error", &no_json) != CP_OK) {
        compare_results(w, expected, got);
        return;
    }
    static const char *const members[] = {"errorType", "errorMessage"};
    for (size_t i = 0; i < 2; i++) {
        size_t before = enter(w, cp_str_of(members[i]));
        const cp_json *x = cp_json_get(cp_json_root(a), members[i]);
        const cp_json *y = cp_json_get(cp_json_root(b), members[i]);
        if (x || y)
            compare(w, x, y, 0);
        leave(w, before);
    }
}

static cp_str outcome_words(struct walk *w, const cp_run_answer *answer) {
    if (answer->outcome == CP_OUTCOME_ANSWER)
        return cp_arena_str(w->arena, cp_str_sub(answer->json, 0, SHOWN));
    return cp_run_words(w->arena, answer->json, CP_STR(CP_COLD_TASK));
}

void cp_compare(cp_differences *out, const cp_test_event *event, const cp_run_answer *expected,
                const cp_run_answer *got, cp_arena *arena) {
    struct walk w = {.out = out, .event = event, .arena = arena};
    cp_buf_add(&w.path, CP_STR(""));
    if (expected->outcome != got->outcome)
        differ_text(&w, outcome_words(&w, expected), outcome_words(&w, got));
    else if (expected->outcome == CP_OUTCOME_ANSWER)
        compare_results(&w, expected->json, got->json);
    else
        compare_errors(&w, expected->json, got->json);
    cp_buf_cleanup(&w.path);
}
