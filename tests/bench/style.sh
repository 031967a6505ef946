#!/bin/bash
# style.sh - ways to a style side by side: match, gram, random, direct, fast, for every network at hand, measured in the layers of one
# network that judges all: VGG-19 of DATA when there, else texel. Called by `make bench-style [DATA=DIR]`; what is done is kept in OUT.
#   style.sh DATA OUT IMPASTO
# A row: seconds of the whole command (loading included), energy distance ||s - t|| / ||t|| and Gram distance ||G - A|| / ||A|| to the painting,
# means over the judge's layers, and the distance from the photo in its content layer's energies.
set -euo pipefail
export LC_ALL=C
data=$1 out=$2 impasto=$3
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
side=${SIDE:-384}
mkdir -p "$out"
texel=$root/samples/models/texel.safetensors
judge=$texel judged='relu1_1 relu2_1 relu3_1'
photos=("$root/samples/photos/fruit.jpg" "$root/samples/photos/street.jpg")
paintings=("$root/samples/paintings/swirls.jpg" "$root/samples/paintings/impression.jpg")
nets=("texel $texel relu1_1,relu2_1,relu3_1")
if [ -n "$data" ]; then
    judge=$data/weights/vgg19_normalised_conv1_1-3_1/vgg19_norm_enc3_zeropad.onnx
    photos=("$data/images/content_photos/golden_gate.jpg" "$data/images/content_photos/tubingen.jpg")
    paintings=("$data/images/style_paintings/starry_night.jpg" "$data/images/style_paintings/the_scream.jpg")
    nets+=("vgg19-16x $data/weights/vgg19_distilled16x/enc16x_4.onnx relu1_1,relu2_1,relu3_1,relu4_1" "vgg19 $judge relu1_1,relu2_1,relu3_1")
fi

run() { "$impasto" run "$@" >"$out/log" 2>&1 || { tail -n 20 "$out/log" >&2; return 1; }; }
# energies PICTURE: its table of the judge's maps, made once
energies() {
    local name
    name=$(printf '%s' "$1" | tr -c 'A-Za-z0-9\n' _)
    [ "$out/energies/$name.csv" -nt "$1" ] || run "$here/style/energies.ini" "$1" -o "$out/energies" --set vars.net="$judge" --set vars.layers="$judged" \
        --set vars.side="$side" --set out.name="$name.csv"
    echo "$out/energies/$name.csv"
}
# distance A B: of two tables, relative to B, mean over the layers
distance() {
    awk -F, 'FNR == 1 { file++; for (i = 1; i <= NF; i++) c[$i] = i; next }
        { k = $c["layer"] "," $c["map"]; v[file, k] = $c["mean"]; if (file == 2) { keys[k]; l = $c["layer"]; layer[k] = l; layers[l] } }
        END { for (k in keys) { d = v[1, k] - v[2, k]; far[layer[k]] += d * d; all[layer[k]] += v[2, k] * v[2, k] }
            for (l in layers) { sum += sqrt(far[l] / all[l]); n++ } printf "%.3f", sum / n }' "$1" "$2"
}
# gram A B: of two pictures, mean over the layers
gram() {
    local layer sum=0 d
    mkdir -p "$out/pair" && rm -rf "$out/pair"/* && cp "$1" "$out/pair/1.${1##*.}" && cp "$2" "$out/pair/2.${2##*.}"
    for layer in $judged; do
        run "$here/../repro/distances.ini" "$out/pair" -o "$out/gram" --set vars.net="$judge" --set vars.layer="$layer" --overwrite always
        d=$(awk -F, '$1 == 0 && $2 == 1 { print $5 }' "$out/gram/distances.csv")
        sum=$(awk -v a="$sum" -v b="$d" 'BEGIN { print a + b }')
    done
    awk -v s="$sum" -v n="$(wc -w <<<"$judged")" 'BEGIN { printf "%.3f", s / n }'
}
# way NAME NET LAYERS PHOTO PAINTING DIR: paints
way() {
    local common=(--set vars.net="$2" --set net.input=rgb --set net.range="0 1" --set net.pool=average --set out.name=picture.png)
    case $1 in
    match) run "$root/presets/stylise.ini" "$4" -o "$6" "${common[@]}" --set vars.painting="$5" --set vars.size="$side" --set paint.scales="$((side / 2)) $side" --set paint.steps=40 \
        --set energies.layers="${3//,/ }" ;;
    gram) run "$root/presets/gram.ini" "$4" -o "$6" "${common[@]}" --set vars.painting="$5" --set paint.scales="$((side / 2)) $side" --set paint.layers="${3//,/ }" ;;
    random) run "$root/presets/random-styles.ini" "$4" -o "$6" "${common[@]}" --set vars.layers="relu1_1 relu2_1 relu3_1" --set small.long_edge="$side" ;;
    direct) run "$root/presets/direct.ini" "$4" -o "$6" "${common[@]}" --set vars.painting="$5" --set small.long_edge="$side" ;;
    fast) run "$root/presets/fast-style.ini" "$4" -o "$6" --set save.name=picture.png --set vars.painting="$5" --set vars.size="$side" ;;
    esac
}
# Decoders ship for texel alone.
can() { [ "$1" != fast ] || [ "$2" = "$texel" ]; }

rows=$out/style.csv
echo 'network,way,photo,painting,seconds,energy_before,energy,gram_before,gram,from_photo' >"$rows.new"
for entry in "${nets[@]}"; do
    read -r name net layers <<<"$entry"
    for method in match gram direct fast random; do
        can $method "$net" || continue
        for i in 0 1; do
            photo=${photos[i]} painting=${paintings[i]} dir=$out/$name/$method-$i
            line=$dir/line
            if [ ! -s "$line" ]; then
                start=$(date +%s%N)
                way $method "$net" "$layers" "$photo" "$painting" "$dir"
                seconds=$(awk -v a="$start" -v b="$(date +%s%N)" 'BEGIN { printf "%.1f", (b - a) / 1e9 }')
                s=$(energies "$painting") p=$(energies "$photo") r=$(energies "$dir/picture.png")
                echo "$name,$method,$(basename "${photo%.*}"),$(basename "${painting%.*}"),$seconds,$(distance "$p" "$s"),$(distance "$r" "$s"),$(gram "$photo" "$painting"),$(gram "$dir/picture.png" "$painting"),$(distance "$r" "$p")" >"$line.new"
                mv "$line.new" "$line"
            fi
            cat "$line" >>"$rows.new"
            echo "  $(cat "$line")" >&2
            mkdir -p "$out/pictures" && cp "$dir/picture.png" "$out/pictures/$(basename "${photo%.*}")-$name-$method.png"
        done
    done
done
mv "$rows.new" "$rows"
run "$here/style/page.ini" "$out/pictures" -o "$out" --set vars.table="$rows" --overwrite always
echo "$out/index.html"
