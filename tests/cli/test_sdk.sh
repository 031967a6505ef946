# The SDK as a stranger gets it: a staged installation, nothing of the tree, plugins built out of it.
# limit: 400
# shellcheck shell=bash disable=SC1091,SC2154
. tests/cli/lib.sh
stage=$(mktemp -d) || exit 1
trap 'rm -rf "$stage"' EXIT
prefix=/opt/impasto
there=$stage$prefix
if ! make -C "$root" B="${B:-build/release}" DESTDIR="$stage" prefix=$prefix install-files >"$stage/log" 2>&1; then
    tail -n 20 "$stage/log" >&2
    exit 1
fi
export PATH=$there/bin:$PATH PKG_CONFIG_PATH=$there/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage
strict='-O2 -Wall -Wextra -Wpedantic -Werror'

# new_plugin KIND LANG: made, built by each compiler there is, validated, its golden preset run; in its folder afterwards
new_plugin() {
    local name=org.example.$1 language=$2 compiler cxx built=0
    exits 0 impasto new plugin "$name" --kind "$1" --lang "$language"
    cd "$name" || exit 1
    ! grep -rn '@[A-Z]*@' . || fail 'a mark of the template is left'
    for file in README.md LICENSE ci.sh plugin.map .gitignore .github/workflows/test.yml tests/golden.ini; do
        [ -s $file ] || fail "no $file"
    done
    same "$(find . -name 'plugin.c*')" "./plugin.${language/c++/cpp}"
    for compiler in gcc clang; do
        command -v $compiler >/dev/null || continue
        cxx=${compiler/gcc/g++}
        command -v "${cxx/%clang/clang++}" >/dev/null || continue
        exits 0 make clean
        exits 0 make SDK= IMPASTO=impasto CC=$compiler CXX="${cxx/%clang/clang++}" CFLAGS="$strict" CXXFLAGS="$strict" test
        has "$out" ' 0 failed, 0 skipped'
        has "$out" 'ok      golden.ini'
        same "$(nm -D --defined-only "$1.so" | awk '{ print $3 }')" imp_entry_v1
        built=$((built + 1))
    done
    [ $built -gt 0 ] || skip 'no compiler of that language'
}
case_new_filter_in_c() { new_plugin filter c; }
case_new_filter_in_cpp() { new_plugin filter c++; }
case_new_service_in_c() { new_plugin service c; }
case_new_service_in_cpp() { new_plugin service c++; }
case_new_consumer_in_c() { new_plugin consumer c; }
case_new_consumer_in_cpp() { new_plugin consumer c++; }
case_the_golden_test_of_a_new_plugin_bites() {
    exits 0 impasto new plugin wrong
    cd wrong || exit 1
    sed -i 's/w->pivot + amount/w->pivot + 0.99f * amount/' plugin.c
    exits 2 make SDK= IMPASTO=impasto test
    has "$out" 'FAILED  golden.ini'
}
case_what_ci_runs_passes_where_impasto_is_installed() {
    exits 0 impasto new plugin ours
    exits 0 sh ours/ci.sh
    has "$out" 'ok      golden.ini'
    exits 2 env PKG_CONFIG_PATH="$PWD" sh ours/ci.sh
    has "$err" 'IMPASTO'
}
case_a_new_plugin_installs_and_tries_a_photo() {
    exits 0 impasto new plugin mine --kind consumer
    { echo P2 32 32 255; seq 1 1024 | awk "{ print \$1 % 200 }"; } >grey.pgm
    cd mine || exit 1
    exits 0 make SDK= IMPASTO=impasto try PHOTO=../grey.pgm
    [ -s out/grey.png ] || fail 'no picture'
    exits 0 make SDK= install XDG_DATA_HOME="$PWD/data"
    XDG_DATA_HOME=$PWD/data exits 0 impasto list plugins
    has "$out" "$PWD/data/impasto/plugins-1/mine.so"
}
case_nothing_is_made_when_the_words_are_wrong() {
    exits 2 impasto new plugin mine --lang rust
    has "$err" 'c|c++'
    exits 2 impasto new plugin mine --kind host
    exits 2 impasto new preset mine --lang c++
    [ ! -e mine ] && [ ! -e mine.ini ] || fail 'something was made'
    mkdir mine
    exits 2 impasto new plugin mine
    has "$err" 'cannot make the folder mine'
}
run_cases
