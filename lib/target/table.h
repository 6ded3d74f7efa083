// table.h - the small dated tables of lib/target/data, embedded; inside lib/target only.
#pragma once

#include "core/str.h"

/// What the line of table `name` ("ric.txt") says for a Python version, or the "*" line. The tables
/// are ours and complete: there always is one.
cp_str cp_table_value(const char *name, cp_str version);
