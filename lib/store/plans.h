// plans.h - what optimize decided, newest last.
#pragma once

#include "core/arena.h"
#include "model/plan.h"
#include "store/store.h"

/// Plans that are kept; older ones are removed when a new one is put.
enum { CP_STORE_PLANS_KEPT = 20 };

/// Adds a plan. `created_at_ms` is since the epoch. Fails with CP_EUSAGE when an asset needs one
/// that is not there (nothing is written), CP_EIO or CP_EFORMAT when the store cannot be written.
CP_MUST_CHECK cp_status cp_store_put_plan(cp_store *store, const cp_plan *plan,
                                          int64_t created_at_ms, cp_err *err);
/// The newest plan, equal field for field to what was put, in `arena`; `created_at_ms` may be NULL.
/// Fails with CP_ENOTFOUND (hint: run `cloudpack optimize`) when there is none, CP_EFORMAT when the
/// store is damaged.
CP_MUST_CHECK cp_status cp_store_get_plan(const cp_plan **out, int64_t *created_at_ms,
                                          cp_store *store, cp_arena *arena, cp_err *err);
/// Number of plans in the store; 0 also when it cannot be read.
uint32_t cp_store_plan_count(cp_store *store);
