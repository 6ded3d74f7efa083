// Tests in the source, decided for the target and never for this machine.
#include "analyze/condition.h"

#include <criterion/criterion.h>

static cp_truth eval(const char *test) {
    cp_condition_target target = {.minor = 11, .machine = CP_LIT("aarch64")};
    return cp_condition_eval(cp_str_of(test), &target);
}

static void all(cp_truth want, const char *const *tests) {
    for (; *tests; tests++)
        cr_assert_eq(eval(*tests), want, "%s is %d", *tests, (int)eval(*tests));
}

Test(condition, what_the_target_fixes_is_true) {
    all(CP_TRUE, (const char *[]){"sys.version_info >= (3, 8)", "sys.version_info[:2] == (3, 11)",
                                  "sys.version_info > (3, 11)", "sys.version_info >= (3,)",
                                  "sys.version_info[0] == 3", "sys.version_info.minor >= 11",
                                  "(3, 8) <= sys.version_info[:2]", "sys.platform == 'linux'",
                                  "sys.platform.startswith(\"lin\")", "os.name != 'nt'",
                                  "platform.machine() == 'aarch64'", "not TYPE_CHECKING",
                                  "not (typing.TYPE_CHECKING or False)", "unknown() or True",
                                  "__name__ != '__main__'", "sys.implementation.name == 'cpython'",
                                  "1", NULL});
}

Test(condition, what_the_target_excludes_is_false) {
    all(CP_FALSE, (const char *[]){"sys.version_info < (3, 8)", "sys.version_info >= (3, 12)",
                                   "sys.version_info[0] < 3", "sys.platform == 'win32'",
                                   "sys.platform.startswith('win')", "os.name == 'nt' and f(x)",
                                   "f(x) and TYPE_CHECKING", "__name__ == '__main__'",
                                   "platform.system() == 'Windows'", "not sys.platform == 'linux'",
                                   "False", "0", NULL});
}

Test(condition, anything_else_is_not_known) {
    all(CP_UNKNOWN,
        (const char *[]){"x", "numpy.__version__ >= '2'", "sys.version_info >= (3, 11, 4)",
                         "hasattr(sys, 'x')", "sys.platform in ('linux',)", "1 if x else 0",
                         "sys.version_info >= X", "sys.platform == ", "(", "f(')') and x", "",
                         "a < b < c", "x[TYPE_CHECKING]", NULL});
}

Test(condition, nesting_is_bounded) {
    char text[400] = "";
    memset(text, '(', 199);
    cr_assert_eq(eval(text), CP_UNKNOWN);
}
