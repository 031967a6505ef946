#!/bin/sh
# Times the program beside its peers, those that are installed. bench.sh BUILD ROUNDS; results in build/bench.
set -eu
build=${1:?folder of the build} rounds=${2:-7}
here=$(dirname "$0")
dir=build/bench
impasto=$build/bin/impasto
in=$dir/in
mkdir -p "$in" "$dir/vips" "$dir/gm" "$dir/magick" "$dir/ffmpeg" "$dir/cv" "$dir/sharp" "$dir/gmic"
export OPENBLAS_NUM_THREADS=1 XDG_CACHE_HOME="$PWD/$dir/cache" NODE_PATH="$PWD/$dir/node_modules${NODE_PATH:+:$NODE_PATH}"

if [ "$(find "$in" -name '*.jpg' | wc -l)" -lt 200 ]; then
    echo "making 200 pictures of 1024x768"
    rm -rf "$dir/make" && mkdir -p "$dir/make"
    "$impasto" run "$here/pictures.ini" samples/photos -o "$dir/make" --sweep grain.seed=1..40 >/dev/null 2>&1
    n=0
    find "$dir/make" -name '*.jpg' | sort | head -200 | while read -r file; do
        n=$((n + 1))
        mv "$file" "$in/$(printf %04d $n).jpg"
    done
    rm -rf "$dir/make"
fi
first=$(find "$in" -name '0001.jpg')
have() { command -v "$1" >/dev/null 2>&1; }
half1=$(find "$in" -name '*.jpg' | sort | head -100 | tr '\n' ' ')
half2=$(find "$in" -name '*.jpg' | sort | tail -100 | tr '\n' ' ')
ours="$impasto run $here/chain.ini $in -o $dir/ours --overwrite always"

grep -m1 'model name' /proc/cpuinfo || true
{
    have ffmpeg && echo "chain, 200 JPEG | FFmpeg | 200 | $ours | ffmpeg -y -loglevel error -i $in/%04d.jpg -vf scale=512:384:flags=area,gblur=sigma=1.5,eq=gamma=1.1:saturation=1.2 -q:v 3 $dir/ffmpeg/%04d.jpg"
    if [ -x "$dir/vips_chain" ]; then
        echo "chain, 200 JPEG | libvips, one process | 200 | $ours | $dir/vips_chain $dir/vips 2 $half1 $half2"
        echo "chain, 200 JPEG | libvips, two processes | 200 | $ours | $dir/vips_chain $dir/vips 1 $half1 & $dir/vips_chain $dir/vips 1 $half2 && wait"
        echo "chain, 200 JPEG, stb | libvips, two processes | 200 | $ours --exact | $dir/vips_chain $dir/vips 1 $half1 & $dir/vips_chain $dir/vips 1 $half2 && wait"
    fi
    if [ -x "$dir/cv_chain" ]; then
        echo "chain, 200 JPEG | OpenCV, one process | 200 | $ours | $dir/cv_chain $dir/cv 2 $half1 $half2"
        echo "chain, 200 JPEG | OpenCV, two processes | 200 | $ours | $dir/cv_chain $dir/cv 1 $half1 & $dir/cv_chain $dir/cv 1 $half2 && wait"
    fi
    have node && node -e "require('sharp')" 2>/dev/null && echo "chain, 200 JPEG | sharp | 200 | $ours | node $here/sharp_chain.js $in $dir/sharp"
    have gmic && echo "chain, 200 JPEG | G'MIC | 200 | $ours | gmic $half1 $half2 -resize 50%,50%,1,3,2 -blur 1.5 -apply_gamma 1.1 -adjust_colors 0,0,0,0,20 -output $dir/gmic/p.jpg,90"
    have gm && echo "chain, 200 JPEG | GraphicsMagick | 200 | $ours | cd $in && gm mogrify -output-directory ../gm -resize 512x384 -blur 0x1.5 -gamma 1.1 -modulate 100,120 -quality 90 *.jpg"
    have mogrify && echo "chain, 200 JPEG | ImageMagick | 200 | $ours | mogrify -path $dir/magick -resize 512x384 -blur 0x1.5 -gamma 1.1 -modulate 100,120 -quality 90 $half1 $half2"
    echo "chain, 200 JPEG, isolated | the same, not isolated | 200 | $ours --isolate | $ours"
    "$impasto" run "$here/pictures.ini" samples/photos/coast.jpg -o "$dir/small" --sweep grain.seed=1..500 --set sized.width=160 --set sized.height=120 --overwrite always >/dev/null 2>&1
    few="$impasto run $here/chain.ini $dir/small -o $dir/ours-small --overwrite always"
    echo "chain, 500 small JPEG, isolated | the same, not isolated | 500 | $few --isolate | $few"
    "$impasto" run "$here/tiny.ini" -o "$dir/tiny" --overwrite always >/dev/null 2>&1
    small="$impasto run $here/negate.ini $dir/tiny/tiny.png -o $dir/ours-tiny --overwrite always"
    echo "start-up | true, through the shell | 1 | $impasto version | true"
    have gm && echo "start-up | GraphicsMagick | 1 | $impasto version | gm version"
    have gm && echo "negate 16x16 | GraphicsMagick | 1 | $small | gm convert $dir/tiny/tiny.png -negate $dir/gm/t.png"
    have vips && echo "negate 16x16 | vips | 1 | $small | vips invert $dir/tiny/tiny.png $dir/vips/t.png"
    have convert && echo "negate 16x16 | ImageMagick | 1 | $small | convert $dir/tiny/tiny.png -negate $dir/magick/t.png"
    [ -n "$first" ]
} >"$dir/cases"
"$dir/sidebyside" "$dir/results.json" "$rounds" <"$dir/cases"
[ -x "$dir/filters" ] && "$dir/filters" "$build/lib/impasto/plugins-1/basic.so" "$rounds" "$dir/filters.json"
echo "rows are in $dir/*.json"
