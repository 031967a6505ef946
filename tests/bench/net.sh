#!/bin/sh
# Times networks beside PyTorch, ONNX Runtime, OpenCV and ncnn, those that are installed.
#     net.sh BUILD ROUNDS [PATTERN]    BENCH_THREADS="2 1"; results in build/bench/network.json
# FRESH=1 asks again which way to run a peer is the fastest.
set -eu
build=${1:?folder of the build} rounds=${2:-9} pattern=${3:-}
here=$(dirname "$0")
dir=build/bench
impasto=$build/bin/impasto
mkdir -p "$dir/net/nets" "$dir/net/choices"
[ -z "${FRESH:-}" ] || rm -f "$dir"/net/choices/*
export XDG_CACHE_HOME="$PWD/$dir/cache" NODE_PATH="$PWD/$dir/node_modules${NODE_PATH:+:$NODE_PATH}"

# net NAME FILE: weights by chance, as ONNX for the peers and as safetensors
net() {
    [ -n "$(find "$dir/net/nets/$1.onnx" -newer "$2" 2>/dev/null)" ] && return
    "$impasto" run "$here/nets/make.ini" --set net.path="$2" --set onnx.name="$1.onnx" --set weights.name="$1.safetensors" \
        -o "$dir/net/nets" --overwrite always -q
    cp "$2" "$dir/net/nets/$1.ini"
    touch "$dir/net/nets/$1.onnx"
}
for name in vgg19-features squeezenet1_1 resnet18 mobilenet_v2; do net "$name" "$PWD/presets/networks/$name.ini"; done
for name in vgg16-bn-32 vae-64 face-128; do net "$name" "$PWD/$here/nets/$name.ini"; done
{ sed '/^\[conv5_2\]$/,$d' presets/networks/vgg19-features.ini && cat "$here/nets/gram.part"; } >"$dir/net/style.new"
cmp -s "$dir/net/style.new" "$dir/net/style.ini" || mv "$dir/net/style.new" "$dir/net/style.ini"
net vgg19-style "$PWD/$dir/net/style.ini"

python=/usr/bin/python3 # Debian's packages belong to Debian's Python
[ -x $python ] || python=python3
{
    echo "ours | ours | $dir/net_worker $build/lib/impasto/plugins-1/runtime.so"
    command -v "$python" >/dev/null && echo "torch | PyTorch | $python $here/peer_torch.py"
    command -v node >/dev/null && echo "ort | ONNX Runtime | node $here/peer_ort.js"
    [ -x "$dir/peer_dnn" ] && echo "cv | OpenCV dnn | $dir/peer_dnn"
    [ -x "$dir/peer_dnnl" ] && echo "dnnl | oneDNN, sum | $dir/peer_dnnl"
    [ -x "$dir/peer_ncnn" ] && echo "ncnn | ncnn | $dir/peer_ncnn"
} >"$dir/net/sides" || true
grep -m1 'model name' /proc/cpuinfo || true
"$dir/net_bench" "$here/net_rows.txt" "$dir/network.json" "$rounds" "$pattern" <"$dir/net/sides"
for side in 256 512; do
    case "VGG-19 $side roofline" in *"$pattern"*)
        "$dir/net_roof" "$build/lib/impasto/plugins-1/runtime.so" "$dir/net_worker" "$dir/net/nets/vgg19-features" $side "$rounds" "$dir/network.json" ;;
    esac
done
