# Every shipped preset runs: two small sample pictures, or small scenes where it makes its own.
# limit: 300
# shellcheck shell=bash disable=SC1091,SC2154
. tests/cli/lib.sh

# Sources draw small here: "--set NODE.width=64 ..." for each of them.
small_scenes() {
    impasto list nodes "$1" | awk '$2 ~ /^source\./ { print $1 }' | while read -r node; do
        for key in width=64 height=48; do printf -- '--set\n%s.%s\n' "$node" $key; done
    done
}
one() {
    local preset=$root/presets/$1.ini in=()
    mapfile -t sets < <(small_scenes "$preset")
    if grep -q '^mnist ' "$preset"; then
        mkdir mnist
        greys mnist
        sets+=(--set "vars.mnist=$PWD/mnist" --set vars.epochs=1)
    fi
    if [ "$1" = train-texel ]; then
        for set in epochs=1 size=32 textures=62 paintings=24 scenes=18 drawn=64 cuts=2 large=48; do sets+=(--set "vars.$set"); done
    fi
    case $1 in
    atlas) sets+=(--set vars.maps=0-1 --set atlas.steps=2 --set atlas.size=32) ;;
    filter-texture) sets+=(--set vars.size=48 --set texture.steps=2) ;;
    invert) sets+=(--set vars.size=64) ;;
    train-decoders) for set in count=12 drawn=64 cuts=2 size=32 steps2=2 steps3=2 steps4=2 batch=2; do sets+=(--set "vars.$set"); done ;;
    train-glyph) sets+=(--set vars.count=200 --set vars.epochs=1) ;;
    prune-classifier) sets+=(--set vars.count=200 --set vars.unseen=100 --set thin.steps=1 --set thin.finish=1) ;;
    prune-compare) sets+=(--set vars.count=200 --set thin.keep_parameters=0.8) ;;
    prune-style | thin-then-paint)
        for set in vars.count=24 vars.size=48 thin.steps=1 thin.finish=1 thin.samples=8; do sets+=(--set "$set"); done ;;
    train-visage | train-celeba | train-faces)
        for set in size=32 judge_steps=2 vae_steps=2 synth_steps=2; do sets+=(--set "vars.$set"); done
        sets+=(--set trained.batch=2 --set trained.maps=0.2)
        [ "$1" != train-visage ] || sets+=(--set vars.last_steps=2 --set vars.guide_steps=2 --set vars.led_steps=2 --set vars.clean_steps=2 --set guide.batch=2 --set led.batch=2 --set clean.batch=2 --set guide.maps=0.2 --set led.maps=0.2 --set clean.maps=0.2 --set polished.batch=2 --set polished.maps=0.2 --set vars.count=12 --set faces.test_share=0.2)
        [ "$1" != train-celeba ] || { celeba set && sets+=(--set "vars.folder=$PWD/set" --set faces.test_share=0.25); }
        [ "$1" != train-faces ] || { table set && sets+=(--set "vars.folder=$PWD/set" --set faces.test_share=0.25); } ;;
    prune-onnx) signs pictures && sets+=(--set "vars.pictures=$PWD/pictures" --set thin.steps=1 --set thin.finish=1) ;;
    esac
    if grep -qE '^filter *= *(energy\.match|energy\.gram|invert)$' "$preset" && grep -q '^\[paint\]' "$preset"; then
        sets+=(--set paint.steps=3)
    fi
    [ "$1" != made-of-filters ] || sets+=(--set vars.maps=0-2 --set relu2_1.steps=3)
    # one that loads no picture of the run takes none
    if impasto list nodes "$preset" | grep -q 'load .*per picture'; then
        exits 0 impasto run "$root/presets/web.ini" "$root"/samples/photos/{coast,fruit}.jpg -o small --set small.long_edge=256
        in=(small/coast.jpg small/fruit.jpg)
    fi
    ! grep -q '^filter *= *advae.synth' "$preset" || in=("$root"/samples/drawings/face-{3,9}.png)
    exits 0 impasto check "$preset" "${sets[@]}"
    exits 0 impasto run "$preset" "${in[@]}" -o out "${sets[@]}"
    files=$(find out -path out/.impasto -prune -o -type f -size +99c -print)
    [ -n "$files" ] || fail 'nothing was written'
    touch stamp
    exits 0 impasto run "$preset" "${in[@]}" -o out "${sets[@]}"
    same "$(find out -path out/.impasto -prune -o -type f -newer stamp -print)" '' 'made again'
    exits 0 impasto graph "$preset" "${sets[@]}"
    exits 0 impasto graph "$preset" --format svg "${sets[@]}"
    head -n 3 "$preset" | grep -q '^[;#]' || fail 'it does not begin with a comment'
}
for file in presets/*.ini; do
    name=$(basename "$file" .ini)
    eval "case_${name//[!a-z0-9]/_}() { one $name; }"
done
case_the_list_of_presets_is_up_to_date() { # else: make presets-readme
    exits 0 make -C "$root" presets-readme TO="$PWD/README.md"
    exits 0 diff "$root/presets/README.md" README.md
    same "$(grep -c '^| \[' README.md)" "$(find "$root/presets" -maxdepth 1 -name '*.ini' | wc -l)"
}
case_each_picture_of_the_gallery_has_its_preset() {
    for picture in "$root"/samples/gallery/*.jpg; do
        name=$(basename "$picture" .jpg)
        [ "$name" = presets ] || [ "$name" = manners ] || [ -e "$root/presets/$name.ini" ] || fail "$picture has no preset"
        grep -q "samples/gallery/$name.jpg" "$root/README.md" || fail "$picture is not in README.md"
    done
}
run_cases
