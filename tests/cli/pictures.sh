# pictures.sh - small pictures from nothing, for tests of folder runs: plain PPM, no two alike.
# shellcheck shell=bash

# pictures FOLDER COUNT [WIDTH HEIGHT [FIRST]]: FOLDER/p000.ppm ...; every third one in a folder below.
pictures() {
    mkdir -p "$1/deep/er" "$1/side"
    awk -v folder="$1" -v count="$2" -v w="${3:-16}" -v h="${4:-12}" -v first="${5:-0}" 'BEGIN {
        for (n = first; n < first + count; n++) {
            below = n % 6 == 3 ? "deep/er/" : n % 3 == 0 && n ? "side/" : ""
            file = sprintf("%s/%sp%03d.ppm", folder, below, n)
            printf "P3\n%d %d\n255\n", w, h >file
            for (i = 0; i < w * h; i++)
                printf "%d %d %d\n", (i * 7 + n * 31) % 256, (i * 3 + n * n) % 256, (i * i + n * 5) % 256 >file
            close(file)
        }
    }'
}
# picture FILE SEED [WIDTH HEIGHT]
picture() {
    awk -v n="$2" -v w="${3:-16}" -v h="${4:-12}" 'BEGIN {
        printf "P3\n%d %d\n255\n", w, h
        for (i = 0; i < w * h; i++) printf "%d %d %d\n", (i * 7 + n * 31) % 256, (i * 3 + n * n) % 256, (i * i + n * 5) % 256
    }' >"$1"
}
# blur_preset FILE [SIGMA]
blur_preset() {
    printf '[preset]\nformat = 1\n[photo]\nfilter = load\n[soft]\nfilter = blur\nsigma = %s\n[out]\nfilter = save\nname = {stem}.png\n' \
        "${2:-1.5}" >"$1"
}
# gather_preset FILE: a file for each picture, and a sheet of all
gather_preset() {
    blur_preset "$1"
    printf 'in = soft\n[all]\nfilter = sheet\nall = soft\n[sheet]\nfilter = save\nin = all\nname = all.png\n' >>"$1"
}
# files FOLDER: what a run made, by content; without its records
files() { (cd "$1" && find . -name .impasto -prune -o -type f -exec cksum {} + | sort -k 3); }
