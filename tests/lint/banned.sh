#!/usr/bin/env bash
# banned.sh [FILE...] - words that C code of this project does not use, each with what to use instead. Comments and string
# literals do not count. The compiler takes care of variable-length arrays (-Wvla).
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
# shellcheck source=tests/lint/files.sh
. tests/lint/files.sh

declare -A instead=(
    [strcpy]='cp_buf' [strcat]='cp_buf' [sprintf]='snprintf or cp_buf' [vsprintf]='vsnprintf or cp_buf'
    [strncpy]='cp_str, memcpy' [strncat]='cp_buf' [strtok]='cp_str_split' [strtok_r]='cp_str_split'
    [atoi]='strtol with checks' [atol]='strtol with checks' [atof]='strtod with checks' [gets]='fgets'
    [scanf]='a parser' [sscanf]='a parser' [fscanf]='a parser' [gmtime]='gmtime_r' [localtime]='gmtime_r'
    [strerror]='strerror_r' [alloca]='cp_arena' [system]='cp_child' [popen]='cp_child' [tmpnam]='mkstemp' [mktemp]='mkstemp'
)
# The text without comments and literals, line by line: a small automaton in awk keeps the line numbers right.
bare() {
    awk '
    BEGIN { comment = 0 }
    {
        out = ""; n = length($0)
        for (i = 1; i <= n; i++) {
            c = substr($0, i, 1); two = substr($0, i, 2)
            if (comment) { if (two == "*/") { comment = 0; i++ } continue }
            if (two == "//") break
            if (two == "/*") { comment = 1; i++; continue }
            if (c == "\"" || c == "\047") {
                for (i++; i <= n && substr($0, i, 1) != c; i++) if (substr($0, i, 1) == "\\") i++
                out = out c c; continue
            }
            out = out c
        }
        print NR ":" out
    }' "$1"
}

pattern="(^|[^A-Za-z0-9_])($(IFS='|' && echo "${!instead[*]}"))[[:space:]]*\("
found=0
while IFS= read -r path; do
    while IFS=: read -r line text; do
        word=$(grep -oE "$pattern" <<<"$text" | head -1 | tr -cd 'a-z_' || true)
        if [ -n "$word" ]; then
            echo "$path:$line: $word: use ${instead[$word]:-something else}"
        else
            echo "$path:$line: goto: use CP_TRY and CP_AUTO"
        fi
        found=1
    done < <(bare "$path" | grep -E "$pattern|[^A-Za-z0-9_]goto[^A-Za-z0-9_]" || true)
done < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else files_of '*.c' '*.h'; fi)
exit $found
