#!/bin/sh
# test_headers.sh - every public header alone, in each language and with each compiler there is, under the strictest
# warnings; and the filter of the template with both. Prints TAP. Run from the root of the checkout.
set -u

# Names of extern "C" are not mangled; clang++ warns of the kit's all the same when it reads C++11.
flags='-Wno-c++17-compat-mangling -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wpadded -Wcast-qual -Werror -Isdk/include'
work=$(mktemp -d "${TMPDIR:-/tmp}/impasto-headers-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
number=0
failed=0

# tap STATUS NAME: one line, and what the compiler said when it failed
tap() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        sed 's/^/# /' "$work/said"
        failed=1
    fi
}

skip() {
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

# try COMPILER STANDARD SUFFIX LANGUAGE HEADER
try() {
    name="$5 alone, $2, $1"
    if ! command -v "$1" >/dev/null 2>&1; then
        skip "$name" "$1 is not installed"
        return
    fi
    printf '#include <impasto/%s>\n#include <impasto/%s>\nint main(%s)\n{\n    return 0;\n}\n' "$5" "$5" \
        "$([ "$4" = c ] && echo void)" >"$work/one.$3"
    # shellcheck disable=SC2086 # flags are words
    "$1" -x "$4" -std="$2" $flags -fsyntax-only "$work/one.$3" >"$work/said" 2>&1
    tap $? "$name"
}

for path in sdk/include/impasto/*.h; do
    header=${path##*/}
    for standard in c11 c17 c2x; do
        try gcc $standard c c "$header"
        try clang $standard c c "$header"
    done
    for standard in c++11 c++14 c++17 c++20; do
        try g++ $standard cpp c++ "$header"
        try clang++ $standard cpp c++ "$header"
    done
done

# together COMPILER STANDARD SUFFIX LANGUAGE: all headers in one file, beginning with each of them, and the other way round
together() {
    name="all headers in any order, $2, $1"
    if ! command -v "$1" >/dev/null 2>&1; then
        skip "$name" "$1 is not installed"
        return
    fi
    all=$(cd sdk/include/impasto && echo *.h)
    status=0
    for first in $all; do
        for order in cat tac; do
            { echo "$first"; for header in $all; do echo "$header"; done | $order; } |
                sed 's|.*|#include <impasto/&>|' >"$work/many.$3"
            # shellcheck disable=SC2086
            "$1" -x "$4" -std="$2" $flags -fsyntax-only "$work/many.$3" >"$work/said" 2>&1 || { status=1; break 2; }
        done
    done
    tap $status "$name"
}
together gcc c11 c c
together clang c17 c c
together g++ c++11 cpp c++
together clang++ c++20 cpp c++

# Classes have padding, and are no part of the ABI.
flags=$(echo "$flags" | sed 's/ -Wpadded//')
for standard in c++17 c++20; do
    try g++ $standard cpp c++ impasto.hpp
    try clang++ $standard cpp c++ impasto.hpp
done

# The template says C; its placeholders are harmless in text.
for compiler in gcc clang; do
    if command -v $compiler >/dev/null 2>&1; then
        $compiler -std=c17 -Wall -Wextra -Wpedantic -Werror -fPIC -fvisibility=hidden -Isdk/include -shared -Wl,-z,defs \
            sdk/template/filter/plugin.c -o "$work/plugin.so" >"$work/said" 2>&1
        tap $? "the template builds, $compiler"
    else
        skip "the template builds, $compiler" "$compiler is not installed"
    fi
done

echo "1..$number"
exit $failed
