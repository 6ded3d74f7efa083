// json.h - cp_facts as `analyze --json` prints them.
#pragma once

#include "core/buf.h"
#include "model/facts.h"

/// Appends one document, "cloudpack.analysis/1": the modules that can be reached, in the order of
/// their names, and what is known about them. Sizes in bytes, times in seconds.
void cp_facts_to_json(cp_buf *out, const cp_facts *facts);
