// facts.h - what analyze and profile found, in the store.
#pragma once

#include "core/arena.h"
#include "model/facts.h"
#include "store/store.h"

/// Replaces all facts. Fails with CP_EUSAGE when an index in `facts` points outside its array (a
/// bug of the caller; nothing is written), CP_EIO or CP_EFORMAT when the store cannot be written.
CP_MUST_CHECK cp_status cp_store_put_facts(cp_store *store, const cp_facts *facts, cp_err *err);
/// The facts, equal field for field to what was put, in `arena`. Fails with CP_ENOTFOUND (hint: run
/// `cloudpack analyze`) when there are none, CP_EFORMAT when the store is damaged.
CP_MUST_CHECK cp_status cp_store_get_facts(const cp_facts **out, cp_store *store, cp_arena *arena,
                                           cp_err *err);

/// Replaces the profile. `profile->opened` is not checked against the facts: facts_digest says
/// whose files they are.
CP_MUST_CHECK cp_status cp_store_put_profile(cp_store *store, const cp_profile *profile,
                                             cp_err *err);
/// The profile; fails like cp_store_get_facts (hint: run `cloudpack profile`). Whether it still is
/// about the present facts is for the caller to see by facts_digest.
CP_MUST_CHECK cp_status cp_store_get_profile(const cp_profile **out, cp_store *store,
                                             cp_arena *arena, cp_err *err);
