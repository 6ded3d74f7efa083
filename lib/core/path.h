// path.h - file names as text; nothing here touches the disk.
#pragma once

#include "core/arena.h"

/// "a" + "b" -> "a/b"; an absolute `b` wins; an empty side gives the other. NUL-terminated.
cp_str cp_path_join(cp_arena *arena, cp_str a, cp_str b);
/// What follows the last '/'; all of it when there is none.
cp_str cp_path_base(cp_str path);
/// What precedes the last '/': "" when there is none, "/" for "/x".
cp_str cp_path_dir(cp_str path);
/// From the last '.' of the base name on (".py"), or "" (also for ".bashrc").
cp_str cp_path_ext(cp_str path);
/// True for a relative '/'-separated path without empty, "." or ".." parts, NUL, backslash or
/// control bytes: the only form that may come out of an archive, a RECORD or a catalog and be
/// joined to a root.
bool cp_path_is_safe(cp_str rel);
/// The part of `path` below `root` without a leading '/', or false when it is not below.
bool cp_path_below(cp_str *rel, cp_str path, cp_str root);
