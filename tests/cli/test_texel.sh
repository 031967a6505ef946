# samples/models/texel.safetensors, the network that inversion and style start from. Needs the program and its plugins.
# limit: 120
# shellcheck shell=bash disable=SC2154,SC1091,SC2317
. tests/cli/lib.sh
texel=$root/samples/models/texel.safetensors

case_it_is_a_file_of_at_most_four_megabytes() {
    [ "$(wc -c <"$texel")" -le 4000000 ] || fail "$(wc -c <"$texel") bytes"
}
case_its_layers_are_those_of_vgg19() {
    exits 0 impasto model info "$texel" --size 64
    same "$err" ''
    same "$(printf '%s\n' "$out" | awk '$2 == "relu" { print $1 }' | tr '\n' ' ')" \
        'relu1_1 relu1_2 relu2_1 relu2_2 relu3_1 relu3_2 relu3_3 relu3_4 relu4_1 relu4_2 relu4_3 relu4_4 relu5_1 '
    same "$(printf '%s\n' "$out" | awk '$2 == "conv" { printf "%s ", $1 }')" \
        'conv1_1 conv1_2 conv2_1 conv2_2 conv3_1 conv3_2 conv3_3 conv3_4 conv4_1 conv4_2 conv4_3 conv4_4 conv5_1 '
    same "$(printf '%s\n' "$out" | awk '$2 ~ /pool/ { printf "%s ", $2 }')" 'average_pool average_pool average_pool average_pool '
    has "$out" 'input        rgb'
    has "$out" 'range        0 1'
    lacks "$out" batch_norm
    lacks "$out" 'not in the file'
}
# It was normalised on drawings of 256 px; here on the samples, which it has not seen.
case_its_maps_have_means_of_about_one() {
    mkdir -p pictures/all
    cp "$root"/samples/{photos,paintings,textures}/*.jpg pictures/all/
    cat >means.ini <<'END'
[preset]
format = 1
[pictures]
filter = data.folder
path   = pictures
size   = 256
[net]
filter = net.load
path   = texel.safetensors
[again]
filter  = net.normalise
in.net  = net
in.data = pictures
[out]
filter = save.table
in     = again.means
name   = means.csv
END
    exits 0 impasto run means.ini -o out -q --set net.path="$texel"
    awk -F, 'NR > 1 { n[$1]++; sum[$1] += $3; dead[$1] += $4 < 0.01 }
        END { for (l in n) { k++; m = sum[l] / n[l]
                if (m < 0.75 || m > 1.33 || dead[l] > n[l] / 50) { print l, m, dead[l] " of " n[l] " rare"; bad = 1 } }
            exit bad || k != 13 }' out/means.csv >wrong || fail "$(cat wrong)"
}
case_it_is_what_the_architecture_says() {
    exits 0 impasto model info "$texel" --size 64
    for layer in conv1_1 conv2_2 conv3_4 conv4_1 conv5_1; do
        shape() { awk -v l=$layer '$1 == l { print $5 }'; }
        same "$(printf '%s\n' "$out" | shape)" "$(impasto model info "$root/presets/networks/texel.ini" --size 64 | shape)" $layer
    done
}
run_cases
