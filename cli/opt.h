// opt.h - command lines from option tables.
#pragma once

#include "cmd.h"

/// What the common options said.
typedef struct cp_common {
    const char *config_path, *store_path, *json;
    bool help, quiet, verbose, json_set;
} cp_common;

/// One `--key VALUE` that goes to the configuration.
typedef struct cp_setting {
    const char *key, *value, *flag;
} cp_setting;

typedef struct cp_parsed {
    cp_common common;
    cp_setting settings[32];
    size_t setting_count;
    int first_operand; ///< index in argv, after permutation
} cp_parsed;

/// Reads argv (argv[0] is the command's name) into `values` (zeroed, options_size bytes) and `out`.
/// Operands are moved behind the options. Fails with CP_EUSAGE for an unknown or incomplete option
/// or too many operands.
CP_MUST_CHECK cp_status cp_opt_parse(cp_parsed *out, void *values, const cp_cmd *cmd, int argc,
                                     char **argv, cp_err *err);
/// `cloudpack help CMD` without a man page, and `cloudpack CMD --help`.
void cp_opt_print_help(FILE *out, const cp_cmd *cmd);
/// The list of commands.
void cp_opt_print_overview(FILE *out);
