// What the scanner finds and refuses. tests/py_oracle.py compares it with CPython on whole
// libraries.
#include "py/scan.h"

#include <criterion/criterion.h>

static cp_arena arena;
static cp_py_source s;

static void teardown(void) {
    cp_arena_cleanup(&arena);
}

TestSuite(scan, .fini = teardown);

static void scan(const char *text) {
    cp_py_scan(&s, cp_str_of(text), &arena);
}

static const cp_py_import *import_of(const char *module, const char *name) {
    for (uint32_t i = 0; i < s.import_count; i++)
        if (cp_str_is(s.imports[i].module, module) && cp_str_is(s.imports[i].name, name))
            return &s.imports[i];
    cr_assert(false, "no import of %s %s", module, name);
    return NULL;
}

Test(scan, names_levels_and_aliases_are_as_written) {
    scan("import a.b as c, d\nfrom ..e . f import (g as h,\n  i, # no j\n)\nfrom . import k\n");
    cr_assert_null(s.damage);
    cr_assert_eq(s.import_count, 5);
    cr_assert(cp_str_is(import_of("a.b", "")->alias, "c"));
    const cp_py_import *g = import_of("e.f", "g");
    cr_assert_eq(g->level, 2);
    cr_assert_eq(g->line, 2);
    cr_assert(cp_str_is(g->alias, "h"));
    cr_assert_eq(import_of("", "k")->level, 1);
}

Test(scan, flags_are_the_union_of_the_blocks_around) {
    scan("try:\n  import a\nexcept ImportError:\n  class C:\n    def f(self): import b\n"
         "else: import c\nif typing.TYPE_CHECKING: import d\nelse: import e\n");
    cr_assert_eq(import_of("a", "")->flags, CP_PY_IN_TRY);
    cr_assert_eq(import_of("b", "")->flags, CP_PY_IN_HANDLER | CP_PY_IN_CLASS | CP_PY_IN_FUNCTION);
    cr_assert_eq(import_of("c", "")->flags, CP_PY_IN_ELSE);
    cr_assert_eq(import_of("d", "")->flags, CP_PY_IN_TYPING);
    cr_assert_eq(import_of("e", "")->flags, CP_PY_IN_ELSE);
}

Test(scan, blocks_carry_their_tests_and_know_the_branch_before_them) {
    scan("if x:\n  pass\nelif sys.platform == 'win32':\n  import a\n");
    const cp_py_block *b = &s.blocks[import_of("a", "")->block];
    cr_assert_eq(b->kind, CP_PY_BLOCK_ELIF);
    cr_assert(cp_str_is(b->head, "sys.platform == 'win32'"));
    cr_assert(cp_str_is(s.blocks[b->prior].head, "x"));
}

Test(scan, a_try_knows_whether_a_handler_catches_import_error) {
    scan("try:\n  import a\nexcept ValueError: pass\nexcept (ImportError, OSError): pass\n");
    cr_assert(s.blocks[import_of("a", "")->block].catches);
    scan("try:\n  import b\nexcept ValueError: pass\n");
    cr_assert_not(s.blocks[import_of("b", "")->block].catches);
}

Test(scan, use_outside_functions_is_told_from_use_inside) {
    scan("import a, b, c, d, e, f\nx = a.y\ndef g(p=b.q):\n  return c.r\n@d.deco\nclass K: pass\n"
         "e()\nh = 'f'\n");
    cr_assert(import_of("a", "")->used);
    cr_assert(import_of("b", "")->used, "a default is evaluated outside");
    cr_assert_not(import_of("c", "")->used);
    cr_assert(import_of("d", "")->used, "so is a decorator");
    cr_assert(import_of("e", "")->called);
    cr_assert_not(import_of("a", "")->called);
    cr_assert_not(import_of("f", "")->used, "a string is no use");
}

Test(scan, what_runs_only_as_a_script_is_not_use) {
    scan("import a\ndef main(): pass\nif __name__ == '__main__':\n  main(a)\n");
    cr_assert_not(import_of("a", "")->used);
    cr_assert_not(cp_py_find_name(&s, CP_STR("main"))->called);
}

Test(scan, chains_start_at_imported_names_only) {
    scan("import scipy as sp\nother.x.y\ndef f():\n  sp.stats.norm()\nsp.optimize\n");
    cr_assert_eq(s.chain_count, 2);
    cr_assert(cp_str_is(s.chains[0].text, "sp.stats.norm"));
    cr_assert_not(s.chains[0].init);
    cr_assert(s.chains[1].init);
}

Test(scan, literal_calls_are_imports_and_computed_ones_are_opaque) {
    scan("import_module('.a', __package__)\n__import__(__package__ + '.b')\n"
         "import_module(f'{__name__}.c')\nimport_module(f'pkg.{x}')\n__import__(name)\n"
         "def import_module(name): pass\n");
    cr_assert_eq(s.import_count, 5);
    cr_assert_eq(s.imports[0].kind, CP_PY_CALL);
    cr_assert_eq(s.imports[0].level, 1);
    cr_assert(cp_str_is(s.imports[0].name, "__package__"));
    cr_assert_eq(s.imports[1].kind, CP_PY_CALL);
    cr_assert(cp_str_is(s.imports[1].module, "b"));
    cr_assert(cp_str_is(s.imports[2].module, "c"));
    cr_assert_eq(s.imports[3].kind, CP_PY_OPAQUE);
    cr_assert(cp_str_is(s.imports[3].module, "pkg."));
    cr_assert_eq(s.imports[4].kind, CP_PY_OPAQUE);
    cr_assert(cp_str_is(s.imports[4].name, "__import__(name)"));
}

Test(scan, what_a_package_offers_lazily_is_seen) {
    scan("__all__ = ['a', \"b\"]\n__all__ += ['c']\ndef __getattr__(name): pass\n"
         "x = lazy.attach(__name__, submodules={'s'}, submod_attrs={'t': ['u', 'v']})\n");
    cr_assert_eq(s.all_count, 3);
    cr_assert(s.has_all && s.has_getattr);
    cr_assert_eq(import_of("t", "v")->kind, CP_PY_ATTACH);
    cr_assert_eq(import_of("s", "")->kind, CP_PY_ATTACH);
    scan("class C:\n  def __getattr__(self, n): pass\n");
    cr_assert_not(s.has_getattr, "a method is not PEP 562");
}

Test(scan, names_of_the_module_body_are_those_it_defines) {
    scan("def f(): pass\nclass C:\n  x = 1\nhandler = wrap(f)\na == 1\nasync def g():\n  y = 2\n");
    cr_assert(cp_py_find_name(&s, CP_STR("f"))->called == false);
    cr_assert_not_null(cp_py_find_name(&s, CP_STR("handler")));
    cr_assert_not_null(cp_py_find_name(&s, CP_STR("g")));
    cr_assert_null(cp_py_find_name(&s, CP_STR("x")));
    cr_assert_null(cp_py_find_name(&s, CP_STR("a")));
}

static void damage_at(const char *text, uint32_t line, uint32_t column, const char *what) {
    scan(text);
    cr_assert_not_null(s.damage, "accepted: %s", text);
    cr_assert_eq(s.damage_line, line, "%s: line %u", text, s.damage_line);
    cr_assert_eq(s.damage_column, column, "%s: column %u", text, s.damage_column);
    cr_assert_not_null(strstr(s.damage, what), "%s", s.damage);
}

Test(scan, damage_is_reported_where_it_starts) {
    damage_at("x = 1\ny = 'abc\n", 2, 5, "string is not closed");
    damage_at("x = 1\ny = \"\"\"abc\n\n", 2, 5, "never closed");
    damage_at("f(1,\n  [2\n", 2, 3, "bracket is never closed");
    damage_at("x = (1]\n", 1, 7, "does not match");
    damage_at("x = 1)\n", 1, 6, "closes nothing");
    damage_at("def f(x)\n  pass\n", 1, 9, "expected ':'");
    damage_at("if x:\ny = 1\n", 2, 1, "indented block");
    damage_at("x = 1\n  y = 2\n", 2, 3, "unexpected indent");
    damage_at("if x:\n    y\n  z\n", 3, 3, "matches no block");
    damage_at("import a b\n", 1, 10, "after this import");
    damage_at("from a import\n", 1, 14, "expected a name");
    damage_at("import os\nx = f'{a'\n", 2, 9, "not closed");
}

Test(scan, what_comes_before_the_damage_is_still_reported) {
    scan("import a\nx = '\nimport b\n");
    cr_assert_eq(s.import_count, 1);
}

Test(scan, tabs_reach_to_the_next_multiple_of_eight) {
    scan("if x:\n\timport a\n        import b\n    \timport c\n");
    cr_assert_null(s.damage, "%s", s.damage);
    cr_assert_eq(import_of("c", "")->flags, CP_PY_IN_IF);
}

Test(scan, nesting_is_bounded) {
    char text[1000] = "x = ";
    memset(text + 4, '(', 300);
    damage_at(text, 1, 205, "200 deep");
    memset(text, 0, sizeof text);
    for (int i = 0; i < 100; i++)
        memcpy(text + 3 * i, "f\"{", 3);
    scan(text);
    cr_assert_not_null(strstr(s.damage, "60 deep"), "%s", s.damage);
}

Test(scan, the_result_outlives_the_text) {
    char text[] = "import abc.d\nfrom e import f\n";
    scan(text);
    memset(text, 'x', sizeof text);
    cr_assert(cp_str_is(s.imports[0].module, "abc.d"));
    cr_assert(cp_str_is(s.imports[1].name, "f"));
}
