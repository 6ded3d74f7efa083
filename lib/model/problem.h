// problem.h - the placement problem as the solvers see it: items, tiers, limits; nothing else.
//
// Exact integers only: bytes, microseconds, nano-dollars a month. Every solver can be run on the
// bare file (schemas/problem.schema.json is this header as JSON), without facts, prices or AWS.
//
// Choose one tier t(j) for every item j so that all of this holds:
//
//   row i      fixed_i + sum use_i(j, t(j)) <= capacity_i         unzipped bytes, memory, /tmp, ...
//   closure    a needs b:  t(b) <= t(a)                           tiers are listed nearest first
//   mount      at most one tier marked `mount` is used
//   tiers      no tier marked `closed` is used                    (a wish of the user, may be
//   lifted) init       I <= init_limit_us latency    platform_us + sum platform_us(j, t(j)) + I +
//   sum first_us(j, t(j)) <= latency_limit budget     cost <= budget_nusd
//
// I is the time of init: imports in item order on one thread, while one stream brings the items of
// `stream` tiers in the same order (a two-machine flow shop):
//
//   t = init_us + sum of open_us of the tiers in use;  s = t + stream_start_us
//   for each initial item in order:  on the stream: s += stream_us, t = max(t, s)
//                                    always:        t += import_us
//   I = t
//
// cost = sum nusd(j, t(j)) + sum open_nusd of the tiers in use + I * init_nusd_per_ms / 1000
// (rounded up). The objective is that cost, or the left side of `latency`. Differences under `step`
// units of it do not matter: an answer is optimal when none is better by a step or more.
#pragma once

#include "core/arena.h"
#include "core/buf.h"

#define CP_PROBLEM_TIERS_MAX 8
#define CP_PROBLEM_ROWS_MAX 8
#define CP_PROBLEM_ITEMS_MAX 200000
#define CP_PROBLEM_NEEDS_MAX 2000000
/// The largest single number: what a JSON number holds exactly.
#define CP_PROBLEM_NUMBER_MAX ((INT64_C(1) << 53) - 1)
/// Sums of a whole problem stay below this, so that no arithmetic on them can wrap.
#define CP_PROBLEM_SUM_MAX (INT64_C(1) << 61)
/// A limit that is not set.
#define CP_NO_LIMIT INT64_MAX

typedef enum cp_objective {
    CP_OBJECTIVE_COST,    ///< nano-dollars a month
    CP_OBJECTIVE_LATENCY, ///< microseconds of the cold response
} cp_objective;

typedef struct cp_problem_tier {
    cp_str name;
    int64_t open_nusd; ///< paid once when any item is here
    int64_t open_us;   ///< added once to the start of init when any item is here
    bool stream;       ///< fetched in the background during init, in item order
    bool mount;        ///< a file system mount: a function has one at most
    bool closed;       ///< the user does not allow it
} cp_problem_tier;

typedef struct cp_problem_row {
    cp_str name, unit; ///< "unzipped", "byte"
    int64_t capacity;
    int64_t fixed; ///< used whatever is chosen: layers already attached, the interpreter
} cp_problem_row;

typedef struct cp_problem_choice {
    bool allowed;        ///< false: a rule forbids this item in this tier, for good
    int64_t nusd;        ///< a month: storage, requests, bytes read, billed waiting after init
    int64_t import_us;   ///< on the importing thread, during init
    int64_t stream_us;   ///< on the stream, during init; only in `stream` tiers
    int64_t first_us;    ///< expected waiting after init: probability of use times fetch time
    int64_t platform_us; ///< before init: download and unpacking of zips
    int64_t use[CP_PROBLEM_ROWS_MAX];
} cp_problem_choice;

typedef struct cp_problem_item {
    cp_str name;
    bool initial;                     ///< takes part in the flow shop
    const cp_problem_choice *choices; ///< one for each tier
    const uint32_t *needs;            ///< items that must be at least as near
    uint32_t need_count;
} cp_problem_item;

typedef struct cp_problem {
    cp_str name;
    cp_objective objective;
    int64_t step;                 ///< at least 1, in units of the objective
    const cp_problem_tier *tiers; ///< nearest first
    uint32_t tier_count;
    const cp_problem_row *rows;
    uint32_t row_count;
    const cp_problem_item *items; ///< in first-use order
    uint32_t item_count;
    int64_t platform_us;      ///< before init whatever is chosen
    int64_t init_us;          ///< of init whatever is chosen: interpreter, runtime client
    int64_t stream_start_us;  ///< until the stream delivers its first byte
    int64_t init_nusd_per_ms; ///< price of one millisecond of init, times cold starts a month
    int64_t init_limit_us, latency_limit_us, budget_nusd; ///< CP_NO_LIMIT = not set
} cp_problem;

/// The kinds of limits. The first six can be lifted to make an infeasible problem feasible; the
/// last two are the item's own rules.
typedef enum cp_limit_kind {
    CP_LIMIT_ROW,
    CP_LIMIT_INIT,
    CP_LIMIT_LATENCY,
    CP_LIMIT_BUDGET,
    CP_LIMIT_MOUNT,
    CP_LIMIT_TIERS,
    CP_LIMIT_CHOICE,
    CP_LIMIT_CLOSURE,
} cp_limit_kind;

typedef struct cp_limit {
    cp_limit_kind kind;
    uint32_t row; ///< of CP_LIMIT_ROW
} cp_limit;

/// "unzipped", "init", "latency", "budget", "mount", "tiers", "choice", "closure".
cp_str cp_limit_name(const cp_problem *problem, cp_limit limit);
/// "byte", "us", "nusd", "mount", "tier" or "item".
cp_str cp_limit_unit(const cp_problem *problem, cp_limit limit);
/// The number on the right side; CP_NO_LIMIT when it is not set.
int64_t cp_limit_value(const cp_problem *problem, cp_limit limit);
/// All limits of the problem that are set and can be lifted, in a fixed order; returns how many (at
/// most CP_PROBLEM_ROWS_MAX + 5).
uint32_t cp_problem_limits(cp_limit out[CP_PROBLEM_ROWS_MAX + 5], const cp_problem *problem);
/// Appends `value` as people write it: "250.0 MB (262,144,000 bytes)", "812.5 ms", "3.20 USD a
/// month".
void cp_limit_amount(cp_buf *buf, cp_str unit, int64_t value);

/// Refuses with CP_EFORMAT what no solver may see, naming the place as a JSON pointer: a duplicate,
/// empty or missing name, an item without any allowed tier, a cycle of needs, a negative number, a
/// sum over the items that could pass CP_PROBLEM_SUM_MAX. A problem without items is fine.
CP_MUST_CHECK cp_status cp_problem_validate(const cp_problem *problem, cp_err *err);

/// Appends the problem as JSON (format "cloudpack.problem/1"); byte-stable.
void cp_problem_to_json(cp_buf *out, const cp_problem *problem);
/// Reads and validates; everything hangs in `arena`. `name` is what messages call the text. Fails
/// with CP_EFORMAT and "NAME: /json/pointer: ..." for anything that the schema or
/// cp_problem_validate refuses.
CP_MUST_CHECK cp_status cp_problem_from_json(cp_problem **out, cp_str text, const char *name,
                                             cp_arena *arena, cp_err *err);
