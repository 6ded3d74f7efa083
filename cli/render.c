#include "render.h"

#include "core/file.h"
#include "data/jsonw.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_WARNINGS = 12, LARGEST_SOURCE = 16 << 20 };

void cp_render_init(cp_render *render) {
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    bool dumb = !term || strcmp(term, "dumb") == 0;
    render->terminal = isatty(STDERR_FILENO) && !dumb;
    render->colour = render->terminal && !(no_colour && *no_colour);
    if (!getcwd(render->cwd, sizeof render->cwd - 1))
        render->cwd[0] = '\0';
    size_t n = strlen(render->cwd);
    if (n > 1)
        render->cwd[n] = '/', render->cwd[n + 1] = '\0';
    else
        render->cwd[0] = '\0';
}

static void close_line(cp_render *r) {
    if (r->line_open)
        (void)fprintf(stderr, "\r\x1b[K");
    r->line_open = false;
}

// Prints `text` with every path below the current folder relative to it.
static void put_text(const cp_render *r, cp_str text) {
    cp_str here = cp_str_of(r->cwd);
    for (size_t i = 0; i < text.n;) {
        bool starts = i == 0 || strchr(" '\"(=:`", text.p[i - 1]);
        if (here.n && starts && cp_str_starts(cp_str_sub(text, i, text.n), here))
            i += here.n;
        else
            (void)fputc(text.p[i++], stderr);
    }
}

static const char *paint(const cp_render *r, const char *code) {
    return r->colour ? code : "";
}

// The line the place is about, and a caret below the column.
static void print_source(const cp_render *r, cp_str file, uint32_t line, uint32_t column) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_err ignored = {0};
    cp_str text;
    if (line == 0 || cp_file_read(&text, &arena, file, LARGEST_SOURCE, &ignored) != CP_OK)
        return;
    cp_str row = {0};
    for (uint32_t i = 0; i < line && text.p; i++)
        row = cp_str_next(&text, '\n');
    if (!row.p || row.n > 200 || cp_str_trim(row).n == 0)
        return;
    (void)fprintf(stderr, "  %.*s\n", CP_STR_ARG(row));
    if (column > 0 && column <= row.n + 1) {
        (void)fprintf(stderr, "  ");
        for (uint32_t i = 0; i + 1 < column; i++)
            (void)fputc(row.p[i] == '\t' ? '\t' : ' ', stderr);
        (void)fprintf(stderr, "%s^%s\n", paint(r, "\x1b[32m"), paint(r, "\x1b[0m"));
    }
}

static void print_warning(cp_render *r, const cp_event *e) {
    r->warnings++;
    if (!r->verbose && r->shown >= SHOWN_WARNINGS)
        return;
    r->shown++;
    close_line(r);
    if (e->file.n) {
        put_text(r, e->file);
        (void)fputc(':', stderr);
    }
    if (e->file.n && e->line)
        (void)fprintf(stderr, "%u:", e->line);
    if (e->file.n && e->line && e->column)
        (void)fprintf(stderr, "%u:", e->column);
    (void)fprintf(stderr, "%s%swarning:%s ", e->file.n ? " " : "", paint(r, "\x1b[33m"),
                  paint(r, "\x1b[0m"));
    put_text(r, e->text);
    (void)fputc('\n', stderr);
    if (e->file.n)
        print_source(r, e->file, e->line, e->column);
}

static void draw_progress(cp_render *r, const cp_event *e) {
    if (!r->terminal || r->quiet)
        return;
    if (e->total)
        (void)fprintf(stderr, "\r\x1b[K%.*s %llu/%llu", CP_STR_ARG(e->text),
                      (unsigned long long)e->done, (unsigned long long)e->total);
    else
        (void)fprintf(stderr, "\r\x1b[K%.*s %llu", CP_STR_ARG(e->text),
                      (unsigned long long)e->done);
    (void)fflush(stderr);
    r->line_open = true;
}

static void print_json_line(const cp_event *e) {
    static const char *const kinds[] = {"step", "progress", "note", "warning"};
    CP_AUTOV(cp_buf) text = {0};
    cp_jsonw w = {.buf = &text};
    cp_jsonw_object(&w, NULL);
    cp_jsonw_str(&w, "event", cp_str_of(kinds[e->kind]));
    cp_jsonw_str(&w, "stage", cp_str_of(e->stage));
    cp_jsonw_str(&w, "text", e->text);
    if (e->file.n)
        cp_jsonw_str(&w, "file", e->file);
    if (e->line)
        cp_jsonw_u64(&w, "line", e->line);
    if (e->column)
        cp_jsonw_u64(&w, "column", e->column);
    if (e->kind == CP_EVENT_PROGRESS) {
        cp_jsonw_u64(&w, "done", e->done);
        cp_jsonw_u64(&w, "total", e->total);
    }
    cp_jsonw_end(&w);
    (void)printf("%.*s\n", CP_STR_ARG(cp_buf_str(&text)));
}

static void emit(void *self, const cp_event *e) {
    cp_render *r = self;
    if (r->json == CP_JSON_LINES)
        print_json_line(e);
    if (e->kind == CP_EVENT_PROGRESS) {
        draw_progress(r, e);
    } else if (e->kind == CP_EVENT_WARNING) {
        print_warning(r, e);
    } else if (!r->quiet) {
        close_line(r);
        (void)fprintf(stderr, "%s: %.*s\n", e->stage, CP_STR_ARG(e->text));
    }
}

cp_sink cp_render_sink(cp_render *render) {
    return (cp_sink){.emit = emit, .self = render};
}

void cp_render_end(cp_render *render) {
    close_line(render);
    if (render->warnings > render->shown)
        (void)fprintf(stderr, "%u more warnings; -v shows them all\n",
                      render->warnings - render->shown);
}

// "FILE:LINE:COL: " at the start of the message or after a "context: ".
static bool find_place(cp_str message, cp_str *file, uint64_t *line, uint64_t *column) {
    for (size_t start = 0; start < message.n;) {
        size_t a = cp_str_find(message, ':', start);
        size_t b = a == SIZE_MAX ? a : cp_str_find(message, ':', a + 1);
        size_t c = b == SIZE_MAX ? b : cp_str_find(message, ':', b + 1);
        if (c == SIZE_MAX)
            return false;
        *file = cp_str_trim(cp_str_sub(message, start, a));
        if (cp_str_to_u64(line, cp_str_sub(message, a + 1, b)) &&
            cp_str_to_u64(column, cp_str_sub(message, b + 1, c)))
            return true;
        start = a + 1;
    }
    return false;
}

void cp_render_error(cp_render *render, const cp_err *err) {
    close_line(render);
    (void)fprintf(stderr, "%scloudpack:%s ", paint(render, "\x1b[31m"), paint(render, "\x1b[0m"));
    put_text(render, cp_str_of(err->message));
    (void)fputc('\n', stderr);
    cp_str file;
    uint64_t line, column;
    if (find_place(cp_str_of(err->message), &file, &line, &column))
        print_source(render, file, (uint32_t)line, (uint32_t)column);
    if (!err->hint[0])
        return;
    (void)fputs("hint: ", stderr);
    put_text(render, cp_str_of(err->hint));
    (void)fputc('\n', stderr);
}
