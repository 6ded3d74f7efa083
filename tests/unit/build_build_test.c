// Whole builds of a small project, up to importing what was built with a real interpreter.
#include "build_fixture.h"

#include "build/catalog.h"
#include "zip/read.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static fixture fx;
static cp_build_result result;

static void set_up(void) {
    fx_open(&fx);
}

static void tear_down(void) {
    fx_close(&fx);
}

TestSuite(build, .init = set_up, .fini = tear_down, .timeout = 300);

static const char app[] =
    "import alpha, beta.tool, ns.deep.leaf, kept, old\n"
    "from importlib import metadata, resources\n"
    "def handler(event, context):\n"
    "    return [alpha.data(), beta.tool.where(), ns.deep.leaf.NAME, kept.__file__, old.TEXT,\n"
    "            metadata.version('alpha'), resources.files('alpha').joinpath('data.txt')\n"
    "            .read_text(), alpha.data.__code__.co_filename, __import__('inspect')\n"
    "            .getsource(alpha.data).split('(')[0]]\n";

static void write_project(void) {
    fx_write(&fx, "project/app.py", cp_str_of(app));
    fx_write(&fx, "project/notes.txt", CP_STR("kept beside\n"));
    fx_write(&fx, "site/alpha/__init__.py",
             CP_STR("import os\ndef data():\n    'doc'\n    return open(os.path.join("
                    "os.path.dirname(__file__), 'data.txt')).read()\n"));
    fx_write(&fx, "site/alpha/data.txt", CP_STR("alpha's data"));
    fx_write(&fx, "site/alpha/py2.py", CP_STR("print 'never imported'\n"));
    fx_write(&fx, "site/alpha-1.5.dist-info/METADATA",
             CP_STR("Metadata-Version: 2.1\nName: alpha\nVersion: 1.5\n"));
    fx_write(&fx, "site/beta/__init__.py", CP_STR(""));
    fx_write(&fx, "site/beta/tool.py", CP_STR("def where(): return __name__\n"));
    fx_write(&fx, "site/ns/deep/leaf.py", CP_STR("NAME = __name__\n"));
    fx_write(&fx, "site/kept/__init__.py", CP_STR("X = 1\n"));
    fx_write(
        &fx, "site/old/__init__.py",
        CP_STR("import pathlib\nTEXT = pathlib.Path(__file__).with_name('t.txt').read_text()"));
    fx_write(&fx, "site/old/t.txt", CP_STR("cold data"));
    fx_facts(&fx, "3.11");
}

static const rule local_rules[] = {
    {"", CP_ASSET_PROJECT, CP_TIER_BUNDLE}, {"alpha", CP_ASSET_DATA, CP_TIER_LAYER},
    {"", CP_ASSET_META, CP_TIER_LAYER},     {"alpha", CP_ASSET_CODE, CP_TIER_LAYER},
    {"old", CP_ASSET_COLD, CP_TIER_LAYER},  {"", CP_ASSET_CODE, CP_TIER_BUNDLE}};
static const rule remote_rules[] = {
    {"", CP_ASSET_PROJECT, CP_TIER_BUNDLE}, {"alpha", CP_ASSET_DATA, CP_TIER_S3_PREFETCH},
    {"", CP_ASSET_META, CP_TIER_BUNDLE},    {"alpha", CP_ASSET_CODE, CP_TIER_S3_PREFETCH},
    {"beta", CP_ASSET_CODE, CP_TIER_EFS},   {"old", CP_ASSET_COLD, CP_TIER_S3_DEMAND},
    {"", CP_ASSET_CODE, CP_TIER_S3_DEMAND}};

static cp_build_options options(const char *out) {
    static const cp_str keep[] = {CP_LIT("kept")};
    cp_build_options o = {.out_dir = fx_path(&fx, out),
                          .work_dir = fx_path(&fx, "work"),
                          .python = fx_python(&fx, 11),
                          .keep_files = keep,
                          .keep_count = 1,
                          .shelf = CP_STR("bucket/prefix"),
                          .mount = CP_STR("/mnt/cp"),
                          .gc_init_off = true,
                          .connections = 2};
    cr_assert_gt(o.python.n, 0, "python3.11 is needed");
    return o;
}

static cp_status build(const char *out, uint32_t threads) {
    cp_build_options o = options(out);
    cp_ctx ctx = {.threads = threads};
    return cp_build(&result, &o, &fx.facts, &fx.plan, &ctx, &fx.arena, &fx.err);
}

static const cp_artifact *artifact(const char *kind) {
    for (uint32_t i = 0; i < result.artifact_count; i++)
        if (cp_str_is(result.artifacts[i].kind, kind))
            return &result.artifacts[i];
    cr_assert_fail("no %s among the artefacts", kind);
    return NULL;
}

// Runs the built handler as Lambda would, with folders of ours for /var/task and /opt.
static cp_str invoke(const char *out) {
    cp_str task = fx_path(&fx, "run/task"), opt = fx_path(&fx, "run/opt");
    cr_assert_eq(cp_tree_remove(fx_path(&fx, "run"), &fx.err), CP_OK);
    cr_assert_eq(cp_zip_extract(artifact("bundle")->path, task, NULL, &fx.err), CP_OK, "%s",
                 fx.err.message);
    for (uint32_t i = 0; i < result.artifact_count; i++)
        if (cp_str_is(result.artifacts[i].kind, "layer"))
            cr_assert_eq(cp_zip_extract(result.artifacts[i].path, opt, NULL, &fx.err), CP_OK);
    cp_str mounts = cp_path_join(&fx.arena, fx_path(&fx, out), CP_STR("mount"));
    if (cp_file_is_dir(mounts)) {
        cr_assert_eq(cp_dir_make(fx_path(&fx, "run/mnt"), &fx.err), CP_OK);
        cr_assert_eq(symlink(mounts.p, fx_path(&fx, "run/mnt/cp").p), 0);
    }
    const char *dir = fx_path(&fx, "run").p;
    const char *env[] = {
        cp_arena_fmt(&fx.arena, "LAMBDA_TASK_ROOT=%s/task", dir).p,
        cp_arena_fmt(&fx.arena, "PYTHONPATH=%s/task", dir).p,
        cp_arena_fmt(&fx.arena, "CLOUDPACK_OPT=%s/opt", dir).p,
        cp_arena_fmt(&fx.arena, "CLOUDPACK_MOUNT=%s", dir).p,
        cp_arena_fmt(&fx.arena, "CLOUDPACK_SCRATCH=%s/scratch", dir).p,
        cp_arena_fmt(&fx.arena, "CLOUDPACK_SHELF=dir:%s/objects", fx_path(&fx, out).p).p,
        "PATH=/usr/bin:/bin",
        NULL};
    const char *argv[] = {
        fx_python(&fx, 11).p,
        "-s",
        "-S",
        "-c",
        "import cloudpack_boot; print(*cloudpack_boot.handler({}, None), sep='|')",
        NULL};
    cp_child_spec spec = {.argv = argv, .env = env, .cwd = "/", .timeout_ms = 60000};
    CP_AUTOV(cp_child_result) r = {0};
    cr_assert_eq(cp_child_run(&r, &spec, NULL, &fx.err), CP_OK, "%s", fx.err.message);
    cr_assert_eq(r.exit_code, 0, "%s", r.err.p);
    return cp_arena_str(&fx.arena, cp_str_trim(cp_buf_str(&r.out)));
}

static void check_answer(cp_str answer) {
    cp_str rest = answer;
    cr_assert(cp_str_is(cp_str_next(&rest, '|'), "alpha's data"));
    cr_assert(cp_str_is(cp_str_next(&rest, '|'), "beta.tool"));
    cr_assert(cp_str_is(cp_str_next(&rest, '|'), "ns.deep.leaf"));
    cr_assert(cp_str_ends(cp_str_next(&rest, '|'), CP_STR("/cloudpack/site/kept/__init__.py")));
    cr_assert(cp_str_is(cp_str_next(&rest, '|'), "cold data"));
    cr_assert(cp_str_is(cp_str_next(&rest, '|'), "1.5"));
    cr_assert(cp_str_is(cp_str_next(&rest, '|'), "alpha's data"));
    cr_assert(cp_str_ends(cp_str_next(&rest, '|'), CP_STR("/site/alpha/__init__.py")));
    cr_assert(cp_str_is(rest, "def data"));
}

Test(build, a_local_build_runs_from_bundle_and_layer) {
    write_project();
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(build("out", 0), CP_OK, "%s", fx.err.message);
    check_answer(invoke("out"));
}

Test(build, a_remote_build_runs_from_shelf_and_mount) {
    write_project();
    fx_plan(&fx, remote_rules, 7);
    cr_assert_eq(build("out", 0), CP_OK, "%s", fx.err.message);
    check_answer(invoke("out"));
}

static void check_catalog(const char *out) {
    cp_map map = {{"", 0}};
    cp_catalog c;
    cr_assert_eq(cp_map_open(&map, artifact("catalog")->path, 1 << 20, &fx.err), CP_OK);
    cr_assert_eq(cp_catalog_open(&c, map.bytes, &fx.arena, &fx.err), CP_OK, "%s", fx.err.message);
    uint32_t alpha = cp_catalog_find(&c, CP_STR("alpha"));
    cr_assert_neq(alpha, CP_NO_MEMBER);
    cr_assert_eq(c.members[alpha].kind, CP_MEMBER_CODE);
    cr_assert_eq(c.members[cp_catalog_find(&c, CP_STR("alpha.py2"))].kind, CP_MEMBER_TEXT);
    cr_assert_eq(c.members[cp_catalog_find(&c, CP_STR("ns.deep"))].kind, CP_MEMBER_NS);
    cr_assert_eq(cp_catalog_find(&c, CP_STR("kept")), CP_NO_MEMBER, "kept ones are plain files");
    cr_assert_eq(cp_catalog_find(&c, CP_STR("app")), CP_NO_MEMBER);
    for (uint32_t i = 0; i < c.pack_count; i++) {
        if (c.roots[c.packs[i].root].kind != CP_AT_S3)
            continue;
        cp_str path = cp_arena_fmt(&fx.arena, "%s/objects/%.*s", fx_path(&fx, out).p,
                                   CP_STR_ARG(c.packs[i].name));
        CP_AUTOV(cp_map) pack = {{"", 0}};
        cr_assert_eq(cp_map_open(&pack, path, 1 << 20, &fx.err), CP_OK, "%s", fx.err.message);
        cr_assert_eq(cp_catalog_check_pack(&c, i, pack.bytes, &fx.err), CP_OK, "%s",
                     fx.err.message);
    }
    cp_map_cleanup(&map);
}

Test(build, the_catalog_says_where_everything_is) {
    write_project();
    fx_plan(&fx, remote_rules, 7);
    cr_assert_eq(build("out", 0), CP_OK, "%s", fx.err.message);
    check_catalog("out");
}

Test(build, equal_inputs_give_equal_bytes_in_any_time_zone_folder_and_thread_count) {
    write_project();
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(setenv("TZ", "UTC", 1), 0);
    cr_assert_eq(build("out", 2), CP_OK, "%s", fx.err.message);
    cp_build_result first = result;
    fixture other = fx; // the same files in another folder, with a cold cache
    fx = (fixture){0};
    fx_open(&fx);
    write_project();
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(setenv("TZ", "Asia/Tokyo", 1), 0);
    tzset();
    cr_assert_eq(build("elsewhere", 1), CP_OK, "%s", fx.err.message);
    cr_assert_eq(first.artifact_count, result.artifact_count);
    for (uint32_t i = 0; i < first.artifact_count; i++)
        cr_assert(cp_str_eq(first.artifacts[i].sha256, result.artifacts[i].sha256), "%.*s differs",
                  CP_STR_ARG(first.artifacts[i].path));
    fx_close(&other);
}

Test(build, an_unchanged_build_makes_nothing_and_an_edited_artefact_is_made_again) {
    write_project();
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(build("out", 0), CP_OK, "%s", fx.err.message);
    cp_build_result first = result;
    cr_assert_gt(first.compiled, 5);
    cr_assert_eq(build("out", 0), CP_OK);
    cr_assert(result.unchanged);
    cr_assert_eq(result.compiled, 0);
    cr_assert_eq(result.reused, first.compiled + first.reused);
    cr_assert_eq(result.local_unzipped_bytes, first.local_unzipped_bytes);
    cp_str zip;
    cr_assert_eq(cp_file_read(&zip, &fx.arena, artifact("layer")->path, 1 << 24, &fx.err), CP_OK);
    cr_assert_eq(cp_file_write(artifact("layer")->path, cp_str_sub(zip, 0, zip.n / 2), &fx.err),
                 CP_OK);
    cr_assert_eq(build("out", 0), CP_OK);
    cr_assert_not(result.unchanged);
    cr_assert_eq(result.compiled, 0, "the bytecode was still there");
    cr_assert(cp_str_eq(artifact("layer")->sha256, first.artifacts[0].sha256));
}

Test(build, a_change_of_the_project_leaves_the_layer_as_it_is) {
    write_project();
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(build("out", 0), CP_OK, "%s", fx.err.message);
    cp_artifact layer = *artifact("layer"), bundle = *artifact("bundle");
    struct stat before, after;
    cr_assert_eq(cp_file_stat(&before, layer.path, &fx.err), CP_OK);
    fx_write(&fx, "project/app.py", cp_arena_fmt(&fx.arena, "%s# one more line\n", app));
    fx_facts(&fx, "3.11");
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(build("out", 0), CP_OK, "%s", fx.err.message);
    cr_assert_not(result.unchanged);
    cr_assert_eq(result.compiled, 1,
                 "app.py only: the catalog and so the boot module are the same");
    cr_assert(cp_str_eq(artifact("layer")->sha256, layer.sha256));
    cr_assert_not(cp_str_eq(artifact("bundle")->sha256, bundle.sha256));
    cr_assert_eq(cp_file_stat(&after, layer.path, &fx.err), CP_OK);
    cr_assert_eq(before.st_ino, after.st_ino, "not even written again");
    check_answer(invoke("out"));
}

Test(build, another_plan_removes_what_the_former_one_left) {
    write_project();
    fx_plan(&fx, remote_rules, 7);
    cr_assert_eq(build("out", 0), CP_OK, "%s", fx.err.message);
    fx_write(&fx, "out/plan.json", CP_STR("{}"));
    fx_write(&fx, "out/function.zip.tmp-1", CP_STR("left by a kill"));
    cr_assert(cp_file_is_dir(fx_path(&fx, "out/objects")));
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(build("out", 0), CP_OK, "%s", fx.err.message);
    cr_assert_not(cp_file_exists(fx_path(&fx, "out/objects")));
    cr_assert_not(cp_file_exists(fx_path(&fx, "out/mount")));
    cr_assert_not(cp_file_exists(fx_path(&fx, "out/function.zip.tmp-1")));
    cr_assert(cp_file_exists(fx_path(&fx, "out/plan.json")));
    cr_assert_not(cp_file_exists(fx_path(&fx, "work/staging")));
    check_answer(invoke("out"));
}

Test(build, a_changed_file_is_stale) {
    write_project();
    fx_plan(&fx, local_rules, 6);
    fx_write(&fx, "site/beta/tool.py", CP_STR("x = 'longer than before, since it was edited'\n"));
    cr_assert_eq(build("out", 0), CP_ESTALE);
    cr_assert(strstr(fx.err.message, "beta/tool.py") && strstr(fx.err.hint, "analyze"), "%s",
              fx.err.message);
    cr_assert_not(cp_file_exists(fx_path(&fx, "out/function.zip")));
}

Test(build, a_damaged_shared_library_is_named) {
    write_project();
    fx_write(&fx, "site/alpha/fast.cpython-311-x86_64-linux-gnu.so", CP_STR(""));
    fx_facts(&fx, "3.11");
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(build("out", 0), CP_EFORMAT);
    cr_assert(strstr(fx.err.message, "fast.cpython-311") && strstr(fx.err.message, "0 bytes"), "%s",
              fx.err.message);
    cp_str library;
    cr_assert_eq(cp_file_read(&library, &fx.arena, CP_STR("/proc/self/exe"), 1 << 26, &fx.err),
                 CP_OK);
    fx_write(&fx, "site/alpha/fast.cpython-311-x86_64-linux-gnu.so",
             cp_str_sub(library, 0, library.n / 2));
    fx_facts(&fx, "3.11");
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(build("out", 0), CP_EFORMAT);
    cr_assert(strstr(fx.err.message, "cut off"), "%s", fx.err.message);
}

Test(build, project_code_that_does_not_compile_is_refused_with_its_line) {
    write_project();
    fx_write(&fx, "project/app.py", CP_STR("import alpha\ndef handler(:\n"));
    fx_facts(&fx, "3.11");
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(build("out", 0), CP_EFORMAT);
    cr_assert(strstr(fx.err.message, "app.py:2:"), "%s", fx.err.message);
}

Test(build, over_the_limit_is_refused_with_the_excess_before_anything_is_replaced) {
    write_project();
    fx_plan(&fx, local_rules, 6);
    cp_build_options o = options("out");
    o.local_limit_bytes = 1000;
    cr_assert_eq(cp_build(&result, &o, &fx.facts, &fx.plan, NULL, &fx.arena, &fx.err),
                 CP_EINFEASIBLE);
    cr_assert(strstr(fx.err.message, "over the limit of 1000"), "%s", fx.err.message);
    cr_assert_not(cp_file_exists(fx_path(&fx, "out/function.zip")));
    cr_assert_not(cp_file_exists(fx_path(&fx, "out/layer-1.zip")));
}

Test(build, s3_without_a_shelf_is_refused_with_a_hint) {
    write_project();
    fx_plan(&fx, remote_rules, 7);
    cp_build_options o = options("out");
    o.shelf = (cp_str){0};
    cr_assert_eq(cp_build(&result, &o, &fx.facts, &fx.plan, NULL, &fx.arena, &fx.err), CP_EUSAGE);
    cr_assert(strstr(fx.err.hint, "shelf"), "%s", fx.err.hint);
}

Test(build, no_host_path_gets_into_an_artefact) {
    write_project();
    fx_plan(&fx, local_rules, 6);
    cr_assert_eq(build("out", 0), CP_OK, "%s", fx.err.message);
    cr_assert_eq(cp_zip_extract(artifact("bundle")->path, fx_path(&fx, "x"), NULL, &fx.err), CP_OK);
    cr_assert_eq(cp_zip_extract(artifact("layer")->path, fx_path(&fx, "x"), NULL, &fx.err), CP_OK);
    const cp_entry *entries = NULL;
    size_t count = 0;
    cr_assert_eq(
        cp_tree_list(&entries, &count, fx_path(&fx, "x"), NULL, NULL, 1000, &fx.arena, &fx.err),
        CP_OK);
    cr_assert_gt(count, 30);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].kind != CP_ENTRY_FILE)
            continue;
        cp_str bytes, path = cp_path_join(&fx.arena, fx_path(&fx, "x"), entries[i].rel);
        cr_assert_eq(cp_file_read(&bytes, &fx.arena, path, 1 << 24, &fx.err), CP_OK);
        cr_assert_eq(cp_str_search(bytes, fx.dir), SIZE_MAX, "%s", path.p);
    }
}
