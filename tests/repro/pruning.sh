#!/bin/bash
# pruning.sh - experiments of global pruning, measured: tests/repro/pruning.md. Called by `make repro-pruning`.
#     pruning.sh DATA OUT REPORT IMPASTO PLANT CURVES MINUTES
# DATA: a folder with classification/ and weights/, or nothing: then what needs it is left out and named. Every run is a
# preset (pruning/*.ini) in a folder of OUT that is kept when it is done; after MINUTES the run at work is stopped, and the next
# call goes on with it. ONLY=glyph: names that begin so. THREADS=1, NICE=15.
set -euo pipefail
export LC_ALL=C
data=${1:+$(realpath "$1")} out=$2 report=$3 impasto=$4 plant=$5 curves=$6 minutes=$7
root=$(realpath "$(dirname "$0")/../..")
here=$root/tests/repro/pruning
deadline=$((SECONDS + minutes * 60))
mkdir -p "$out"
out=$(realpath "$out")
left=() # runs that are not done
ours=places # the default of unbias for taylor
declare -A label=([mean]='global, mean' [none]='global, no unbias' [l2]='global, l2' [places]='global, places' [uniform]='uniform by layer' [forward]='layer by layer'
    [redundant]='most redundant layer first' [random]='random, global' [act]='act instead of taylor' [l1]='l1 instead of taylor' [shot]='one shot, same epochs' [scratch]='its shape from scratch')
declare -A more=([glyph]='l2 act l1')
declare -A EPOCHS=([glyph]=12 [lenet]=10 [resnet]=20 [vgg]=20)
. "$root/tests/repro/pruning_lines.sh"

done_() { [ -e "$out/$1/done" ]; }
# run NAME DATA WORK SET...: the preset DATA.ini + WORK.ini into OUT/NAME; false: not done
run() {
    local name=$1 set=$2 work=$3 rest=$((deadline - SECONDS)) sets=() rc=0 began=$SECONDS k
    shift 3
    if done_ "$name"; then return 0; fi
    case $name in "${ONLY:-}"*) ;; *) rest=0 ;; esac
    if [ $rest -le 0 ] || { [ "$set" != signs ] && [ -z "$data" ]; }; then
        left+=("$name")
        return 1
    fi
    for k in "$@"; do sets+=(--set "$k"); done
    [ "$set" = signs ] || sets+=(--set "vars.data=$data")
    [ "$set" != digits ] || sets+=(--set "vars.held=$(held_labels)")
    mkdir -p "$out/$name"
    cat "$here/$set.ini" "$here/$work.ini" >"$out/$name/preset.ini"
    echo "  $name" >&2
    timeout -k 60 $rest nice -n "${NICE:-15}" "$impasto" run "$out/$name/preset.ini" -o "$out/$name" --threads "${THREADS:-1}" -q "${sets[@]}" \
        >"$out/$name/log" 2>&1 || rc=$?
    [ -e "$out/$name/seconds" ] || echo 0 >"$out/$name/seconds"
    echo $(($(<"$out/$name/seconds") + SECONDS - began)) >"$out/$name/seconds"
    if [ $rc = 0 ]; then touch "$out/$name/done"; return 0; fi
    [ $rc = 124 ] || [ $rc = 143 ] || [ $rc = 137 ] || { echo "$name failed:" && tail -n 20 "$out/$name/log"; } >&2
    left+=("$name")
    return 1
}
# The first 3,000 labels of MNIST's test: DATA has so many of its pictures.
held_labels() {
    local to=$out/held-labels
    [ -s "$to" ] || { printf '\0\0\010\001\0\0\013\270'
        gunzip -c "$data/classification/mnist/t10k-labels-idx1-ubyte.gz" | tail -c +9 | head -c 3000; } >"$to" || true
    echo "$to"
}
# The architecture that a network's file holds.
shape_of() { head -c $((8 + $(od -An -tu8 -N8 "$1"))) "$1" | tail -c +9 | grep -ao '"impasto.architecture":"[^"]*"' | cut -d'"' -f4 | sed 's/\\n/\n/g'; }

# ---- what is pruned ----
# learn NAME DATA NET SEED SET...
learn() { run "$1" "$2" learn "new.path=$3" "vars.seed=$4" "new.seed=$4" "trained.seed=$4" "${@:5}"; }
bases() {
    local s
    for s in 1 2 3; do learn "narrow-$s" signs "$here/nets/narrow.ini" "$s" trained.epochs=20 || true; done
    for s in 1 2 3; do
        done_ "narrow-$s" || continue
        [ -s "$out/planted-$s.safetensors" ] ||
            "$plant" "$out/narrow-$s/net.safetensors" "$here/nets/planted.ini" "$s" "$out/planted-$s.safetensors" "$out/planted-$s.csv"
    done
}
net_of() { # NET SEED: its file
    case $1 in
    glyph) echo "$root/samples/models/glyph.safetensors" ;;
    planted) echo "$out/planted-$2.safetensors" ;;
    *) echo "$out/$1-$2/net.safetensors" ;;
    esac
}
# thin NAME NET DATA SEED SET...
thin() { [ ! -s "$(net_of "$2" "$4")" ] || run "$1" "$3" thin "net.path=$(net_of "$2" "$4")" "vars.seed=$4" "thin.seed=$4" "${@:5}" || true; }

# ---- test 5: ranks of units beside the truth of each ----
ranks() { # NET DATA SEED
    local c u
    local once=(thin.steps=1 thin.step=0.0001 thin.epochs=0 thin.finish=0 thin.samples=1000)
    for c in oracle taylor taylor_mean act apoz l1 l1_fanin contrib random; do
        for u in none mean l2 max z places; do
            [ $c != oracle ] || [ $u = none ] || continue
            thin "ranks-$1-$3-$c-$u" "$1" "$2" "$3" "${once[@]}" thin.criterion=$c thin.unbias=$u
        done
    done
}

# ---- test 4: planted redundancy ----
# As many units are left as the narrow network has, 80, and one of the branch: 119 of 200 go. First without fine-tuning, so
# that what was planted stays redundant; then with it.
planted() {
    local u per s
    local sets=(thin.keep_parameters=0 thin.schedule=cubic thin.step=0.595 thin.steps=15 thin.rate=0.01 thin.finish=0)
    for per in unit param mac; do for s in 1 2 3; do for u in none mean l2 max z places; do
        thin "planted-$s-$u-$per" planted signs $s "${sets[@]}" thin.epochs=0 thin.unbias=$u thin.per=$per
    done; done; done
}
planted_tuned() {
    local u s
    for s in 1 2 3; do for u in none mean l2 places max z; do
        thin "planted-$s-$u-tuned" planted signs $s thin.keep_parameters=0 thin.schedule=cubic thin.step=0.595 thin.steps=15 thin.rate=0.01 thin.finish=0 thin.unbias=$u
    done; done
}

# ---- test 6: the same budget for all ----
last() { # NAME COLUMN: of the last row of its history
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i } END { print $c }' "$out/$1/history.csv"
}
# The share of units that one step takes to come to a budget: by halving, without learning.
shot_share() { # NET DATA SEED BUDGET
    local low=0 high=0.98 mid i
    for i in 1 2 3 4 5 6 7; do
        mid=$(awk -v a=$low -v b=$high 'BEGIN { print (a + b) / 2 }')
        thin "shot-$1-$3-$i" "$1" "$2" "$3" thin.steps=1 thin.step="$mid" thin.epochs=0 thin.finish=0
        done_ "shot-$1-$3-$i" || return 1
        if awk -v p="$(last "shot-$1-$3-$i" parameters)" -v all="$(sed -n 2p "$out/shot-$1-$3-$i/history.csv" | cut -d, -f3)" -v b="$4" 'BEGIN { exit !(p > b * all) }'
        then low=$mid; else high=$mid; fi
    done
    echo "$high"
}
# compare NET DATA SEED BUDGET STEP RATE FINISH SET...: what goes layer by layer ends just below the budget
compare() {
    local net=$1 set=$2 seed=$3 budget=$4 finish=$7 m share how
    local sets=("thin.rate=$6" "${@:8}") first=$net-$seed-$ours
    share=$(awk -v b="$budget" 'BEGIN { print 1 - 0.94 * sqrt(b) }')
    for m in "$ours" none mean uniform forward redundant random ${more[$net]:-}; do
        case $m in
        none | mean | l2 | places) how=(thin.unbias=$m) ;;
        uniform) how=(thin.order=uniform) ;;
        forward | redundant) how=(thin.order=$m "thin.layer_share=$share") ;;
        *) how=(thin.criterion=$m thin.unbias=mean) ;;
        esac
        thin "$net-$seed-$m" "$net" "$set" "$seed" "thin.keep_parameters=$budget" "thin.step=$5" "thin.finish=$finish" "${how[@]}" "${sets[@]}"
    done
    done_ "$first" || return 0
    finish=$((finish + $(last "$first" step)))
    share=$(shot_share "$net" "$set" "$seed" "$budget") || return 0
    thin "$net-$seed-shot" "$net" "$set" "$seed" thin.steps=1 "thin.step=$share" thin.epochs=0 "thin.finish=$finish" "${sets[@]}"
    shape_of "$out/$first/net.safetensors" >"$out/$first/shape.ini"
    learn "$net-$seed-born" "$set" "$out/$first/shape.ini" "$seed" "trained.epochs=$((finish + ${EPOCHS[$net]}))" $(learning "$net") || return 0
    run "$net-$seed-scratch" "$set" thin "net.path=$out/$net-$seed-born/net.safetensors" "vars.seed=$seed" thin.keep_parameters=1 thin.finish=0 || true
}

# ---- test 7 and the goals: as far as half a point allows ----
goal() { # NET DATA SEED STEP RATE FINISH SET...
    thin "$1-$3-goal" "$1" "$2" "$3" thin.keep_parameters=0 thin.tolerance=0.005 thin.rescue=3 "thin.step=$4" "thin.rate=$5" "thin.finish=$6" "${@:7}"
}

# fewer NET DATA SEED TIMES STEP RATE FINISH SET...: to so many times fewer parameters, whatever it costs
fewer() {
    thin "$1-$3-x$4" "$1" "$2" "$3" "thin.keep_parameters=$(awk -v t="$4" 'BEGIN { print 1 / t }')" "thin.step=$5" "thin.rate=$6" "thin.finish=$7" "${@:8}"
}

# ---- time: networks by turns ----
times() { # NET SEED OTHER: milliseconds of forward, of NET and of the pruned OTHER, 7 rounds
    local to=$out/times-$3.csv i k
    [ ! -s "$to" ] && done_ "$3" && [ $SECONDS -lt $deadline ] || return 0
    for i in 1 2 3 4 5 6 7; do
        for k in "$(net_of "$1" "$2")" "$out/$3/net.safetensors"; do
            "$impasto" run "$here/time.ini" -o "$out/time" --threads 1 -q --set net.path="$k" --overwrite always
            awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "ms" || $i == "median") c = i } $1 == "forward" { printf "%s%s", $c, "" }' "$out/time/times.csv"
            echo
        done | paste -sd,
    done >"$to.new"
    mv "$to.new" "$to"
}

learning() { # NET: how it learnt
    case $1 in
    lenet) echo trained.shift=1 ;;
    resnet | vgg) echo trained.flip=yes trained.crop=4 trained.smoothing=0 ;;
    esac
}
colours=(thin.flip=yes thin.crop=4 thin.samples=500 data.limit=5000)

for s in 1 2 3; do learn "lenet-$s" digits "$here/nets/lenet-caffe.ini" $s trained.epochs=10 $(learning lenet) || true; done
for s in 1 2 3; do for x in 30 80; do fewer lenet digits $s $x 0.12 0.03 30 thin.shift=1; done; done
goal lenet digits 1 0.08 0.02 20
run resnet-1 objects tune "net.path=$data/weights/resnet_cifar10_akamaster/resnet20.onnx" trained.epochs=5 || true
compare resnet objects 1 0.2 0.2 0.01 4 "${colours[@]}"
learn vgg-1 objects "$here/nets/vgg-quarter.ini" 1 trained.epochs=20 $(learning vgg) || true
compare vgg objects 1 0.1 0.2 0.01 4 "${colours[@]}"
for s in 1 2 3; do compare lenet digits $s 0.02 0.15 0.02 4 data.limit=5000; done
for s in 1 2 3; do compare glyph signs $s 0.05 0.15 0.01 4 data.count=2500; done
for s in 1 2 3; do goal glyph signs $s 0.06 0.01 12; done
goal resnet objects 1 0.15 0.01 6 "${colours[@]}"
goal vgg objects 1 0.15 0.01 6 "${colours[@]}"
bases
planted
ranks glyph signs 1
ranks lenet digits 1
planted_tuned
ranks lenet digits 2
ranks lenet digits 3
times glyph 1 glyph-1-goal
times lenet 1 lenet-1-goal
times resnet 1 resnet-1-goal
times vgg 1 vgg-1-goal
# kept RUNS HEADING COMMAND...: a section; where no run of the pattern lies in OUT, as the report has it
kept() {
    printf '\n%s\n' "$2"
    if compgen -G "$out/$1/done" >/dev/null || ! grep -qxFs -- "$2" "$report"; then "${@:3}"; return; fi
    awk -v h="$2" '$0 == h { on = 1; next } /^#/ { on = 0 } on' "$report" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}
below() { echo; "$@"; }
compared() { tell_compare "$1" "${@:3}"; curve "$1" 1 "$2"; } # NET TITLE SEED...
goals() { echo; tell_goals; printf '\nTo so many times fewer parameters, whatever it costs:\n\n'; tell_fewer; }
tell() {
    cat "$root/tests/repro/pruning.txt"
    kept 'planted-*' '## Test 4: planted redundancy' below tell_planted
    kept 'ranks-glyph-*' "## Test 5: glyph's ranks beside the truth of each unit" tell_ranks glyph 1
    kept 'ranks-lenet-*' "## Test 5: LeNet's ranks beside the truth of each unit" tell_ranks lenet 1 2 3
    printf '\n## Test 6: the same budget\n'
    kept 'glyph-[123]-places' '### glyph, 5 % of the parameters' compared glyph 'glyph: error and parameters, seed 1' 1 2 3
    kept 'lenet-[123]-places' '### LeNet-5 on MNIST, 2 % of the parameters' compared lenet 'LeNet-5: error and parameters, seed 1' 1 2 3
    kept 'resnet-1-places' '### ResNet-20 on CIFAR-10, 20 % of the parameters' compared resnet 'ResNet-20: error and parameters' 1
    kept 'vgg-1-places' '### VGG-16 at a quarter of its width on CIFAR-10, 10 % of the parameters' compared vgg 'VGG-16, a quarter: error and parameters' 1
    kept '*-goal' '## Test 7 and the goals: as far as half a point of the check set allows' goals
    kept '*-goal' '## Time' below tell_times
    printf '\n## Not run\n\nSections of which nothing lies in `build/pruning` stand as an earlier call measured them.\n\n'
    printf '%s\n' "${left[@]:-Nothing: all ran.}" | sed 's/-[^-]*-[^-]*$//' | sort | uniq -c | awk '{ printf "%s%s: %d", (NR > 1 ? ", " : ""), $2, $1 } END { print "" }' | fold -sw 150
}
tell >"$report.new"
mv "$report.new" "$report"
