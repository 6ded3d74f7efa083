# lib.sh - what the scripts of the cases share. Sourced: . "$LIB"
# shellcheck shell=sh

# quiet COMMAND...: must work, and says nothing then.
quiet() {
    if ! "$@" >quiet.log 2>&1; then
        cat quiet.log >&2
        echo "failed: $*" >&2
        exit 99
    fi
    rm -f quiet.log
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
