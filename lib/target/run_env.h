// run_env.h - the environment variables of a run; inside lib/target only.
#pragma once

#include "target/run.h"

/// "K=V" array for execve: what Lambda's environment has, with `port` as the Runtime API, and
/// spec->env over it. Nothing of our own environment gets in, so a run does not depend on the
/// machine it is on. In the arena.
const char *const *cp_run_environment(cp_arena *arena, const cp_run_spec *spec, uint16_t port);
