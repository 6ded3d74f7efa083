#include "core/event.h"

#include <stdio.h>

void cp_emit(const cp_sink *sink, const cp_event *event) {
    if (sink && sink->emit)
        sink->emit(sink->self, event);
}

static void emit_text(const cp_sink *sink, cp_event event, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void emit_text(const cp_sink *sink, cp_event event, const char *fmt, va_list ap) {
    char text[1000];
    (void)vsnprintf(text, sizeof text, fmt, ap);
    event.text = cp_str_of(text);
    cp_emit(sink, &event);
}

void cp_step(const cp_sink *sink, const char *stage, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    emit_text(sink, (cp_event){.kind = CP_EVENT_STEP, .stage = stage}, fmt, ap);
    va_end(ap);
}

void cp_note(const cp_sink *sink, const char *stage, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    emit_text(sink, (cp_event){.kind = CP_EVENT_NOTE, .stage = stage}, fmt, ap);
    va_end(ap);
}

void cp_warn(const cp_sink *sink, const char *stage, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    emit_text(sink, (cp_event){.kind = CP_EVENT_WARNING, .stage = stage}, fmt, ap);
    va_end(ap);
}

void cp_warn_at(const cp_sink *sink, const char *stage, cp_str file, uint32_t line, uint32_t column,
                const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    cp_event event = {
        .kind = CP_EVENT_WARNING, .stage = stage, .file = file, .line = line, .column = column};
    emit_text(sink, event, fmt, ap);
    va_end(ap);
}

void cp_progress(const cp_sink *sink, const char *stage, const char *what, uint64_t done,
                 uint64_t total) {
    cp_event event = {.kind = CP_EVENT_PROGRESS, .stage = stage, .text = cp_str_of(what)};
    event.done = done;
    event.total = total;
    cp_emit(sink, &event);
}
