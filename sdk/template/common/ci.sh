#!/bin/sh
# ci.sh - what CI runs: builds with every compiler there is, then tests. Where Impasto is not installed it is first
# built from IMPASTO, a git repository or a folder, into ./impasto-sdk.
set -eu
cd "$(dirname "$0")"

if ! pkg-config --exists impasto; then
    : "${IMPASTO:?is not set: install Impasto, or name the git repository to build it from}"
    [ -d "$IMPASTO" ] || { git clone --depth 1 "$IMPASTO" impasto-source && IMPASTO=impasto-source; }
    make -C "$IMPASTO" install prefix="$PWD/impasto-sdk"
    export PATH="$PWD/impasto-sdk/bin:$PATH" PKG_CONFIG_PATH="$PWD/impasto-sdk/lib/pkgconfig"
fi
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    echo "== $compiler"
    cxx=clang++
    [ $compiler = clang ] || cxx=g++
    make clean
    make SDK= IMPASTO=impasto CC=$compiler CXX=$cxx CFLAGS='-O2 -g -Werror' CXXFLAGS='-O2 -g -Werror' test
done
