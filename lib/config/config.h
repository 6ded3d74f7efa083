// config.h - the settings of one project: cloudpack.yml, CLOUDPACK_* and flags over defaults.
//
// keys.def lists every setting once; parsing, bounds, messages, the template that `cloudpack init`
// writes and the check of the manual page come from it. Whoever sets a value later wins, so callers
// go: default, load, from_env, then cp_config_set for each flag, then check.
#pragma once

#include "core/arena.h"
#include "core/buf.h"

/// Texts of a list setting.
typedef struct cp_config_list {
    const cp_str *v;
    size_t n;
} cp_config_list;

enum { CP_CONFIG_MAX_KEYS = 64 };

/// Texts and lists are borrowed from the arena given to whoever set them, or static defaults. A
/// number of 0 (texts and lists: empty) means "not given" where keys.def has no default.
typedef struct cp_config {
    cp_str name, handler, python, arch;
    cp_str project, requirements, site_packages, events; ///< relative to `folder`, as written
    uint64_t memory_mb, timeout_s, ephemeral_mb;
    cp_str region;
    double max_latency_ms, budget_usd_month;
    double percentile; ///< 50..99.9
    double traffic_month, cold_start_fraction;
    cp_config_list tiers; ///< empty: see cp_config_allows_tier
    cp_str shelf;         ///< "s3://bucket" or "s3://bucket/prefix"
    cp_str mount_kind, mount_path;
    cp_config_list layers_attached;
    uint64_t layers_attached_bytes;
    uint64_t assets_max;
    uint64_t build_level, build_optimize, build_jobs;
    cp_str build_sources;
    cp_config_list build_keep_files;
    cp_str runtime_gc, runtime_record;
    uint64_t runtime_connections, runtime_chunk_bytes;
    uint64_t profile_runs, verify_runs;
    double verify_float_tolerance;
    double network_first_byte_ms, network_bandwidth_mb_s;

    cp_str folder; ///< of the file that was loaded; "" = the current folder
    /// Who set each key, by its row in keys.def ("cloudpack.yml:3:9", "--memory"); NULL = default.
    const char *origins[CP_CONFIG_MAX_KEYS];
} cp_config;

/// Sets every key to its default.
void cp_config_default(cp_config *out);

/// Reads the file at `path` over what `out` holds. Fails with CP_ENOTFOUND (hint: `cloudpack init`)
/// when there is no file and CP_EFORMAT for anything in it that is not understood:
/// "cloudpack.yml:3:9: ...".
CP_MUST_CHECK cp_status cp_config_load(cp_config *out, cp_str path, cp_arena *arena, cp_err *err);
/// The same for text in memory; `name` is what messages call it.
CP_MUST_CHECK cp_status cp_config_parse(cp_config *out, cp_str text, const char *name,
                                        cp_arena *arena, cp_err *err);

/// Sets one key ("mount.kind"; '-' and '_' are the same) from text. Lists are separated by commas.
/// `origin` starts the messages and is copied. Fails with CP_EUSAGE: no such key (with the nearest
/// one as hint), not of its type, out of bounds, not one of the choices.
CP_MUST_CHECK cp_status cp_config_set(cp_config *config, cp_str key, cp_str value,
                                      const char *origin, cp_arena *arena, cp_err *err);

/// Sets each key that has a non-empty CLOUDPACK_* variable in `env` ("K=V" strings, NULL at the
/// end); variables that belong to no key are ignored. Fails like cp_config_set.
CP_MUST_CHECK cp_status cp_config_from_env(cp_config *config, const char *const *env,
                                           cp_arena *arena, cp_err *err);

/// Checks what no single key shows: requirements and site_packages together, a network tier
/// without its shelf or mount, half a mount, layers over the size of a function. Fails with
/// CP_EUSAGE and a hint; the message names the origin of the offending key.
CP_MUST_CHECK cp_status cp_config_check(const cp_config *config, cp_err *err);

/// True when assets may be placed in `tier` ("bundle", "s3-demand", ...): it is in `tiers`, or
/// `tiers` is not given and it is local, or on the shelf or mount that there is.
bool cp_config_allows_tier(const cp_config *config, cp_str tier);

/// Who set `key` (its path), or NULL when it has its default or is unknown.
const char *cp_config_origin(const cp_config *config, cp_str key);

/// Appends a commented cloudpack.yml: keys with an origin in `found` are filled in, all others are
/// commented out with their default or an example; each has its help above it. Loading the result
/// gives the same settings as `found`.
void cp_config_write_template(cp_buf *out, const cp_config *found);

/// The value of row `key` as it would be written in cloudpack.yml; empty when not given.
cp_str cp_config_text(cp_arena *arena, const cp_config *config, size_t key);
