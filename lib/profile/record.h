// record.h - what runtime/build/profile.py wrote, merged over runs and mapped to cp_facts.
#pragma once

#include "model/facts.h"

enum { CP_RECORD_RUNS = 16 };

typedef struct cp_record cp_record; ///< several runs; end with cp_record_cleanup

cp_record *cp_record_new(const cp_facts *facts, cp_str root);
void cp_record_cleanup(cp_record **record);

/// Adds the JSON text of one run. `root` of cp_record_new is the folder its absolute file names
/// start with; names that are no file of the facts are left out. Order and phase come from the
/// first run that saw a module; `used` from any. Fails with CP_EFORMAT.
CP_MUST_CHECK cp_status cp_record_add(cp_record *record, cp_str json, bool timed, cp_err *err);

/// Fills modules, opened and peak memory of `out`, in the arena.
void cp_record_finish(cp_profile *out, cp_record *record, cp_arena *arena);
