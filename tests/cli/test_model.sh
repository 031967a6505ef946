# impasto model: info, ops, convert, diff; and a folder of pictures through networks. Needs the program and its plugins.
# shellcheck shell=bash disable=SC2154,SC1091,SC2317,SC2317
. tests/cli/lib.sh

# A network: 3 -> 8 -> 3 channels, half the size and back.
network() {
    printf '%s\n' '[network]' 'format = 1' 'title = Small' 'input = rgb' 'range = 0 255' 'multiple = 2' 'output = rgb' \
        '[x]' 'op = input' 'shape = N 3 H W' '[conv1]' 'op = conv' "filters = ${1:-8}" 'kernel = 3' 'pad = 1' 'stride = 2' \
        '[relu1]' 'op = relu' '[up]' 'op = resize' 'scales = 1 1 2 2' '[conv2]' 'op = conv' 'filters = 3' 'kernel = 3' 'pad = 1'
}
classifier() {
    printf '%s\n' '[network]' 'format = 1' 'input = rgb' 'range = 0 1' 'classes = red|green|blue' \
        '[x]' 'op = input' 'shape = N 3 H W' '[pool]' 'op = global_average_pool'
}
pictures() {
    printf '%s\n' '[preset]' 'format = 1' '[scene]' 'filter = source.scene' 'width = 61' 'height = 40' 'samples = 1' \
        '[out]' 'filter = save' 'name = scene.png' >scene.ini
    impasto run scene.ini -o photos -q
    cp photos/scene.png photos/other.png
    rm -rf photos/.impasto
}
json() { command -v python3 >/dev/null || skip no python3 to parse JSON with
    python3 -c 'import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert lines and all(o["schema"] == "impasto.model/1" for o in lines), lines
assert lines[-1]["type"] == "summary"
print(lines[-1].get(sys.argv[2]))' "$@"; }

case_info_lists_layers_shapes_and_costs() {
    network >a.ini
    exits 0 impasto model info a.ini --size 64x48
    same "$err" ''
    has "$out" 'conv1  conv    1 x 8 x 24 x 32          224          165 888'
    has "$out" '5 layers, for an input of 1 x 3 x 48 x 64'
    has "$out" 'parameters   443, 1.7 KiB'
    has "$out" 'range        0 255'
    lacks "$out" 'not in the file'
    exits 0 impasto model info a.ini
    has "$out" '1 x 3 x 224 x 224'
}
case_info_as_json() {
    network >a.ini
    impasto model info a.ini --size 32 --json >lines
    same "$(json lines params)" 443
    same "$(json lines range)" '0 255'
    same "$(grep -c '"type":"layer"' lines)" 5
}
# Tensors alone, as others publish them.
foreign() {
    local header='{"c.weight":{"dtype":"F32","shape":[2,3,1,1],"data_offsets":[0,24]}}'
    printf '%b' "\\x$(printf %02x ${#header})\\0\\0\\0\\0\\0\\0\\0"
    printf %s "$header"
    head -c 24 /dev/zero
}
case_an_architecture_is_named_for_tensors_alone() {
    foreign >w.safetensors
    printf '%s\n' '[network]' 'format = 1' 'input = rgb' 'range = 0 1' '[x]' 'op = input' 'shape = N 3 H W' \
        '[c]' 'op = conv' 'bias = no' >mine.ini
    exits 4 impasto model info w.safetensors
    has "$err" 'it holds 1 tensors and no architecture'
    exits 0 impasto model convert w.safetensors whole.safetensors --arch mine.ini
    exits 0 impasto model info whole.safetensors
    has "$out" '1 x 2 x 224 x 224'
    exits 4 impasto model info w.safetensors --arch resnet18.ini
    has "$err" "there is no tensor 'conv1.weight'"
    cp mine.ini w.ini
    exits 0 impasto model diff w.safetensors whole.safetensors
    exits 0 impasto model diff w.ini whole.safetensors
}
case_what_the_file_does_not_say_is_told() {
    network | grep -v range >a.ini
    exits 0 impasto model info a.ini
    has "$out" 'net.load wants input and range'
}
case_several_files_at_once() {
    network >a.ini
    classifier >b.ini
    exits 0 impasto model info a.ini b.ini
    has "$out" a.ini
    has "$out" b.ini
}
case_ops_tells_all_or_those_of_a_file() {
    exits 0 impasto model ops
    for op in conv conv_transpose gemm relu batch_norm softmax resize; do has "$out" "$op"; done
    network >a.ini
    exits 0 impasto model ops a.ini
    has "$out" 'conv                      2'
    lacks "$out" softmax
    impasto model ops --json >lines
    [ "$(json lines count)" -gt 40 ] || fail "$(cat lines)"
}
case_convert_and_back_is_the_same() {
    network >a.ini
    exits 0 impasto model convert a.ini a.safetensors
    exits 0 impasto model convert a.safetensors b.onnx
    exits 0 impasto model convert b.onnx c.safetensors
    exits 0 impasto model diff a.safetensors b.onnx
    has "$out" 'the same layers'
    exits 0 impasto model diff b.onnx c.safetensors
}
case_convert_overwrites_only_when_asked_and_wants_a_format() {
    network >a.ini
    exits 0 impasto model convert a.ini a.safetensors -q
    same "$out" ''
    exits 2 impasto model convert a.ini a.safetensors
    has "$err" 'is there already'
    exits 0 impasto model convert a.ini a.safetensors --overwrite always
    exits 2 impasto model convert a.ini a.bin
    has "$err" '.safetensors'
    exits 1 impasto model convert a.ini none/a.onnx
    has "$err" 'error[E0737]'
    [ ! -e none ] || fail 'a folder was made'
}
case_convert_adds_what_is_known() {
    network | grep -v '^range' >a.ini
    exits 0 impasto model convert a.ini a.safetensors --meta 'range=-1 1' --meta title=
    exits 0 impasto model info a.safetensors
    has "$out" 'range        -1 1'
    lacks "$out" Small
    exits 2 impasto model convert a.ini b.safetensors --meta 'range=1'
    has "$err" 'black and white'
    exits 2 impasto model convert a.ini b.safetensors --meta range
    [ ! -e b.safetensors ] || fail 'written all the same'
}
case_diff_tells_layers_meta_and_parameters_and_exits_1() {
    network 8 >a.ini
    network 6 | sed -e 's/^range.*/range = 0 1/' -e 's/relu1/act1/' >b.ini
    exits 1 impasto model diff a.ini b.ini
    has "$out" 'layer      relu1: only in a.ini'
    has "$out" 'layer      act1: only in b.ini'
    has "$out" 'meta       range: 0 255, 0 1'
    has "$out" 'parameter  conv1.weight: 8 x 3 x 3 x 3, 6 x 3 x 3 x 3'
    impasto model diff a.ini b.ini --json >lines || true
    [ "$(json lines differences)" -ge 5 ] || fail "$(cat lines)"
    exits 0 impasto model diff a.ini a.ini
}
case_diff_measures_parameters() {
    network >a.ini
    printf '%s\n' '[preset]' 'format = 1' '[net]' 'filter = net.build' 'path = a.ini' 'seed = 7' '[out]' 'filter = net.save' \
        'in = net' 'name = seven.safetensors' >save.ini
    exits 0 impasto run save.ini -o made -q
    exits 1 impasto model diff a.ini made/seven.safetensors
    has "$out" 'parameter  conv1.weight: at most'
    lacks "$out" layer
}
case_a_missing_file_is_2_a_broken_one_4() {
    exits 2 impasto model info none.onnx
    has "$err" 'error[E0720]: cannot find none.onnx'
    network >a.ini
    impasto model convert a.ini a.onnx -q
    head -c 300 a.onnx >cut.onnx
    exits 4 impasto model info cut.onnx
    has "$err" 'error[E0409]'
    printf 'no network' >b.safetensors
    exits 4 impasto model ops b.safetensors
    exits 4 impasto model diff a.onnx cut.onnx
    exits 4 impasto model convert cut.onnx d.safetensors
    [ ! -e d.safetensors ] || fail 'written all the same'
}
case_wrong_words_are_usage_errors() {
    exits 2 impasto model
    exits 2 impasto model ifno a.onnx
    has "$err" "did you mean 'info'?"
    exits 2 impasto model diff a.onnx
    has "$err" 'takes A B'
    network >a.ini
    exits 2 impasto model diff a.ini a.ini --size 3
    has "$err" '--size has nothing to do'
    exits 2 impasto model info a.ini --size 3x
    exits 2 impasto model convert a.ini a.onnx --json
}
case_models_are_found_on_the_model_path() {
    mkdir models
    network >models/a.ini
    exits 0 impasto model info a.ini --model-path models
    exits 2 impasto model info b.ini --model-path models
    has "$err" 'sought as'
}
case_a_folder_through_a_network() {
    pictures
    network >a.ini
    printf '%s\n' '[preset]' 'format = 1' '[photo]' 'filter = load' '[net]' 'filter = net.build' 'path = a.ini' '[paint]' \
        'filter = net.apply' 'in.net = net' 'in = photo' 'tile = 32' >apply.ini
    exits 0 impasto run apply.ini photos -o one --threads 1
    exits 0 impasto run apply.ini photos -o two --threads 4 --jobs 2
    cmp one/scene.png two/scene.png
    cmp one/scene.png one/other.png
}
case_a_folder_is_classified_into_one_table() {
    pictures
    classifier >b.ini
    printf '%s\n' '[preset]' 'format = 1' '[photo]' 'filter = load' '[net]' 'filter = net.build' 'path = b.ini' '[classes]' \
        'filter = net.classify' 'in.net = net' 'in = photo' 'top = 2' '[out]' 'filter = save.table' 'all = classes' \
        'name = classes.csv' >classify.ini
    exits 0 impasto run classify.ini photos -o out -q
    same "$(head -n 1 out/classes.csv)" picture,rank,class,label,score
    same "$(wc -l <out/classes.csv)" 5
}
case_a_mapped_network_paints_the_same() {
    pictures
    network >a.ini
    printf '%s\n' '[preset]' 'format = 1' '[net]' 'filter = net.build' 'path = a.ini' '[out]' 'filter = net.save' \
        'name = a.safetensors' >save.ini
    exits 0 impasto run save.ini -o models -q
    printf '%s\n' '[preset]' 'format = 1' '[photo]' 'filter = load' '[net]' 'filter = net.load' \
        'path = models/a.safetensors' '[paint]' 'filter = net.apply' 'in.net = net' 'in = photo' >apply.ini
    exits 0 impasto run apply.ini photos -o one -q
    exits 0 impasto run apply.ini photos -o two -q --set net.map=yes
    cmp one/scene.png two/scene.png
    head -c 2000 models/a.safetensors >models/b.safetensors
    exits 2 impasto run apply.ini photos -o three -q --set net.map=yes --set net.path=models/b.safetensors
    has "$err" 'the file ends at 2000'
}
case_layers_that_are_not_there_are_found_before_the_run() {
    pictures
    network >a.ini
    printf '%s\n' '[preset]' 'format = 1' '[photo]' 'filter = load' '[net]' 'filter = net.build' 'path = a.ini' '[code]' \
        'filter = net.encode' 'in.net = net' 'in = photo' 'layers = relu1 rleu1' '[back]' 'filter = net.decode' 'in.net = net' \
        'in.code = code' >encode.ini
    exits 2 impasto check encode.ini
    has "$err" "no layer 'rleu1'"
    has "$err" 'layers = relu1 rleu1'
    has "$err" relu1
}
case_memory_that_does_not_suffice_is_told_before_the_run() {
    pictures
    network 64 >a.ini
    printf '%s\n' '[preset]' 'format = 1' '[big]' 'filter = source.scene' 'width = 2000' 'height = 1500' 'samples = 1' '[net]' \
        'filter = net.build' 'path = a.ini' '[paint]' 'filter = net.apply' 'in.net = net' 'in = big' 'tile = 0' >big.ini
    exits 5 impasto run big.ini -o out --mem 100M
    has "$err" 'error[E05'
    [ ! -e out ] || fail 'begun all the same'
}
run_cases
