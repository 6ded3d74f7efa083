// Requirements installed for Lambda's platform, by the real pip; and what pip's text says.
#include "target/install.h"
#include "target/nowheel.h"
#include "target_fixture.h"

static cp_str folder, site;
static cp_install_spec spec;

static void setup(void) {
    folder = fresh_folder();
    (void)setenv("CLOUDPACK_INSTALLER", "pip", 1);
    spec = (cp_install_spec){.version = CP_STR("3.11"),
                             .arch = CP_STR("x86_64"),
                             .work = cp_path_join(&arena, folder, CP_STR("work"))};
}

static void teardown(void) {
    finish(folder);
}

TestSuite(install, .init = setup, .fini = teardown, .timeout = 300);

static cp_str requirements(const char *name, const char *text) {
    put_file(folder, name, text);
    return cp_path_join(&arena, folder, cp_str_of(name));
}

static bool has(const char *rel) {
    return cp_file_exists(cp_path_join(&arena, site, cp_str_of(rel)));
}

Test(install, wheels_of_the_target_are_installed_once) {
    cp_str file = requirements("requirements.txt", "markupsafe==2.1.5\n");
    OK(cp_install(&site, &spec, file, NULL, &arena, &err));
    cr_assert(has("markupsafe/_speedups.cpython-311-x86_64-linux-gnu.so"));
    cr_assert_not(has("markupsafe/__pycache__"));
    struct stat before, after;
    OK(cp_file_stat(&before, site, &err));
    cp_str again;
    OK(cp_install(&again, &spec, file, NULL, &arena, &err));
    OK(cp_file_stat(&after, again, &err));
    cr_assert_eq(before.st_ino, after.st_ino);
    spec.arch = CP_STR("arm64");
    OK(cp_install(&site, &spec, file, NULL, &arena, &err));
    cr_assert(has("markupsafe/_speedups.cpython-311-aarch64-linux-gnu.so"));
    const cp_entry *entries;
    size_t count;
    cp_str sites = cp_path_join(&arena, spec.work, CP_STR("site"));
    OK(cp_tree_list(&entries, &count, sites, NULL, NULL, 100000, &arena, &err));
    for (size_t i = 0; i < count; i++)
        cr_assert_neq(entries[i].rel.p[0], '.', "%s was left behind", entries[i].rel.p);
}

Test(install, a_change_in_an_included_file_is_a_change) {
    (void)requirements("more.txt", "markupsafe==2.1.4\n");
    cp_str file = requirements("requirements.txt", "-r more.txt\n");
    OK(cp_install(&site, &spec, file, NULL, &arena, &err));
    cr_assert(has("MarkupSafe-2.1.4.dist-info"));
    (void)requirements("more.txt", "markupsafe==2.1.5\n");
    OK(cp_install(&site, &spec, file, NULL, &arena, &err));
    cr_assert(has("MarkupSafe-2.1.5.dist-info"));
}

Test(install, a_pyproject_gives_its_dependencies) {
    cp_str file = requirements("pyproject.toml",
                               "[project]\nname = 'x'\ndependencies = ['markupsafe==2.1.5']\n");
    OK(cp_install(&site, &spec, file, NULL, &arena, &err));
    cr_assert(has("markupsafe/__init__.py"));
    file = requirements("pyproject.toml", "[project\n");
    cr_assert_eq(cp_install(&site, &spec, file, NULL, &arena, &err), CP_EFORMAT);
    SAYS(err.message, "line 1");
}

Test(install, a_requirement_without_a_wheel_is_named_with_the_tags_there_are) {
    cp_str file = requirements("requirements.txt", "markupsafe==2.1.5\npywin32==306\n");
    cr_assert_eq(cp_install(&site, &spec, file, NULL, &arena, &err), CP_EFORMAT);
    SAYS(err.message, "pywin32==306 has no wheel for Python 3.11 on x86_64 (glibc 2.26)");
    SAYS(err.message, "cp311-cp311-win_amd64");
    cr_assert_gt(strlen(err.hint), 0);
    cr_assert_not(cp_file_exists(site));
}

Test(install, a_wheel_for_a_newer_c_library_than_lambdas_is_refused) {
    cp_str file = requirements("requirements.txt", "numpy==2.4.0\n");
    cr_assert_eq(cp_install(&site, &spec, file, NULL, &arena, &err), CP_EFORMAT);
    SAYS(err.message, "numpy==2.4.0 has no wheel");
    SAYS(err.message, "manylinux_2_2");
}

Test(install, source_only_and_unknown_requirements_are_told_apart) {
    cp_str file = requirements("requirements.txt", "docopt==0.6.2\n");
    cr_assert_eq(cp_install(&site, &spec, file, NULL, &arena, &err), CP_EFORMAT);
    SAYS(err.message, "there is only its source, docopt-0.6.2.tar.gz");
    SAYS(err.hint, "pip wheel docopt==0.6.2");
    file = requirements("requirements.txt", "no-such-distribution-of-cloudpack==1\n");
    cr_assert_eq(cp_install(&site, &spec, file, NULL, &arena, &err), CP_EFORMAT);
    SAYS(err.message, "no such distribution or version");
}

Test(install, wrong_questions_are_refused) {
    cp_str file = requirements("environment.yml", "x\n");
    cr_assert_eq(cp_install(&site, &spec, file, NULL, &arena, &err), CP_EUSAGE);
    SAYS(err.message, "environment.yml");
    cr_assert_eq(cp_install(&site, &spec, CP_STR("/no/such.txt"), NULL, &arena, &err),
                 CP_ENOTFOUND);
    file = requirements("requirements.txt", "markupsafe\n");
    spec.arch = CP_STR("sparc");
    cr_assert_eq(cp_install(&site, &spec, file, NULL, &arena, &err), CP_EUSAGE);
    file = requirements("uv.lock", "version = 1\n");
    spec.arch = CP_STR("arm64");
    cr_assert_eq(cp_install(&site, &spec, file, NULL, &arena, &err), CP_ENOTFOUND);
    SAYS(err.hint, "pip install uv");
}

Test(nowheel, pips_words_are_understood) {
    cr_assert(
        cp_str_is(cp_nowheel_requirement(CP_STR(
                      "x\nERROR: No matching distribution found for a==1 (from -r r (line 2))\n")),
                  "a==1"));
    cr_assert_eq(cp_nowheel_requirement(CP_STR("ERROR: disk full")).n, 0);
    cr_assert(cp_str_is(cp_nowheel_last_error(CP_STR("a\nERROR: b\nWARNING: c\n")), "b"));
    const cp_str text = CP_STR(
        "  Skipping link: none of the wheel's tags (cp37-cp37m-win32) are compatible (run ...): "
        "https://x/a-1.0-cp37-cp37m-win32.whl#sha256=00 (from y)\n"
        "  Skipping link: none of the wheel's tags (cp39-abi3-win32, cp39-abi3-win_arm64) are "
        "compatible (run ...): https://x/a-2.0-cp39-abi3-win32.whl#sha256=00\n"
        "  Skipping link: No sources permitted for a: https://x/a-2.0.tar.gz#sha256=11\n");
    cp_nowheel there;
    cp_nowheel_read(&there, CP_STR("a"), text, &arena);
    cr_assert_str_eq(there.version.p, "2.0");
    cr_assert_eq(there.tag_count, 2);
    cr_assert_str_eq(there.tags[1].p, "cp39-abi3-win_arm64");
    cr_assert_str_eq(there.source.p, "a-2.0.tar.gz");
    cp_nowheel_read(&there, CP_STR("a==1.0"), text, &arena);
    cr_assert_eq(there.tag_count, 1);
    cr_assert_eq(there.source.n, 0);
    cp_arena_cleanup(&arena);
}
