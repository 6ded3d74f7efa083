// Settings: defaults, files, environment, flags, and the template that reads back.
#include "config/config.h"
#include "config/keys.h"
#include "core/file.h"
#include "core/tree.h"
#include "data/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void refused(const char *text, const char *message, const char *hint) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_config config;
    cp_err err = {0};
    cp_config_default(&config);
    cr_assert_eq(cp_config_parse(&config, cp_str_of(text), "c.yml", &arena, &err), CP_EFORMAT, "%s",
                 text);
    cr_assert_str_eq(err.message, message);
    cr_assert_str_eq(err.hint, hint);
}

static void loaded(cp_config *config, const char *text, cp_arena *arena) {
    cp_err err = {0};
    cp_config_default(config);
    cr_assert_eq(cp_config_parse(config, cp_str_of(text), "c.yml", arena, &err), CP_OK, "%s: %s",
                 text, err.message);
}

Test(config, defaults_are_those_of_the_table) {
    cp_config config;
    cp_config_default(&config);
    cr_assert_eq(config.memory_mb, 512);
    cr_assert_eq(config.timeout_s, 30);
    cr_assert_eq(config.traffic_month, 1e6);
    cr_assert_eq(config.runtime_chunk_bytes, 2097152);
    cr_assert_eq(config.verify_float_tolerance, 1e-9);
    cr_assert(cp_str_is(config.project, "."));
    cr_assert(cp_str_is(config.arch, "x86_64"));
    cr_assert_eq(config.max_latency_ms, 0);
    cr_assert_eq(config.tiers.n, 0);
    cr_assert_null(cp_config_origin(&config, CP_STR("memory_mb")));
}

Test(config, every_kind_of_value_is_read_and_its_place_kept) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_config c;
    loaded(&c,
           "python: 3.10\nmax_latency: 800ms\nbudget: $5/mo\nmemory_mb: 1GB\n"
           "tiers: [bundle, s3]\nshelf: s3://my-bucket/a/b\nmount:\n  kind: efs\n"
           "  path: /mnt/x\nbuild: {keep_files: 'a, b', level: 9}\nregion:\n",
           &arena);
    cr_assert_str_eq(c.python.p, "3.10");
    cr_assert_eq(c.max_latency_ms, 800);
    cr_assert_eq(c.budget_usd_month, 5);
    cr_assert_eq(c.memory_mb, 1024);
    cr_assert_eq(c.tiers.n, 2);
    cr_assert_str_eq(c.tiers.v[1].p, "s3");
    cr_assert_str_eq(c.mount_path.p, "/mnt/x");
    cr_assert_eq(c.build_keep_files.n, 2);
    cr_assert_str_eq(c.build_keep_files.v[1].p, "b");
    cr_assert_eq(c.build_level, 9);
    cr_assert(cp_str_is(c.region, "us-east-1"));
    cr_assert_str_eq(cp_config_origin(&c, CP_STR("mount.kind")), "c.yml:8:9");
    cr_assert_null(cp_config_origin(&c, CP_STR("region")));
}

Test(config, what_is_wrong_in_a_file_is_refused_with_place_and_hint) {
    refused("memory: 512\n", "c.yml:1:1: unknown key \"memory\"", "did you mean memory_mb?");
    refused("timeuot_s: 3\n", "c.yml:1:1: unknown key \"timeuot_s\"", "did you mean timeout_s?");
    refused("memory-mb: 512\n", "c.yml:1:1: unknown key \"memory-mb\"", "did you mean memory_mb?");
    refused("mount:\n  knd: efs\n", "c.yml:2:3: unknown key \"mount.knd\"",
            "did you mean mount.kind?");
    refused("kind: efs\n", "c.yml:1:1: unknown key \"kind\"", "did you mean mount.kind?");
    refused("zebra: 1\n", "c.yml:1:1: unknown key \"zebra\"", "cloudpack.yml(5) lists all keys");
    refused("name: a\nmemory_mb: 99999\n",
            "c.yml:2:12: memory_mb: 99999 is 89759 over the limit of 10240",
            "memory_mb takes 128 to 10240");
    refused("timeout_s: 0\n", "c.yml:1:12: timeout_s: 0 is 1 under the limit of 1",
            "timeout_s takes 1 to 900");
    refused("timeout_s: 3.5\n", "c.yml:1:12: timeout_s: \"3.5\" is not a whole number",
            "write for example `timeout_s: 30`");
    refused("max_latency: 800\n",
            "c.yml:1:14: max_latency: \"800\" has no unit, so it is not a duration; understood: a "
            "number with ms, s, min (or m) or h",
            "write for example 800ms, 1.2s or 2min");
    refused("arch: aarch64\n", "c.yml:1:7: arch: \"aarch64\" is not one of x86_64|arm64",
            "Lambda calls this processor arm64");
    refused("tiers: [bundle, moon]\n",
            "c.yml:1:8: tiers: \"moon\" is not one of bundle|layer|efs|s3files|s3|s3-demand", "");
    refused("tiers: [s3, s3]\n", "c.yml:1:8: tiers: \"s3\" is here twice", "");
    refused("tiers: []\n", "c.yml:1:8: tiers: 0 items, 1 to 6 are allowed",
            "leave the key out for the default");
    refused("name: [a]\n", "c.yml:1:7: name: expected one value, found a list",
            "write `name: value`");
    refused("tiers: {a: b}\n", "c.yml:1:8: tiers: expected a list, found keys below it",
            "write `tiers: [a, b]`");
    refused("mount: efs\n", "c.yml:1:8: mount: expected keys below it, found one value", "");
    refused("name: \"\"\n", "c.yml:1:7: name: \"\" is not a text that says something",
            "write for example `name: my-function`");
    refused("shelf: my-bucket\n",
            "c.yml:1:8: shelf: \"my-bucket\" is not an S3 place (s3://bucket/prefix)",
            "write for example `shelf: s3://my-bucket/cloudpack`");
    refused("mount: {path: /mnt/../etc}\n",
            "c.yml:1:15: mount.path: \"/mnt/../etc\" is not a mount path (/mnt/name)",
            "write for example `mount.path: /mnt/packages`");
    refused("handler: \"a\\nb\"\n",
            "c.yml:1:10: handler: \"...\" is not one line of text without control characters",
            "write for example `handler: app.handler`");
    refused("- a\n", "c.yml:1:1: expected `key: value` lines",
            "`cloudpack init` writes a commented file to start from");
}

Test(config, flag_beats_environment_beats_file) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_config c;
    cp_err err = {0};
    loaded(&c, "memory_mb: 256\nregion: eu-west-1\ntimeout_s: 5\n", &arena);
    const char *env[] = {"CLOUDPACK_MEMORY_MB=300",
                         "CLOUDPACK_REGION=",
                         "CLOUDPACK_TIMEOUT_S=6",
                         "CLOUDPACK_MOUNT_KIND=efs",
                         "CLOUDPACK_TIERS=bundle, layer",
                         "CLOUDPACK_STRANGE=1",
                         "PATH=/bin",
                         NULL};
    cr_assert_eq(cp_config_from_env(&c, env, &arena, &err), CP_OK, "%s", err.message);
    cr_assert_eq(cp_config_set(&c, CP_STR("memory-mb"), CP_STR("400MB"), "--memory", &arena, &err),
                 CP_OK);
    cr_assert_eq(c.memory_mb, 400);
    cr_assert_eq(c.timeout_s, 6);
    cr_assert_str_eq(c.region.p, "eu-west-1");
    cr_assert_eq(c.tiers.n, 2);
    cr_assert_str_eq(c.mount_kind.p, "efs");
    cr_assert_str_eq(cp_config_origin(&c, CP_STR("memory_mb")), "--memory");
    const char *bad[] = {"CLOUDPACK_MAX_LATENCY=8parsecs", NULL};
    cr_assert_eq(cp_config_from_env(&c, bad, &arena, &err), CP_EUSAGE);
    cr_assert(strncmp(err.message, "CLOUDPACK_MAX_LATENCY: max_latency: \"8parsecs\" is not", 50) ==
              0);
    cr_assert_eq(cp_config_set(&c, CP_STR("budgt"), CP_STR("1"), "--set", &arena, &err), CP_EUSAGE);
    cr_assert_str_eq(err.hint, "did you mean budget?");
}

static const char *checked(const char *text) {
    static cp_err err;
    CP_AUTOV(cp_arena) arena = {0};
    cp_config c;
    loaded(&c, text, &arena);
    return cp_config_check(&c, &err) == CP_OK ? "" : err.message;
}

Test(config, contradictions_between_keys_are_found) {
    cr_assert_str_eq(checked(""), "");
    cr_assert_str_eq(checked("shelf: s3://abc\ntiers: [bundle, s3]\n"), "");
    cr_assert_str_eq(checked("requirements: r.txt\nsite_packages: x\n"),
                     "c.yml:2:16: site_packages: requirements is set as well (c.yml:1:15)");
    cr_assert_str_eq(checked("tiers: [bundle, s3]\n"), "c.yml:1:8: tiers: s3 needs a shelf");
    cr_assert_str_eq(checked("tiers: [bundle, efs]\n"),
                     "c.yml:1:8: tiers: efs needs a mount of that kind");
    cr_assert_str_eq(checked("tiers: [layer]\n"),
                     "c.yml:1:8: tiers: bundle is missing, but your own code has to live there");
    cr_assert_str_eq(checked("mount: {kind: efs}\n"),
                     "c.yml:1:15: mount.kind is set but mount.path is not");
    cr_assert_str_eq(checked("layers: {attached: [x]}\n"),
                     "c.yml:1:20: layers.attached: \"x\" is not the ARN of a layer");
}

Test(config, tiers_follow_what_there_is_unless_listed) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_config c;
    loaded(&c, "", &arena);
    cr_assert(cp_config_allows_tier(&c, CP_STR("bundle")));
    cr_assert(cp_config_allows_tier(&c, CP_STR("layer")));
    cr_assert_not(cp_config_allows_tier(&c, CP_STR("s3")));
    cr_assert_not(cp_config_allows_tier(&c, CP_STR("efs")));
    cr_assert_not(cp_config_allows_tier(&c, CP_STR("")));
    loaded(&c, "shelf: s3://abc\nmount: {kind: efs, path: /mnt/x}\n", &arena);
    cr_assert(cp_config_allows_tier(&c, CP_STR("s3-demand")));
    cr_assert(cp_config_allows_tier(&c, CP_STR("efs")));
    cr_assert_not(cp_config_allows_tier(&c, CP_STR("s3files")));
    loaded(&c, "tiers: bundle\nshelf: s3://abc\n", &arena);
    cr_assert_not(cp_config_allows_tier(&c, CP_STR("layer")));
    cr_assert_not(cp_config_allows_tier(&c, CP_STR("s3")));
}

static cp_str template_of(const cp_config *found, cp_arena *arena) {
    CP_AUTOV(cp_buf) buf = {0};
    cp_config_write_template(&buf, found);
    return cp_arena_str(arena, cp_buf_str(&buf));
}

Test(config, the_template_reads_back_as_what_was_found) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_config c, again;
    loaded(&c,
           "name: null-fn\nhandler: 'src/a b.py:handler'\npython: 3.12\nbudget: 0.00001usd/month\n"
           "max_latency: 1.25s\nmount: {kind: efs, path: /mnt/x}\nlayers: {attached: [\"a:b c\", "
           "'null']}\n"
           "traffic: 3/min\nevents: 'no'\nverify: {float_tolerance: 1e-7}\n",
           &arena);
    loaded(&again, template_of(&c, &arena).p, &arena);
    for (size_t k = 0; k < cp_key_count; k++) {
        cr_assert_eq(!c.origins[k], !again.origins[k], "%s", cp_keys[k].path);
        cr_assert_str_eq(cp_config_text(&arena, &c, k).p, cp_config_text(&arena, &again, k).p);
    }
    cr_assert_eq(c.budget_usd_month, again.budget_usd_month);
    cr_assert_eq(c.traffic_month, again.traffic_month);
    cr_assert_str_eq(again.layers_attached.v[1].p, "null");
}

Test(config, every_commented_line_of_the_template_is_valid_when_uncommented) {
    CP_AUTOV(cp_arena) arena = {0};
    CP_AUTOV(cp_buf) text = {0};
    cp_config c;
    cp_config_default(&c);
    cp_str rest = template_of(&c, &arena);
    while (rest.p) {
        cp_str line = cp_str_next(&rest, '\n');
        bool help = cp_str_starts(cp_str_trim(line), CP_STR("# "));
        if (cp_str_starts(line, CP_STR("#  ")) || !help)
            cp_buf_addf(&text, "%.*s\n", CP_STR_ARG(cp_str_sub(line, line.n > 0, line.n)));
    }
    loaded(&c, text.p, &arena);
    cp_config defaults;
    cp_config_default(&defaults);
    for (size_t k = 0; k < cp_key_count; k++) {
        cr_assert_not_null(c.origins[k], "%s", cp_keys[k].path);
        if (cp_keys[k].initial[0])
            cr_assert_str_eq(cp_config_text(&arena, &c, k).p,
                             cp_config_text(&arena, &defaults, k).p);
    }
}

static uint32_t count_keys(const cp_json *properties) {
    uint32_t count = 0;
    for (const cp_json *p = cp_json_first(properties); p; p = cp_json_next(p)) {
        const cp_json *below = cp_json_get(p, "properties");
        count += below ? count_keys(below) : 1;
    }
    return count;
}

Test(config, the_published_schema_has_the_keys_helps_and_choices_of_the_table) {
    CP_AUTOV(cp_arena) arena = {0};
    CP_AUTO(cp_json_doc) doc = NULL;
    cp_err err = {0};
    cp_str text;
    cr_assert_eq(cp_file_read(&text, &arena, CP_STR(CP_SOURCE_DIR "/schemas/config.schema.json"),
                              1 << 20, &err),
                 CP_OK, "%s", err.message);
    cr_assert_eq(cp_json_parse(&doc, text, 1 << 20, "config.schema.json", &err), CP_OK);
    const cp_json *top = cp_json_get(cp_json_root(doc), "properties");
    cr_assert_eq(count_keys(top), cp_key_count);
    for (size_t k = 0; k < cp_key_count; k++) {
        cp_str rest = cp_str_of(cp_keys[k].path);
        const cp_json *key = cp_json_get(top, cp_arena_cstr(&arena, cp_str_next(&rest, '.')));
        if (rest.p)
            key = cp_json_get(cp_json_get(key, "properties"), rest.p);
        cr_assert(cp_str_is(cp_json_str(cp_json_get(key, "description")), cp_keys[k].help), "%s",
                  cp_keys[k].path);
        const cp_json *choice = cp_json_first(cp_json_get(key, "enum"));
        for (rest = cp_str_of(cp_keys[k].choices); choice && rest.p; choice = cp_json_next(choice))
            cr_assert(cp_str_eq(cp_json_str(choice), cp_str_next(&rest, '|')), "%s",
                      cp_keys[k].path);
    }
}

Test(config, a_missing_file_says_how_to_get_one) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_config c;
    cp_err err = {0};
    cp_str dir;
    cp_config_default(&c);
    cr_assert_eq(cp_dir_temporary(&dir, CP_STR(""), "cpcfg", &arena, &err), CP_OK);
    cp_str path = cp_arena_fmt(&arena, "%s/cloudpack.yml", dir.p);
    cr_assert_eq(cp_config_load(&c, path, &arena, &err), CP_ENOTFOUND);
    cr_assert_str_eq(err.hint, "`cloudpack init` writes one");
    cr_assert_eq(cp_file_write(path, CP_STR("memory_mb: 300\n"), &err), CP_OK);
    cr_assert_eq(cp_config_load(&c, path, &arena, &err), CP_OK);
    cr_assert_eq(c.memory_mb, 300);
    cr_assert(cp_str_eq(c.folder, dir));
    cr_assert_eq(cp_tree_remove(dir, &err), CP_OK);
}
