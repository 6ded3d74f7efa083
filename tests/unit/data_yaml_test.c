// The YAML reader: text stays text, everything has a place, surprises are refused.
#include "data/yaml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void refused(const char *text, const char *message, const char *hint) {
    CP_AUTOV(cp_arena) arena = {0};
    const cp_yaml *root = NULL;
    cp_err err = {0};
    cr_assert_eq(cp_yaml_parse(&root, cp_str_of(text), "c.yml", &arena, &err), CP_EFORMAT, "%s",
                 text);
    cr_assert_str_eq(err.message, message);
    cr_assert_str_eq(err.hint, hint);
}

Test(yaml, a_tree_with_places_whose_scalars_stay_text) {
    CP_AUTOV(cp_arena) arena = {0};
    const cp_yaml *root = NULL;
    cp_err err = {0};
    cp_str text = CP_STR("python: 3.10\nflag: no\r\nq: \"no\"\nlist: [a, 'b: c']\n"
                         "mount:\n  kind: efs # why\n  path:\n\xC3\xA9: \xC3\xA9 \n");
    cr_assert_eq(cp_yaml_parse(&root, text, "c.yml", &arena, &err), CP_OK, "%s", err.message);
    cr_assert_eq(root->count, 6);
    cr_assert_str_eq(cp_yaml_get(root, "python")->text.p, "3.10");
    cr_assert_str_eq(cp_yaml_get(root, "flag")->text.p, "no");
    cr_assert(cp_yaml_get(root, "flag")->plain);
    cr_assert_not(cp_yaml_get(root, "q")->plain);
    const cp_yaml *list = cp_yaml_get(root, "list");
    cr_assert_eq(list->kind, CP_YAML_LIST);
    cr_assert_eq(list->count, 2);
    cr_assert_str_eq(list->first->next->text.p, "b: c");
    const cp_yaml *kind = cp_yaml_get(cp_yaml_get(root, "mount"), "kind");
    cr_assert_str_eq(kind->text.p, "efs");
    cr_assert_eq(kind->line, 6);
    cr_assert_eq(kind->column, 9);
    cr_assert_eq(kind->key_column, 3);
    cr_assert(cp_yaml_is_empty(cp_yaml_get(cp_yaml_get(root, "mount"), "path")));
    cr_assert_str_eq(cp_yaml_get(root, "\xC3\xA9")->text.p, "\xC3\xA9");
    cr_assert_null(cp_yaml_get(root, "nothing"));
    cr_assert_null(cp_yaml_get(kind, "kind"));
}

Test(yaml, an_empty_file_is_an_empty_map) {
    CP_AUTOV(cp_arena) arena = {0};
    const cp_yaml *root = NULL;
    cp_err err = {0};
    static const char *const texts[] = {"", "# only a comment\n", "\n\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_assert_eq(cp_yaml_parse(&root, cp_str_of(texts[i]), "c", &arena, &err), CP_OK);
        cr_assert_eq(root->kind, CP_YAML_MAP);
        cr_assert_eq(root->count, 0);
    }
}

Test(yaml, what_people_get_wrong_is_refused_with_place_and_hint) {
    refused("mount:\n\tkind: efs\n", "c.yml:2:1: a tab in the indentation: YAML allows spaces only",
            "replace the tab by spaces");
    refused("a: 1\nb: 2\na: 3\n", "c.yml:3:1: key \"a\" is here twice, first in line 1",
            "remove one of the two");
    refused("m:\n  a: 1\n  a: 2\n", "c.yml:3:3: key \"a\" is here twice, first in line 2",
            "remove one of the two");
    refused("a: &x 1\n", "c.yml:1:4: anchor \"&x\" is not supported",
            "write the value out where it is used, or put it in quotes");
    refused("b: *x\n", "c.yml:1:4: alias \"*x\" is not supported",
            "write the value out where it is used, or put it in quotes");
    refused("a: !!int 1\n", "c.yml:1:4: tag \"tag:yaml.org,2002:int\" is not supported",
            "write the value out where it is used, or put it in quotes");
    refused("a: 1\n---\nb: 2\n", "c.yml:2:1: a second document; only one is read", "");
    refused("? [a]\n: b\n", "c.yml:1:3: a key must be a single word or text", "");
    refused("a: b: c\n", "c.yml:1:5: mapping values are not allowed in this context",
            "put the value in quotes when it contains ': '");
    refused("a: \"\\0\"\n", "c.yml:1:4: a NUL character in a value", "");
    refused("a: [1, 2\nb: 3\n", "c.yml:2:2: did not find expected ',' or ']'",
            "while parsing a flow sequence that began in line 1");
}

Test(yaml, bytes_that_are_not_utf8_are_refused_with_their_offset) {
    refused("a: \xff\n", "c.yml: byte 3: invalid leading UTF-8 octet", "");
    refused("a: \x01\n", "c.yml: byte 3: control characters are not allowed", "");
}

Test(yaml, size_depth_and_count_are_bounded) {
    static char big[CP_YAML_MAX_BYTES + 2];
    memset(big, '[', 33);
    refused(big, "c.yml:1:33: nested deeper than 32 levels", "");
    memset(big, ' ', sizeof big - 1);
    refused(big, "c.yml: 1048577 bytes, at most 1048576 are read", "");
    size_t n = 0;
    for (int i = 0; i < 20001; i++)
        n += (size_t)snprintf(big + n, sizeof big - n, "- x\n");
    refused(big, "c.yml:20000:3: more than 20000 values", "");
}
