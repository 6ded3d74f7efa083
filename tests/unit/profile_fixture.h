// profile_fixture.h - the facts that profile and verify need of a function, straight from folders.
#pragma once

#include "model/facts.h"
#include "target/events.h"
#include "target_fixture.h"

#include "core/vec.h"

static inline bool no_caches(void *self, cp_str rel, cp_str name, cp_entry_kind kind) {
    (void)self;
    (void)rel;
    (void)kind;
    return !cp_str_is(name, "__pycache__");
}

/// Files of a project folder and (unless empty) of a site folder, for the handler "app.handler".
static inline cp_facts facts_of(cp_str project, cp_str site) {
    cp_facts facts = {.handler = CP_STR("app.handler"),
                      .handler_module = CP_STR("app"),
                      .handler_function = CP_STR("handler"),
                      .python = CP_STR("3.11"),
                      .arch = CP_STR("x86_64"),
                      .project_root = project,
                      .site_root = site};
    CP_VEC(cp_file_fact) files = {0};
    for (int root = 0; root < 2; root++) {
        const cp_entry *entries;
        size_t count = 0;
        cp_str folder = root == 0 ? project : site;
        if (folder.n)
            OK(cp_tree_list(&entries, &count, folder, no_caches, NULL, 1000000, &arena, &err));
        for (size_t i = 0; i < count; i++)
            if (entries[i].kind == CP_ENTRY_FILE)
                cp_vec_push(&files, (cp_file_fact){.root = root ? CP_ROOT_SITE : CP_ROOT_PROJECT,
                                                   .rel = entries[i].rel,
                                                   .bytes = entries[i].bytes,
                                                   .mtime_ns = entries[i].mtime_ns,
                                                   .inode = entries[i].inode,
                                                   .distribution = CP_NONE,
                                                   .module = CP_NONE});
    }
    facts.files = cp_vec_to_arena(&files, &arena);
    facts.file_count = (uint32_t)files.n;
    cp_vec_free(&files);
    return facts;
}

static inline cp_test_event event_of(const char *name, const char *json) {
    return (cp_test_event){.name = cp_str_of(name),
                           .invocation = {.event = cp_str_of(json), .request_id = CP_STR("id-1")},
                           .tolerance = 1e-9};
}
