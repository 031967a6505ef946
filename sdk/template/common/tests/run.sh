#!/bin/sh
# run.sh - runs every preset golden*.ini of this folder, which compares what the filter makes with what it should make
# and writes the differences as a table. Exit 1: one is further off than a thousandth.
set -eu
cd "$(dirname "$0")"
impasto=${IMPASTO:-impasto}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0

for preset in golden*.ini; do
    "$impasto" run "$preset" -o "$out" --plugin-path .. --quiet
    table=$out/${preset%.ini}.csv
    # the column `max`: the largest difference of a sample, of 1
    if awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "max") column = i }
                NR == 2 { seen = 1; far = !(column && $column <= 0.001) }
                END { exit !seen || far }' "$table"; then
        echo "ok      $preset"
    else
        echo "FAILED  $preset:"
        cat "$table"
        failed=1
    fi
done
exit $failed
