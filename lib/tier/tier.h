// tier.h - where an asset can live, what that costs and how long it takes to get it from there.
//
// A tier is pure arithmetic: it opens no file and calls no cloud. All numbers come from
// lib/tier/data/*.json (each with its unit, source and date), loaded by optimize/numbers.h. To add
// a tier, write <name>.c next to this file and a line in tiers.def (and in cp_tier_id); formulate,
// the configuration and the man page test read that list.
//
// Money is USD a month, time is milliseconds, sizes are bytes; MB and GB are 10^6 and 10^9 bytes,
// as AWS prices them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The numbers of numbers.def for one region.
typedef struct cp_numbers {
#define CP_NUMBER(key, unit) double key;
#include "tier/numbers.def"
#undef CP_NUMBER
} cp_numbers;

/// How the bytes are shipped.
typedef enum cp_carrier {
    CP_CARRIER_ZIP,
    CP_CARRIER_LAYER,
    CP_CARRIER_TREE,
    CP_CARRIER_OBJECTS
} cp_carrier;

/// One function and its load.
typedef struct cp_tier_env {
    const cp_numbers *n;
    double cold_starts_month;
    double first_byte_ms;  ///< of S3 as this function sees it
    double bandwidth_mb_s; ///< of the environment, all connections together
    bool in_vpc;           ///< already in a VPC, or needs no internet: a mount needs no NAT
} cp_tier_env;

/// What one asset asks of a tier.
typedef struct cp_tier_use {
    uint64_t bytes;        ///< as stored there
    uint64_t zipped_bytes; ///< in a zip
    uint32_t files;        ///< members, each read by itself
    bool initial;          ///< read during init, in every cold start
    double probability;    ///< of being read at all in a cold environment's life; 1 when initial
} cp_tier_use;

/// USD a month.
typedef struct cp_tier_cost {
    double storage, requests, transfer;
} cp_tier_cost;

/// Milliseconds.
typedef struct cp_tier_time {
    double platform; ///< before init: download and unpacking
    double import;   ///< on the importing thread during init
    double stream;   ///< on the background stream during init
    double fetch;    ///< at first use after init, when it is used
} cp_tier_time;

typedef struct cp_tier {
    const char *name;    ///< as in cp_tier_id_name
    const char *summary; ///< one line for help and cloudpack-tiers(7)
    cp_carrier carrier;
    bool local;  ///< counts against the unzipped limit; paths work
    bool stream; ///< fetched in the background during init
    bool mount;  ///< a file system; a function has one at most
    bool memory; ///< what is fetched stays in memory (or /tmp)
    cp_tier_cost (*cost)(const cp_tier_use *use, const cp_tier_env *env);
    cp_tier_time (*time)(const cp_tier_use *use, const cp_tier_env *env);
    /// Once when any asset is here: USD a month, ms of init.
    double (*open_usd)(const cp_tier_env *env);
    double (*open_ms)(const cp_tier_env *env);
} cp_tier;

/// All tiers in the order of tiers.def.
extern const cp_tier *const cp_tiers[];
extern const size_t cp_tier_list_count;

/// NULL when there is no tier of that name.
const cp_tier *cp_tier_find(const char *name);
/// For tiers that cost nothing to open.
double cp_tier_no_charge(const cp_tier_env *env);
/// What both kinds of mount share.
double cp_tier_mount_usd(const cp_tier_env *env);
double cp_tier_mount_ms(const cp_tier_env *env);
cp_tier_time cp_tier_mount_time(const cp_tier_use *use, const cp_tier_env *env);
/// What both kinds of zip share.
cp_tier_time cp_tier_zip_time(const cp_tier_use *use, const cp_tier_env *env);
cp_tier_cost cp_tier_zip_cost(const cp_tier_use *use, const cp_tier_env *env);
