# Drawings of graphs: text with rails, dot, SVG.
# shellcheck shell=bash disable=SC1091,SC2154,SC2016
. tests/cli/lib.sh

diamond() {
    printf '%s\n' '[preset]' 'format = 1' 'title = A <diamond> & more' '[photo]' 'filter = load' '[soft]' 'filter = blur' \
        'sigma = 2' '[grey]' 'filter = grayscale' 'in = photo' '[both]' 'filter = blend' 'in = soft' 'in.top = grey' \
        '[out]' 'filter = save' 'name = {stem}.png' >diamond.ini
}
well_formed() { command -v python3 >/dev/null || skip no python3 to parse XML with
    python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$1"; }

case_text_shows_rails_names_and_settings() {
    diamond
    exits 0 env LC_ALL=C impasto graph diamond.ini
    same "$out" 'A <diamond> & more

for every picture
*    photo  load       (the picture)
+-*  soft   blur       sigma = 2
* |  grey   grayscale
`-*  both   blend      <- base=soft top=grey
  *  out    save       name = {stem}.png'
}
case_text_uses_box_letters_where_the_locale_has_them() {
    diamond
    exits 0 env LC_ALL=C.UTF-8 impasto graph diamond.ini
    has "$out" '├─●  soft'
    exits 0 env LC_ALL=C LANG=C.UTF-8 impasto graph diamond.ini
    lacks "$out" '├'
}
case_svg_is_well_formed_and_has_every_node_once() {
    diamond
    impasto graph diamond.ini --format svg >diamond.svg
    well_formed diamond.svg
    same "$(grep -c '<path class="w' diamond.svg)" 5
    for node in photo soft grey both out; do same "$(grep -c ">$node</text>" diamond.svg)" 1 "$node"; done
    has "$(cat diamond.svg)" 'A &lt;diamond> &amp; more'
}
case_boxes_of_a_drawing_never_overlap() {
    {
        printf '%s\n' '[preset]' 'format = 1' '[photo]' 'filter = load'
        for i in 1 2 3 4 5 6 7 8; do printf '%s\n' "[soft$i]" 'filter = blur' 'in = photo' "sigma = $i"; done
        for i in 1 2 3 4 5 6 7; do printf '%s\n' "[mix$i]" 'filter = blend' "in = soft$i" "in.top = soft$((9 - i))"; done
        printf '%s\n' '[out]' 'filter = save' 'in = mix3' 'name = a.png' '[out2]' 'filter = save' 'in = mix5' 'name = b.png'
    } >wide.ini
    impasto graph wide.ini --format svg >wide.svg
    sed -n 's/.*<rect x="\([0-9.]*\)" y="\([0-9.]*\)" width="\([0-9.]*\)" height="\([0-9.]*\)" rx="9".*/\1 \2 \3 \4/p' wide.svg |
        awk '{ x[NR] = $1; y[NR] = $2; w[NR] = $3; h[NR] = $4 }
             END { if (NR < 18) { print "only " NR " boxes"; exit 1 }
                   for (i = 1; i <= NR; i++) for (j = i + 1; j <= NR; j++)
                       if (x[i] < x[j] + w[j] && x[j] < x[i] + w[i] && y[i] < y[j] + h[j] && y[j] < y[i] + h[i]) { print "overlap"; exit 1 } }'
}
case_dot_has_nodes_and_edges() {
    diamond
    exits 0 impasto graph diamond.ini --format dot
    has "$out" 'digraph preset {'
    same "$(printf '%s\n' "$out" | grep -c -- '->')" 5
    ! command -v dot >/dev/null || printf '%s\n' "$out" | dot -Tsvg >/dev/null
}
case_times_come_from_a_run() {
    diamond
    printf 'P2 2 2 255\n1 2 3 4\n' >p.pgm
    impasto run diamond.ini p.pgm -o out -q
    exits 0 impasto graph diamond.ini --times out
    same "$(printf '%s\n' "$out" | grep -c ' ms\| s ')" 5
    impasto graph diamond.ini --times out --format svg >times.svg
    well_formed times.svg
    exits 2 impasto graph diamond.ini --times nosuch
    printf '%s\n' '[preset]' 'format = 1' '[other]' 'filter = load' '[end]' 'filter = save' 'name = x.png' >other.ini
    exits 2 impasto graph other.ini --times out
    has "$err" 'another preset'
}
case_a_preset_with_mistakes_is_refused() {
    printf '%s\n' '[preset]' 'format = 1' '[a]' 'filter = blurr' >bad.ini
    exits 2 impasto graph bad.ini
    same "$out" ''
    exits 2 impasto graph bad.ini --format png
}
run_cases
