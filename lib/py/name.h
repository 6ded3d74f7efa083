// name.h - names of distributions and modules.
#pragma once

#include "core/arena.h"

/// PEP 503: lower case, runs of '-', '_' and '.' become one '-'. The result is in `arena`.
cp_str cp_py_normalise(cp_arena *arena, cp_str distribution);
/// True for one part of a module name: letters, digits, '_' and bytes above 0x7f, no digit first.
bool cp_py_is_identifier(cp_str s);
/// True for identifiers joined by single dots.
bool cp_py_is_module_name(cp_str s);
/// "a" for "a.b.c".
cp_str cp_py_top_level(cp_str module);
/// "a.b" for "a.b.c"; empty for "a".
cp_str cp_py_parent(cp_str module);
