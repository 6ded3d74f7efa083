# lib.sh - what the scripts of the cases share. Sourced: . "$LIB"
# shellcheck shell=sh

# quiet COMMAND...: must work, and says nothing then.
quiet() {
    if ! said=$("$@" 2>&1); then
        echo "$said" >&2
        echo "failed: $*" >&2
        exit 99
    fi
}

# run COMMAND...: shows the exit code on standard output and goes on.
run() {
    code=0
    "$@" || code=$?
    echo "exit $code"
}

# keeps_schema NAME FILE: does this JSON document keep schemas/NAME.schema.json?
keeps_schema() {
    python3 "$TESTS/schema.py" "$TESTS/../schemas/$1.schema.json" "$2" && echo "$2 keeps the $1 schema"
}

# json FILE EXPRESSION: a Python expression over the document `d`.
json() {
    python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}

# digests FOLDER: sha256 of every file below it.
digests() {
    (cd "$1" && find . -type f ! -name build.json -exec sha256sum {} + | sort -k 2)
}

# elf FILE MACHINE TYPE: a minimal, whole 64-bit ELF header without sections.
elf() {
    python3 - "$@" <<'PYTHON'
import struct, sys
machine = {"x86_64": 62, "arm64": 183, "i386": 3}[sys.argv[2]]
head = b"\x7fELF\x02\x01\x01" + bytes(9)
head += struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0)
open(sys.argv[1], "wb").write(head)
PYTHON
}

# skip WHY: the case cannot run here.
skip() {
    echo "$*" >&2
    exit 77
}

# ready: analyze and optimize, so that `build` can start.
ready() {
    quiet cloudpack analyze
    quiet cloudpack optimize
}

# problem OUT STATEMENTS: tests/problems/knapsack.json, changed by Python statements over `d`.
problem() {
    python3 - "$TESTS/problems/knapsack.json" "$@" <<'PYTHON'
import json, sys
d = json.load(open(sys.argv[1]))
exec(sys.argv[3])
json.dump(d, open(sys.argv[2], "w"), indent=1)
PYTHON
}

# hanging_python FILE: an interpreter that answers questions about itself and hangs when it shall compile; it makes
# the file `compiling` then.
hanging_python() {
    real=$(command -v python3.11) || skip "no python3.11 here"
    cat >"$1" <<SCRIPT
#!/bin/sh
case "\$*" in
*compile.py*) touch "$PWD/compiling" && exec sleep 20 ;;
*_base_executable*) "$real" "\$@" | sed "1s,.*,$PWD/$1," ;;
*) exec "$real" "\$@" ;;
esac
SCRIPT
    chmod +x "$1"
}

# wait_for FILE: at most ten seconds.
wait_for() {
    for _ in $(seq 100); do
        [ -e "$1" ] && return
        sleep 0.1
    done
    echo "no $1 after 10 s" >&2
    exit 99
}
