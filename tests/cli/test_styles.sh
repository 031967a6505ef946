# Styles as tables: saved, loaded and mixed; layers, sweeps, atlases' names; a painting stopped and gone on with.
# shellcheck shell=bash disable=SC1091,SC2154
. tests/cli/lib.sh

small() { exits 0 impasto run "$root/presets/web.ini" "$root/samples/photos/$1.jpg" -o small --set small.long_edge=96; }
net() { printf '[net]\nfilter = net.load\npath = %s/samples/models/texel.safetensors\n' "$root"; }
style() { printf '[style]\nfilter = load\npath = %s/samples/paintings/swirls.jpg\n' "$root"; }
wanted='[wanted]\nfilter = energy.measure\nin.net = net\nin.in = style\nlayers = relu1_1 relu2_1\nlong_edge = 96\n'
paint='[photo]\nfilter = load\n[paint]\nfilter = energy.match\nin.net = net\nin.content = photo\nin.energy = wanted\nsteps = 3\nscales = 48 96\n'
save='[out]\nfilter = save\nin = paint\nname = {stem}.png\n'

case_a_style_is_measured_once_for_a_folder() {
    exits 0 impasto list nodes "$root/presets/stylise.ini"
    has "$out" 'energies         energy.measure   once'
    has "$out" 'paint            energy.match     per picture'
}
case_a_table_that_was_saved_paints_the_same_bytes() {
    small fruit
    { net && style && printf "$wanted$paint${save}[t]\nfilter = save.table\nin = wanted\nname = style.csv\n"; } >direct.ini
    exits 0 impasto run direct.ini small/fruit.jpg -o a
    { net && printf "[wanted]\nfilter = load.table\npath = a/style.csv\n$paint$save"; } >loaded.ini
    exits 0 impasto run loaded.ini small/fruit.jpg -o b
    cmp a/fruit.png b/fruit.png
    { net && style && printf "${wanted}[mixed]\nfilter = energy.blend\nin.tables = wanted wanted\n${paint/energy = wanted/energy = mixed}$save"; } >mixed.ini
    exits 0 impasto run mixed.ini small/fruit.jpg -o c
    [ -s c/fruit.png ]
}
case_a_table_that_is_known_is_checked_before_anything_runs() {
    printf 'layer,map,mean\nrelu9_9,0,1\n' >bad.csv
    { net && printf "[wanted]\nfilter = load.table\npath = bad.csv\n$paint$save"; } >bad.ini
    exits 2 impasto check bad.ini
    has "$err$out" "no layer 'relu9_9' in the network"
    printf 'layer,gain\nrelu1_1,2\n' >bad.csv
    exits 2 impasto check bad.ini
    has "$err$out" "no columns 'layer' and 'map'"
}
case_wrong_keys_are_named_with_what_would_do() {
    { net && style && printf "$wanted$paint$save"; } >p.ini
    exits 2 impasto check p.ini --set "wanted.layers=relu1_1 relu7_1"
    has "$err$out" "did you mean"
    { net && printf "[wanted]\nfilter = load.table\npath = t.csv\n$paint$save"; } >q.ini
    printf 'layer,map,mean\nrelu1_1,0,1\n' >t.csv
    exits 2 impasto check q.ini --set paint.content_layer=relu2_9
    has "$err$out" "no layer 'relu2_9' in the network"
    exits 2 impasto check q.ini --set "paint.scales=64 32 128"
    has "$err$out" "from coarse to fine"
    exits 2 impasto check q.ini --set paint.jitter=4
    has "$err$out" "optimiser = adam"
}
case_a_sweep_of_seeds_makes_a_sheet() {
    small fruit
    exits 0 impasto run "$root/presets/random-styles.ini" small/fruit.jpg -o out --set paint.steps=2 --sweep random.seed=1,2
    [ -s out/fruit-1.jpg ] && [ -s out/fruit-2.jpg ] && [ -s out/sweep.png ]
    ! cmp -s out/fruit-1.jpg out/fruit-2.jpg || fail 'both seeds give the same'
}
case_threads_and_jobs_change_no_byte() {
    small fruit
    small coast
    { net && style && printf "$wanted$paint$save"; } >p.ini
    exits 0 impasto run p.ini small/fruit.jpg small/coast.jpg -o one --threads 1 --jobs 1
    exits 0 impasto run p.ini small/fruit.jpg small/coast.jpg -o two --threads 2 --jobs 2
    cmp one/fruit.png two/fruit.png
    cmp one/coast.png two/coast.png
}
case_odd_pictures_come_out_at_their_size() {
    exits 0 impasto run "$root/presets/web.ini" "$root/samples/photos/fruit.jpg" -o small --set small.long_edge=40
    { net && style && printf "$wanted$paint$save"; } >p.ini
    { printf 'P5\n1 1\n255\n'; printf '\200'; } >one.pgm
    { printf 'P5\n300 2\n255\n'; head -c 600 /dev/urandom; } >wide.pgm
    exits 0 impasto run p.ini one.pgm wide.pgm -o out
    [ -s out/one.png ] && [ -s out/wide.png ]
}
case_what_a_painting_is_made_of_is_told() {
    exits 0 impasto run "$root/presets/web.ini" "$root"/samples/textures/{leaves,rust,weave}.jpg -o small --set small.long_edge=96
    exits 0 impasto run "$root/presets/what-is-it-made-of.ini" small -o out
    has "$(head -n 1 out/made-of.csv)" 'texture,weight,share,error'
    [ -s out/made-of.png ]
}
# A decoder says what its network's layer answered to a test picture: one number of it changed here.
decoder_of() { LC_ALL=C sed "s/encoder = 0 9.273 /encoder = 0 $1 /" "$root/samples/models/texel-decoder-relu2_1.safetensors" >decoder.safetensors; }
case_a_decoder_of_another_network_is_warned_of_or_refused() {
    small fruit
    exits 0 impasto run "$root/presets/fast-style.ini" small/fruit.jpg -o own --set vars.size=64
    lacks "$err" 'learnt for'
    decoder_of 9.973
    exits 0 impasto run "$root/presets/fast-style.ini" small/fruit.jpg -o near --set vars.size=64 --set "vars.decoder=$PWD/decoder.safetensors"
    has "$err" 'the decoder was learnt for a network whose relu2_1 answers a test picture otherwise'
    has "$err" 'invert.learn with in.start adapts it'
    same "$(grep -c 'learnt for' <<<"$err")" 1
    cmp own/fruit.png near/fruit.png
    decoder_of 99999
    exits 2 impasto run "$root/presets/fast-style.ini" small/fruit.jpg -o far --set vars.size=64 --set "vars.decoder=$PWD/decoder.safetensors"
    has "$err" 'the decoder was learnt for another network'
    [ ! -e far/fruit.png ] || fail 'a picture of garbage'
}
run_cases
