# Data sets by presets: what the commands say of them, and of what is wrong with them.
# shellcheck shell=bash disable=SC1091,SC2154,SC2317
. tests/cli/lib.sh

# idx COUNT LABEL...: pictures.idx of COUNT pictures of 4 x 2, labels.idx.
idx() {
    local n=$1 i
    shift
    { printf '\0\0\10\3\0\0\0'; octal "$n"; printf '\0\0\0\2\0\0\0\4'
      for ((i = 0; i < n; i++)); do printf 'abcdefgh'; done; } >pictures.idx
    { printf '\0\0\10\1\0\0\0'; octal $#; for i in "$@"; do octal "$i"; done; } >labels.idx
}
octal() { printf '%b' "\\0$(printf %o "$1")"; }
preset() { # FILTER KEYS...: it and data.info, facts.csv, sheet.png
    printf '%s\n' '[preset]' 'format = 1' '[set]' "filter = $1" "${@:2}" '[info]' 'filter = data.info' 'in = set' \
        '[facts]' 'filter = save.table' 'in = info' 'name = facts.csv' '[sheet]' 'filter = save' 'in = info.sheet' \
        'name = sheet.png' >p.ini
}
case_facts_and_a_sheet_of_an_idx_set() {
    idx 6 0 1 1 2 0 0
    preset data.idx 'images = pictures.idx' 'labels = labels.idx' 'names = zero one two'
    exits 0 impasto check p.ini
    exits 0 impasto run p.ini -o out
    has "$(cat out/facts.csv)" 'samples,"4 x 2, grey",6'
    has "$(cat out/facts.csv)" 'class,zero,3,,,0.5,'
    has "$(cat out/facts.csv)" 'channel,grey,48,'
    [ -s out/sheet.png ] || fail 'no sheet'
    touch stamp
    exits 0 impasto run p.ini -o out
    same "$(find out -path out/.impasto -prune -o -type f -newer stamp -print)" '' 'made again'
    printf 'x' | dd of=pictures.idx bs=1 seek=20 conv=notrunc status=none
    exits 0 impasto run p.ini -o out --explain
    [ out/facts.csv -nt stamp ] || fail 'the changed file was not seen'
}
case_gzipped_files_are_read() {
    command -v gzip >/dev/null || skip no gzip
    idx 3 0 1 2
    gzip pictures.idx labels.idx
    preset data.idx 'images = pictures.idx.gz' 'labels = labels.idx.gz'
    exits 0 impasto run p.ini -o out
    has "$(cat out/facts.csv)" 'class,2,1,'
    head -c 30 pictures.idx.gz >cut.gz
    preset data.idx 'images = cut.gz'
    exits 2 impasto check p.ini
    has "$err" 'cut.gz: a gzip file of 30 bytes that is cut short or damaged'
}
case_what_does_not_belong_together_is_refused_before_anything_is_written() {
    idx 6 0 1 1
    preset data.idx 'images = pictures.idx' 'labels = labels.idx'
    exits 2 impasto run p.ini -o out
    has "$err" 'has 3 labels'
    has "$err" 'p.ini:6:10'
    [ ! -e out ] || fail 'something was written'
}
case_the_other_part_needs_a_share() {
    idx 6 0 1 1 2 0 0
    preset data.idx 'images = pictures.idx' 'labels = labels.idx'
    sed -i 's/^in = set/in = set.test/' p.ini
    exits 1 impasto run p.ini -o out
    has "$err" "'test' is wanted, but none of the 6 samples goes there: set test_share"
    exits 0 impasto run p.ini -o out --set set.test_share=0.5
    has "$(cat out/facts.csv)" 'samples,"4 x 2, grey",3'
}
case_a_table_lists_all_its_mistakes_with_lines_and_near_names() {
    mkdir -p t/photo
    for i in 1 2; do printf 'P6\n1 1\n255\nabc' >t/photo/$i.ppm; done
    printf 'id,age,hair\n1,20,red\n2,old,dark\n3,40\n9,1,red\n' >t/attributes.csv
    preset data.csv 'path = t' 'attributes = age:0..100 hairs'
    exits 2 impasto check p.ini
    for part in 'attributes.csv:3: '"'old' in the column 'age'; it takes numbers of 0 to 100" \
        'attributes.csv:4: 2 cells, there are 3 columns' 'photo/9 is not there' "did you mean 'hair'?"; do
        has "$err" "$part"
    done
}
case_a_folder_of_classes_is_read_through_the_hosts_codecs() {
    mkdir -p f/sea f/land
    cp "$root/samples/photos/coast.jpg" f/sea/
    cp "$root/samples/photos/fruit.jpg" f/land/
    preset data.folder 'path = f' 'size = 24 16' 'lines = yes'
    exits 0 impasto run p.ini -o out
    has "$(cat out/facts.csv)" 'samples,"24 x 16, colour",2'
    has "$(cat out/facts.csv)" 'class,land,1,,,0.5,'
    has "$(cat out/facts.csv)" 'lines,1 = paper,768,'
    head -c 2000 f/sea/coast.jpg >f/sea/cut.jpg
    exits 1 impasto run p.ini -o out2
    has "$err" 'f/sea/cut.jpg: '
}
case_the_same_bytes_for_any_number_of_threads() {
    preset data.generated 'count = 6' 'size = 24' 'samples = 1' 'vary = haze'
    exits 0 impasto run p.ini -o a --threads 1
    exits 0 impasto run p.ini -o b --threads 3
    cmp a/facts.csv b/facts.csv
    cmp a/sheet.png b/sheet.png
    exits 0 impasto run p.ini -o c --mem 400M
    cmp a/sheet.png c/sheet.png
}
case_wrong_words_of_generated_pictures_are_pointed_at() {
    preset data.generated 'count = 6' 'vary = hazy' 'graim = 0'
    exits 2 impasto check p.ini
    has "$err" "p.ini:6:8"
    has "$err" "did you mean 'haze'?"
    has "$err" "did you mean 'grain'?"
}
run_cases
