// stdlib.h - which top-level modules belong to the standard library of a Python version.
#pragma once

#include "core/str.h"

/// True when the first part of `module` is in the standard library of `python` ("3.11"). Versions
/// newer than the table are answered from its newest one, older ones from its oldest.
bool cp_py_is_stdlib(cp_str module, cp_str python);
