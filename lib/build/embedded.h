// embedded.h - the files of runtime/ inside the program: importer, boot template, compile worker.
#pragma once

#include "core/hash.h"

/// Content of an embedded file by its path below runtime/ ("boot.py.in"); ends the process when
/// there is none of that name, since the program was then built without it.
cp_str cp_runtime_file(const char *name);
/// The i-th module of cloudpack_runtime, sorted by name: its path ("cloudpack_runtime/start.py") in
/// `name`, its content in `text`. False behind the last.
bool cp_runtime_module(size_t i, cp_str *name, cp_str *text);
/// Digest over everything that ends up in artefacts: the importer, the template, the worker.
cp_sha256 cp_runtime_digest(void);
