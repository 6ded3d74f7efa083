// cmd.h - the shape of a subcommand. Each one is a file cmd_<name>.c that defines `const cp_cmd
// cp_cmd_<name>`.
//
// Help text, usage line, and the check of the man pages are all made from the tables here. An
// option that only sets a configuration key names the key and needs no code: flag, environment,
// cloudpack.yml and default then obey one rule.
#pragma once

#include "config/config.h"
#include "core/ctx.h"

#include <stdbool.h>
#include <stdio.h>

typedef enum cp_opt_kind { CP_OPT_FLAG, CP_OPT_STRING, CP_OPT_CONFIG } cp_opt_kind;

/// One option.
typedef struct cp_opt {
    const char *name; ///< without dashes
    char letter;      ///< 0 when there is none
    cp_opt_kind kind;
    size_t offset; ///< FLAG: of a bool, STRING: of a const char *, in the command's options struct
    const char *key;     ///< CONFIG: the configuration key it sets
    const char *metavar; ///< "FILE"; NULL for flags; "[=WHAT]" when the value is optional
    const char *help;    ///< one line, lower case, no full stop
} cp_opt;

typedef enum cp_json_mode { CP_JSON_OFF, CP_JSON_DOCUMENT, CP_JSON_LINES } cp_json_mode;

/// What every command gets: settings, where things are, where output goes.
typedef struct cp_cli {
    cp_ctx ctx;
    cp_arena *arena; ///< lives as long as the command
    cp_config config;
    cp_str root; ///< absolute folder of cloudpack.yml, or the current one
    cp_str work; ///< root/.cloudpack
    cp_str store_path;
    cp_json_mode json;
    bool has_config_file;
    bool quiet, verbose;
} cp_cli;

typedef struct cp_cmd {
    const char *name;
    const char *synopsis; ///< operands only: "[HANDLER]"
    const char *summary;  ///< one line
    const cp_opt *options;
    size_t option_count;
    size_t options_size; ///< sizeof the struct that `offset` points into; 0 when there is none
    int max_operands;
    bool json; ///< understands --json
    cp_status (*run)(cp_cli *cli, const void *options, int argc, char *const argv[], cp_err *err);
} cp_cmd;

extern const cp_cmd *const cp_cmds[];
extern const size_t cp_cmds_count;
/// Options that every command understands.
extern const cp_opt cp_common_options[];
extern const size_t cp_common_option_count;

/// NULL when there is no command of that name.
const cp_cmd *cp_cmd_find(const char *name);
/// The command whose name is nearest to `name`, or NULL when none is near.
const cp_cmd *cp_cmd_nearest(const char *name);
