# The pictures of samples/ are what their presets make, and stay small.
# limit: 120
# shellcheck shell=bash disable=SC1091,SC2154
. tests/cli/lib.sh

likeness() {
    cat >like.ini <<'END'
; how like a picture is to the one of samples/
[preset]
format = 1
[vars]
sample = none
[made]
filter = load
[sample]
filter = load
path   = ${sample}
[like]
filter = compare
in.a   = made
in.b   = sample
[table]
filter   = save.table
in       = like.table
name     = like.csv
pictures = no
END
}
# remade PRESET FOLDER...: each picture of the folders is made anew. Two JPEG libraries write as much apart as 41 dB.
remade() {
    local picture psnr
    likeness
    exits 0 impasto run "$root/presets/$1.ini" -o new
    shift
    for folder in "$@"; do
        same "$(ls "new/$folder")" "$(ls "$root/samples/$folder")" "$folder"
        for picture in "new/$folder"/*; do
            exits 0 impasto run like.ini "$picture" -o like --set vars.sample="$root/samples/${picture#new/}"
            psnr=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "psnr") c = i } NR == 2 { print int($c) }' like/like.csv)
            [ "${psnr:-0}" -ge 36 ] || fail "$picture is another one now (PSNR ${psnr:-none}): make samples"
        done
    done
}
case_textures_are_made_again() { remade samples-textures textures; }
case_faces_and_drawings_are_made_again() { remade samples-faces faces drawings; }
case_every_photograph_and_painting_has_its_node() {
    for pair in samples:photos samples-paintings:paintings; do
        same "$(sed -n "s|^name *= ${pair#*:}/||p" "$root/presets/${pair%:*}.ini" | LC_ALL=C sort)" \
            "$(find "$root/samples/${pair#*:}" -type f -printf '%f\n' | LC_ALL=C sort)" "$pair"
    done
}
case_pictures_stay_below_8_MiB_and_all_below_25() {
    local all pictures
    all=$(du -sk --apparent-size "$root/samples" | cut -f 1)
    pictures=$(du -sk --apparent-size --exclude=models "$root/samples" | cut -f 1)
    [ "$pictures" -lt 8192 ] || fail "the pictures of samples/ hold $pictures KiB"
    [ "$all" -lt 25600 ] || fail "samples/ holds $all KiB"
}
run_cases
