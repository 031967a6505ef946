# The ABI: nothing of the frozen headers has changed, and plugins built with them load, run and say the same today.
# limit: 240
# shellcheck shell=bash disable=SC1091,SC2154
. tests/cli/lib.sh
frozen=$root/sdk/abi/1.0

part() { # one line of the guard's
    local said
    said=$(bash "$root/sdk/abi/guard.sh" "$root/sdk/include") || true
    case $said in
    *"skipped  $1"*) skip "$(echo "$said" | sed -n "s/^skipped  $1: //p")" ;;
    *"RED      $1"*) fail "$said
as long as sdk/abi/1.0/CANDIDATE is there: make freeze-abi, and a line in CHANGELOG.md" ;;
    *"ok       $1"*) ;;
    *) fail "no word of $1: $said" ;;
    esac
}
case_layout_is_that_of_the_frozen_headers() { part layout; }
case_every_name_of_the_headers_is_recorded() { part names; }
case_declarations_are_those_of_the_frozen_headers() { part declarations; }
case_abidiff_finds_no_difference() { part abidiff; }
case_the_guard_sees_a_change() { # the rest of them: make mutants-abi
    cp -R "$root/sdk/include" include
    sed -i 's/IMP_E_LIMIT = -8/IMP_E_LIMIT = -10/' include/impasto/impasto.h
    exits 1 bash "$root/sdk/abi/guard.sh" include
    has "$out" 'RED      layout'
}
# old_plugins CC CXX: all of the frozen plugins, built with the frozen headers, in plugins/
old_plugins() {
    command -v "$1" >/dev/null && command -v "$2" >/dev/null || skip "no $1"
    local file flags='-O2 -fPIC -fvisibility=hidden -shared -Wl,-z,defs'
    mkdir plugins
    for file in "$frozen"/plugins/*.c; do
        # shellcheck disable=SC2086 # words
        "$1" -std=c17 -Wall -Wextra -Werror $flags -I"$frozen/include" "$file" -o "plugins/$(basename "$file" .c).so"
    done
    # shellcheck disable=SC2086
    "$2" -std=c++11 -Wall -Wextra -Werror $flags -I"$frozen/include" "$frozen/plugins/plain.cpp" -o plugins/plain.so
}
old_plugins_run() {
    old_plugins "$@"
    exits 0 impasto list plugins --plugin-path plugins
    for name in everything tiny_net layer_means checks plain; do has "$out" "$PWD/plugins/$name.so"; done
    lacks "$out" refused
    exits 0 impasto validate plugins/everything.so plugins/tiny_net.so plugins/checks.so plugins/plain.so
    exits 0 impasto validate --with plugins/tiny_net.so plugins/layer_means.so
    exits 0 impasto run "$frozen/plugins/everything.ini" -o out --plugin-path plugins
    same "$(cat out/everything.csv)" "$(cat "$frozen/plugins/everything.csv")"
    exits 2 impasto check "$frozen/plugins/everything.ini" --plugin-path plugins --set all.count=7
    has "$err" 'bring bad luck'
    exits 0 impasto run "$frozen/plugins/layer_means.ini" -o out --plugin-path plugins
    same "$(tail -n 1 out/layers.csv)" 'relu,64,0.25,2'
}
case_plugins_of_the_frozen_headers_run_gcc() { old_plugins_run gcc g++; }
case_plugins_of_the_frozen_headers_run_clang() { old_plugins_run clang clang++; }
run_cases
