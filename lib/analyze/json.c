#include "analyze/json.h"

#include "data/jsonw.h"

static cp_str module_name(const cp_facts *f, uint32_t module) {
    if (module == CP_NONE)
        return (cp_str){0};
    return f->modules[module].name;
}

static const char *module_kind(cp_module_kind kind) {
    static const char *const names[] = {"source", "extension", "namespace"};
    return names[kind];
}

static void put_text_or_null(cp_jsonw *w, const char *key, cp_str text) {
    if (text.n)
        cp_jsonw_str(w, key, text);
    else
        cp_jsonw_null(w, key);
}

// "app:12" for who reached it first.
static void put_reason(cp_jsonw *w, const cp_facts *f, const cp_module_fact *m) {
    CP_AUTOV(cp_buf) reason = {.max = 4096};
    if (m->why_from == CP_NONE)
        cp_buf_add(&reason, CP_STR("handler"));
    else
        cp_buf_addf(&reason, "%.*s:%u", CP_STR_ARG(module_name(f, m->why_from)), m->why_line);
    cp_jsonw_str(w, "reason", cp_buf_str(&reason));
}

static void put_module(cp_jsonw *w, const cp_facts *f, const cp_module_fact *m) {
    const cp_file_fact *file = m->file == CP_NONE ? NULL : &f->files[m->file];
    cp_str distribution = {0};
    if (file && file->distribution != CP_NONE)
        distribution = f->distributions[file->distribution].name;
    cp_jsonw_object(w, NULL);
    cp_jsonw_str(w, "name", m->name);
    put_text_or_null(w, "file", file ? file->rel : (cp_str){0});
    put_text_or_null(w, "distribution", distribution);
    cp_jsonw_str(w, "kind", cp_str_of(module_kind(m->kind)));
    cp_jsonw_u64(w, "bytes", file ? file->bytes : 0);
    cp_jsonw_bool(w, "initial", m->initial);
    put_reason(w, f, m);
    cp_jsonw_end(w);
}

static void put_imports(cp_jsonw *w, const cp_facts *f) {
    cp_jsonw_array(w, "imports");
    for (uint32_t i = 0; i < f->import_count; i++) {
        const cp_import_fact *r = &f->imports[i];
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "from", module_name(f, r->from));
        cp_jsonw_u64(w, "line", r->line);
        cp_jsonw_str(w, "target", r->target);
        cp_jsonw_str(w, "context", cp_str_of(cp_import_context_name(r->context)));
        cp_jsonw_str(w, "binds", r->binds);
        cp_jsonw_bool(w, "deferrable", r->deferrable);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
}

static void put_natives(cp_jsonw *w, const cp_facts *f) {
    cp_jsonw_array(w, "natives");
    for (uint32_t i = 0; i < f->native_count; i++) {
        const cp_native_fact *n = &f->natives[i];
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "file", f->files[n->file].rel);
        cp_jsonw_array(w, "needs");
        for (uint32_t k = 0; k < n->need_count; k++)
            cp_jsonw_str(w, NULL, f->files[n->needs[k]].rel);
        cp_jsonw_end(w);
        if (n->missing.n)
            cp_jsonw_str(w, "missing", n->missing);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
}

static void put_data(cp_jsonw *w, const cp_facts *f) {
    cp_jsonw_array(w, "data");
    for (uint32_t i = 0; i < f->file_count; i++) {
        const cp_file_fact *file = &f->files[i];
        if (file->kind != CP_FILE_DATA && file->kind != CP_FILE_MODEL)
            continue;
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "file", file->rel);
        cp_jsonw_str(w, "kind", cp_str_of(cp_file_kind_name(file->kind)));
        put_text_or_null(w, "distribution",
                         file->distribution != CP_NONE ? f->distributions[file->distribution].name
                                                       : (cp_str){0});
        cp_jsonw_u64(w, "bytes", file->bytes);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
}

static void put_places(cp_jsonw *w, const cp_facts *f) {
    cp_jsonw_array(w, "opaque");
    for (uint32_t i = 0; i < f->opaque_count; i++) {
        const cp_place_fact *p = &f->opaque[i];
        uint32_t file = f->modules[p->from].file;
        cp_jsonw_object(w, NULL);
        put_text_or_null(w, "file", file != CP_NONE ? f->files[file].rel : (cp_str){0});
        cp_jsonw_u64(w, "line", p->line);
        cp_jsonw_str(w, "text", p->text);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
    cp_jsonw_array(w, "missing");
    for (uint32_t i = 0; i < f->missing_count; i++) {
        const cp_place_fact *p = &f->missing[i];
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "name", p->text);
        cp_jsonw_str(w, "from", module_name(f, p->from));
        cp_jsonw_u64(w, "line", p->line);
        cp_jsonw_str(w, "context", cp_str_of(cp_import_context_name(p->context)));
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
}

static void put_totals(cp_jsonw *w, const cp_facts *f) {
    uint64_t bytes = 0, initial = 0;
    for (uint32_t i = 0; i < f->file_count; i++) {
        const cp_file_fact *file = &f->files[i];
        bytes += file->bytes;
        if (file->module != CP_NONE && f->modules[file->module].initial)
            initial += file->bytes;
    }
    cp_jsonw_object(w, "totals");
    cp_jsonw_u64(w, "files", f->file_count);
    cp_jsonw_u64(w, "bytes", bytes);
    cp_jsonw_u64(w, "initial_bytes", initial);
    cp_jsonw_end(w);
}

void cp_facts_to_json(cp_buf *out, const cp_facts *facts) {
    cp_jsonw w = {.buf = out, .indent = 2};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "format", CP_STR("cloudpack.analysis/1"));
    cp_jsonw_str(&w, "handler", facts->handler);
    cp_jsonw_str(&w, "python", facts->python);
    cp_jsonw_array(&w, "modules");
    for (uint32_t i = 0; i < facts->module_count; i++)
        if (facts->modules[i].reached)
            put_module(&w, facts, &facts->modules[i]);
    cp_jsonw_end(&w);
    put_imports(&w, facts);
    put_natives(&w, facts);
    put_data(&w, facts);
    put_places(&w, facts);
    put_totals(&w, facts);
    cp_jsonw_fixed(&w, "seconds", facts->seconds, 3);
    cp_jsonw_end(&w);
}
