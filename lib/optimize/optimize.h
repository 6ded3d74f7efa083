// optimize.h - facts (and a profile) in, a plan out: where every asset should live.
//
// group -> formulate -> solve -> check -> plan. Pure but for the clock of the solver: reads no file
// and prints nothing. The same facts, profile and options give the same plan, byte for byte, unless
// the solver runs out of time.
//
// The percentile: the cold response is modelled as platform + init + first-use fetches; platform
// and the rest each have a lognormal factor (numbers spread_platform, spread_init: the standard
// deviations of its logarithm). Limits hold for the quantile asked for by the deterministic
// equivalent: every time in the problem is multiplied with its factor's quantile exp(z * spread).
// That is the quantile of the sum when both factors are high together, and an upper bound
// otherwise. Money is always the mean.
#pragma once

#include "core/ctx.h"
#include "model/placement.h"
#include "model/plan.h"
#include "solvers/solver.h"

#define CP_TIER_BIT(tier) (1u << (tier))
#define CP_TIERS_ALL ((1u << CP_TIER_COUNT) - 1)

/// Zero and NULL mean "the default", written behind each.
typedef struct cp_optimize_options {
    cp_str solver; ///< glpk
    cp_effort effort;
    cp_objective objective;        ///< least cost; least latency, and of those the cheapest
    double max_latency_ms;         ///< cold response at the percentile; not limited
    double budget_usd_month;       ///< not limited
    double max_first_use_ms;       ///< expected fetches after init; not limited
    uint32_t percentile;           ///< 95; 50 to 99
    uint32_t memory_mb;            ///< 512
    cp_str region;                 ///< us-east-1
    double traffic_month;          ///< invocations; 100,000
    double cold_start_fraction;    ///< 0.01
    uint32_t allowed_tiers;        ///< bits; all but the mounts are always possible. 0 = all
    uint32_t max_assets;           ///< 150
    double first_byte_ms;          ///< number s3_first_byte_ms
    double bandwidth_mb_s;         ///< number bandwidth_mb_s
    uint64_t unzipped_limit_bytes; ///< the account's real limit; number unzipped_bytes
    uint64_t attached_bytes;       ///< unzipped bytes of layers that are attached already
    uint32_t attached_layers;
    uint64_t tmp_bytes;        ///< number tmp_bytes
    bool in_vpc;               ///< already in a VPC, or needs no internet: mounts need no NAT
    cp_str prices_json;        ///< text that replaces the built-in prices (--prices FILE)
    const char *prices_name;   ///< what messages call it
    cp_buf *dump_problem;      ///< receives the problem as JSON before it is solved
    const cp_problem *problem; ///< solve this one instead; its items must be the assets by name
} cp_optimize_options;

/// Chooses a tier for every asset. `profile` may be NULL: then the initial modules and their times
/// are estimates from the facts and the plan's `model` is "static". The plan borrows from `facts`
/// and lives in `arena`. Fails with CP_EUSAGE for impossible options, CP_EFORMAT for bad price data
/// or a bad problem, CP_EINFEASIBLE when the limits cannot hold together (the message names a
/// smallest set of them and what each would have to be), CP_EINTR when interrupted before there is
/// a placement, CP_ECHECK when time ran out without a placement or when the solver's answer is
/// wrong.
CP_MUST_CHECK cp_status cp_optimize(cp_plan **out, const cp_optimize_options *options,
                                    const cp_facts *facts, const cp_profile *profile,
                                    const cp_ctx *ctx, cp_arena *arena, cp_err *err);

/// Appends the plan as JSON: format "cloudpack.plan/1", the contract of `optimize --json`, and
/// besides what cp_plan_from_json needs (files by their index in the facts).
void cp_plan_to_json(cp_buf *out, const cp_plan *plan);
/// Reads a plan back; `facts` are those it was made from: indexes are checked against them, and a
/// plan whose digest does not fit them is refused with CP_ESTALE. Anything else that is wrong fails
/// with CP_EFORMAT and "NAME: /json/pointer: ...".
CP_MUST_CHECK cp_status cp_plan_from_json(cp_plan **out, cp_str text, const char *name,
                                          const cp_facts *facts, cp_arena *arena, cp_err *err);

/// The digest of `plan`: sha256 hex over handler, Python, architecture, and for each asset its
/// name, kind, tier, order and files (root, name, kind, bytes). File contents are not in it: build
/// hashes those itself.
cp_str cp_plan_digest(const cp_plan *plan, const cp_facts *facts, cp_arena *arena);
