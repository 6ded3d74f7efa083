// py_scan_dump - prints what lib/py/scan finds in the files named on stdin, one a line: for
// tests/py_oracle.py, which compares it with CPython's own ast.
//
//   file TAB line TAB kind TAB level TAB module TAB name TAB alias TAB flags     for each import
//   file TAB line:column TAB E TAB text                                          for damage
//
// With -q, prints the totals and the speed only.
#include "core/file.h"
#include "py/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_import(cp_str path, const cp_py_import *r) {
    static const char kinds[] = "IFCOAXS";
    (void)printf("%.*s\t%u\t%c\t%u\t%.*s\t%.*s\t%.*s\t%u\n", CP_STR_ARG(path), r->line,
                 kinds[r->kind], r->level, CP_STR_ARG(r->module), CP_STR_ARG(r->name),
                 CP_STR_ARG(r->alias), r->flags);
}

static void dump(cp_str path, const cp_py_source *source) {
    for (uint32_t i = 0; i < source->import_count; i++)
        print_import(path, &source->imports[i]);
    if (source->damage)
        (void)printf("%.*s\t%u:%u\tE\t%s\n", CP_STR_ARG(path), source->damage_line,
                     source->damage_column, source->damage);
}

int main(int argc, char **argv) {
    bool quiet = argc > 1 && strcmp(argv[1], "-q") == 0;
    char *line = NULL;
    size_t cap = 0, bytes = 0, imports = 0, damaged = 0;
    double seconds = 0;
    for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
        cp_arena arena = {0};
        cp_err err;
        cp_str text, path = cp_str_trim((cp_str){line, (size_t)n});
        path = cp_arena_str(&arena, path);
        if (cp_file_read(&text, &arena, path, CP_PY_MAX_BYTES, &err) == CP_OK) {
            cp_py_source source;
            struct timespec from, to;
            (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
            cp_py_scan(&source, text, &arena);
            (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
            seconds +=
                (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
            bytes += text.n;
            imports += source.import_count;
            damaged += source.damage != NULL;
            if (!quiet)
                dump(path, &source);
        } else {
            (void)fprintf(stderr, "%s\n", err.message);
        }
        cp_arena_cleanup(&arena);
    }
    free(line);
    (void)fprintf(stderr, "%zu bytes, %zu imports, %zu damaged, %.3f s, %.0f MB/s\n", bytes,
                  imports, damaged, seconds, seconds > 0 ? (double)bytes / seconds / 1e6 : 0.0);
    return 0;
}
