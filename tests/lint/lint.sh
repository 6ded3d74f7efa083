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
    for path in "${c_files[@]}"; do
        lines=$(wc -l <"$path")
        if [ "$lines" -gt 600 ]; then
            echo "$path: $lines lines, 600 are allowed"
            bad=1
        fi
    done
    .work/venv/lint/bin/lizard --languages c --length 60 --CCN 15 --warnings_only "${c_files[@]}" || bad=1
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

checked_by_cppcheck() {
    mkdir -p .work/cppcheck
    cppcheck --quiet --project="$build/compile_commands.json" --file-filter="$PWD/lib/*" --file-filter="$PWD/solvers/*" \
        --file-filter="$PWD/cli/*" --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j 2 \
        --cppcheck-build-dir=.work/cppcheck --suppress=missingIncludeSystem --template=gcc
}

tidy() {
    printf '%s\0' "${c_sources[@]}" | xargs -0 -n 3 -P 2 clang-tidy-14 --quiet -p "$build" --warnings-as-errors='*' |
        grep -v -E '^$|warnings? generated|Suppressed|Use -header-filter' || return 0
    return 1
}

rule "clang-format" formatted
rule "sizes: file 600, function 60, paths 15" sizes
rule "banned functions" tests/lint/banned.sh
rule "words in public headers" python3 -B tests/lint/words.py
rule "borders: an undeclared include does not compile" python3 -B tests/lint/borders.py "$build"
rule "man pages (mandoc)" man_pages
rule "man pages say what help says" python3 -B tests/lint/doc_vs_help.py "$build/cli/cloudpack"
rule "shellcheck" shellcheck -x "${scripts[@]}"
rule "the checkout stands alone" stands_alone
if [ $quick = no ]; then
    rule "cppcheck" checked_by_cppcheck
    rule "clang-tidy" tidy
fi

printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed = 0 ]
