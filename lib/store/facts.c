#include "store/facts.h"

#include "store/table.h"

// -- rows: put and take name the same columns in the same order -------------------------------

static void put_distribution(cp_query *q, const void *row) {
    const cp_distribution_fact *d = row;
    cp_put_text(q, d->name);
    cp_put_text(q, d->version);
    cp_put_text(q, d->metadata_dir);
}

static void take_distribution(cp_query *q, void *row, const cp_limits *limits, cp_arena *arena) {
    (void)limits;
    cp_distribution_fact *d = row;
    d->name = cp_take_text(q, arena);
    d->version = cp_take_text(q, arena);
    d->metadata_dir = cp_take_text(q, arena);
}

static void put_file(cp_query *q, const void *row) {
    const cp_file_fact *f = row;
    cp_put_int(q, f->root);
    cp_put_text(q, f->rel);
    cp_put_int(q, f->kind);
    cp_put_u64(q, f->bytes);
    cp_put_int(q, f->mtime_ns);
    cp_put_u64(q, f->inode);
    cp_put_int(q, f->executable);
    cp_put_index(q, f->distribution);
    cp_put_index(q, f->module);
}

static void take_file(cp_query *q, void *row, const cp_limits *limits, cp_arena *arena) {
    cp_file_fact *f = row;
    f->root = (cp_root)cp_take_below(q, CP_ROOT_SITE + 1);
    f->rel = cp_take_text(q, arena);
    f->kind = (cp_file_kind)cp_take_below(q, CP_FILE_MODEL + 1);
    f->bytes = cp_take_u64(q);
    f->mtime_ns = cp_take_int(q);
    f->inode = cp_take_u64(q);
    f->executable = cp_take_bool(q);
    f->distribution = cp_take_index(q, limits->distributions);
    f->module = cp_take_index(q, limits->modules);
}

static void put_module(cp_query *q, const void *row) {
    const cp_module_fact *m = row;
    cp_put_text(q, m->name);
    cp_put_int(q, m->kind);
    cp_put_index(q, m->file);
    cp_put_int(q, m->package);
    cp_put_int(q, m->initial);
    cp_put_int(q, m->reached);
    cp_put_index(q, m->why_from);
    cp_put_int(q, m->why_line);
}

static void take_module(cp_query *q, void *row, const cp_limits *limits, cp_arena *arena) {
    cp_module_fact *m = row;
    m->name = cp_take_text(q, arena);
    m->kind = (cp_module_kind)cp_take_below(q, CP_MODULE_NAMESPACE + 1);
    m->file = cp_take_index(q, limits->files);
    m->package = cp_take_bool(q);
    m->initial = cp_take_bool(q);
    m->reached = cp_take_bool(q);
    m->why_from = cp_take_index(q, limits->modules);
    m->why_line = cp_take_below(q, UINT32_MAX);
}

static void put_import(cp_query *q, const void *row) {
    const cp_import_fact *i = row;
    cp_put_int(q, i->from);
    cp_put_int(q, i->line);
    cp_put_text(q, i->target);
    cp_put_int(q, i->context);
    cp_put_text(q, i->binds);
    cp_put_int(q, i->deferrable);
    cp_put_index(q, i->module);
}

static void take_import(cp_query *q, void *row, const cp_limits *limits, cp_arena *arena) {
    cp_import_fact *i = row;
    i->from = cp_take_below(q, limits->modules);
    i->line = cp_take_below(q, UINT32_MAX);
    i->target = cp_take_text(q, arena);
    i->context = (cp_import_context)cp_take_below(q, CP_IMPORT_RULE + 1);
    i->binds = cp_take_text(q, arena);
    i->deferrable = cp_take_bool(q);
    i->module = cp_take_index(q, limits->modules);
}

static void put_native(cp_query *q, const void *row) {
    const cp_native_fact *n = row;
    cp_put_int(q, n->file);
    cp_put_text(q, n->soname);
    cp_put_text(q, n->missing);
}

static void take_native(cp_query *q, void *row, const cp_limits *limits, cp_arena *arena) {
    cp_native_fact *n = row;
    n->file = cp_take_below(q, limits->files);
    n->soname = cp_take_text(q, arena);
    n->missing = cp_take_text(q, arena);
}

static const uint32_t *get_needs(const void *rows, uint32_t owner, uint32_t *count) {
    const cp_native_fact *n = (const cp_native_fact *)rows + owner;
    *count = n->need_count;
    return n->needs;
}

static void set_needs(void *rows, uint32_t owner, const uint32_t *list, uint32_t count) {
    cp_native_fact *n = (cp_native_fact *)rows + owner;
    n->needs = list;
    n->need_count = count;
}

static void put_place(cp_query *q, const void *row) {
    const cp_place_fact *p = row;
    cp_put_index(q, p->from);
    cp_put_int(q, p->line);
    cp_put_text(q, p->text);
    cp_put_int(q, p->context);
}

static void take_place(cp_query *q, void *row, const cp_limits *limits, cp_arena *arena) {
    cp_place_fact *p = row;
    p->from = cp_take_index(q, limits->modules);
    p->line = cp_take_below(q, UINT32_MAX);
    p->text = cp_take_text(q, arena);
    p->context = (cp_import_context)cp_take_below(q, CP_IMPORT_RULE + 1);
}

static void put_head(cp_query *q, const void *row) {
    const cp_facts *f = row;
    cp_put_text(q, f->handler);
    cp_put_text(q, f->handler_module);
    cp_put_text(q, f->handler_function);
    cp_put_text(q, f->python);
    cp_put_text(q, f->arch);
    cp_put_text(q, f->project_root);
    cp_put_text(q, f->site_root);
    cp_put_real(q, f->seconds);
}

static void take_head(cp_query *q, cp_facts *f, cp_arena *arena) {
    f->handler = cp_take_text(q, arena);
    f->handler_module = cp_take_text(q, arena);
    f->handler_function = cp_take_text(q, arena);
    f->python = cp_take_text(q, arena);
    f->arch = cp_take_text(q, arena);
    f->project_root = cp_take_text(q, arena);
    f->site_root = cp_take_text(q, arena);
    f->seconds = cp_take_real(q);
}

#define ROWS(name, columns, type, noun)                                                            \
    { name, NULL, "id", columns, sizeof(type), put_##noun, take_##noun }
static const cp_table DISTRIBUTIONS = ROWS("distributions", 4, cp_distribution_fact, distribution);
static const cp_table FILES = ROWS("files", 10, cp_file_fact, file);
static const cp_table MODULES = ROWS("modules", 9, cp_module_fact, module);
static const cp_table IMPORTS = ROWS("imports", 8, cp_import_fact, import);
static const cp_table NATIVES = ROWS("natives", 4, cp_native_fact, native);
static const cp_table OPAQUE = ROWS("opaque", 5, cp_place_fact, place);
static const cp_table MISSING = ROWS("missing", 5, cp_place_fact, place);
static const cp_lists NEEDS = {"native_needs", NULL, "native", "file", get_needs, set_needs};

// -- checking ------------------------------------------------------------------------------------

static bool in(uint32_t index, uint32_t count) {
    return index < count;
}

static bool in_or_none(uint32_t index, uint32_t count) {
    return index == CP_NONE || index < count;
}

static bool places_fit(const cp_place_fact *p, uint32_t count, uint32_t modules) {
    for (uint32_t i = 0; i < count; i++)
        if (!in_or_none(p[i].from, modules))
            return false;
    return true;
}

static bool natives_fit(const cp_facts *f) {
    for (uint32_t i = 0; i < f->native_count; i++) {
        if (!in(f->natives[i].file, f->file_count))
            return false;
        for (uint32_t j = 0; j < f->natives[i].need_count; j++)
            if (!in(f->natives[i].needs[j], f->file_count))
                return false;
    }
    return true;
}

// The first array with an index that points nowhere, or NULL.
static const char *misfit(const cp_facts *f) {
    for (uint32_t i = 0; i < f->file_count; i++)
        if (!in_or_none(f->files[i].distribution, f->distribution_count) ||
            !in_or_none(f->files[i].module, f->module_count))
            return "files";
    for (uint32_t i = 0; i < f->module_count; i++)
        if (!in_or_none(f->modules[i].file, f->file_count) ||
            !in_or_none(f->modules[i].why_from, f->module_count))
            return "modules";
    for (uint32_t i = 0; i < f->import_count; i++)
        if (!in(f->imports[i].from, f->module_count) ||
            !in_or_none(f->imports[i].module, f->module_count))
            return "imports";
    if (!natives_fit(f))
        return "natives";
    return !places_fit(f->opaque, f->opaque_count, f->module_count)     ? "opaque"
           : !places_fit(f->missing, f->missing_count, f->module_count) ? "missing"
                                                                        : NULL;
}

// -- both ways -----------------------------------------------------------------------------------

static cp_status write_all(cp_store *store, const cp_facts *f, cp_err *err) {
    // Children first: then no delete has to look for rows that refer to it.
    CP_TRY(cp_db_exec(store,
                      "DELETE FROM native_needs; DELETE FROM natives; DELETE FROM opaque;"
                      "DELETE FROM missing; DELETE FROM imports; DELETE FROM modules;"
                      "DELETE FROM files; DELETE FROM distributions; DELETE FROM facts",
                      err));
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_query_open(&q, store, "INSERT INTO facts VALUES (1,?,?,?,?,?,?,?,?)", err));
    put_head(&q, f);
    CP_TRY(cp_query_run(&q, err));
    CP_TRY(cp_table_write(store, &DISTRIBUTIONS, 0, f->distributions, f->distribution_count, err));
    CP_TRY(cp_table_write(store, &FILES, 0, f->files, f->file_count, err));
    CP_TRY(cp_table_write(store, &MODULES, 0, f->modules, f->module_count, err));
    CP_TRY(cp_table_write(store, &IMPORTS, 0, f->imports, f->import_count, err));
    CP_TRY(cp_table_write(store, &NATIVES, 0, f->natives, f->native_count, err));
    CP_TRY(cp_lists_write(store, &NEEDS, 0, f->natives, f->native_count, err));
    CP_TRY(cp_table_write(store, &OPAQUE, 0, f->opaque, f->opaque_count, err));
    return cp_table_write(store, &MISSING, 0, f->missing, f->missing_count, err);
}

cp_status cp_store_put_facts(cp_store *store, const cp_facts *facts, cp_err *err) {
    const char *wrong = misfit(facts);
    if (wrong)
        return cp_fail(err, CP_EUSAGE, "store: an index in %s of the facts points nowhere", wrong);
    CP_AUTOV(cp_txn) txn = {0};
    CP_TRY(cp_txn_begin(&txn, store, "BEGIN IMMEDIATE", err));
    CP_TRY(write_all(store, facts, err));
    return cp_txn_commit(&txn, err);
}

static cp_status read_head(cp_facts *f, cp_store *store, cp_arena *arena, cp_err *err) {
    CP_AUTOV(cp_query) q = {0};
    CP_TRY(cp_query_open(&q, store, "SELECT * FROM facts WHERE id = 1", err));
    bool has;
    CP_TRY(cp_query_next(&has, &q, err));
    if (!has) {
        cp_fail(err, CP_ENOTFOUND, "store %.*s: nothing is known about the function yet",
                CP_STR_ARG(store->path));
        return cp_hint(err, "run `cloudpack analyze` first");
    }
    q.at = 1;
    take_head(&q, f, arena);
    return CP_OK;
}

static cp_status read_all(cp_facts *f, cp_store *store, cp_arena *arena, cp_err *err) {
    void *rows = NULL;
#define COUNT(table, member) CP_TRY(cp_table_count(&f->member, store, &(table), 0, err))
#define READ(table, member, count)                                                                 \
    CP_TRY(cp_table_read(&rows, store, &(table), 0, f->count, &limits, arena, err));               \
    f->member = rows
    COUNT(DISTRIBUTIONS, distribution_count);
    COUNT(FILES, file_count);
    COUNT(MODULES, module_count);
    COUNT(IMPORTS, import_count);
    COUNT(NATIVES, native_count);
    COUNT(OPAQUE, opaque_count);
    COUNT(MISSING, missing_count);
    const cp_limits limits = {f->file_count, f->module_count, f->distribution_count, 0};
    READ(DISTRIBUTIONS, distributions, distribution_count);
    READ(FILES, files, file_count);
    READ(MODULES, modules, module_count);
    READ(IMPORTS, imports, import_count);
    READ(OPAQUE, opaque, opaque_count);
    READ(MISSING, missing, missing_count);
    READ(NATIVES, natives, native_count);
    return cp_lists_read(store, &NEEDS, 0, rows, f->native_count, f->file_count, arena, err);
#undef COUNT
#undef READ
}

cp_status cp_store_get_facts(const cp_facts **out, cp_store *store, cp_arena *arena, cp_err *err) {
    cp_facts *f = CP_ARENA_NEW(arena, cp_facts);
    CP_AUTOV(cp_txn) txn = {0}; // one snapshot for all tables
    CP_TRY(cp_txn_begin(&txn, store, "BEGIN", err));
    CP_TRY(read_head(f, store, arena, err));
    CP_TRY(read_all(f, store, arena, err));
    *out = f;
    return cp_txn_commit(&txn, err);
}
