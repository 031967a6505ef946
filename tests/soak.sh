#!/bin/sh
# A long folder run keeps its memory: over 4000 pictures it needs what it needs over 200, but for the list of the
# items themselves, which may take 1 KiB a picture. soak.sh PROGRAM
set -eu
program=${1:?the program}
work=$(mktemp -d "${TMPDIR:-/tmp}/impasto-soak-XXXXXX")
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME="$work/cache"
cat >"$work/chain.ini" <<'INI'
; soak.ini - a short chain.
[preset]
format = 1
[photo]
filter = load
[soft]
filter = blur
[out]
filter = save
INI
# pictures FOLDER COUNT: grey ramps of 160x120, each another
pictures() {
    mkdir -p "$1"
    awk -v dir="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) {
        file = sprintf("%s/%05d.pgm", dir, i); printf "P2\n160 120\n255\n" > file
        for (y = 0; y < 120; y++) { line = ""; for (x = 0; x < 160; x++) line = line (x * (i % 7 + 1) + y) % 256 " "; print line > file }
        close(file) } }'
}
# peak FOLDER OUT: the largest resident set of a run over it, KiB
peak() {
    "$program" run "$work/chain.ini" "$1" -o "$2" >/dev/null 2>&1 &
    pid=$! most=0
    while rss=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$rss" ]; do
        most=$rss
        sleep 0.02
    done
    wait $pid
    echo "$most"
}
pictures "$work/few" 200
pictures "$work/many" 4000
few=$(peak "$work/few" "$work/a")
many=$(peak "$work/many" "$work/b")
echo "peak memory: $few KiB over 200 pictures, $many KiB over 4000"
if [ "$many" -gt $((few + few / 10 + 3800)) ]; then
    echo "0 passed, 1 failed"
    exit 1
fi
echo "1 passed, 0 failed"
