#!/bin/bash
# parallel.sh - a preset over a folder under GNU parallel, on this machine or on several that see the same folders:
#     parallel.sh PARTS PRESET IN OUT [OPTIONS OF impasto run...]
#     JOBS=4 SSH=host1,host2 parallel.sh 32 oil.ini photos/ out/
# JOBS parts at a time (one for each processor if not said). A part that fails is tried twice more, then the rest is done and
# the sheets are made by the run at the end.
set -eu
parts=$1 preset=$2 pictures=$3 out=$4
shift 4
common=(impasto run "$preset" "$pictures" -o "$out" "$@")
: "${JOBS:=100%}"
# parallel reads its command as a shell does: each word is quoted
words=$(printf '%q ' "${common[@]}" --quiet --threads 1)
seq "$parts" | parallel --no-notice --jobs "$JOBS" --retries 3 --joblog "${LOG:-/dev/null}" ${SSH:+--sshlogin "$SSH"} --workdir "$PWD" \
    "$words --shard {}/$parts" || echo "some parts failed: what they left is done now" >&2
exec "${common[@]}"
