# Faces from drawings: a small network is trained once, then asked for attributes, styles and what cannot be.
# limit: 120
# shellcheck shell=bash disable=SC1091,SC2154
. tests/cli/lib.sh

tiny=(--set vars.size=32 --set vars.count=24 --set vars.judge_steps=4 --set vars.vae_steps=4 --set vars.synth_steps=4
    --set trained.batch=4 --set trained.maps=0.2 --set trained.every=4 --set vars.last_steps=4 --set polished.batch=4 --set polished.maps=0.2 --set faces.test_share=0.25
    --set vars.guide_steps=4 --set guide.batch=4 --set guide.maps=0.2 --set vars.led_steps=4 --set led.batch=4 --set led.maps=0.2 --set vars.clean_steps=4 --set clean.batch=4 --set clean.maps=0.2)
trained() {
    exits 0 impasto run "$root/presets/train-visage.ini" -o net "${tiny[@]}"
    [ -s net/visage.safetensors ] && [ -s net/visage-sheet.png ]
}
drawing() { cp "$root/samples/drawings/face-3.png" "$1"; }
face() { impasto run "$root/presets/face.ini" "$1" -o "$2" --set "vars.net=$PWD/net/visage.safetensors" "${@:3}"; }

case_a_drawing_becomes_a_face_and_obeys() {
    trained
    drawing d.png
    exits 0 face d.png a --set "face.hair=blond 0.7" --set face.complexion=0.3 --set face.glasses=round
    exits 0 face d.png b --set "face.hair=blond 0.7" --set face.complexion=0.3 --set face.glasses=round
    exits 0 face d.png c --set face.hair=black --set face.complexion=0.3 --set face.glasses=round
    cmp a/d.png b/d.png
    ! cmp -s a/d.png c/d.png || fail 'another hair colour gives the same picture'
    exits 0 face d.png e --set face.seed=2
    ! cmp -s a/d.png e/d.png || fail 'another seed gives the same picture'
}
case_a_killed_training_goes_on_to_the_same_bytes() {
    trained
    impasto run "$root/presets/train-visage.ini" -o cut "${tiny[@]}" --set trained.keep=0.000001 >log 2>&1 &
    for ((i = 0; i < 600 && $(find cut -name training -size +0c 2>/dev/null | wc -l) == 0; i++)); do sleep 0.02; done
    kill -9 $!
    wait $! || true
    [ ! -e cut/visage.safetensors ] || skip 'it was faster than the kill'
    find cut -name training | grep -q . || fail 'no checkpoint was kept'
    exits 0 impasto run "$root/presets/train-visage.ini" -o cut "${tiny[@]}" --set trained.keep=0.000001
    cmp net/visage.safetensors cut/visage.safetensors
}
case_what_the_network_does_not_know_is_told_at_once() {
    trained
    drawing d.png
    exits 2 face d.png out --set face.hair=green --set face.hiar=red --set face.complexion=2 --set face.glasses="round 0.5 round"
    has "$err" "'green' is none of: black brown blond red grey"
    has "$err" "did you mean 'hair'"
    has "$err" "'2' is no number from 0 to 1"
    has "$err" "'round 0.5 round' is none of"
    [ ! -e out ] || fail 'something was written'
    exits 2 impasto run "$root/presets/face.ini" d.png -o out --set "vars.net=$root/samples/models/glyph.safetensors"
    has "$err" 'names no attributes'
}
case_drawings_that_are_none() {
    trained
    blank() { printf '[preset]\nformat = 1\n[p]\nfilter = load\n[b]\nfilter = levels\n%s\n[out]\nfilter = save\nname = %s.png\n' "$1" "$2"; }
    drawing d.png
    blank 'out_black = 1' white >w.ini
    blank 'out_white = 0' black >b.ini
    exits 0 impasto run w.ini d.png -o .
    exits 0 impasto run b.ini d.png -o .
    exits 1 face white.png out
    has "$err" 'the drawing is blank'
    exits 1 face black.png out
    has "$err" 'nothing but ink'
    exits 0 face "$root/samples/faces/face-3.jpg" photo
    has "$err$out" 'looks like a photo'
}
case_a_style_photo_changes_it() {
    trained
    drawing d.png
    exits 0 impasto run "$root/presets/face-style.ini" d.png -o out --set "vars.net=$PWD/net/visage.safetensors"
    [ -s out/style.png ]
}
case_training_says_what_does_not_fit() {
    train() { # SETS of tiny that are replaced come last
        local sets=() pair
        for pair in "${tiny[@]}"; do
            [ "$pair" = --set ] || case " $* " in *" ${pair%%=*}="*) ;; *) sets+=(--set "$pair") ;; esac
        done
        impasto run "$root/presets/train-visage.ini" -o net "${sets[@]}" "$@"
    }
    exits 1 train --set trained.batch=64
    has "$err" 'fewer than a batch of 64'
    exits 1 train --set vars.size=48
    has "$err" 'of 32, 64, 128 or 256 px'
    exits 1 train --set "trained.attributes=hair=hair_colour"
    has "$err" "no attribute 'hair_colour'; it has: drawing hair_color"
    exits 1 train --set vars.judge_steps=0 --set trained.control=0.1
    has "$err" 'cannot guide'
    exits 2 train --set trained.layers=relu9_9
    has "$err" 'relu9_9'
}
case_columns_that_never_vary_and_holes_of_a_table() {
    mkdir -p set/photo
    for i in 1 2 3 4 5 6; do cp "$root/samples/faces/face-3.jpg" set/photo/$i.jpg; done
    printf 'id,hair,age\n1,1,20\n2,2,20\n3,,20\n4,3,20\n5,NaN,20\n6,5,20\n' >set/attributes.csv
    train() {
        impasto run "$root/presets/train-faces.ini" -o net --set "vars.folder=$PWD/set" --set vars.size=32 --set vars.judge_steps=2 \
            --set vars.vae_steps=2 --set vars.synth_steps=2 --set trained.batch=2 --set trained.maps=0.2 "$@"
    }
    exits 1 train --set "vars.columns=hair:0..10 age:0..100" --set "vars.attributes=hair age"
    has "$err" "attribute 'age' never varies"
    exits 0 train --set vars.columns=hair:0..10 --set vars.attributes=hair
    [ -s net/faces.safetensors ]
    printf 'id,hair\n1,1\n2,two\n3,3\n3,4\n4,5\n5,5\n6,6\n' >set/attributes.csv
    exits 2 train --set vars.columns=hair:0..10 --set vars.attributes=hair
    has "$err" 'attributes.csv:3'
    has "$err" 'attributes.csv:5: the picture'
    has "$err" '3.jpg again, as in line 4'
}
case_figures_are_a_table() {
    trained
    { sed -n '/^\[faces\]/,/^\[texel\]/p' "$root/presets/train-visage.ini" | sed '$d'
        printf '[net]\nfilter = net.load\npath = %s\n[m]\nfilter = advae.measure\nin.net = net\nin.faces = faces\nin.judge = t.judge\n' "$PWD/net/visage.safetensors"
        printf '[t]\nfilter = advae.train\nin.train = faces\nattributes = hair=hair_color complexion glasses beard moustache open=mouth_open smile\n'
        printf 'judge_steps = 3\nvae_steps = 0\nsynth_steps = 0\nbatch = 4\nmaps = 0.2\n[s]\nfilter = save.table\nin = m\nname = m.csv\n'; } >body.ini
    { printf '[preset]\nformat = 1\n[vars]\ncount = 24\nsize = 32\nvary = hair_color complexion glasses beard moustache mouth_open smile\n'; cat body.ini; } >m.ini
    exits 0 impasto run m.ini -o out
    for metric in psnr ssim control collateral style contour diversity fid 'hue of the face' 'linear leak' 'leak of two layers' mig sap dci; do grep -q "^\"*$metric" out/m.csv || fail "no $metric"; done
    awk -F, 'NR > 1 { gsub(/"[^"]*"/, "x"); if ($3 == "" || $3 ~ /nan|inf/) { print; bad = 1 } } END { exit bad || NR < 30 }' out/m.csv
}
# ---- samples/models/visage.safetensors ----
visage=$root/samples/models/visage.safetensors

case_visage_is_a_file_of_at_most_eight_megabytes_and_says_what_it_controls() {
    [ "$(wc -c <"$visage")" -le 8000000 ] || fail "$(wc -c <"$visage") bytes"
    drawing d.png
    exits 2 impasto run "$root/presets/face.ini" d.png -o out --set face.hat=none
    has "$err" 'it has: hair complexion glasses beard moustache open smile'
}
# far KEY ONE OTHER REGION: mean difference of that part of a face with one and with another value
far() {
    printf '[preset]\nformat = 1\n[net]\nfilter = net.load\npath = %s\n[d]\nfilter = load\n' "$visage"
    for n in a b; do
        printf '[%s]\nfilter = advae.synth\nin.net = net\nin = d\nhair = brown\ncomplexion = 0.4\nglasses = none\nbeard = 0\nmoustache = 0\nopen = 0\nsmile = 0.5\n' $n |
            sed "s/^$1 =.*/$1 = $([ $n = a ] && echo "$2" || echo "$3")/"
        printf '[%sc]\nfilter = crop\nin = %s\nunits = percent\n%b\n' $n $n "$4"
    done
    printf '[c]\nfilter = compare\nin.a = ac\nin.b = bc\n[t]\nfilter = save.table\nin = c\nname = c.csv\n'
}
measured() { # of far's arguments, in thousandths
    far "$@" >far.ini
    exits 0 impasto run far.ini "$root/samples/drawings/face-14.png" -o far --overwrite always
    measure=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /mean/) c = i } NR == 2 { printf "%d", 1000 * $c }' far/c.csv)
}
hair='width = 40\nheight = 12\ngravity = top\ny = 8' face='width = 20\nheight = 14\ny = 8' corner='width = 14\nheight = 25\ngravity = top_left'
case_visage_obeys_where_it_is_asked() {
    measured hair black blond "$hair"
    [ "$measure" -ge 100 ] || fail "hair black and blond differ by $measure thousandths"
    measured complexion 0 1 "$face"
    [ "$measure" -ge 100 ] || fail "complexion 0 and 1 differ by $measure thousandths"
}
# What nobody asks is left to a drawing that shows it, glasses, mouth and smile to one of all lines; of an outline the seed says it.
case_visage_knows_what_an_outline_does_not_show() {
    open=(--set "face.glasses=none 0.25 round 0.25 square 0.25 dark 0.25" --set face.open=0.5 --set face.smile=0.5)
    for d in all contour; do
        printf '[preset]\nformat = 1\n[a]\nfilter = source.face\nwidth = 128\nheight = 128\nseed = 503\nhat = none\ndrawing = %s\n' $d >d.ini
        printf '[o]\nfilter = save\nin = a.lines\nname = %s.png\n' $d >>d.ini
        exits 0 impasto run d.ini -o lines
        exits 0 impasto run "$root/presets/face.ini" lines/$d.png -o free
        exits 0 impasto run "$root/presets/face.ini" lines/$d.png -o asked "${open[@]}"
    done
    cmp free/all.png asked/all.png
    ! cmp -s free/contour.png asked/contour.png || fail 'an outline was left to say what it does not show'
}
# A jaw and two ears get a face drawn in, by the seed and what is asked; inside = none leaves them bare, a whole drawing as it is.
case_visage_draws_faces_into_outlines() {
    printf '[preset]\nformat = 1\n[a]\nfilter = source.face\nwidth = 128\nheight = 128\nseed = 503\nhat = none\ndrawing = contour\n' >d.ini
    printf '[o]\nfilter = save\nin = a.lines\nname = d.png\n' >>d.ini
    exits 0 impasto run d.ini -o lines
    for how in "one " "again " "three --set face.seed=3" "four --set face.seed=4" "five --set face.seed=5" "smile --set face.smile=1 --set face.open=1" "bare --set face.inside=none"; do
        exits 0 impasto run "$root/presets/face.ini" lines/d.png -o "${how%% *}" -v --set "vars.net=$visage" --set out.in=face.ready ${how#* }
        case $how in bare*) lacks "$err" 'were drawn into the outline' ;; *) has "$err" 'were drawn into the outline' ;; esac
        lacks "$err" 'was moved' # ears or hair: of any height it is in its place
    done
    cmp one/d.png again/d.png
    for other in smile bare; do ! cmp -s one/d.png $other/d.png || fail "$other is no other"; done
    [ "$(md5sum {one,three,four,five}/d.png | cut -c1-32 | sort -u | wc -l)" -ge 2 ] || fail 'seeds bring no other faces'
    exits 0 impasto run "$root/presets/face.ini" "$root/samples/drawings/face-14.png" -o whole -v --set "vars.net=$visage"
    lacks "$err" 'were drawn into the outline'
}
case_visage_leaves_the_background_alone() {
    measured hair black blond "$corner"
    [ "$measure" -le 60 ] || fail "the corner differs by $measure thousandths with the hair"
    measured complexion 0 1 "$corner"
    [ "$measure" -le 60 ] || fail "the corner differs by $measure thousandths with the complexion"
}
run_cases
