# sdk/GUIDE.md: every file in it is compiled, every command runs, what it shows is what is said. FILTERS.md: as generated.
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
export PATH=$there/bin:$PATH PKG_CONFIG_PATH=$there/lib/pkgconfig

# blocks FILE: each block of a page into block-001.KIND ..., files under their names too; the order is that of the page
blocks() {
    awk '!inside && /^```/ { inside = 1; n++; split(substr($0, 4), word, " "); path = sprintf("block-%03d.%s", n, word[1]); file = word[2]; printf "" >path; if (file) printf "" >file; next }
        /^```$/ { inside = 0; next }
        inside { print >path; if (file) print >file }' "$1"
}
case_every_block_of_the_guide_compiles_and_runs() {
    command -v c++ >/dev/null || skip 'no C++ compiler'
    blocks "$root/sdk/GUIDE.md"
    [ "$(find . -name 'block-*' | wc -l)" -gt 20 ] || fail 'where are the blocks?'
    # The stage stands where nobody installs: what pkg-config says is moved there. Strict: the guide must be clean.
    mkdir tools
    real=$(command -v pkg-config)
    printf '#!/bin/sh\n%s "$@" | sed "s|%s|%s|g"\n' "$real" "$prefix/" "$there/" >tools/pkg-config
    for tool in cc c++; do
        printf '#!/bin/sh\nexec %s -Wall -Wextra -Wpedantic -Werror "$@"\n' "$(command -v $tool)" >tools/$tool
    done
    chmod +x tools/*
    export PATH=$PWD/tools:$PATH
    printf 'P2\n8 6\n255\n' >photo.pgm
    seq 1 48 | awk '{ print $1 * 5 % 256 }' >>photo.pgm
    { printf 'P2\n8 6\n255\n' && seq 1 48 | awk '{ print $1 * 37 % 256 }'; } >other.pgm
    ran=0
    for block in block-*.sh block-*.text; do echo "$block"; done | sort >order
    while read -r block; do
        case $block in
        *.sh)
            bash -euo pipefail "$block" >said 2>&1 || fail "$block: $(cat "$block" said)"
            ran=$((ran + 1)) ;;
        *.text)
            while read -r line; do has "$(cat said)" "$line"; done <"$block" ;;
        esac
    done <order
    [ $ran -gt 10 ] || fail "$ran blocks ran"
    for file in [!b]*.c *.cpp; do [ -s "$(basename "${file%.*}").so" ] || fail "$file was never built"; done
    [ -s out/photo.png ] && [ -s means/mean.png ] || fail 'no pictures'
    python3 -c 'import xml.dom.minidom, sys; xml.dom.minidom.parse("gain.xml")' 2>/dev/null || ! command -v python3 >/dev/null || fail 'no XML'
}
case_the_contents_of_the_guide_lead_somewhere() {
    grep -oE '\(#[a-z0-9-]+\)' "$root/sdk/GUIDE.md" | tr -d '(#)' | while read -r anchor; do
        grep -E '^## ' "$root/sdk/GUIDE.md" | tr 'A-Z ' 'a-z-' | sed -e 's/^##-//' -e 's/[^a-z0-9-]//g' | grep -qx "$anchor" || fail "#$anchor leads nowhere"
    done
}
case_filters_md_is_what_describe_says() {
    impasto describe --markdown >now.md
    cmp now.md "$root/FILTERS.md" || fail "FILTERS.md is not what \`impasto describe --markdown\` says: make reference
$(diff now.md "$root/FILTERS.md" | head -n 8)"
}
run_cases
