// event.h - how a stage tells what it does: the library emits events, the command line renders
// them.
#pragma once

#include "core/err.h"
#include "core/str.h"

typedef enum cp_event_kind {
    CP_EVENT_STEP,     ///< something began or was done: one line
    CP_EVENT_PROGRESS, ///< done / total of the current step; total 0 = unknown
    CP_EVENT_NOTE,     ///< worth knowing
    CP_EVENT_WARNING,  ///< about the user's input; has a place when there is one
} cp_event_kind;

typedef struct cp_event {
    cp_event_kind kind;
    const char *stage; ///< "analyze", "build", ...
    cp_str text;
    cp_str file;           ///< empty when there is no place
    uint32_t line, column; ///< from 1; 0 = unknown
    uint64_t done, total;
} cp_event;

/// Where events go. Called from the thread that runs the stage, never from pool threads.
typedef struct cp_sink {
    void (*emit)(void *self, const cp_event *event);
    void *self;
} cp_sink;

/// A sink may be NULL or empty: then nothing happens.
void cp_emit(const cp_sink *sink, const cp_event *event);
void cp_step(const cp_sink *sink, const char *stage, const char *fmt, ...) CP_PRINTF(3, 4);
void cp_note(const cp_sink *sink, const char *stage, const char *fmt, ...) CP_PRINTF(3, 4);
void cp_warn(const cp_sink *sink, const char *stage, const char *fmt, ...) CP_PRINTF(3, 4);
/// A warning about a place in a file; line and column may be 0.
void cp_warn_at(const cp_sink *sink, const char *stage, cp_str file, uint32_t line, uint32_t column,
                const char *fmt, ...) CP_PRINTF(6, 7);
void cp_progress(const cp_sink *sink, const char *stage, const char *what, uint64_t done,
                 uint64_t total);
