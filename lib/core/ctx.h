// ctx.h - what a stage gets from outside, so that its output is a function of its input.
#pragma once

#include "core/event.h"

#include <stdint.h>

typedef struct cp_ctx {
    const cp_sink *sink;
    uint32_t threads; ///< for fork-join work; 0 = one per core
    /// Set by the signal handler; long stages look at it and return CP_EINTR. May be NULL.
    const volatile int *interrupted;
} cp_ctx;

/// True when the user asked to stop.
static inline int cp_interrupted(const cp_ctx *ctx) {
    return ctx && ctx->interrupted && *ctx->interrupted;
}
