// analyze_dump - analyses a function and prints the JSON of `cloudpack analyze --json`; warnings go
// to stderr. For tests that look at facts alone.
//
//   analyze_dump HANDLER PROJECT [SITE [PYTHON [ARCH]]]
#include "analyze/analyze.h"
#include "analyze/json.h"

#include <stdio.h>

static void print_event(void *self, const cp_event *e) {
    (void)self;
    if (e->kind == CP_EVENT_WARNING)
        (void)fprintf(stderr, "%.*s:%u:%u: %.*s\n", CP_STR_ARG(e->file), e->line, e->column,
                      CP_STR_ARG(e->text));
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    cp_analyze_options options = {
        .handler = cp_str_of(argv[1]),
        .project_root = cp_str_of(argv[2]),
        .site_root = cp_str_of(argc > 3 ? argv[3] : ""),
        .python = cp_str_of(argc > 4 ? argv[4] : "3.11"),
        .arch = cp_str_of(argc > 5 ? argv[5] : "x86_64"),
    };
    cp_sink sink = {print_event, NULL};
    cp_ctx ctx = {.sink = &sink};
    CP_AUTOV(cp_arena) arena = {0};
    CP_AUTOV(cp_buf) json = {0};
    const cp_facts *facts;
    cp_err err;
    if (cp_analyze(&facts, &options, &ctx, &arena, &err) != CP_OK) {
        (void)fprintf(stderr, "%s\n%s\n", err.message, err.hint);
        return (int)err.status;
    }
    cp_facts_to_json(&json, facts);
    return fwrite(json.p, 1, json.n, stdout) == json.n ? 0 : 1;
}
