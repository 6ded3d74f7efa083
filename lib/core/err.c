#include "core/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cp_status cp_fail(cp_err *err, cp_status status, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    err->status = status;
    err->hint[0] = '\0';
    (void)vsnprintf(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    return status;
}

cp_status cp_fail_errno(cp_err *err, int errnum, const char *fmt, ...) {
    char text[sizeof err->message];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    char reason[128];
    return cp_fail(err, CP_EIO, "%.800s: %s", text, strerror_r(errnum, reason, sizeof reason));
}

cp_status cp_wrap(cp_err *err, const char *fmt, ...) {
    char outer[sizeof err->message - 2];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(outer, sizeof outer, fmt, ap);
    va_end(ap);
    size_t n = strlen(outer), keep = sizeof err->message - n - 2;
    memmove(err->message + n + 2, err->message, keep);
    memcpy(err->message, outer, n);
    memcpy(err->message + n, ": ", 2);
    err->message[sizeof err->message - 1] = '\0';
    return err->status;
}

cp_status cp_hint(cp_err *err, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
    return err->status;
}

_Noreturn void cp_assert_failed(const char *file, int line, const char *condition) {
    (void)fprintf(stderr, "cloudpack: bug at %s:%d: %s does not hold\n", file, line, condition);
    abort();
}
