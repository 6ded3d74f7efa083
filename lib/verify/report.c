// report.c - a verification as JSON and as text.
#include "verify/verify.h"

#include "data/jsonw.h"

#include <stddef.h>
#include <string.h>

static double time_of(const cp_verify *v, unsigned form, size_t offset) {
    double time;
    memcpy(&time, (const char *)&v->times[form] + offset, sizeof time);
    return time;
}

static void forms_json(cp_jsonw *w, const char *key, const cp_verify *v, size_t offset) {
    static const char *const names[] = {"shipped", "bytecode", "built"};
    cp_jsonw_object(w, key);
    for (unsigned f = 0; f < CP_VERIFY_FORMS; f++)
        cp_jsonw_fixed(w, names[f], time_of(v, f, offset), 3);
    cp_jsonw_end(w);
}

static void pair_json(cp_jsonw *w, const char *key, uint64_t before, uint64_t after) {
    cp_jsonw_object(w, key);
    cp_jsonw_u64(w, "before", before);
    cp_jsonw_u64(w, "after", after);
    cp_jsonw_end(w);
}

static void differences_json(cp_jsonw *w, const char *key, const cp_differences *list) {
    cp_jsonw_array(w, key);
    for (size_t i = 0; i < list->n; i++) {
        cp_jsonw_object(w, NULL);
        cp_jsonw_str(w, "event", list->v[i].event);
        cp_jsonw_str(w, "field", list->v[i].field);
        cp_jsonw_str(w, "expected", list->v[i].expected);
        cp_jsonw_str(w, "got", list->v[i].got);
        cp_jsonw_end(w);
    }
    cp_jsonw_end(w);
}

void cp_verify_to_json(cp_buf *out, const cp_verify *v) {
    cp_jsonw w = {.buf = out, .indent = 2};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "format", CP_STR("cloudpack.verify/1"));
    cp_jsonw_u64(&w, "events", v->events);
    cp_jsonw_u64(&w, "equal", v->equal);
    cp_jsonw_u64(&w, "runs", v->runs);
    differences_json(&w, "different", &v->different);
    differences_json(&w, "nondeterministic", &v->unstable);
    forms_json(&w, "init_ms", v, offsetof(cp_verify_times, init_ms));
    forms_json(&w, "first_ms", v, offsetof(cp_verify_times, first_ms));
    forms_json(&w, "cpu_ms", v, offsetof(cp_verify_times, cpu_ms));
    pair_json(&w, "package_bytes", v->installed_bytes, v->local_bytes);
    pair_json(&w, "zip_bytes", v->shipped_zip_bytes, v->zip_bytes);
    cp_jsonw_u64(&w, "remote_bytes", v->remote_bytes);
    cp_jsonw_u64(&w, "layers", v->layers);
    if (v->predicted_ms > 0)
        cp_jsonw_fixed(&w, "predicted_ms", v->predicted_ms, 3);
    else
        cp_jsonw_null(&w, "predicted_ms");
    cp_jsonw_fixed(&w, "measured_ms", v->times[CP_VERIFY_BUILT].total_ms, 3);
    cp_jsonw_u64(&w, "misses", v->misses);
    cp_jsonw_array(&w, "missed");
    for (size_t i = 0; i < v->miss_name_count; i++)
        cp_jsonw_str(&w, NULL, v->miss_names[i]);
    cp_jsonw_end(&w);
    cp_jsonw_u64(&w, "fetched_bytes", v->fetched_bytes);
    cp_jsonw_str(&w, "guard", cp_str_of(cp_guard_name(v->guard)));
    cp_jsonw_end(&w);
}

static void ratio(cp_buf *out, double value, double base) {
    if (base > 0)
        cp_buf_addf(out, " %9.2fx", value / base);
    else
        cp_buf_addf(out, " %10s", "-");
}

static void time_row(cp_buf *out, const char *name, const cp_verify *v, size_t offset) {
    double shipped = time_of(v, CP_VERIFY_SHIPPED, offset);
    double bytecode = time_of(v, CP_VERIFY_BYTECODE, offset);
    double built = time_of(v, CP_VERIFY_BUILT, offset);
    cp_buf_addf(out, "%-24s %12.1f %12.1f %12.1f", name, shipped, bytecode, built);
    ratio(out, built, shipped);
    ratio(out, built, bytecode);
    cp_buf_add_c(out, '\n');
}

static void bytes_row(cp_buf *out, const char *name, uint64_t before, uint64_t after) {
    cp_buf_addf(out, "%-24s %12.1f %12s %12.1f", name, (double)before / 1e6, "",
                (double)after / 1e6);
    ratio(out, (double)after, (double)before);
    cp_buf_add_c(out, '\n');
}

static void differences_text(cp_buf *out, const char *first, const char *second,
                             const cp_differences *list) {
    for (size_t i = 0; i < list->n; i++) {
        const cp_difference *d = &list->v[i];
        cp_buf_addf(out, "  %.*s%s%.*s\n    %s %.*s\n    %s %.*s\n", CP_STR_ARG(d->event),
                    d->field.n ? " " : "", CP_STR_ARG(d->field), first, CP_STR_ARG(d->expected),
                    second, CP_STR_ARG(d->got));
    }
    if (list->more)
        cp_buf_addf(out, "  and more than these %d\n", CP_DIFFERENCES);
}

void cp_verify_to_text(cp_buf *out, const cp_verify *v) {
    cp_buf_addf(out, "%u of %u event%s equal\n", v->equal, v->events, v->events == 1 ? "" : "s");
    differences_text(out, "original:", "built:   ", &v->different);
    if (v->unstable.n) {
        cp_buf_addf(out, "the original does not repeat these itself (\"ignore\" in the event file "
                         "leaves them out):\n");
        differences_text(out, "once:     ", "then:     ", &v->unstable);
    }
    cp_buf_addf(out, "\n%-24s %12s %12s %12s %10s %10s\n", "", "as shipped", "bytecode", "built",
                "/ shipped", "/ bytecode");
    time_row(out, "init, ms", v, offsetof(cp_verify_times, init_ms));
    time_row(out, "first call, ms", v, offsetof(cp_verify_times, first_ms));
    time_row(out, "CPU to first answer, ms", v, offsetof(cp_verify_times, cpu_ms));
    bytes_row(out, "unzipped, MB", v->installed_bytes, v->local_bytes);
    bytes_row(out, "zipped, MB", v->shipped_zip_bytes, v->zip_bytes);
    if (v->remote_bytes)
        cp_buf_addf(out, "%-24s %12s %12s %12.1f\n", "on the shelf, MB", "", "",
                    (double)v->remote_bytes / 1e6);
    cp_buf_addf(out,
                "\nmedians of %u cold runs each; the original's folder is kept from being "
                "written by: %s\n",
                v->runs, cp_guard_name(v->guard));
    double measured = v->times[CP_VERIFY_BUILT].total_ms;
    if (v->predicted_ms > 0 && measured > 0)
        cp_buf_addf(
            out,
            "predicted %.0f ms from start to first answer on Lambda, which reads the files from a "
            "cold disk;\nmeasured %.0f ms here, where they are in memory (%+.1f %%)\n",
            v->predicted_ms, measured, (v->predicted_ms / measured - 1) * 100);
    cp_buf_addf(out, "misses: %llu", (unsigned long long)v->misses);
    for (size_t i = 0; i < v->miss_name_count && i < 10; i++)
        cp_buf_addf(out, "%s %.*s", i ? "," : ":", CP_STR_ARG(v->miss_names[i]));
    cp_buf_addf(out, "%s\n", v->miss_name_count > 10 ? ", ..." : "");
}
