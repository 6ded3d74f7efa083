#include "profile/record.h"

#include "core/intern.h"
#include "core/path.h"
#include "core/vec.h"
#include "data/json.h"
#include "profile/stats.h"

enum { MAX_RECORD = 64 << 20, MAX_MODULES = 200000 };

struct row {
    uint32_t order, phase;
    bool used;
    uint32_t runs;
    double self_ms[CP_RECORD_RUNS];
};

struct cp_record {
    const cp_facts *facts;
    cp_str root;
    cp_intern *names;
    CP_VEC(struct row) rows; // by id of `names`
    bool *opened;            // by file
    uint32_t next_order;
    uint64_t peak_bytes;
    cp_arena scratch;
};

cp_record *cp_record_new(const cp_facts *facts, cp_str root) {
    cp_record *record = cp_xcalloc(1, sizeof *record);
    record->facts = facts;
    record->root = cp_arena_str(&record->scratch, root);
    record->names = cp_intern_new();
    record->opened = cp_xcalloc(facts->file_count + 1u, sizeof *record->opened);
    return record;
}

void cp_record_cleanup(cp_record **record) {
    if (!*record)
        return;
    cp_intern_free((*record)->names);
    cp_vec_free(&(*record)->rows);
    free((*record)->opened);
    cp_arena_cleanup(&(*record)->scratch);
    free(*record);
    *record = NULL;
}

// "a/__pycache__/b.cpython-311.pyc" stands for "a/b.py".
static cp_str as_source(cp_arena *arena, cp_str rel) {
    const cp_str cache = CP_STR("__pycache__");
    cp_str dir = cp_path_dir(rel), base = cp_path_base(rel);
    size_t dot = cp_str_find(base, '.', 0);
    if (!cp_str_eq(cp_path_base(dir), cache) || dot == SIZE_MAX)
        return rel;
    cp_str name = cp_arena_fmt(arena, "%.*s.py", CP_STR_ARG(cp_str_sub(base, 0, dot)));
    return cp_path_join(arena, cp_path_dir(dir), name);
}

static void see_file(cp_record *record, cp_str rel) {
    rel = as_source(&record->scratch, rel);
    uint32_t file = cp_facts_find_file(record->facts, CP_ROOT_PROJECT, rel);
    if (file == CP_NONE)
        file = cp_facts_find_file(record->facts, CP_ROOT_SITE, rel);
    if (file != CP_NONE)
        record->opened[file] = true;
}

static void see_list(cp_record *record, const cp_json *list) {
    for (const cp_json *n = cp_json_first(list); n; n = cp_json_next(n))
        see_file(record, cp_json_str(n));
}

// "init", or the number of the event from 0.
static uint32_t read_phase(const cp_json *node) {
    double event = cp_json_num(node, -1);
    return event >= 0 && event < 1e6 ? (uint32_t)event + 1 : 0;
}

static void see_module(cp_record *record, const cp_json *node, bool timed) {
    cp_str name = cp_json_str(cp_json_get(node, "name")), rel;
    if (!name.n)
        return;
    if (cp_path_below(&rel, cp_json_str(cp_json_get(node, "file")), record->root))
        see_file(record, rel);
    cp_id id = cp_intern_add(record->names, name);
    if (id.i == record->rows.n)
        cp_vec_push(&record->rows, (struct row){.order = record->next_order++,
                                                .phase = read_phase(cp_json_get(node, "phase"))});
    struct row *row = &record->rows.v[id.i];
    row->used = row->used || cp_json_bool(cp_json_get(node, "used"), false);
    double self = cp_json_num(cp_json_get(node, "self_ms"), 0);
    if (timed && row->runs < CP_RECORD_RUNS)
        row->self_ms[row->runs++] = self > 0 ? self : 0;
}

cp_status cp_record_add(cp_record *record, cp_str json, bool timed, cp_err *err) {
    CP_AUTO(cp_json_doc) doc = NULL;
    const cp_json *modules, *opened, *mapped, *root;
    CP_TRY(cp_json_parse(&doc, json, MAX_RECORD, "profile record", err));
    root = cp_json_root(doc);
    CP_TRY(cp_json_need_array(&modules, root, "modules", "profile record", err));
    CP_TRY(cp_json_need_array(&opened, root, "opened", "profile record", err));
    CP_TRY(cp_json_need_array(&mapped, root, "mapped", "profile record", err));
    if (cp_json_count(modules) > MAX_MODULES)
        return cp_fail(err, CP_EFORMAT, "profile record: more than %d modules", MAX_MODULES);
    for (const cp_json *n = cp_json_first(modules); n; n = cp_json_next(n))
        see_module(record, n, timed);
    see_list(record, opened);
    see_list(record, mapped);
    double peak = cp_json_num(cp_json_get(root, "peak_memory_bytes"), 0);
    if (peak > (double)record->peak_bytes && peak < 1e15)
        record->peak_bytes = (uint64_t)peak;
    return CP_OK;
}

void cp_record_finish(cp_profile *out, cp_record *record, cp_arena *arena) {
    cp_module_profile *modules = CP_ARENA_ARRAY(arena, cp_module_profile, record->rows.n);
    // Ids count up in the order of first sight, which is the order wanted.
    for (uint32_t i = 0; i < record->rows.n; i++) {
        struct row *row = &record->rows.v[i];
        modules[i] = (cp_module_profile){
            .name = cp_arena_str(arena, cp_intern_text(record->names, (cp_id){i})),
            .self_ms = cp_median(row->self_ms, row->runs),
            .order = row->order,
            .phase = row->phase,
            .used = row->used};
    }
    out->modules = modules;
    out->module_count = (uint32_t)record->rows.n;
    uint32_t *opened = CP_ARENA_ARRAY(arena, uint32_t, record->facts->file_count);
    for (uint32_t i = 0; i < record->facts->file_count; i++)
        if (record->opened[i])
            opened[out->opened_count++] = i;
    out->opened = opened;
    if (record->peak_bytes > out->peak_memory_bytes)
        out->peak_memory_bytes = record->peak_bytes;
}
