// plan.h - what should exist: which tier each asset lives in, and what that is predicted to cost
// and to take.
//
// An asset is the smallest thing that is placed whole. Plans are written by optimize, read by
// build, verify and deploy.
#pragma once

#include "model/facts.h"

/// Tiers by their names in lib/tier/tiers.def; this enum is their order there, nearest first.
typedef enum cp_tier_id {
    CP_TIER_BUNDLE,      ///< function zip
    CP_TIER_LAYER,       ///< layer zip
    CP_TIER_EFS,         ///< packs on an EFS mount
    CP_TIER_S3FILES,     ///< packs on an S3 Files mount
    CP_TIER_S3_PREFETCH, ///< S3 object, streamed during init
    CP_TIER_S3_DEMAND,   ///< S3 object, fetched at first use
    CP_TIER_COUNT,
} cp_tier_id;

typedef enum cp_asset_kind {
    CP_ASSET_PROJECT, ///< the user's code: always in the bundle
    CP_ASSET_CODE,    ///< modules (source and extension) with the libraries only they need
    CP_ASSET_LIBRARY, ///< shared libraries several assets need
    CP_ASSET_DATA,    ///< data files of one top-level package that are read by path
    CP_ASSET_META,    ///< metadata of all distributions: always local
    CP_ASSET_COLD,    ///< files that nothing is known to need, of one distribution
} cp_asset_kind;

typedef struct cp_asset {
    cp_str name; ///< unique, stable across versions: "numpy/linalg", "numpy (not reached)"
    cp_asset_kind kind;
    const uint32_t *files; ///< cp_facts.files, in first-use order
    uint32_t file_count;
    const uint32_t *needs; ///< assets that must be at least as near (closure)
    uint32_t need_count;
    uint64_t bytes; ///< as it would lie in a local tier, unzipped: bytecode for sources that are
                    ///< compiled
    uint64_t zipped_bytes;  ///< estimate
    double import_ms;       ///< own import time of its initial modules
    double use_probability; ///< of a cold environment needing it after init; 1 when initial
    bool initial;           ///< some module of it runs during init
    uint32_t allowed;       ///< bit per cp_tier_id
    cp_tier_id tier;        ///< the choice
    cp_str why;             ///< one sentence
} cp_asset;

typedef struct cp_prediction {
    double p50_ms, p95_ms, p99_ms; ///< cold response: start to first answer
    double init_ms;                ///< of which billed init, median
    double usd_month;              ///< total
    double usd_storage, usd_requests, usd_transfer, usd_compute, usd_fixed; ///< parts
} cp_prediction;

typedef struct cp_plan {
    cp_str status; ///< "optimal" or "feasible"
    cp_str fit; ///< which of the three cases: "fits locally", "local + asynchronous S3", "mount for
                ///< the difference"
    cp_str objective_name; ///< "cost", "latency"
    double objective, bound, gap;
    cp_str solver;
    double solve_ms;
    cp_str model;      ///< version of the packaging model: "static" before any training
    cp_str price_date; ///< of the price data used
    cp_str region;
    uint32_t memory_mb;
    uint32_t percentile;
    double max_latency_ms, budget_usd_month; ///< 0 = not given
    double traffic_month, cold_starts_month;
    const cp_asset *assets; ///< in first-use order
    uint32_t asset_count;
    cp_prediction predicted;
    uint64_t local_bytes, remote_bytes; ///< unzipped
    cp_str digest;                      ///< sha256 hex over everything that build depends on
} cp_plan;

/// "bundle", "layer", "efs", "s3files", "s3", "s3-demand".
const char *cp_tier_id_name(cp_tier_id tier);
