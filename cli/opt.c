#include "opt.h"

#include <getopt.h>
#include <stddef.h>
#include <string.h>

enum { MAX_OPTIONS = 48, FIRST_LONG = 256 };

const cp_opt cp_common_options[] = {
    {"config", 'c', CP_OPT_STRING, offsetof(cp_common, config_path), NULL, "FILE",
     "settings (default: cloudpack.yml here or in a folder above)"},
    {"store", 0, CP_OPT_STRING, offsetof(cp_common, store_path), NULL, "FILE",
     "facts and plans (default: .cloudpack/store.db beside the settings)"},
    {"json", 0, CP_OPT_STRING, offsetof(cp_common, json), NULL, "[=lines]",
     "print one JSON document; with =lines also progress, one object a line"},
    {"quiet", 'q', CP_OPT_FLAG, offsetof(cp_common, quiet), NULL, NULL, "no progress, no notes"},
    {"verbose", 'v', CP_OPT_FLAG, offsetof(cp_common, verbose), NULL, NULL,
     "every warning and step"},
    {"help", 'h', CP_OPT_FLAG, offsetof(cp_common, help), NULL, NULL, "print this text"},
};
const size_t cp_common_option_count = sizeof cp_common_options / sizeof *cp_common_options;

struct tables {
    const cp_cmd *cmd;
    struct option longs[MAX_OPTIONS];
    char shorts[2 * MAX_OPTIONS + 2];
    size_t count;
};

static const cp_opt *option_at(const struct tables *t, size_t i) {
    return i < t->cmd->option_count ? &t->cmd->options[i]
                                    : &cp_common_options[i - t->cmd->option_count];
}

static int argument_of(const cp_opt *o) {
    if (o->kind == CP_OPT_FLAG)
        return no_argument;
    return o->metavar && o->metavar[0] == '[' ? optional_argument : required_argument;
}

static void make_tables(struct tables *t, const cp_cmd *cmd) {
    *t = (struct tables){
        .cmd = cmd, .shorts = ":", .count = cmd->option_count + cp_common_option_count};
    CP_ASSERT(t->count < MAX_OPTIONS);
    size_t s = 1;
    for (size_t i = 0; i < t->count; i++) {
        const cp_opt *o = option_at(t, i);
        t->longs[i] = (struct option){o->name, argument_of(o), NULL, FIRST_LONG + (int)i};
        if (!o->letter)
            continue;
        t->shorts[s++] = o->letter;
        if (argument_of(o) == required_argument)
            t->shorts[s++] = ':';
    }
}

static size_t index_of(const struct tables *t, int c) {
    if (c >= FIRST_LONG)
        return (size_t)(c - FIRST_LONG);
    for (size_t i = 0; i < t->count; i++)
        if (option_at(t, i)->letter == c)
            return i;
    return t->count;
}

static cp_status refuse(const struct tables *t, int c, const char *word, cp_err *err) {
    cp_fail(err, CP_EUSAGE, c == ':' ? "%s: %s wants a value" : "%s: unknown option %s",
            t->cmd->name, word);
    const cp_opt *near = NULL;
    size_t best = 3;
    const char *name = word + strspn(word, "-");
    for (size_t i = 0; c != ':' && i < t->count; i++) {
        size_t d = cp_str_distance(cp_str_of(name), cp_str_of(option_at(t, i)->name));
        if (d < best) {
            best = d;
            near = option_at(t, i);
        }
    }
    if (near)
        return cp_hint(err, "did you mean --%s?", near->name);
    return cp_hint(err, "`cloudpack %s --help` lists the options", t->cmd->name);
}

static cp_status store_value(cp_parsed *out, char *values, const struct tables *t, size_t i,
                             cp_err *err) {
    const cp_opt *o = option_at(t, i);
    char *base = i < t->cmd->option_count ? values : (char *)&out->common;
    if (o->kind == CP_OPT_FLAG) {
        *(bool *)(void *)(base + o->offset) = true;
    } else if (o->kind == CP_OPT_STRING) {
        *(const char **)(void *)(base + o->offset) = optarg;
        if (strcmp(o->name, "json") == 0)
            out->common.json_set = true;
    } else {
        if (out->setting_count == sizeof out->settings / sizeof *out->settings)
            return cp_fail(err, CP_EUSAGE, "%s: too many options", t->cmd->name);
        out->settings[out->setting_count++] = (cp_setting){o->key, optarg, o->name};
    }
    return CP_OK;
}

static cp_status check_common(const cp_parsed *out, const cp_cmd *cmd, cp_err *err) {
    const cp_common *c = &out->common;
    if (c->json && strcmp(c->json, "lines") != 0) {
        cp_fail(err, CP_EUSAGE, "%s: --json=%s is not known", cmd->name, c->json);
        return cp_hint(err, "--json prints one document, --json=lines adds progress events");
    }
    if (c->json_set && !cmd->json)
        return cp_fail(err, CP_EUSAGE, "%s has no JSON output", cmd->name);
    return CP_OK;
}

cp_status cp_opt_parse(cp_parsed *out, void *values, const cp_cmd *cmd, int argc, char **argv,
                       cp_err *err) {
    struct tables t;
    make_tables(&t, cmd);
    *out = (cp_parsed){0};
    optind = 0; // glibc: start over, with permutation
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1;) {
        size_t i = index_of(&t, c);
        if (c == '?' || c == ':' || i >= t.count)
            return refuse(&t, c, argv[optind - 1], err);
        CP_TRY(store_value(out, values, &t, i, err));
    }
    out->first_operand = optind;
    if (!out->common.help && argc - optind > cmd->max_operands) {
        cp_fail(err, CP_EUSAGE, "%s: '%s' is one operand too many", cmd->name,
                argv[optind + cmd->max_operands]);
        return cp_hint(err, "usage: cloudpack %s [options]%s%s", cmd->name,
                       *cmd->synopsis ? " " : "", cmd->synopsis);
    }
    return check_common(out, cmd, err);
}

static void print_option(FILE *out, const cp_opt *o) {
    char left[64];
    bool optional = argument_of(o) == optional_argument;
    (void)snprintf(left, sizeof left, "%c%c%s--%s%s%s", o->letter ? '-' : ' ',
                   o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
                   o->metavar && !optional ? " " : "", o->metavar ? o->metavar : "");
    (void)fprintf(out, "  %-28s %s\n", left, o->help);
}

void cp_opt_print_help(FILE *out, const cp_cmd *cmd) {
    (void)fprintf(out, "usage: cloudpack %s [options]%s%s\n\n%s\n", cmd->name,
                  *cmd->synopsis ? " " : "", cmd->synopsis, cmd->summary);
    if (cmd->option_count)
        (void)fprintf(out, "\noptions:\n");
    for (size_t i = 0; i < cmd->option_count; i++)
        print_option(out, &cmd->options[i]);
    (void)fprintf(out, "\ncommon options:\n");
    for (size_t i = 0; i < cp_common_option_count; i++)
        print_option(out, &cp_common_options[i]);
}

void cp_opt_print_overview(FILE *out) {
    (void)fprintf(out,
                  "usage: cloudpack COMMAND [options]\n\n"
                  "Packaging optimizer and deploy tool for Python on AWS Lambda.\n\ncommands:\n");
    for (size_t i = 0; i < cp_cmds_count; i++)
        (void)fprintf(out, "  %-10s %s\n", cp_cmds[i]->name, cp_cmds[i]->summary);
    (void)fprintf(out, "\n`cloudpack help COMMAND` shows the manual page; `cloudpack COMMAND "
                       "--help` the options.\n");
}

const cp_cmd *cp_cmd_find(const char *name) {
    for (size_t i = 0; i < cp_cmds_count; i++)
        if (strcmp(cp_cmds[i]->name, name) == 0)
            return cp_cmds[i];
    return NULL;
}

const cp_cmd *cp_cmd_nearest(const char *name) {
    const cp_cmd *near = NULL;
    size_t best = 3;
    for (size_t i = 0; i < cp_cmds_count; i++) {
        size_t d = cp_str_distance(cp_str_of(name), cp_str_of(cp_cmds[i]->name));
        if (d < best) {
            best = d;
            near = cp_cmds[i];
        }
    }
    return near;
}
