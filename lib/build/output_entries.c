// What is in the function zip and the layer zip.
#include "build/embedded.h"
#include "build/output.h"
#include "core/file.h"
#include "core/path.h"

void cp_output_cleanup(cp_output *e) {
    cp_vec_free(&e->entries[CP_PLACE_BUNDLE]);
    cp_vec_free(&e->entries[CP_PLACE_LAYER]);
    cp_vec_free(&e->digests[CP_PLACE_BUNDLE]);
    cp_vec_free(&e->digests[CP_PLACE_LAYER]);
    cp_vec_free(&e->artifacts);
}

cp_str cp_output_path(const cp_output *e, cp_str name) {
    return cp_path_join(e->arena, e->layout->options->out_dir, name);
}

void cp_output_artifact(cp_output *e, const char *kind, cp_str path, uint64_t bytes,
                        uint64_t unzipped_bytes, const cp_sha256 *digest) {
    for (size_t i = 0; i < e->artifacts.n; i++)
        if (cp_str_eq(e->artifacts.v[i].path, path))
            return; // two packs of one content are one object
    cp_vec_push(&e->artifacts, (cp_artifact){.kind = cp_str_of(kind),
                                             .path = path,
                                             .bytes = bytes,
                                             .unzipped_bytes = unzipped_bytes,
                                             .sha256 = cp_sha256_hex(e->arena, digest)});
}

cp_status cp_output_stage(cp_str *out, cp_output *e, cp_str bytes, cp_err *err) {
    size_t number = e->entries[0].n + e->entries[1].n;
    *out = cp_arena_fmt(e->arena, "%.*s/file-%zu", CP_STR_ARG(e->staging), number);
    return cp_file_write(*out, bytes, err);
}

void cp_output_add(cp_output *e, cp_place place, cp_zip_entry entry, const cp_sha256 *digest) {
    cp_vec_push(&e->entries[place], entry);
    cp_vec_push(&e->digests[place], *digest);
}

static void add_bytes(cp_output *e, cp_place place, cp_str name, cp_str bytes) {
    cp_sha256 digest = cp_sha256_of(bytes);
    cp_output_add(e, place, (cp_zip_entry){.name = name, .bytes = bytes}, &digest);
}

// "a/b.py" -> "a/__pycache__/b.cpython-311.pyc".
static cp_str pyc_name(const cp_output *e, cp_str name) {
    cp_str dir = cp_path_dir(name), base = cp_path_base(name);
    base = cp_str_sub(base, 0, base.n - (cp_str_ends(base, CP_STR(".py")) ? 3 : 0));
    cp_str file = cp_arena_fmt(e->arena, "__pycache__/%.*s.%.*s.pyc", CP_STR_ARG(base),
                               CP_STR_ARG(e->layout->python->tag));
    return cp_path_join(e->arena, dir, file);
}

// An unchecked-hash .pyc (PEP 552): the interpreter uses it whatever the source's time. The eight
// bytes of source hash are never compared then; ours come from the digest.
static cp_status add_pyc(cp_output *e, cp_place place, cp_str name, const cp_compile_job *job,
                         cp_marshal_rename rename, cp_err *err) {
    CP_AUTOV(cp_arena) scratch = {0};
    CP_AUTOV(cp_buf) pyc = {0};
    const cp_interpreter *python = e->layout->python;
    cp_str code, staged;
    CP_TRY(cp_compile_read(&code, job, &scratch, err));
    cp_buf_add(&pyc, (cp_str){(const char *)python->magic, sizeof python->magic});
    cp_buf_add_u32(&pyc, 1);
    cp_buf_add(&pyc, (cp_str){(const char *)job->digest.b, 8});
    CP_TRY(cp_marshal_canonical(&pyc, code, python->minor, rename, err));
    CP_TRY(cp_output_stage(&staged, e, cp_buf_str(&pyc), err));
    cp_sha256 digest = cp_sha256_of(cp_buf_str(&pyc));
    cp_output_add(e, place,
                  (cp_zip_entry){.name = pyc_name(e, name), .path = staged, .size = pyc.n},
                  &digest);
    return CP_OK;
}

static cp_status add_project(cp_output *e, cp_err *err) {
    const cp_layout *l = e->layout;
    for (uint32_t i = 0; i < l->facts->file_count; i++) {
        const cp_layout_file *f = &l->files[i];
        const cp_file_fact *fact = &l->facts->files[i];
        if (f->role != CP_ROLE_PROJECT)
            continue;
        if (cp_str_is(fact->rel, "cloudpack_boot.py") ||
            cp_str_starts(fact->rel, CP_STR("cloudpack_runtime/")) ||
            cp_str_starts(fact->rel, CP_STR("cloudpack/"))) {
            cp_fail(err, CP_EUSAGE, "the project's %.*s has a name that cloudpack's runtime uses",
                    CP_STR_ARG(fact->rel));
            return cp_hint(err, "rename it in the project");
        }
        cp_zip_entry entry = {.name = fact->rel,
                              .path = cp_facts_path(e->arena, l->facts, i),
                              .size = fact->bytes,
                              .executable = fact->executable};
        cp_output_add(e, CP_PLACE_BUNDLE, entry, &f->digest);
        if (f->job != CP_NONE)
            CP_TRY(add_pyc(e, CP_PLACE_BUNDLE, fact->rel, &l->jobs[f->job], (cp_marshal_rename){0},
                           err));
    }
    return CP_OK;
}

static cp_str folder_of(const cp_output *e, cp_place place) {
    return place == CP_PLACE_LAYER
               ? cp_arena_fmt(e->arena, "cloudpack/%s", e->layout->ids[CP_PLACE_LAYER].p)
               : CP_STR("cloudpack");
}

static cp_status add_site(cp_output *e, cp_err *err) {
    const cp_layout *l = e->layout;
    for (size_t i = 0; i < l->loose.n; i++) {
        const cp_layout_loose *loose = &l->loose.v[i];
        const cp_file_fact *fact = &l->facts->files[loose->file];
        cp_str name = cp_arena_fmt(e->arena, "%.*s/site/%.*s",
                                   CP_STR_ARG(folder_of(e, loose->place)), CP_STR_ARG(fact->rel));
        // Installers disagree about the mode of libraries, and the dynamic linker does not care.
        bool native = fact->kind == CP_FILE_EXTENSION || fact->kind == CP_FILE_LIBRARY;
        cp_zip_entry entry = {.name = name,
                              .path = cp_facts_path(e->arena, l->facts, loose->file),
                              .size = fact->bytes,
                              .executable = fact->executable && !native};
        cp_output_add(e, loose->place, entry, &l->files[loose->file].digest);
        if (loose->pyc)
            CP_TRY(add_pyc(e, loose->place, name, &l->jobs[l->files[loose->file].job],
                           cp_layout_rename(l, loose->file), err));
    }
    for (size_t i = 0; i < l->packs.n; i++) {
        const cp_layout_pack *pack = &l->packs.v[i];
        if (pack->place != CP_PLACE_BUNDLE && pack->place != CP_PLACE_LAYER)
            continue;
        cp_zip_entry entry = {
            .name = cp_path_join(e->arena, folder_of(e, pack->place), CP_STR("site.pack")),
            .path = pack->staged,
            .size = pack->totals.bytes};
        cp_output_add(e, pack->place, entry, &pack->totals.digest);
    }
    return CP_OK;
}

static void add_replaced(cp_buf *out, cp_str text, cp_str mark, cp_str value) {
    for (size_t at; (at = cp_str_search(text, mark)) != SIZE_MAX;) {
        cp_buf_add(out, cp_str_sub(text, 0, at));
        cp_buf_add(out, value);
        text = cp_str_sub(text, at + mark.n, text.n);
    }
    cp_buf_add(out, text);
}

static cp_str settings_text(const cp_output *e) {
    const cp_build_options *o = e->layout->options;
    CP_AUTOV(cp_buf) buf = {0};
    const char *comma = "";
    cp_buf_add_c(&buf, '{');
    if (o->chunk_bytes)
        cp_buf_addf(&buf, "\"chunk_bytes\": %u", o->chunk_bytes), comma = ", ";
    if (o->connections)
        cp_buf_addf(&buf, "%s\"connections\": %u", comma, o->connections), comma = ", ";
    if (o->gc_init_off)
        cp_buf_addf(&buf, "%s\"gc\": \"init-off\"", comma), comma = ", ";
    if (o->record_log)
        cp_buf_addf(&buf, "%s\"record\": \"log\"", comma);
    cp_buf_add_c(&buf, '}');
    return cp_arena_str(e->arena, cp_buf_str(&buf));
}

static cp_status boot_text(cp_str *out, const cp_output *e, cp_err *err) {
    const cp_facts *facts = e->layout->facts;
    cp_str handler[2] = {facts->handler_module, facts->handler_function};
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < handler[i].n; k++)
            if (strchr("\"\\", handler[i].p[k]) || (unsigned char)handler[i].p[k] < ' ')
                return cp_fail(err, CP_EUSAGE, "'%.*s' cannot be the name of a handler",
                               CP_STR_ARG(handler[i]));
    struct {
        cp_str mark, value;
    } rows[] = {{CP_STR("@HANDLER_MODULE@"), handler[0]},
                {CP_STR("@HANDLER_FUNCTION@"), handler[1]},
                {CP_STR("@CATALOG@"), CP_STR("cloudpack/catalog.bin")},
                {CP_STR("@CATALOG_SHA256@"), cp_sha256_hex(e->arena, &e->catalog_digest)},
                {CP_STR("@SETTINGS@"), settings_text(e)}};
    cp_str text = cp_runtime_file("boot.py.in");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CP_AUTOV(cp_buf) buf = {0};
        add_replaced(&buf, text, rows[i].mark, rows[i].value);
        text = cp_arena_str(e->arena, cp_buf_str(&buf));
    }
    *out = text;
    return CP_OK;
}

// The boot module and the runtime's modules, with their bytecode.
static cp_status add_runtime(cp_output *e, cp_err *err) {
    CP_VEC(cp_compile_job) jobs = {0};
    cp_str name = CP_STR("cloudpack_boot.py"), text;
    cp_status status = boot_text(&text, e, err);
    for (size_t i = 0; status == CP_OK && text.p; i++) {
        cp_str staged;
        status = cp_output_stage(&staged, e, text, err);
        add_bytes(e, CP_PLACE_BUNDLE, name, text);
        cp_vec_push(&jobs, (cp_compile_job){
                               .src = staged,
                               .name = cp_arena_fmt(e->arena, "/var/task/%.*s", CP_STR_ARG(name)),
                               .digest = cp_sha256_of(text)});
        if (!cp_runtime_module(i, &name, &text))
            break;
    }
    const cp_layout *l = e->layout;
    cp_compile_settings settings = {l->python, l->options->work_dir, l->options->optimize};
    if (status == CP_OK)
        status = cp_compile_all(jobs.v, jobs.n, &settings, &e->counts, e->ctx, e->arena, err);
    for (size_t i = 0; status == CP_OK && i < jobs.n; i++) {
        cp_str rel = cp_str_sub(jobs.v[i].name, sizeof "/var/task/" - 1, jobs.v[i].name.n);
        status = jobs.v[i].ok
                     ? add_pyc(e, CP_PLACE_BUNDLE, rel, &jobs.v[i], (cp_marshal_rename){0}, err)
                     : cp_fail(err, CP_EFORMAT, "%.*s:%u: %.*s", CP_STR_ARG(rel), jobs.v[i].line,
                               CP_STR_ARG(jobs.v[i].error));
    }
    cp_vec_free(&jobs);
    return status;
}

cp_status cp_output_entries(cp_output *e, cp_err *err) {
    CP_TRY(add_project(e, err));
    CP_TRY(add_runtime(e, err));
    add_bytes(e, CP_PLACE_BUNDLE, CP_STR("cloudpack/catalog.bin"), e->catalog_bytes);
    return add_site(e, err);
}
