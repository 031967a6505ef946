#!/bin/bash
# advae.sh - claims about faces from drawings, measured: tests/repro/advae.md. Called by `make repro-advae [DATA=DIR]`;
# DIR holds weights/ and faces/. Each part leaves its lines in OUT and is not done again; a training that is stopped goes on;
# remove OUT (build/repro/advae) to begin anew. MINUTES: no part is begun after so many.
set -euo pipefail
export LC_ALL=C
data=$1 out=$2 report=$3 impasto=$4
here=$(dirname "$0")
root=$(cd "$here/../.." && pwd)
minutes=${MINUTES:-100000}
vgg=$data/weights/vgg19_normalised_conv1_1-3_1/vgg19_norm_enc3_zeropad.onnx
visage=$root/samples/models/visage.safetensors
mkdir -p "$out"

run() { "$impasto" run "$@" >"$out/log" 2>&1 || { tail -n 20 "$out/log" >&2; exit 1; }; }
part() { [ ! -s "$out/$1.md" ] && [ $SECONDS -lt $((minutes * 60)) ] || return 1; echo "  $1" >&2; }
look() { if [ -e "$vgg" ]; then echo "$vgg"; else echo "$root/samples/models/texel.safetensors"; fi; }
judge() { # NAME SEED SIZE
    [ -s "$out/$1/judge.safetensors" ] || run "$here/faces-judge.ini" -o "$out/$1" --set vars.seed="$2" --set vars.size="$3"
}
# value FILE METRIC [OF] [COLUMN]: a figure; the mean over attributes where OF is left out
value() {
    awk -F, -v metric="$2" -v of="${3-}" -v c="${4-3}" '{ gsub(/"/, "") }
        NR > 1 && $1 == metric && (of == "" || $2 == of) && $c != "" && $c != "nan" { sum += $c; n++ }
        END { if (n) printf "%.3f", sum / n; else printf "-" }' "$1"
}
# leak FILE METRIC points|r2: of choices the mean share above the majority, in points; of numbers the mean R2 in percent.
leak() {
    awk -F, -v metric="$2" -v kind="$3" '{ gsub(/"/, "") }
        $1 == metric && (kind == "points") == ($4 > 0) { sum += 100 * (kind == "points" ? $3 - $4 : $3); n++ }
        END { if (n) printf "%.1f", sum / n; else printf "-" }' "$1"
}
# figures DIR MODEL SIZE [DRAWING [SETS]]
figures() {
    [ -s "$1/figures.csv" ] || run "$here/faces-measure.ini" -o "$1" --set vars.model="$2" --set vars.judge="$out/other-$3/judge.safetensors" \
        --set vars.size="$3" --set vars.look="$(look)" --set figures.layers="relu1_1 relu2_1 relu3_1" --set vars.drawing="${4:-all}" "${@:5}"
}
head_line() {
    echo '| training | PSNR | SSIM | features | control | collateral | under a contrary style | style (shuffled) | contour (shuffled) | contour, other style | hue moved | FID (two halves) | diversity | leak, linear: points; R2 % | leak, two layers | MIG | SAP | DCI |'
    echo '|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|'
}
line() { # NAME FILE
    echo "| $1 | $(value "$2" psnr) | $(value "$2" ssim) | $(value "$2" features) | $(value "$2" control) | $(value "$2" collateral) |" \
        "$(value "$2" 'control under a contrary style') | $(value "$2" style) ($(value "$2" style '' 4)) | $(value "$2" contour) ($(value "$2" contour '' 4)) |" \
        "$(value "$2" 'contour under another style') | $(value "$2" 'hue of the face in another style') | $(value "$2" fid) ($(value "$2" fid '' 4)) | $(value "$2" diversity) | $(leak "$2" 'linear leak' points); $(leak "$2" 'linear leak' r2) |" \
        "$(leak "$2" 'leak of two layers' points); $(leak "$2" 'leak of two layers' r2) | $(value "$2" mig) | $(value "$2" sap) | $(value "$2" dci) |"
}
# training NAME SETS...: one of the short ones, at 64 px with half the maps
training() {
    local dir=$out/$1
    [ -s "$dir/model.safetensors" ] || run "$here/faces-train.ini" -o "$dir" --set vars.judge="$out/guide-64/judge.safetensors" "${@:2}"
    figures "$dir" "$dir/model.safetensors" 64
    line "$1" "$dir/figures.csv"
}

# ---- visage, as it ships: drawings with all lines, of the face alone, of its outline alone ----
if part visage && [ -s "$visage" ]; then
    judge other-128 50 128
    for d in all face contour; do figures "$out/visage-$d" "$visage" 128 $d; done
    figures "$out/visage-bare" "$visage" 128 contour --set figures.inside=none
    { head_line; for d in all face contour; do line "visage, drawing = $d" "$out/visage-$d/figures.csv"; done
      line 'visage, drawing = contour, inside = none' "$out/visage-bare/figures.csv"; echo
      echo '| attribute | judge on photos, right and correlation | control, outline alone | face | all lines | correlation | | | under a contrary style | | |'; echo '|---|---|---|---|---|---|---|---|---|---|---|'
      for a in hair complexion glasses beard moustache open smile; do
          row="| $a | $(value "$out/visage-all/figures.csv" judge $a), $(value "$out/visage-all/figures.csv" "judge's correlation" $a) |"
          for m in control correlation 'control under a contrary style'; do
              for d in contour face all; do row="$row $(value "$out/visage-$d/figures.csv" "$m" $a) |"; done
          done
          echo "$row"
      done; } >"$out/visage.md.new"
    mv "$out/visage.md.new" "$out/visage.md"
fi

# ---- faces of others: the synthetic photos of DATA ----
if [ -d "$data/faces/omi/dev" ] && part omi; then
    run "$here/faces-omi.ini" -o "$out/omi" --set vars.folder="$data/faces/omi/dev" --set vars.look="$(look)"
    { head_line; line 'omi, test fold' "$out/omi/figures.csv"; echo
      for a in hair complexion; do echo "- $a: correlation of asked and judged $(value "$out/omi/figures.csv" correlation $a), judge's own bins right $(value "$out/omi/figures.csv" judge $a)"; done; } >"$out/omi.md.new"
    mv "$out/omi.md.new" "$out/omi.md"
fi

# ---- ablations: three seeds ----
ablations=()
for seed in 1 2 3; do
    for way in adversary cvae none; do ablations+=("$way-$seed|vars.disentangle=$way|vars.seed=$seed"); done
    [ $seed != 1 ] || ablations+=("no-erasure-1|trained.erase=no" "no-erasure-lambda-400-1|trained.erase=no|trained.lambda=400" "erasure-alone-1|trained.lambda=0"
        "pixels-alone-1|vars.disentangle=cvae|trained.features=0|trained.patches=0" "no-patches-1|trained.patches=0"
        "judge-guides-1|trained.control=0.1|trained.contour=20" "fresh-1|trained.stage2=fresh" "through-G-1|trained.stage2=through_G"
        "flip-1|trained.removal=flip")
done
for a in "${ablations[@]}"; do
    IFS='|' read -ra words <<<"$a"
    part "${words[0]}" || continue
    judge guide-64 49 64
    judge other-64 50 64
    sets=()
    for word in "${words[@]:1}"; do sets+=(--set "$word"); done
    training "${words[0]}" "${sets[@]}" >"$out/${words[0]}.md.new"
    mv "$out/${words[0]}.md.new" "$out/${words[0]}.md"
done

# ---- nearness to the photos in another network's eyes: SqueezeNet 1.1, when DATA has it ----
squeezenet=$data/weights/squeezenet1.1_openvino_fp16/squeezenet1.1_fp32.onnx
if [ -e "$squeezenet" ] && [ -s "$out/pixels-alone-1.md" ] && part squeeze; then
    judge other-64 50 64
    for name in adversary-1 cvae-1 no-patches-1 pixels-alone-1; do
        [ -s "$out/$name/model.safetensors" ] || continue
        run "$here/faces-measure.ini" -o "$out/$name-squeeze" --set vars.model="$out/$name/model.safetensors" --set vars.judge="$out/other-64/judge.safetensors" \
            --set vars.size=64 --set vars.look="$squeezenet" --set look.input=bgr --set "look.range=0 255" --set "look.mean=104 117 123" \
            --set "figures.layers=relu_conv1 fire3/concat fire5/concat"
        echo "| $name | $(value "$out/$name-squeeze/figures.csv" features) | $(value "$out/$name/figures.csv" features) |"
    done >"$out/squeeze.md.new"
    mv "$out/squeeze.md.new" "$out/squeeze.md"
fi

# ---- the report; sheets of drawn faces go beside it, those of DATA's stay in OUT ----
sheets() { # NAME...
    mkdir -p "$here/advae"
    for name in "$@"; do
        [ ! -s "$out/$name/sheet.jpg" ] || cp "$out/$name/sheet.jpg" "$here/advae/$name.jpg"
        [ ! -s "$here/advae/$name.jpg" ] || printf '\n%s: ![eight drawings; the photos; made again; with other attributes in the next one'"'"'s style](advae/%s.jpg)\n' "$name" "$name"
    done
}
{
    cat "$here/advae.txt"
    printf '\n## visage (128 px)\n\n'
    if [ -s "$out/visage.md" ]; then cat "$out/visage.md"; else echo 'Not run.'; fi
    printf '\n## Ablations (64 px, half the maps, 1,500 batches of 8 each stage, the same for all)\n\n'
    head_line
    for a in "${ablations[@]}"; do if [ -s "$out/${a%%|*}.md" ]; then cat "$out/${a%%|*}.md"; else echo "| ${a%%|*} | not run |"; fi; done
    printf '\nRelative distance of features, of one photo made again from that photo, in networks that took no part:\n\n| training | SqueezeNet 1.1, relu_conv1, fire3, fire5 | VGG-19, relu1_1, 2_1, 3_1 |\n|---|---|---|\n'
    if [ -s "$out/squeeze.md" ]; then cat "$out/squeeze.md"; else echo '| not run |'; fi
    sheets adversary-1 cvae-1 none-1 pixels-alone-1 judge-guides-1
    printf '\n## Faces of others (omi, 803 synthetic photos, ratings of people)\n\n'
    if [ -s "$out/omi.md" ]; then cat "$out/omi.md"; else echo 'Not run.'; fi
} >"$report"
echo "The report is $report"
