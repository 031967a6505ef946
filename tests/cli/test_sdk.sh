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
case_a_new_plugin_takes_what_pkg_config_knows_and_otherwise_what_made_it() {
    exits 0 impasto new plugin ours
    mkdir -p "moved$prefix/lib"
    cp -R "$there/lib/pkgconfig" "moved$prefix/lib/"
    exits 0 env PKG_CONFIG_PATH="$PWD/moved$prefix/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$PWD/moved" make -n -C ours
    has "$out" "-I$PWD/moved$prefix/include "
    exits 0 env PKG_CONFIG_PATH="$PWD" PATH=/usr/bin:/bin make -C ours test
    has "$out" 'ok      golden.ini'
}
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

# ---- the examples ----

build_examples() { # CC CXX
    command -v "$1" >/dev/null && command -v "$2" >/dev/null || skip "no $1"
    cp -R "$there/share/impasto/examples/." .
    exits 0 make CC="$1" CXX="$2" CFLAGS="$strict" CXXFLAGS="$strict"
    for so in *.so; do same "$(nm -D --defined-only "$so" | awk '{ print $3 }')" imp_entry_v1 "$so"; done
}
case_examples_build_with_gcc_validate_and_run() {
    build_examples gcc g++
    exits 0 make test
    lacks "$out" FAILED
    lacks "$out" 'skipped '
    cmp out/c.png out/cpp.png || fail 'C and C++ make other bytes'
    # squares of 4 px, the filter 4 in the middle and -1 around: 2 in a corner, 1 along an edge, 16 px of edges in 64
    same "$(tr '\n' ' ' <out/layers.csv)" 'layer,values,mean,most picture,192,0.5,1 edges,64,0,2 relu,64,0.25,2 '
    for threads in 1 2 8; do
        exits 0 impasto run vignette.ini -o "out$threads" --plugin-path . --threads $threads --no-cache
        cmp out/c.png "out$threads/c.png" || fail "other bytes with $threads threads"
        exits 0 impasto run layer_means.ini -o "out$threads" --plugin-path . --threads $threads --no-cache
        cmp out/layers.csv "out$threads/layers.csv" || fail "another table with $threads threads"
    done
}
case_examples_build_with_clang() { build_examples clang clang++; }
case_the_consumer_takes_networks_of_any_provider() {
    build_examples gcc g++
    exits 0 impasto validate layer_means.so # the installed runtime is found
    lacks "$out" 'skipped '
    printf '%s\n' '[preset]' 'format = 1' '[net]' 'filter = net.load' "path = $there/share/impasto/samples/models/texel.safetensors" \
        '[squares]' 'filter = org.example.checks' '[means]' 'filter = org.example.layer_means' 'provider = impasto.runtime' \
        'in.in = squares' 'in.net = net' 'layers = relu1_1 relu2_1' '[table]' 'filter = save.table' 'name = texel.csv' >texel.ini
    exits 0 impasto run texel.ini -o out --plugin-path .
    has "$(cat out/texel.csv)" 'relu2_1,'
    exits 2 impasto check texel.ini --plugin-path . --set means.layers='relu1_1 relu2_0'
    has "$err" 'relu2_0'
    has "$err" 'relu2_1'
}
case_examples_build_with_cmake() {
    command -v cmake >/dev/null || skip 'cmake is not installed'
    cp -R "$there/share/impasto/examples/." .
    exits 0 env -u PKG_CONFIG_PATH -u PKG_CONFIG_SYSROOT_DIR cmake -S . -B build -DCMAKE_PREFIX_PATH="$there" -DCMAKE_C_FLAGS='-Wall -Wextra -Werror'
    exits 0 cmake --build build
    for so in build/*.so; do same "$(nm -D --defined-only "$so" | awk '{ print $3 }')" imp_entry_v1 "$so"; done
    exits 0 impasto run vignette.ini -o out --plugin-path build
    cmp out/c.png out/cpp.png || fail 'C and C++ make other bytes'
}

# ---- exceptions ----

# thrown WHERE WHAT STATUS TEXT: how a run ends in which that is thrown, and a part of what is said
thrown() {
    exits "$3" impasto run throws.ini grey.pgm -o out --plugin-path . --overwrite always --set it.where="$1" --set it.what="$2"
    has "$err" "$4"
}
case_no_exception_crosses_the_abi() {
    command -v g++ >/dev/null || skip 'no g++'
    # shellcheck disable=SC2046 # words
    g++ -std=c++17 -O2 -Wall -Wextra -Wpedantic -Werror -fPIC -fvisibility=hidden -shared -Wl,-z,defs \
        -Wl,--version-script="$there/share/impasto/plugin.map" $(pkg-config --cflags impasto) "$root/tests/cli/install/throws.cpp" -o throws.so
    printf 'P2 4 2 255\n%s\n' '64 64 64 64 64 64 64 64' >grey.pgm
    printf '%s\n' '[preset]' 'format = 1' '[photo]' 'filter = load' '[it]' 'filter = org.example.throws' '[out]' 'filter = save' \
        'name = {stem}.png' >throws.ini
    exits 0 impasto validate --only runs throws.so
    exits 0 impasto run throws.ini grey.pgm -o out --plugin-path .
    for where in process piece; do
        thrown $where refusal 1 'this is the sentence'
        thrown $where standard 1 'a standard exception'
        thrown $where number 1 'no std::exception'
        thrown $where memory 1 'out of memory'
    done
    thrown create refusal 2 'this is the sentence'
    thrown create number 2 'no std::exception'
    thrown plan standard 2 'a standard exception'
}
run_cases
