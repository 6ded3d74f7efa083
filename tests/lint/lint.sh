#!/usr/bin/env bash
# lint.sh [--quick] BUILD - every rule of the house that a machine can check. BUILD is a configured build folder
# (compile_commands.json); with clang-tidy it should be one of clang. One line a rule, the findings of those that fail,
# then "N passed, N failed, N skipped". --quick leaves out cppcheck and clang-tidy.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit
# shellcheck source=tests/lint/files.sh
. tests/lint/files.sh

quick=no
if [ "${1-}" = --quick ]; then
    quick=yes
    shift
fi
build=${1:?"lint.sh [--quick] BUILD"}
passed=0 failed=0 skipped=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# rule NAME COMMAND...: passes when the command does; 77 means that there is nothing to check yet.
rule() {
    local name=$1 status=0
    shift
    "$@" >"$out" 2>&1 || status=$?
    case $status in
    0) passed=$((passed + 1)) && printf 'ok   %s%s\n' "$name" "$(tail -1 "$out" | sed -n 's/^= / (/; s/$/)/; /^ (/p')" ;;
    77) skipped=$((skipped + 1)) && printf 'skip %s (%s)\n' "$name" "$(tail -1 "$out")" ;;
    *)
        failed=$((failed + 1))
        printf 'FAIL %s\n' "$name"
        head -60 "$out" | sed 's/^/     /'
        ;;
    esac
}

mapfile -t c_files < <(files_of '*.c' '*.h')
mapfile -t c_sources < <(files_of 'lib/*.c' 'solvers/*.c' 'cli/*.c')
mapfile -t scripts < <(shell_scripts)
mapfile -t pages < <(files_of 'man/*.[157]')

formatted() {
    clang-format-14 --style=file --dry-run -Werror "${c_files[@]}"
}

# Files of at most 600 lines; functions of at most 60 lines and 15 paths. No exceptions, hence no list of them.
sizes() {
    local path lines bad=0
    for path in "$@"; do
        lines=$(wc -l <"$path")
        if [ "$lines" -gt 600 ]; then
            echo "$path: $lines lines, 600 are allowed"
            bad=1
        fi
    done
    .work/venv/lint/bin/lizard --languages c --length 60 --CCN 15 --warnings_only "$@" || bad=1
    return $bad
}

man_pages() {
    if [ ${#pages[@]} = 0 ]; then
        echo "no pages"
        return 77
    fi
    mandoc -T lint -W warning "${pages[@]}"
}

# The checkout stands alone: nothing in it names what lies beside it on a developer's machine.
stands_alone() {
    local found
    found=$(files_of . | grep -v '^tests/lint/' | tr '\n' '\0' |
        xargs -0 grep -nIE '\.\./shared|/work/(shared|main|\.library)|/tmp/brief' || true)
    printf '%s\n' "$found"
    [ -z "$found" ]
}

cpp_check() {
    cppcheck --quiet --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        --suppress=missingIncludeSystem --template='{file}:{line}: {id}: {message}' --template-location='' "$@"
}

# Its cache does not see changed headers, so it starts empty: 5 s.
checked_by_cppcheck() {
    rm -rf .work/cppcheck
    mkdir -p .work/cppcheck
    # The project's paths are relative to the current folder.
    cpp_check --project="$build/compile_commands.json" --file-filter='lib/*' --file-filter='solvers/*' \
        --file-filter='cli/*' -j 2 --cppcheck-build-dir=.work/cppcheck
}

tidy() {
    local status=0 found=$out.tidy
    printf '%s\0' "${c_sources[@]}" | xargs -0 -n 3 -P 2 clang-tidy-14 --quiet -p "$build" >"$found" 2>&1 || status=1
    grep -v -E '^$|warnings? generated|Suppressed|Use -header-filter' "$found"
    rm -f "$found"
    return $status
}

# A rule that finds nothing anywhere would look like one that is kept: each must find the fault planted for it.
planted() {
    local folder bad=0
    folder=$(mktemp -d) || return
    # finds WHAT COMMAND...: the command must fail and name the fault.
    finds() {
        local what=$1 said
        shift
        if said=$("$@" 2>&1) || ! grep -qE "$what" <<<"$said"; then
            printf '%s does not find the planted %s: %s\n' "$1" "$what" "$said"
            bad=1
        fi
    }
    cat >"$folder/fault.c" <<'FAULT'
#include <stdio.h>
#include <stdlib.h>
int fault(const char *text, int n);
int fault(const char *text, int n) {
  char *copy = malloc(8);
    int unset;
    if (n > 3)
        free(copy);
    sprintf(copy, "%s", text); // twice wrong
    return unset + copy[0];
}
FAULT
    cp "$folder/fault.c" "$folder/long.c"
    seq -f 'int long_%g;' 601 >>"$folder/long.c"
    { echo 'void paths(int n);' 'void paths(int n) {' && seq -f 'if (n > %g) n--;' 16 && echo '}'; } >"$folder/paths.c"
    printf '.Dd today\n.Sh NAME\n.It Fl x\n' >"$folder/page.1"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nrm $1\n' >"$folder/script.sh"
    finds 'clang-format-violations' clang-format-14 --style=file --dry-run -Werror "$folder/fault.c"
    finds '612 lines' sizes "$folder/long.c"
    finds 'paths' sizes "$folder/paths.c"
    finds 'sprintf: use' tests/lint/banned.sh "$folder/fault.c"
    finds 'page.1' mandoc -T lint -W warning "$folder/page.1"
    finds 'not in the page' python3 -B tests/lint/config_vs_man.py lib/config/keys.def "$folder/page.1"
    finds 'SC2086' shellcheck -x "$folder/script.sh"
    if [ $quick = no ]; then
        finds 'uninitvar' cpp_check "$folder/fault.c"
        finds 'clang-analyzer-unix.Malloc' clang-tidy-14 --quiet --config-file=.clang-tidy "$folder/fault.c" --
    fi
    rm -rf "$folder"
    return $bad
}

rule "clang-format" formatted
rule "sizes: file 600, function 60, paths 15" sizes "${c_files[@]}"
rule "banned functions" tests/lint/banned.sh
rule "words in public headers" python3 -B tests/lint/words.py
rule "borders: an undeclared include does not compile" python3 -B tests/lint/borders.py "$build"
rule "man pages (mandoc)" man_pages
rule "man pages say what help says" python3 -B tests/lint/doc_vs_help.py "$build/cli/cloudpack"
rule "man pages say what keys.def says" python3 -B tests/lint/config_vs_man.py
rule "man pages say what tiers and prices say" python3 -B tests/lint/tiers_vs_man.py
rule "shellcheck" shellcheck -x "${scripts[@]}"
rule "the checkout stands alone" stands_alone
rule "planted faults are found" planted
if [ $quick = no ]; then
    rule "cppcheck" checked_by_cppcheck
    rule "clang-tidy" tidy
fi

printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed = 0 ]
