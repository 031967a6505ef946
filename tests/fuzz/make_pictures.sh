#!/bin/sh
# Makes tests/fuzz/corpus/picture: one tiny file of each kind of picture, of ramps and noise of our own. Needs
# ImageMagick 6 (convert), which is not needed to run the tests. Files found by fuzzing are not made here.
set -eu
cd "$(dirname "$0")/corpus/picture"
rgb="-size 9x7 gradient:red-blue -seed 7 -attenuate 0.3 +noise Uniform -strip"
grey="-size 9x7 gradient:black-white -rotate 90 -resize 9x7! -colorspace Gray -strip"
plain="-define png:exclude-chunks=date,time,gAMA,cHRM,bKGD,tEXt,vpAg,oFFs"

convert $rgb -depth 16 $plain png48:rgb16.png
convert rgb16.png -depth 8 $plain png24:rgb.png
convert rgb.png -alpha set -channel A -fx 'i/w' $plain png32:rgba.png
convert rgb16.png -alpha set -channel A -fx 'i/w' $plain png64:rgba16.png
convert rgb.png -colors 12 $plain png8:palette.png
convert palette.png -transparent "$(convert palette.png -format '%[pixel:p{2,2}]' info:)" $plain png8:palette_alpha.png
convert rgb.png -interlace PNG $plain png24:interlaced.png
convert $grey -depth 8 $plain grey.png
convert $grey -depth 16 -define png:bit-depth=16 $plain grey16.png
convert grey.png -threshold 50% -depth 1 $plain bits.png
convert $grey -alpha set -channel A -fx 'i/w' -define png:color-type=4 $plain grey_alpha.png

convert rgb.png -quality 85 -sampling-factor 2x2 baseline.jpg
convert rgb.png -quality 85 -sampling-factor 2x2 -interlace JPEG progressive.jpg
convert rgb.png -quality 95 -sampling-factor 1x1 full.jpg
convert grey.png -quality 85 grey.jpg
convert rgb.png -colorspace CMYK cmyk.jpg

convert rgb.png bmp3:rgb.bmp
convert rgba.png bmp:rgba.bmp
convert palette.png bmp3:palette.bmp
convert rgb.png -compress none rgb.tga
convert rgb.png -compress RLE runs.tga
convert palette.png palette.tga
convert grey.png -compress none grey.tga
convert rgb.png rgb.ppm
convert rgb16.png rgb16.ppm
convert rgb.png -compress none text.ppm
convert grey.png grey.pgm
convert bits.png bits.pbm
convert bits.png -compress none text.pbm
convert $rgb -endian LSB rgb.pfm
convert $grey -endian MSB grey.pfm
convert $rgb rgb.hdr
# ImageMagick 6 writes TGA from the top, but says from the bottom: put the flag right.
for f in rgb runs palette grey; do printf ' ' | dd of=$f.tga bs=1 seek=17 conv=notrunc status=none; done
