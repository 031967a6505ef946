# A staged installation: everything is there, and enough to build and run a plugin out of tree.
# limit: 300
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

white() { printf 'P2 4 2 255\n%s\n' '64 64 64 64 64 64 64 64' >grey.pgm; }
gain_preset() {
    printf '%s\n' '[preset]' 'format = 1' '[photo]' 'filter = load' '[more]' 'filter = org.example.gain' 'factor = 2' \
        '[out]' 'filter = save' 'name = {stem}.png' >gain.ini
}
build() { # build COMPILER SOURCE RESULT
    # shellcheck disable=SC2046 # words
    "$1" -std=c17 -O2 -Wall -Wextra -Wpedantic -Werror -fPIC -fvisibility=hidden -shared -Wl,-z,defs \
        $(pkg-config --cflags impasto) "$2" -o "$3"
}

case_everything_is_where_it_belongs() {
    for file in bin/impasto libexec/impasto/impasto-check lib/impasto/plugins-1/basic.so include/impasto/impasto.h \
        share/impasto/kit/kit_blur.c share/impasto/plugin.map share/impasto/presets/web.ini \
        share/impasto/samples/models/texel.safetensors lib/pkgconfig/impasto.pc \
        share/man/man1/impasto.1 share/man/man1/impasto-run.1 share/man/man5/impasto-preset.5 share/man/man7/impasto-plugin.7 \
        share/bash-completion/completions/impasto share/zsh/site-functions/_impasto \
        share/fish/vendor_completions.d/impasto.fish; do
        [ -s "$there/$file" ] || fail "$file is missing"
    done
    for verb in run check graph list describe new validate why bench help version; do
        [ -s "$there/share/man/man1/impasto-$verb.1" ] || fail "no manual of $verb"
    done
    ! grep -rIl "$root" "$there/share" "$there/lib/pkgconfig" "$there/include" | grep . || fail 'the build tree is named'
}
case_the_installed_program_finds_its_own_things() {
    exits 0 impasto list plugins
    has "$out" "$there/lib/impasto/plugins-1/basic.so"
    exits 0 impasto list presets --names
    has "$out" web
}
case_every_installed_preset_checks() {
    mkdir mnist
    greys mnist
    signs pictures
    celeba celeba
    table faces
    for preset in "$there"/share/impasto/presets/*.ini; do
        sets=()
        ! grep -q '^mnist ' "$preset" || sets=(--set "vars.mnist=$PWD/mnist")
        ! grep -q '^pictures *= pictures' "$preset" || sets=(--set "vars.pictures=$PWD/pictures")
        folder=$(sed -n 's/^folder *= *//p' "$preset")
        [ -z "$folder" ] || sets=(--set "vars.folder=$PWD/$folder")
        exits 0 impasto check "$(basename "$preset" .ini)" "${sets[@]}"
    done
}
case_pkg_config_knows_the_sdk() {
    same "$(pkg-config --modversion impasto)" "$(impasto version | cut -d ' ' -f 2)"
    [ -f "$stage$(pkg-config --variable=kitdir impasto | sed "s|^$stage||")/kit_blur.c" ] || fail 'kitdir is wrong'
    [ -d "$stage$(pkg-config --variable=plugindir impasto | sed "s|^$stage||")" ] || fail 'plugindir is wrong'
}
gain_with() {
    command -v "$1" >/dev/null || skip "no $1"
    white
    gain_preset
    mkdir plugins
    build "$1" "$root/tests/cli/install/gain.c" plugins/gain.so
    same "$(nm -D --defined-only plugins/gain.so | awk '{print $3}')" imp_entry_v1
    exits 0 impasto validate plugins/gain.so
    exits 0 impasto run gain.ini grey.pgm -o out --plugin-path plugins
    printf '%s\n' '[preset]' 'format = 1' '[a]' 'filter = load' '[out]' 'filter = save' 'name = {stem}.pfm' >pfm.ini
    exits 0 impasto run pfm.ini out/grey.png -o out
    # 2 * 64 / 255, the first sample of a PFM in the machine's order
    same "$(tail -c 32 out/grey.pfm | od -An -tf4 -N4 | awk '{printf "%.4f", $1}')" "$(awk 'BEGIN {
        v = 128 / 255; printf "%.4f", v <= 0.04045 ? v / 12.92 : exp(log((v + 0.055) / 1.055) * 2.4) }')"
}
case_the_filter_of_the_guide_builds_with_gcc_and_runs() { gain_with gcc; }
case_the_filter_of_the_guide_builds_with_clang_and_runs() { gain_with clang; }
case_a_plugin_with_the_kit_builds_out_of_tree() {
    kit=$stage$(pkg-config --variable=kitdir impasto | sed "s|^$stage||")
    sed 's|d\[x\] = k \* s\[x\]|d[x] = k * s[x]|; s|#include <impasto/impasto.h>|#include <impasto/impasto.h>\n#include <impasto/kit.h>|
         s|return job->set_output(job, 0, &dst->head);|{ imp_status st = kit_blur(dst, dst, 1, job); return st ? st : job->set_output(job, 0, \&dst->head); }|' \
        "$root/tests/cli/install/gain.c" >blurred.c
    # shellcheck disable=SC2046
    mapfile -t kit_files < <(find "$kit" -name '*.c' ! -name kit_ini.c)
    gcc -std=c17 -D_POSIX_C_SOURCE=200809L -O2 -fPIC -fvisibility=hidden -shared -Wl,-z,defs -Wl,--version-script="$kit/../plugin.map" \
        $(pkg-config --cflags impasto) blurred.c "${kit_files[@]}" -lm -o blurred.so
    same "$(nm -D --defined-only blurred.so | awk '{print $3}')" imp_entry_v1
    exits 0 impasto validate ./blurred.so
}
case_a_new_plugin_builds_and_validates() {
    exits 0 impasto new plugin org.example.mine
    cd org.example.mine || exit 1
    exits 0 make SDK= CC=gcc
    exits 0 make SDK= CC=gcc test IMPASTO=impasto
}
case_uninstall_leaves_nothing() {
    other=$(mktemp -d)
    make -C "$root" B="${B:-build/release}" DESTDIR="$other" prefix=$prefix install-files >/dev/null
    make -C "$root" B="${B:-build/release}" DESTDIR="$other" prefix=$prefix uninstall >/dev/null
    same "$(find "$other" -type f | head -n 5)" ''
    rm -rf "$other"
}
run_cases
