#!/bin/bash
# inversion.sh - anchors and claims of feature map inversion, measured: tests/repro/inversion.md. Called by
# `make repro-inversion DATA=DIR`; DIR holds weights/ and images/. Each part leaves its lines in OUT and is not done again;
# remove OUT (build/repro) to begin anew. MAPS, PHOTOS: how many maps and which photos claim 1 takes.
set -euo pipefail
export LC_ALL=C
data=$1 out=$2 report=$3 impasto=$4
here=$(dirname "$0")
vgg=$data/weights/vgg19_normalised_conv1_1-3_1/vgg19_norm_enc3_zeropad.onnx
texel=$here/../../samples/models/texel.safetensors
photo=$data/images/content_photos/golden_gate.jpg
painting=$data/images/style_paintings/starry_night.jpg
maps=${MAPS:-0-11}
read -ra photos <<<"${PHOTOS:-$photo $data/images/kodak/kodim05.png}"
mkdir -p "$out"

run() { "$impasto" run "$@" >"$out/log" 2>&1 || { tail -n 20 "$out/log" >&2; exit 1; }; }
# column FILE NAME: its values
column() { awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { print $c }' "$1"; }
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# part NAME: is it to be done? Its lines go to stdout, kept when it ends.
part() { [ ! -s "$out/$1.md" ] || return 1; echo "  $1" >&2; }

# ---- anchors: inversion of single layers ----
inversion() {
    local layer dir
    echo '| layer | optimiser | updates | code error | PSNR |'
    echo '|---|---|---|---|---|'
    for layer in relu1_1 relu2_1 relu3_1; do
        dir=$out/lbfgs-$layer
        run "$here/anchor.ini" "$photo" -o "$dir" --set vars.net="$vgg" --set vars.layer=$layer --set paint.steps=100 --overwrite always
        echo "| $layer | lbfgs | $(column "$dir/losses.csv" step | tail -n 1) | $(column "$dir/losses.csv" loss | tail -n 1 | xargs printf %.5f) | $(column "$dir/near.csv" psnr | xargs printf %.1f) dB |"
    done
    for layer in relu1_1 relu2_1 relu3_1; do
        dir=$out/fmi-$layer
        run "$here/anchor.ini" "$photo" -o "$dir" --set vars.net="$vgg" --set vars.layer=$layer --set paint.compat=fmi --set paint.code_scale=100 --overwrite always
        echo "| $layer | sgd-fmi, s = 100 | $(column "$dir/losses.csv" step | tail -n 1) | | $(column "$dir/near.csv" psnr | xargs printf %.1f) dB |"
    done
}

# ---- claims 1 and 2: maps of a layer from several photos ----
# Nearest neighbours between the two halves of pictures, both ways.
retrieval() {
    awk -F, 'NR > 1 { d[$1, $2] = $5; if ($1 > n) n = $1; if ($2 > n) n = $2 }
        END { half = (n + 1) / 2
            for (a = 0; a <= n; a++) { from = a < half ? half : 0; best = -1
                for (b = from; b < from + half; b++) { v = d[a, b]
                    if (best < 0 || v < d[a, best]) best = b
                    if (b == a + (a < half ? half : -half)) { own += v; owns++ } else { other += v; others++ } }
                hits += best == a + (a < half ? half : -half) }
            printf "%d of %d | %.2f | %.2f", hits, n + 1, own / owns, other / others }' "$1"
}
# textures NAME NET LAYER: inverts the maps from every photo; a line of the table
textures() {
    local name=$1 net=$2 layer=$3 k p all=()
    mkdir -p "$out/all-$name-$layer"
    for k in 1 2; do
        run "$here/maps.ini" -o "$out/maps-$name-$layer-$k" --set vars.net="$net" --set vars.layer="$layer" --set vars.photo="${photos[k - 1]}" \
            --set vars.maps="$maps" --set vars.seed=$k
        for p in "$out/maps-$name-$layer-$k"/maps/*.png; do cp "$p" "$out/all-$name-$layer/$k-$(basename "$p")"; done
    done
    run "$here/distances.ini" "$out/all-$name-$layer" -o "$out/distances-$name-$layer" --set vars.net="$net" --set vars.layer="$layer" --overwrite always
    all=("$out/maps-$name-$layer-1/maps.csv" "$out/maps-$name-$layer-2/maps.csv")
    echo "| $name | $layer | $(retrieval "$out/distances-$name-$layer/distances.csv") | $(for p in "${all[@]}"; do column "$p" gain; done | median | xargs printf %.1f) | $(for p in "${all[@]}"; do column "$p" rank; done | grep -cx 1 || true) of $(for p in "${all[@]}"; do column "$p" rank; done | wc -l) | $(for p in "${all[@]}"; do column "$p" colourfulness; done | median | xargs printf %.0f) | $(for p in "${all[@]}"; do column "$p" orientations; done | median | xargs printf %.2f) |"
}
heads() {
    echo '| network | layer | find each other | distance within a map | between maps | gain, median | strongest map | colourfulness, median | orientations, median |'
    echo '|---|---|---|---|---|---|---|---|---|'
}
random_net() { # the same architecture as texel, its weights drawn
    printf '%s\n' '; random weights' '[preset]' 'title = random' 'format = 1' '[net]' 'filter = net.build' \
        "path = $(realpath "$here/../../presets/networks/texel.ini")" 'seed = 5' '[save]' 'filter = net.save' 'name = random.safetensors' >"$out/random.ini"
    run "$out/random.ini" -o "$out"
}

# ---- claim 4: draws and seeds ----
draws() {
    local d s
    mkdir -p "$out/draws"
    for d in 1 2; do for s in 1 2; do
        run "$here/draw.ini" "$photo" -o "$out/draw-$d-$s" --set vars.net="$vgg" --set vars.draw=$d --set vars.seed=$s --overwrite always
        cp "$out/draw-$d-$s/picture.png" "$out/draws/$d-$s.png"
    done; done
    run "$here/distances.ini" "$out/draws" -o "$out/draws-distances" --set vars.net="$vgg" --set vars.layer=relu2_2 --overwrite always
    awk -F, 'NR > 1 { same = substr($3, 1, 1) == substr($4, 1, 1); if (same) { s += $5; ns++ } else { o += $5; no++ } }
        END { printf "Gram distance at relu2_2: %.3f between two seeds of one draw, %.3f between two draws.\n", s / ns, o / no }' "$out/draws-distances/distances.csv"
}

# ---- claim 5: match lowers a distance that it never sees ----
match() {
    local layer
    run "$here/match.ini" "$photo" -o "$out/match" --set vars.net="$vgg" --set vars.painting="$painting" --overwrite always
    mkdir -p "$out/match-pictures"
    cp "$out/match/photo.png" "$out/match-pictures/1.png"
    cp "$out/match/picture.png" "$out/match-pictures/2.png"
    cp "$out/match/style.png" "$out/match-pictures/3.png"
    echo '| layer | Gram distance to the painting before | after |'
    echo '|---|---|---|'
    for layer in relu1_1 relu2_1 relu3_1; do
        run "$here/distances.ini" "$out/match-pictures" -o "$out/match-$layer" --set vars.net="$vgg" --set vars.layer=$layer --overwrite always
        awk -F, -v layer=$layer '$1 == 0 && $2 == 2 { a = $5 } $1 == 1 && $2 == 2 { b = $5 } END { printf "| %s | %.2f | %.2f |\n", layer, a, b }' "$out/match-$layer/distances.csv"
    done
}

do_part() { if part "$1"; then "${@:2}" >"$out/$1.new"; mv "$out/$1.new" "$out/$1.md"; fi; }
do_part inversion inversion
for layer in relu1_2 relu2_2 relu3_1; do do_part "vgg-$layer" textures vgg "$vgg" $layer; done
for layer in relu2_1 relu3_1 relu4_1; do do_part "texel-$layer" textures texel "$texel" $layer; done
[ -s "$out/random.safetensors" ] || random_net
for layer in relu2_1 relu3_1 relu4_1; do do_part "random-$layer" textures random "$out/random.safetensors" $layer; done
do_part draws draws
do_part match match

{
    cat "$here/inversion.txt"
    printf '\n## Inversion (anchors)\n\n'
    cat "$out/inversion.md"
    printf '\n## Claims 1 and 2: maps from two photos (%s, maps %s)\n\n' "$(for p in "${photos[@]:0:2}"; do basename "$p"; done | paste -sd' ')" "$maps"
    heads
    cat "$out"/vgg-*.md "$out"/texel-*.md "$out"/random-*.md
    awk '{ hits[$2] += $6; all[$2] += $8 } END { printf "\nFound in all: vgg %d of %d, texel %d of %d (held to 90 %%); random weights %d of %d.\n",
        hits["vgg"], all["vgg"], hits["texel"], all["texel"], hits["random"], all["random"] }' "$out"/vgg-*.md "$out"/texel-*.md "$out"/random-*.md
    printf '\n## Claim 4: draws and seeds\n\n'
    cat "$out/draws.md"
    printf '\n## Claim 5: match, and the Gram matrices it never sees\n\n'
    cat "$out/match.md"
} >"$report"
