#!/bin/sh
# A long folder run keeps its memory, in one process and with workers: over MANY=10000 pictures it needs what it needs over
# FEW=1000, but for the list of the items themselves, which may take 1 KiB a picture, and 2 with
# workers, who are copies of the host and its list. soak.sh PROGRAM
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
# pictures FOLDER COUNT: grey ramps of 160x120 of seven kinds, under many names
pictures() {
    mkdir -p "$1"
    awk -v dir="$1" 'BEGIN { for (i = 0; i < 7; i++) {
        file = sprintf("%s/%05d.pgm", dir, i); printf "P2\n160 120\n255\n" > file
        for (y = 0; y < 120; y++) { line = ""; for (x = 0; x < 160; x++) line = line (x * (i % 7 + 1) + y) % 256 " "; print line > file }
        close(file) } }'
    seq 7 $(($2 - 1)) | awk -v dir="$1" '{ printf "ln %s/%05d.pgm %s/%05d.pgm\n", dir, $1 % 7, dir, $1 }' | sh
}
# peak FOLDER OUT ARGS...: the largest resident set of a run over it, KiB; of all its processes together
peak() {
    in=$1 out=$2
    shift 2
    "$program" run "$work/chain.ini" "$in" -o "$out" "$@" >/dev/null 2>&1 &
    pid=$! most=0
    while [ -d "/proc/$pid/fd" ] && rss=$(resident "$pid"); do
        [ "$rss" -le "$most" ] || most=$rss
        sleep 0.05
    done
    wait $pid
    echo "$most"
}
# resident PID: of it, its children and theirs; pages that they share count once
resident() {
    for one in $(ps -e -o pid=,ppid= | awk -v of="$1" '{ up[$1] = $2 }
        END { for (p in up) for (q = p; q in up; q = up[q]) if (q == of) { print p; break } }'); do
        cat "/proc/$one/smaps_rollup" 2>/dev/null || true
    done | awk '/^Pss:/ { sum += $2 } END { print sum + 0 }'
}
few=${FEW:-1000} many=${MANY:-10000} failed=0 passed=0
pictures "$work/few" "$few"
pictures "$work/many" "$many"
for how in '' --isolate; do
    each=$((${#how} ? 2 : 1))
    # shellcheck disable=SC2086 # nothing, or an option
    small=$(peak "$work/few" "$work/a$how" $how) large=$(peak "$work/many" "$work/b$how" $how)
    done=$(find "$work/b$how" -name '*.png' | wc -l)
    echo "${how:-in one process}: at most $small KiB over $few pictures, $large KiB over $many; $done written"
    if [ "$large" -gt $((small + small / 10 + each * many)) ] || [ "$done" -ne "$many" ]; then
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
