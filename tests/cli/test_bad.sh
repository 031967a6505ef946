#!/bin/sh
# Every preset of tests/cli/bad is wrong on purpose, and says how in its first lines:
#   ; expect CODE PLACE HINT     PLACE: LINE:COL of the preset, FILE:LINE:COL of another, - for none
#   ; set NODE.KEY=VALUE         an argument of --set
# `impasto check` and `impasto run` must answer 2, name code and place, give the hint, and make no file.
set -u
bad=$(cd "$(dirname "$0")/bad" && pwd)
impasto=${IMPASTO:-build/release/bin/impasto}
case $impasto in /*) ;; *) impasto=$PWD/$impasto ;; esac
work=$(mktemp -d "${TMPDIR:-/tmp}/impasto-bad-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export HOME="$work/home" XDG_CACHE_HOME="$work/cache" XDG_DATA_HOME="$work/data" XDG_CONFIG_HOME="$work/config"
unset IMPASTO_PLUGIN_PATH IMPASTO_PRESET_PATH IMPASTO_MODEL_PATH CLICOLOR_FORCE
mkdir "$work/home" "$work/here"
cp -R "$bad/." "$work/here"
cd "$work/here" || exit 1
printf 'P6\n2 2\n255\nabcdefghijkl' >waves.ppm
count=0 failed=0

# Messages on one line each: "E0107 file:4:1 all the text"; no place: "-".
flatten() {
    LC_ALL=C awk '
        function flush() { if (code != "") print code " " place " " text; code = "" }
        /^(error|warning|note)\[[EW][0-9]+\]: / {
            flush(); code = substr($0, index($0, "[") + 1, 5); place = "-"; text = $0; next }
        place == "-" && /^ +--> / { sub(/^ +--> /, ""); place = $0; next }
        { text = text " " $0 }
        END { flush() }' "$1"
}

verdict() { # status of a case, its name, why not
    count=$((count + 1))
    if [ -z "$2" ]; then
        echo "ok $count - $1"
    else
        failed=$((failed + 1))
        echo "not ok $count - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
        sed 's/^/#   /' "$work/messages"
    fi
}

# Is there a message of that code and place that holds the hint?
expected() { # file, code, place, hint
    case $3 in
    -) place= ;;
    *[!0-9:]*) place=$3 ;;
    *) place=$1:$3 ;;
    esac
    LC_ALL=C CODE=$2 PLACE=$place HINT=$4 awk '
        index($1, ENVIRON["CODE"]) == 1 && index($0, ENVIRON["HINT"]) {
            want = ENVIRON["PLACE"]
            if (want == "" ? $2 !~ /:[0-9]+:[0-9]+$/ : $2 == want)
                found = 1
        }
        END { exit !found }' "$work/flat"
}

one() { # file
    set --
    while read -r word rest; do
        [ "$word" = ";" ] || continue
        case $rest in "set "*) set -- "$@" --set "${rest#set }" ;; esac
    done <"$file"
    why=
    ls -R . >"$work/before"
    "$impasto" check "$file" "$@" >"$work/out" 2>"$work/messages" </dev/null
    status=$?
    [ $status = 2 ] || why="check: exit status $status, not 2"
    flatten "$work/messages" >"$work/flat"
    while read -r word what code place hint; do
        [ "$word $what" = "; expect" ] || continue
        expected "$file" "$code" "$place" "$hint" || why="$why
no message $code at $place with: $hint"
    done <"$file"
    "$impasto" run "$file" waves.ppm -o out "$@" >"$work/out" 2>>"$work/messages" </dev/null
    status=$?
    [ $status = 2 ] || why="$why
run: exit status $status, not 2"
    ls -R . | cmp -s - "$work/before" || why="$why
something was made: $(ls -R . | diff "$work/before" - | tr '\n' ' ')"
    verdict "bad preset $file" "${why#
}"
}

echo "1..$(ls [0-9]*.ini | wc -l | tr -d ' ')"
for file in [0-9]*.ini; do
    one
done
[ $failed = 0 ]
