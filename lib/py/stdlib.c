#include "py/stdlib.h"

#include "py/name.h"

#include <stdlib.h>

enum { OLDEST = 10, NEWEST = 14 };

static const struct entry {
    cp_str name;
    uint8_t first, last;
} table[] = {
#define CP_STDLIB(name, first, last) {CP_LIT(#name), first, last},
#include "py/data/stdlib.def"
#undef CP_STDLIB
};

static int compare(const void *key, const void *entry) {
    return cp_str_cmp(*(const cp_str *)key, ((const struct entry *)entry)->name);
}

bool cp_py_is_stdlib(cp_str module, cp_str python) {
    uint64_t minor;
    if (!cp_str_starts(python, CP_STR("3.")) ||
        !cp_str_to_u64(&minor, cp_str_sub(python, 2, python.n)) || minor > NEWEST)
        minor = NEWEST;
    if (minor < OLDEST)
        minor = OLDEST;
    cp_str top = cp_py_top_level(module);
    const struct entry *e =
        bsearch(&top, table, sizeof table / sizeof *table, sizeof *table, compare);
    return e && e->first <= minor && minor <= e->last;
}
