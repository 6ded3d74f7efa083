// venv.h - a bare environment of the target's interpreter: its standard library and nothing else.
//
// Written by us (a link and pyvenv.cfg; see PEP 405), because that takes a millisecond, needs no
// ensurepip, and Debian's interpreters have no venv module until a package is installed.
#pragma once

#include "target/python.h"

/// Makes <work>/venv-<version> when it is not there or belongs to another interpreter; `*out` is
/// the absolute path of its `bin/python`. Site-packages, the user's folder and distribution folders
/// of the machine are not on its sys.path. Fails with CP_EIO.
CP_MUST_CHECK cp_status cp_venv_make(cp_str *out, const cp_python *python, cp_str work,
                                     cp_arena *arena, cp_err *err);
