# Published networks on real pictures, each with its preparation: three ranges, two channel orders; against what their own
# frameworks gave. DATA: a folder with weights/, see README.md. Needs the program and its plugins.
# limit: 400
# shellcheck shell=bash disable=SC2154,SC1091,SC2317
. tests/cli/lib.sh
case ${DATA:-} in /* | '') data=${DATA:-} ;; *) data=$root/$DATA ;; esac
weights=$data/weights

needs() { [ -n "${DATA:-}" ] || skip no DATA; for path; do [ -e "$weights/$path" ] || skip "no $path in DATA"; done; }
# lines of a preset: head TITLE, then node NAME FILTER KEY=VALUE...
node() {
    printf '[%s]\nfilter = %s\n' "$1" "$2"
    shift 2
    for line; do printf '%s\n' "$line"; done
}
# near PICTURE GOLDEN: the last node's picture of the preset in p.ini is within two steps of 255 of the golden everywhere
near() {
    { node golden load "path = $2"; node apart compare 'in.a = last' 'in.b = golden'; node out save.table 'in = apart' 'name = apart.csv'; } >>p.ini
    exits 0 impasto run p.ini "$1" -o out -q
    tail -n 1 out/apart.csv | awk -F, '{ exit !($5 <= 2.01 / 255) }' || fail "$(cat out/apart.csv)"
}
begin() { printf '[preset]\nformat = 1\n[photo]\nfilter = load\n' >p.ini; }

case_feed_forward_style_rgb_0_255() {
    needs faststyle_ml5_wave
    begin
    { node net net.load "path = $weights/faststyle_ml5_wave/faststyle_wave.onnx" 'input = rgb' 'range = 0 255' \
        'multiple = 4' 'output = rgb'
    node last net.apply 'in.net = net' 'in = photo'; } >>p.ini
    near "$weights/faststyle_ml5_wave/golden_input.png" "$weights/faststyle_ml5_wave/golden_output.png"
}
case_classifier_bgr_minus_mean() {
    local folder=squeezenet1.1_openvino_fp16
    needs $folder
    begin
    { node net net.load "path = $weights/$folder/squeezenet1.1_fp32.onnx" 'input = bgr' 'range = 0 255' 'mean = 104 117 123'
    node classes net.classify 'in.net = net' 'in = photo'
    node out save.table 'all = classes' 'name = classes.csv'; } >>p.ini
    exits 0 impasto run p.ini "$weights/$folder"/golden/*_227.png -o out -q
    # ["chelsea",[[285,"Egyptian_cat",0.4389], ... becomes chelsea 285 281 ...
    tr -d ' \n' <"$weights/$folder/golden/top5.json" | sed 's/\]\]\]*,*/\n/g' | sed -n 's/^[[,]*"\([a-z0-9]*\)",/\1 /p' |
        sed -E 's/\[+([0-9]+),[^]]*\]?,?/\1 /g; s/ *$//' | sort >wanted
    awk -F, 'NR > 1 { sub("_227", "", $1); if ($1 != last) printf("%s%s", last == "" ? "" : "\n", $1); last = $1; printf(" %s", $3) }
        END { print "" }' out/classes.csv | sort >got
    same "$(awk '{ print NF }' wanted | sort -u)" 6
    same "$(cat got)" "$(cat wanted)"
}
case_decoders_of_vgg_rgb_0_1() {
    local folder=vgg19_normalised_conv1_1-3_1
    needs $folder
    for layer in 1_1 2_1 3_1; do
        begin
        { node enc net.load "path = $weights/$folder/vgg19_norm_enc3_reflectpad.onnx" 'input = rgb' 'range = 0 1' 'multiple = 4'
        node dec net.load "path = $weights/$folder/feature_invertor_conv$layer.onnx" 'output = rgb' 'output_range = 0 1'
        node code net.encode 'in.net = enc' 'in = photo' "layers = relu$layer"
        node last net.decode 'in.net = dec' 'in.code = code'; } >>p.ini
        near "$weights/$folder/golden_input_256x192.png" "$weights/$folder/golden_inversion_conv$layer.png"
    done
}
case_distilled_encoders_and_decoders() {
    local folder=vgg19_distilled16x
    needs $folder vgg19_normalised_conv1_1-3_1/golden_input_256x192.png
    for n in 3 5; do
        begin
        { node enc net.load "path = $weights/$folder/enc16x_$n.onnx" 'input = rgb' 'range = 0 1' 'multiple = 16'
        node dec net.load "path = $weights/$folder/dec16x_$n.onnx" 'output = rgb' 'output_range = 0 1'
        node code net.encode 'in.net = enc' 'in = photo' "layers = relu${n}_1"
        node last net.decode 'in.net = dec' 'in.code = code'; } >>p.ini
        near "$weights/vgg19_normalised_conv1_1-3_1/golden_input_256x192.png" "$weights/$folder/golden_recon_$n.png"
    done
}
# The two classifiers see the same on the same pictures: labels in different orders, names agree.
case_classifiers_agree_on_what_is_clear() {
    needs darknet_tiny_ml5 squeezenet1.1_openvino_fp16
    [ -e "$data/classification/imagenet_wnids_sorted.txt" ] || skip no list of labels
    head -n 1000 "$weights/darknet_tiny_ml5/imagenet.labels.list" >labels
    begin
    { node net net.load "path = $weights/darknet_tiny_ml5/tiny_darknet.onnx" 'input = rgb' 'range = 0 1'
    node classes net.classify 'in.net = net' 'in = photo' 'labels = labels' 'top = 1'
    node other net.load "path = $weights/squeezenet1.1_openvino_fp16/squeezenet1.1_fp32.onnx" 'input = bgr' 'range = 0 255' \
        'mean = 104 117 123'
    node too net.classify 'in.net = other' 'in = photo' "labels = $data/classification/imagenet_wnids_sorted.txt" 'top = 1'
    node a save.table 'in = classes' 'name = {stem}-a.csv'
    node b save.table 'in = too' 'name = {stem}-b.csv'; } >>p.ini
    exits 0 impasto run p.ini "$weights/squeezenet1.1_openvino_fp16/golden/"{coffee,kodim23}_227.png -o out -q
    for picture in coffee kodim23; do
        same "$(tail -n 1 out/${picture}_227-a.csv | cut -d, -f3)" "$(tail -n 1 out/${picture}_227-b.csv | cut -d, -f3)"
    done
}
case_resnet_on_records_mean_and_std_of_imagenet() {
    needs resnet_cifar10_akamaster
    begin
    { node net net.load "path = $weights/resnet_cifar10_akamaster/resnet20.onnx" 'input = rgb' 'range = 0 1' \
        'mean = 0.485 0.456 0.406' 'std = 0.229 0.224 0.225'
    node classes net.classify 'in.net = net' 'in = photo' 'score = raw' 'top = 10'
    node out save.table 'in = classes' 'name = {stem}.csv'; } >>p.ini
    printf '%s\n' '[preset]' 'format = 1' '[scene]' 'filter = source.scene' 'width = 32' 'height = 32' 'samples = 1' \
        '[out]' 'filter = save' 'name = scene.png' >scene.ini
    exits 0 impasto run scene.ini -o photos -q
    exits 0 impasto run p.ini photos/scene.png -o out -q
    same "$(wc -l <out/scene.csv)" 11
}
# net/resnet20_losses.csv: the losses of 50 steps of SGD (rate 0.002, no momentum, decay 1e-4, batches of 64 in order) that
# PyTorch 1.13 gives in double and in float, from the weights that net.build draws for resnet20-cifar.ini with its default
# seed. Its own float and double are 3.8e-4 apart at the end.
case_resnet_20_learns_as_in_pytorch() {
    local records=$data/classification/cifar10/train_lossless_first4000.bin
    [ -e "$records" ] || skip "no $records"
    { printf '[preset]\nformat = 1\n'
    node records data.cifar "path = $records"
    node new net.build "path = $root/presets/networks/resnet20-cifar.ini"
    node trained net.train 'in.net = new' 'in.train = records' 'epochs = 2' 'steps = 50' 'every = 1' 'batch = 64' 'rate = 0.002' \
        'momentum = 0' 'weight_decay = 0.0001' 'schedule = constant' 'shuffle = no' 'best = no' 'flip = no'
    node out save.table 'in = trained.history' 'name = history.csv'; } >train.ini
    exits 0 impasto run train.ini -o out -q --no-cache
    awk -F, 'FNR == 1 { for (i = 1; i <= NF; i++) if ($i == "loss") column = i; next }
        FNR == NR { want[FNR] = $2; next }
        { n++; d = $column - want[FNR]; if (d < 0) d = -d; if (d > worst) worst = d }
        END { printf "%d steps, %.6f apart\n", n, worst; exit !(n == 50 && worst < 1e-3) }' \
        "$root/tests/cli/net/resnet20_losses.csv" out/history.csv >apart || fail "$(cat apart)"
}
run_cases
