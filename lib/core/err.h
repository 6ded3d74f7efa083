// err.h - what went wrong, in words a user can act on.
//
// Every function that can fail returns a cp_status and takes a `cp_err *err` as its last parameter.
// The caller owns the cp_err (usually one on the stack of a command); it holds no pointers, so it
// needs no freeing and cannot itself fail. `err` is written only on failure. Running out of memory
// is not an error: it ends the process (see arena.h).
#pragma once

#include <stdarg.h>

/// Few on purpose: each one is a thing a caller acts on. The details are words.
typedef enum cp_status {
    CP_OK = 0,
    CP_EUSAGE,      ///< the caller asked for something impossible
    CP_EIO,         ///< a file, socket or child process failed
    CP_EFORMAT,     ///< input exists but is not what it claims to be
    CP_ENOTFOUND,   ///< a named thing is absent
    CP_EINFEASIBLE, ///< no placement satisfies the limits
    CP_EREMOTE,     ///< a cloud call was refused
    CP_ESTALE,      ///< the store or the deployed state changed under us
    CP_ECHECK,      ///< a check or a verification said no
    CP_EINTR,       ///< the user interrupted
} cp_status;

/// The message is outermost context first: "build: layer 2: open /x: No such file or directory".
typedef struct cp_err {
    cp_status status;
    char message[1000];
    char hint[400]; ///< one thing the user can do about it; empty when there is none
} cp_err;

#define CP_MUST_CHECK __attribute__((warn_unused_result))
#define CP_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/// Sets `err`, clears its hint and returns `status`, so that `return cp_fail(err, CP_EIO, "...")`
/// is one line.
cp_status cp_fail(cp_err *err, cp_status status, const char *fmt, ...) CP_PRINTF(3, 4);

/// Like cp_fail with CP_EIO, followed by ": " and the text of `errnum` (an errno value).
cp_status cp_fail_errno(cp_err *err, int errnum, const char *fmt, ...) CP_PRINTF(3, 4);

/// Puts "context: " in front of the message already in `err` and returns its status.
cp_status cp_wrap(cp_err *err, const char *fmt, ...) CP_PRINTF(2, 3);

/// Adds the one-line advice shown after the message and returns the status of `err`.
cp_status cp_hint(cp_err *err, const char *fmt, ...) CP_PRINTF(2, 3);

/// Ends the process with file, line and condition: an invariant of ours is broken. Always on.
_Noreturn void cp_assert_failed(const char *file, int line, const char *condition);
#define CP_ASSERT(cond) ((cond) ? (void)0 : cp_assert_failed(__FILE__, __LINE__, #cond))

/// Returns from the enclosing function when `call` fails. Owned things are declared CP_AUTO, so
/// nothing leaks.
#define CP_TRY(call)                                                                               \
    do {                                                                                           \
        cp_status try_status_ = (call);                                                            \
        if (try_status_ != CP_OK)                                                                  \
            return try_status_;                                                                    \
    } while (0)

/// `CP_AUTO(cp_store) store = NULL;` calls cp_store_cleanup(&store) on every way out of the scope.
#define CP_AUTO(type) __attribute__((cleanup(type##_cleanup))) type *
/// The same for a value: `CP_AUTOV(cp_arena) arena = {0};` calls cp_arena_cleanup(&arena).
#define CP_AUTOV(type) __attribute__((cleanup(type##_cleanup))) type
