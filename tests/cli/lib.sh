# lib.sh - shell tests in TAP. A case is a function case_SENTENCE; `run_cases` at the end of the file plans them all,
# runs each in a shell of its own with an empty folder as current one, stops it at the first command that fails.
# shellcheck shell=bash
root=$PWD
bin=${B:-build/release}/bin
[ "${bin#/}" != "$bin" ] || bin=$root/$bin
PATH=$bin:$PATH

# Ends the case: not run, and why.
skip() { echo "SKIP $*"; exit 77; }
fail() { echo "$*"; exit 1; }
# same GOT WANTED [WHAT]
same() { [ "$1" = "$2" ] || fail "${3:+$3: }got '$1', wanted '$2'"; }
# has TEXT PART: PART is in TEXT
has() { case $1 in *"$2"*) ;; *) fail "'$2' is not in: $1" ;; esac; }
lacks() { case $1 in *"$2"*) fail "'$2' is in: $1" ;; esac; }
# exits STATUS COMMAND...: stdout is left in $out, stderr in $err
exits() {
    local wanted=$1 got=0
    shift
    "$@" >.out 2>.err </dev/null || got=$?
    out=$(cat .out)
    err=$(cat .err)
    rm -f .out .err
    [ "$got" = "$wanted" ] || fail "'$*' exits $got, not $wanted: $out $err"
}

run_cases() {
    local cases name number=0 status work bad=0
    mapfile -t cases < <(declare -F | sed -n 's/^declare -f case_//p')
    echo "1..${#cases[@]}"
    for name in "${cases[@]}"; do
        work=$(mktemp -d) || exit 1
        mkdir "$work/in"
        (
            set -eEuo pipefail
            trap 'echo "line $LINENO: $BASH_COMMAND" >&2' ERR
            cd "$work/in" || exit 1
            "case_$name"
        ) >"$work/log" 2>&1
        status=$?
        number=$((number + 1))
        case $status in
        0) echo "ok $number - $name" ;;
        77) echo "ok $number - $name # SKIP $(sed -n 's/^SKIP //p' "$work/log" | tail -n 1)" ;;
        *) echo "not ok $number - $name"
           tail -n 20 "$work/log" | sed 's/^/# /'
           bad=1 ;;
        esac
        chmod -R u+rwx "$work" 2>/dev/null
        rm -rf "$work"
    done
    return $bad
}
# signs FOLDER: a folder of four pictures for each sign of source.symbol.
signs() {
    local kind
    for kind in plus cross circle target square diamond triangle star arrow check heart bolt moon spiral wave hash house anchor flag key; do
        exits 0 impasto run "$root/tests/cli/net/sign.ini" -o "$1/$kind" -q --set sign.kind=$kind --sweep sign.seed=1..4
    done
    rm -rf "$1"/*/.impasto "$1"/*/sweep.*
}
# greys FOLDER: forty grey pictures under the names of MNIST's files, to learn from and to be tested on.
greys() {
    local kind
    for kind in train t10k; do
        { printf '\0\0\10\3\0\0\0\50\0\0\0\34\0\0\0\34'; head -c 31360 /dev/zero | tr '\0' '\125'; } | gzip >"$1/$kind-images-idx3-ubyte.gz"
        { printf '\0\0\10\1\0\0\0\50'; printf '\0\1\2\3\4\5\6\7\10\11%.0s' 1 2 3 4; } | gzip >"$1/$kind-labels-idx1-ubyte.gz"
    done
}
# Twelve photos of 178 x 218 in CelebA's layout, or with a table: celeba FOLDER, table FOLDER.
portraits() {
    local i=0 f
    printf '[preset]\nformat = 1\n[p]\nfilter = load\n[r]\nfilter = resize\nwidth = 178\nheight = 218\nfit = exact\n[out]\nfilter = save\nname = {stem}.jpg\n' >r.ini
    mkdir -p "$1" named
    for f in "$root"/samples/faces/*.jpg "$root"/samples/faces/*.jpg; do i=$((i + 1)) && cp "$f" "named/$(printf %06d $i).jpg"; done
    exits 0 impasto run r.ini named -o "$1"
}
celeba() {
    local i
    portraits "$1/img_align_celeba"
    { echo 12; echo 'Black_Hair Blond_Hair Brown_Hair Gray_Hair Pale_Skin Eyeglasses Mouth_Slightly_Open Smiling Bangs Male Mustache Young'
      for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
          awk -v i=$i 'BEGIN { printf "%06d.jpg", i; for (k = 0; k < 12; k++) printf "  %d", (k < 4 ? k == i % 4 : (i + k) % 3 == 0) ? 1 : -1; print "" }'
      done; } >"$1/list_attr_celeba.txt"
}
table() {
    local i
    portraits "$1/photo"
    { echo 'id,hair-color,skin-color'; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do printf '%06d,%d,%d\n' $i $((i * 8)) $((100 - i * i % 90)); done; } >"$1/attributes.csv"
}
