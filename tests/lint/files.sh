# files.sh - which files the lints read: what git tracks or would track. Sourced, from the root of the checkout.
# shellcheck shell=bash

# files_of PATTERN...: existing files, one a line. A checkout of another user is fine: this only reads.
files_of() {
    git -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@" | sort -u |
        while IFS= read -r path; do [ ! -f "$path" ] || printf '%s\n' "$path"; done
}

# Shell scripts by name or by first line.
shell_scripts() {
    files_of '*.sh' run-demo run-tests .ci/run
    files_of scripts | while IFS= read -r path; do
        case "$(head -c 40 "$path" | tr -d '\0')" in '#!/bin/sh'* | '#!/usr/bin/env bash'* | '#!/bin/bash'*) echo "$path" ;; esac
    done
}
