// What is reached and what is initial, on small made-up packages; each case is one rule of Python.
#include "analyze/json.h"
#include "analyze_tree.h"

TestSuite(graph, .init = setup, .fini = teardown);

static const cp_module_fact *module(const char *name) {
    uint32_t i = cp_facts_find_module(facts, cp_str_of(name));
    cr_assert_neq(i, CP_NONE, "no module %s", name);
    return &facts->modules[i];
}

static void initial(const char *name) {
    cr_assert(module(name)->initial, "%s is not initial", name);
}

static void deferred(const char *name) {
    cr_assert(module(name)->reached, "%s is not reached", name);
    cr_assert_not(module(name)->initial, "%s is initial", name);
}

static void never(const char *name) {
    cr_assert_not(module(name)->reached, "%s is reached", name);
}

static const cp_import_fact *import_of(const char *target) {
    for (uint32_t i = 0; i < facts->import_count; i++)
        if (cp_str_is(facts->imports[i].target, target))
            return &facts->imports[i];
    cr_assert(false, "no import of %s", target);
    return NULL;
}

Test(graph, parents_run_before_children) {
    put("p/app.py", "import a.b.c\ndef handler(e, c): pass\n");
    put("s/a/__init__.py", "from . import side\n");
    put("s/a/side.py", "");
    put("s/a/b/__init__.py", "from ..sib import x\n");
    put("s/a/sib.py", "");
    put("s/a/b/c.py", "from . import nothing\nfrom .... import toofar\n");
    put("s/a/other.py", "");
    analysed("app.handler");
    initial("a");
    initial("a.b");
    initial("a.b.c");
    initial("a.side");
    initial("a.sib");
    never("a.other");
    cr_assert(cp_str_is(facts->modules[module("a.side")->why_from].name, "a"));
}

Test(graph, functions_wait_unless_the_module_calls_them) {
    put("p/app.py", "import m\nfrom n import setup\nsetup()\n"
                    "def handler(e, c):\n  import late\n");
    put("s/late.py", "");
    put("s/m.py", "def f():\n  import one\nclass C:\n  def __init__(self): import two\n"
                  "  def g(self): import three\nf()\nC()\n"
                  "if __name__ == '__main__':\n  import script\n");
    put("s/n.py", "from inner import setup\n");
    put("s/inner.py", "def setup():\n  import four\n  def nested(): import five\n");
    for (const char **n = (const char *[]){"one", "two", "three", "four", "five", "script", NULL};
         *n; n++)
        put(cp_arena_fmt(&arena, "s/%s.py", *n).p, "");
    analysed("app.handler");
    deferred("late");
    initial("one");
    initial("two");
    deferred("three");
    initial("four");
    deferred("five");
    never("script");
}

Test(graph, conditions_are_those_of_the_target) {
    put("p/app.py", "import sys\nif sys.platform == 'win32': import win\nelse: import lin\n"
                    "if sys.version_info < (3, 8):\n  import old\n"
                    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import types_only\n"
                    "if FLAG: import maybe\n\ndef handler(e, c): pass\n");
    for (const char **n = (const char *[]){"win", "lin", "old", "types_only", "maybe", NULL}; *n;
         n++)
        put(cp_arena_fmt(&arena, "s/%s.py", *n).p, "");
    analysed("app.handler");
    never("win");
    initial("lin");
    never("old");
    never("types_only");
    initial("maybe");
    cr_assert_eq(import_of("maybe")->context, CP_IMPORT_CONDITIONAL);
    cr_assert_eq(import_of("types_only")->context, CP_IMPORT_TYPING);
}

Test(graph, a_fallback_is_initial_only_when_it_is_needed) {
    put("p/app.py", "try:\n  import fast\nexcept ImportError:\n  import slow\n"
                    "try:\n  import absent\nexcept ImportError:\n  import instead\n"
                    "try:\n  import json\nexcept ImportError:\n  import simplejson\n"
                    "def handler(e, c): pass\n");
    for (const char **n = (const char *[]){"fast", "slow", "instead", "simplejson", NULL}; *n; n++)
        put(cp_arena_fmt(&arena, "s/%s.py", *n).p, "");
    analysed("app.handler");
    initial("fast");
    deferred("slow");
    initial("instead");
    deferred("simplejson");
    cr_assert_eq(facts->missing_count, 1);
    cr_assert(cp_str_is(facts->missing[0].text, "absent"));
    cr_assert_eq(facts->missing[0].context, CP_IMPORT_OPTIONAL);
    cr_assert_eq(facts->missing[0].line, 6);
}

Test(graph, star_imports_load_the_submodules_of_all) {
    put("p/app.py", "from pkg import *\ndef handler(e, c): pass\n");
    put("s/pkg/__init__.py", "__all__ = ['sub', 'Name']\n");
    put("s/pkg/sub.py", "");
    put("s/pkg/other.py", "");
    analysed("app.handler");
    initial("pkg.sub");
    never("pkg.other");
}

Test(graph, attributes_of_lazy_packages_load_their_submodules) {
    put("p/app.py", "import lazy1 as z, lazy2, stubbed\nz.one.f()\n"
                    "def handler(e, c):\n  z.two.g()\n  lazy2.thing()\n  stubbed.attr()\n");
    put("s/lazy1/__init__.py", "def __getattr__(n):\n  return import_module(f'.{n}', __name__)\n");
    put("s/lazy1/one.py", "");
    put("s/lazy1/two.py", "");
    put("s/lazy1/three.py", "");
    put("s/lazy2/__init__.py", "import lazy_loader as lazy\n"
                               "x = lazy.attach(__name__, submod_attrs={'impl': ['thing'], "
                               "'unused': ['q']})\n");
    put("s/lazy2/impl.py", "");
    put("s/lazy2/unused.py", "");
    put("s/stubbed/__init__.py",
        "import lazy_loader as lazy\nx = lazy.attach_stub(__name__, __file__)\n");
    put("s/stubbed/__init__.pyi", "from .where import attr\nfrom .nowhere import nothing\n");
    put("s/stubbed/where.py", "");
    put("s/stubbed/nowhere.py", "");
    analysed("app.handler");
    initial("lazy1.one");
    deferred("lazy1.two");
    never("lazy1.three");
    deferred("lazy2.impl");
    never("lazy2.unused");
    deferred("stubbed.where");
    never("stubbed.nowhere");
}

Test(graph, type_checking_copies_of_a_lazy_table_are_read) {
    put("p/app.py", "from pkg import Model, Field\ndef handler(e, c): pass\n");
    put("s/pkg/__init__.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
                             "  from .main import *\n  from .fields import Field\n"
                             "  from .other import Other\n"
                             "TABLE = {'Model': (__spec__.parent, '.main')}\n"
                             "def __getattr__(name): return load(TABLE, name)\n");
    put("s/pkg/main.py", "__all__ = ('Model',)\n");
    put("s/pkg/fields.py", "");
    put("s/pkg/other.py", "");
    analysed("app.handler");
    initial("pkg.main");
    initial("pkg.fields");
    never("pkg.other");
}

Test(graph, dynamic_imports_are_followed_as_far_as_they_are_literal) {
    put("p/app.py", "from importlib import import_module\nimport_module('lit')\n"
                    "for n in (\"l1\", \"l2\"): __import__(n)\n"
                    "def handler(e, c):\n  import_module(f'fam.x_{e}')\n  import_module(e)\n"
                    "TABLE = {'k': 'reg.impl:Class'}\n");
    for (const char **n = (const char *[]){"lit", "l1", "l2", "fam/__init__", "fam/x_a", "fam/y",
                                           "reg/__init__", "reg/impl", NULL};
         *n; n++)
        put(cp_arena_fmt(&arena, "s/%s.py", *n).p, "");
    analysed("app.handler");
    initial("lit");
    initial("l1");
    initial("l2");
    deferred("fam.x_a");
    never("fam.y");
    deferred("reg.impl");
    cr_assert_eq(facts->opaque_count, 3);
    cr_assert(cp_str_is(facts->opaque[2].text, "import_module(e)"));
}

Test(graph, the_project_comes_before_site_packages_and_the_standard_library) {
    put("p/app.py", "import json, both\ndef handler(e, c): pass\n");
    put("p/json.py", "import hidden\n");
    put("p/both.py", "");
    put("s/both.py", "");
    put("s/hidden.py", "");
    analysed("app.handler");
    initial("json");
    initial("hidden");
    cr_assert_eq(facts->files[module("both")->file].root, CP_ROOT_PROJECT);
}

Test(graph, deferrable_means_read_in_functions_only) {
    put("p/app.py", "import a, b\nfrom c import d\nx = b.y\n@d\ndef handler(e, c):\n  a.z()\n");
    for (const char **n = (const char *[]){"a", "b", "c", NULL}; *n; n++)
        put(cp_arena_fmt(&arena, "s/%s.py", *n).p, "");
    analysed("app.handler");
    cr_assert(import_of("a")->deferrable);
    cr_assert_not(import_of("b")->deferrable);
    cr_assert_not(import_of("c")->deferrable);
}

Test(graph, damage_elsewhere_is_a_warning_with_its_place) {
    put("p/app.py", "import bad, good\ndef handler(e, c): pass\n");
    put("s/bad.py", "import good\nx = (1,\n");
    put("s/good.py", "");
    analysed("app.handler");
    initial("good");
    cr_assert(warned("bad.py:2:5: this bracket is never closed"), "%s", said.p);
}

static void refused(const char *handler, cp_status status, const char *message, const char *hint) {
    cr_assert_eq(analyse(handler), status, "%s: %s", handler, err.message);
    cr_assert_not_null(strstr(err.message, message), "%s", err.message);
    cr_assert_not_null(strstr(err.hint, hint), "%s", err.hint);
}

Test(graph, a_bad_handler_is_refused_with_what_comes_near) {
    put("p/app.py", "def handler(e, c): pass\n");
    put("p/broken.py", "\n\ndef handler(e, c:\n  pass\n");
    refused("appp.handler", CP_ENOTFOUND, "'appp': no such file", "did you mean 'app'");
    refused("app.handle", CP_ENOTFOUND, "'handle' is not defined", "'handler' (line 1)");
    refused("broken.handler", CP_EFORMAT, "broken.py:3:12: this bracket", "");
    refused("app", CP_EUSAGE, "expected module.function", "app.handler");
    refused("app.py:9x", CP_EUSAGE, "9x", "");
}

Test(graph, every_way_to_name_a_handler_is_understood) {
    put("p/app.py", "def lambda_handler(e, c): pass\n");
    put("p/pkg/mod.py", "from app import lambda_handler as run\n");
    analysed("app.py");
    cr_assert(cp_str_is(facts->handler, "app.lambda_handler"));
    analysed("./app.py:lambda_handler");
    analysed("pkg/mod.run");
    cr_assert(cp_str_is(facts->handler_module, "pkg.mod"));
    analysed(cp_path_join(&arena, dir, CP_STR("p/app.py")).p);
}

Test(graph, the_same_tree_gives_the_same_json_for_any_number_of_threads) {
    put("p/app.py", "import a, b\ndef handler(e, c): import c\n");
    put("s/a.py", "import b\nimport_module(x)\n");
    put("s/b.py", "import a, absent\n");
    put("s/c.py", "");
    cp_buf json[2] = {{0}};
    for (uint32_t i = 0; i < 2; i++) {
        cp_ctx ctx = {.threads = i * 3 + 1};
        cp_analyze_options o = {CP_LIT("app.handler"), at("p"), at("s"), CP_LIT("3.11"),
                                CP_LIT("x86_64")};
        cr_assert_eq(cp_analyze(&facts, &o, &ctx, &arena, &err), CP_OK, "%s", err.message);
        cp_facts timeless = *facts;
        timeless.seconds = 0;
        cp_facts_to_json(&json[i], &timeless);
    }
    cr_assert(cp_str_eq(cp_buf_str(&json[0]), cp_buf_str(&json[1])));
    cr_assert_not_null(strstr(json[0].p, "\"format\": \"cloudpack.analysis/1\""));
    cp_buf_cleanup(&json[0]);
    cp_buf_cleanup(&json[1]);
}
