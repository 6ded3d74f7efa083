// nowheel.h - what pip's text says about a requirement that cannot be installed; pure.
#pragma once

#include "core/arena.h"

/// The requirement that pip gave up on ("pywin32==306"), or empty when it failed for another
/// reason.
cp_str cp_nowheel_requirement(cp_str pip_output);

/// What exists instead, from the output of `pip download -vv REQUIREMENT`.
typedef struct cp_nowheel {
    cp_str version;     ///< the version that `tags` and `source` are about, or empty
    const cp_str *tags; ///< wheel tags that were skipped, each once, at most 200
    size_t tag_count;
    cp_str source; ///< file name of a source archive, or empty
} cp_nowheel;
/// The version asked for when the requirement pins one, else the last one listed.
void cp_nowheel_read(cp_nowheel *out, cp_str requirement, cp_str verbose_output, cp_arena *arena);

/// The last line that begins with "ERROR:" or "error:" without that word, or the last line.
cp_str cp_nowheel_last_error(cp_str output);
