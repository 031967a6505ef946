#!/bin/bash
# guard.sh INCLUDE - are the headers in INCLUDE still what the frozen version promises? A line for each part:
#   layout        sizes, offsets, constants, ids: each line of the frozen layout.txt is there, in order
#   names         every struct, constant and id of the headers is in layout.c
#   declarations  every declaration of the frozen headers is there, in order: types, arguments, const, noexcept
#   abidiff       libabigail finds no difference, without suppressions
# New members and constants stand under #if IMP_ABI_MINOR >= N and are not seen here. Exit 0: all ok; 1: red.
set -u
include=$(cd "$1" && pwd) || exit 2
cd "$(dirname "$0")" || exit 2
frozen=$PWD/1.0
cc=${CC:-gcc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
red=0

tell() { # STATUS PART FILE: what the file says follows when it is red
    if [ "$1" = 0 ]; then
        echo "ok       $2"
    else
        echo "RED      $2"
        head -n 12 "$3" | sed 's/^/         /'
        red=1
    fi
}

# The lines of FROZEN that NOW lacks, or has elsewhere: no addition is a fault.
lost() { diff --old-line-format='lost: %L' --new-line-format= --unchanged-line-format= "$1" "$2"; }

# What our headers declare, one piece a line: no comments, no blanks, nothing of the system's headers.
declarations() {
    local header
    for header in impasto nn data codec; do
        echo "$header.h"
        # shellcheck disable=SC2086 # a compiler may be "ccache gcc"
        printf '#include <impasto/%s.h>\n' $header | $cc -std=c17 -E -x c -I"$1" - |
            awk -v file="/impasto/$header.h\"" '/^# [0-9]+ "/ { ours = index($0, file); next } ours' |
            tr -s ' \t\n' ' ' | sed -e 's/ *(\*/ (*/g' -e 's/\([;{}]\) */\1\n/g' |
            awk '{ gsub(/^ +| +$/, "") } # the constants of an enum, one a line; all else by its semicolons
                 constants { last = sub(/ *}$/, ""); gsub(/, */, "\n"); constants = !last }
                 /(^|typedef )enum .*{$/ { constants = 1 }
                 $0 != "" { print }'
    done
    grep -hE '^#define IMP_[A-Z0-9_]+ ' "$1"/impasto/{impasto,nn,data,codec}.h | sed -e 's@ */\*.*@@' -e 's/  */ /g' -e '/^#define IMP_ABI_MINOR /d'
}

if [ "${2:-}" = --write ]; then # freeze.sh: what the headers are now
    # shellcheck disable=SC2086
    $cc -std=c17 -Wall -I"$include" layout.c -o "$work/layout" && "$work/layout" >"$frozen/layout.txt" && declarations "$include" >"$frozen/declarations.txt"
    exit
fi

# shellcheck disable=SC2086
if $cc -std=c17 -Wall -Wpadded -Werror -I"$include" layout.c -o "$work/layout" >"$work/said" 2>&1; then
    "$work/layout" >"$work/layout.txt" || echo 'members with gaps between, or missing in layout.c' >"$work/said"
    grep '?' "$work/layout.txt" >>"$work/said"
    lost "$frozen/layout.txt" "$work/layout.txt" >>"$work/said"
    # a frozen struct has no more members than it had
    diff <(grep -v '^ ' "$frozen/layout.txt") <(grep -v '^ ' "$work/layout.txt") | sed -n 's/^[<>] /changed: /p' >>"$work/said"
    tell "$([ -s "$work/said" ]; echo $((1 - $?)))" layout "$work/said"
else
    tell 1 layout "$work/said"
fi

declarations "$include" >"$work/declarations.txt" 2>"$work/said"
{
    grep -oE '\bIMP_[A-Z0-9_]+' "$work/declarations.txt"
    sed -n 's/^\(typedef \)\{0,1\}\(struct\|union\) \(imp_[a-z0-9_]*\) {$/\3/p' "$work/declarations.txt"
} | sort -u | grep -vxE 'IMP_(NX|ASSERT|EXPORT|HAS|LIST|FN|PLUGIN_HEAD|ABI_MINOR|[A-Z]*_H)' | while read -r name; do
    grep -qw -- "$name" layout.c || echo "$name is not in layout.c"
done >"$work/names"
tell "$([ -s "$work/names" ]; echo $((1 - $?)))" names "$work/names"

lost "$frozen/declarations.txt" "$work/declarations.txt" >>"$work/said"
tell "$([ -s "$work/said" ]; echo $((1 - $?)))" declarations "$work/said"

if ! command -v abidiff >/dev/null; then
    echo 'skipped  abidiff: libabigail (Debian: abigail-tools) is not installed'
else
    for which in "$frozen/include" "$include"; do
        # shellcheck disable=SC2086
        $cc -std=c17 -g -shared -fPIC -fvisibility=hidden -I"$which" probe.c -o "$work/$([ "$which" = "$include" ] && echo today || echo frozen).so" >"$work/said" 2>&1 || break
    done
    [ -s "$work/said" ] || abidiff "$work/frozen.so" "$work/today.so" >"$work/said" 2>&1
    tell $? abidiff "$work/said"
fi
exit $red
