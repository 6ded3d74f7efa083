// pool.h - fork-join over an index range. Results are collected by index, so order never depends on
// timing.
#pragma once

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

/// Does item `index`; `worker` is in [0, threads). Must not touch another item's result.
typedef cp_status (*cp_pool_fn)(void *self, size_t index, uint32_t worker, cp_err *err);

/// Number of threads that `asked` (0 = one per core) and `count` items come to; at least 1, at
/// most 64.
uint32_t cp_pool_threads(uint32_t asked, size_t count);

/// Runs fn for every index in [0, count) on `threads` threads and waits. After a failure no new
/// item is started; the failure with the smallest index among those that ran is returned, so the
/// message does not depend on timing for a single fault.
CP_MUST_CHECK cp_status cp_pool_run(uint32_t threads, size_t count, cp_pool_fn fn, void *self,
                                    cp_err *err);
