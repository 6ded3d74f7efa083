#!/usr/bin/env bash
# run.sh BUILD [SECONDS [SEED]] - lets every libFuzzer target of a build folder (preset fuzz) look for new inputs, for
# SECONDS each (default 5), on a copy of its corpus in .work/fuzz. A target that finds a crash, a leak, a hang (10 s) or
# uses over 2 GB fails, and so does one that does not fuzz: new inputs run, code covered. Ends with the closing line.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit
build=${1:?"run.sh BUILD [SECONDS [SEED]]"} seconds=${2-5} seed=${3-1}

# stat_of NAME LOG: a number of libFuzzer's closing statistics.
stat_of() {
    sed -n "s/^stat::$1: *//p" "$2" | tail -1
}

one() {
    local target=$1 name folder log corpus status=0 runs coverage
    name=$(basename "$target") && name=${name#fuzz_}
    folder=.work/fuzz/$name log=.work/fuzz/$name.log
    rm -rf "$folder" && mkdir -p "$folder"
    cp -r "tests/fuzz/corpus/$name/." "$folder/"
    corpus=$(find "$folder" -type f | wc -l)
    "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -seed="$seed" -print_final_stats=1 \
        -artifact_prefix=".work/fuzz/$name-" "$folder" >"$log" 2>&1 || status=$?
    runs=$(stat_of number_of_executed_units "$log")
    coverage=$(grep -oE 'cov: [0-9]+' "$log" | tail -1 | cut -d' ' -f2)
    if [ $status = 0 ] && [ "${runs:-0}" -ge $((corpus + 20)) ] && [ "${coverage:-0}" -ge 50 ]; then
        echo "ok   $name: $runs inputs, $coverage edges, $(find "$folder" -type f | wc -l) kept of $corpus"
    else
        echo "FAIL $name: exit code $status, ${runs:-0} inputs, ${coverage:-0} edges; log: $log"
        grep -E '^(SUMMARY|ERROR|==[0-9]+==|.*runtime error|artifact_prefix)' "$log" | head -10 | sed 's/^/     /'
    fi
}
export -f one stat_of
export seconds seed

mkdir -p .work/fuzz
sources=$(find tests/fuzz -name 'fuzz_*.c' | wc -l)
# shellcheck disable=SC2016
find "$build" -name 'fuzz_*' -type f -perm -u+x -print0 | sort -z | xargs -0 -n 1 -P 2 bash -c 'one "$1"' one |
    tee .work/fuzz/answers
passed=$(grep -c '^ok ' .work/fuzz/answers) failed=$(grep -c '^FAIL ' .work/fuzz/answers)
if [ $((passed + failed)) != "$sources" ]; then
    echo "FAIL $((passed + failed)) targets for $sources files of tests/fuzz"
    failed=$((failed + 1))
fi
printf '%d passed, %d failed, 0 skipped\n' "$passed" "$failed"
[ "$failed" = 0 ]
