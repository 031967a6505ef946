#!/bin/bash
# run.sh - runs the tests of the tree it is called in, and counts cases, not programs.
#   B=build/release T=name PARTS="unit fuzz cli" JOBS=2 DATA=DIR tests/run.sh
#
# unit: tests/unit/test_X.c, built as $B/tests/test_X      cli: tests/cli/test_X.sh
# fuzz: tests/fuzz/fuzz_X.c, built as $B/fuzz/fuzz_X-replay, over tests/fuzz/corpus/X
# All speak TAP. A planned case that never came, a bad exit status without a failed case, no plan at all: each is a
# failure. `# SKIP` is a skip. The last line stands alone; exit 0 only when nothing failed and something passed.
set -u
export LC_ALL=C TZ=UTC OPENBLAS_NUM_THREADS=1 B=${B:-build/release} DATA=${DATA:-}
T=${T:-} PARTS=${PARTS:-unit fuzz cli} JOBS=${JOBS:-2} LIMIT=${LIMIT:-120}

# Nothing of the user's: no settings, presets, caches.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/impasto-tests-XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
export HOME=$scratch/home TMPDIR=$scratch/tmp
mkdir -p "$HOME" "$TMPDIR" "$scratch/results"
for name in $(compgen -e | grep -E '^(IMPASTO_|XDG_|NO_COLOR$|CLICOLOR|SOURCE_DATE_EPOCH$|OPENBLAS_CORETYPE$|MAKEFLAGS$|MAKELEVEL$|MFLAGS$)'); do
    unset "$name"
done

# Prints "NAME COMMAND..." of every test that is asked for.
list_tests() {
    local file name
    for part in $PARTS; do
        case $part in
        unit) for file in tests/unit/test_*.c; do
            name=$(basename "$file" .c)
            echo "$name $B/tests/$name"
        done ;;
        fuzz) for file in tests/fuzz/fuzz_*.c; do
            name=$(basename "$file" .c)
            echo "$name $B/fuzz/$name-replay tests/fuzz/corpus/${name#fuzz_}"
        done ;;
        cli) for file in tests/cli/test_*.sh; do
            echo "$(basename "$file") bash $file" # with its ending: a unit test may have the same name
        done ;;
        esac
    done | grep -v '[*]' | awk -v t="$T" 't == "" || index($1, t)'
}

# A shell test may ask for longer: "# limit: 300" in its first lines.
limit_of() {
    local asked
    asked=$(head -n 5 "${!#}" 2>/dev/null | tr -d '\0' | sed -n 's/^# limit: \([0-9]*\)$/\1/p')
    [ "${asked:-0}" -gt "$LIMIT" ] && echo "$asked" || echo "$LIMIT"
}

# judge NAME STATUS OUT ERR: "passed failed skipped" and lines of "F text" and "S text".
judge() {
    awk -v name="$1" -v status="$2" -v err="$4" '
    function fail(text) { failed++; why[++n] = "F" name ": " text }
    function more(text) { if (n && open) why[++n] = "C" text }
    /^1\.\.[0-9]+/ {
        planned += substr($1, 4); plans++
        if (tolower($0) ~ /# *skip/) { skipped++; why[++n] = "S" name ": " $0; plans++ }
        next
    }
    /^(not )?ok( |$)/ {
        cases++
        open = 0
        text = $0
        sub(/^(not )?ok *[0-9]* *(- )?/, "", text)
        if (tolower($0) ~ /# *skip/) { skipped++; why[++n] = "S" name ": " text; open = 1 }
        else if ($1 == "not") { fail(text); open = 1 }
        else passed++
        next
    }
    /^Bail out!/ { fail($0); next }
    /^#/ { more($0) }
    END {
        bad = failed
        if (!plans) fail("no test ran (exit status " status ")")
        else if (cases < planned)
            for (i = cases; i < planned; i++) fail("case " i + 1 " of " planned " never came (exit status " status ")")
        else if (cases > planned) fail(cases " cases came, " planned " were planned")
        if (status == 124 || status == 137) fail("stopped after its time limit")
        else if (status != 0 && !failed) fail("exit status " status " without a failed case")
        if (failed) while ((getline line < err) > 0) if (++shown <= 40) why[++n] = "C  | " line
        print passed + 0, failed + 0, skipped + 0
        for (i = 1; i <= n; i++) print why[i]
    }' "$3"
}

run_one() {
    local name=$1 status at=$scratch/results/$1
    shift
    timeout -k 5 "$(limit_of "$@")" "$@" >"$at.out" 2>"$at.err" </dev/null
    status=$?
    judge "$name" "$status" "$at.out" "$at.err" >"$at.verdict"
    [ -t 2 ] && printf '  %-40s %s\n' "$name" "$(head -n 1 "$at.verdict" | awk '{print $1 " passed, " $2 " failed, " $3 " skipped"}')" >&2
    return 0
}

mapfile -t tests < <(list_tests)
running=0
for test in "${tests[@]}"; do
    # shellcheck disable=SC2086 # a name and a command of words
    run_one $test &
    if ((++running >= JOBS)); then
        wait -n
        ((running--))
    fi
done
wait

for kind in F S; do
    for test in "${tests[@]}"; do
        awk -v kind=$kind 'NR == 1 { next }
            /^[FS]/ { show = substr($0, 1, 1) == kind; if (show) print (kind == "F" ? "FAILED  " : "skipped ") substr($0, 2); next }
            show { print "        " substr($0, 2) }' "$scratch/results/${test%% *}.verdict"
    done
done
((${#tests[@]})) || echo "no test is called '$T'"
read -r passed failed skipped < <(for test in "${tests[@]}"; do head -n 1 "$scratch/results/${test%% *}.verdict"; done |
    awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
echo
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
