// run_words.c - error documents of the runtime client, for people.
#include "target/run.h"

#include "core/path.h"
#include "data/json.h"

enum { MAX_DOCUMENT = 8 << 20, MAX_WORDS = 600 };

// A frame is `  File "/var/task/app.py", line 3, in handler\n    code\n`.
static bool frame_place(cp_str *file, cp_str *line, cp_str frame) {
    size_t start = cp_str_search(frame, CP_STR("File \""));
    if (start == SIZE_MAX)
        return false;
    cp_str rest = cp_str_sub(frame, start + 6, frame.n);
    size_t end = cp_str_search(rest, CP_STR("\", line "));
    if (end == SIZE_MAX)
        return false;
    *file = cp_str_sub(rest, 0, end);
    cp_str number = cp_str_sub(rest, end + 8, rest.n);
    size_t n = 0;
    while (n < number.n && number.p[n] >= '0' && number.p[n] <= '9')
        n++;
    *line = cp_str_sub(number, 0, n);
    return n > 0;
}

// The innermost frame of the user's own files; frames of anything else only confuse.
static cp_str place(cp_arena *arena, const cp_json *trace, cp_str task_root) {
    cp_str found = {0};
    for (const cp_json *n = cp_json_first(trace); n; n = cp_json_next(n)) {
        cp_str file, line, rel;
        if (frame_place(&file, &line, cp_json_str(n)) && cp_path_below(&rel, file, task_root))
            found = cp_arena_fmt(arena, "%.*s:%.*s", CP_STR_ARG(rel), CP_STR_ARG(line));
    }
    return found;
}

cp_str cp_run_log_end(cp_arena *arena, cp_str log, size_t max) {
    CP_AUTOV(cp_buf) text = {0};
    char *lines = cp_arena_cstr(arena, log);
    for (size_t i = 0; i < log.n; i++)
        lines[i] = lines[i] == '\r' ? '\n' : lines[i];
    for (cp_str rest = {lines, log.n}; rest.p;) {
        cp_str line = cp_str_next(&rest, '\n');
        if (cp_str_search(line, CP_STR("LAMBDA_WARNING: Unhandled exception")) == SIZE_MAX &&
            cp_str_trim(line).n)
            cp_buf_addf(&text, "%.*s\n", CP_STR_ARG(line));
    }
    cp_str all = cp_str_trim(cp_buf_str(&text));
    size_t cut = all.n > max ? all.n - max : 0;
    if (cut) {
        size_t line = cp_str_find(all, '\n', cut);
        cut = line == SIZE_MAX ? cut : line + 1;
    }
    return cp_arena_str(arena, cp_str_sub(all, cut, all.n));
}

cp_str cp_run_words(cp_arena *arena, cp_str document, cp_str task_root) {
    CP_AUTO(cp_json_doc) doc = NULL;
    cp_err ignored;
    if (cp_json_parse(&doc, document, MAX_DOCUMENT, "error", &ignored) != CP_OK)
        return cp_arena_str(arena, cp_str_sub(document, 0, MAX_WORDS));
    const cp_json *root = cp_json_root(doc);
    cp_str type = cp_json_str(cp_json_get(root, "errorType"));
    cp_str text = cp_str_sub(cp_json_str(cp_json_get(root, "errorMessage")), 0, MAX_WORDS);
    cp_str where = place(arena, cp_json_get(root, "stackTrace"), task_root);
    return cp_arena_fmt(arena, "%.*s%s%.*s%s%.*s%s", CP_STR_ARG(type), text.n && type.n ? ": " : "",
                        CP_STR_ARG(text), where.n ? " (" : "", CP_STR_ARG(where),
                        where.n ? ")" : "");
}
