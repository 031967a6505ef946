# limit: 300
# Plugins that crash, hang and take too much: what is told without isolation, and what is lost with it.
# shellcheck shell=bash disable=SC1091,SC2154
. tests/cli/lib.sh
. tests/cli/pictures.sh

# shelf PLUGIN...: a folder of plugins of the broken shelf, before all others
shelf() {
    mkdir -p plugins
    for so in "$@"; do cp "$bin/../broken/$so.so" plugins/; done
}
# a preset with a node that crashes at colours, and mixed pictures: g0 g1 g2 are grey, c0 c1 have colours
mixed() {
    mkdir -p photos
    for n in 0 1 2; do printf 'P2\n3 2\n255\n1 2 3 4 5 %d\n' $n >photos/g$n.pgm; done
    for n in 0 1; do printf 'P3\n1 2\n255\n1 2 3 4 5 %d\n' $n >photos/c$n.ppm; done
    printf '[preset]\nformat = 1\n[photo]\nfilter = load\n[boom]\nfilter = org.example.crashes\nhow = %d\n[out]\nfilter = save\nname = {stem}.png\n' \
        1 >p.ini
    shelf crashes
}
# dies SIGNAL COMMAND...: ended by that signal; stderr is left in $err
dies() {
    local wanted=$((128 + $1)) got=0
    shift
    ("$@" >/dev/null 2>.err </dev/null) 2>/dev/null || got=$?
    err=$(cat .err)
    [ "$got" = "$wanted" ] || fail "'$*' exits $got, not $wanted: $err"
}
case_a_crash_names_plugin_filter_node_and_picture_and_ends_by_its_signal() {
    mixed
    dies 11 impasto run p.ini photos -o out --plugin-path plugins -j1
    has "$err" 'error[E0611]: crashed with SIGSEGV'
    has "$err" 'plugin org.example.crashes, filter org.example.crashes'
    has "$err" "p.ini:5, node 'boom'"
    has "$err" 'picture: photos/c0.ppm'
}
case_other_crashes_are_told_too() {
    mixed
    dies 8 impasto run p.ini photos -o out --plugin-path plugins --set boom.how=2
    has "$err" 'crashed with SIGFPE'
    dies 6 impasto run p.ini photos -o out --plugin-path plugins --set boom.how=3
    has "$err" 'crashed with SIGABRT'
    dies 11 impasto run p.ini photos -o out --plugin-path plugins --set boom.how=4 # a stack that overflows
    has "$err" "node 'boom'"
    dies 11 impasto run p.ini photos -o out --plugin-path plugins --set boom.how=5 -t2 # in a helping thread, perhaps
    has "$err" "node 'boom'"
}
case_after_a_crash_the_journal_is_sound_and_the_run_goes_on() {
    mixed
    dies 11 impasto run p.ini photos/g0.pgm photos/c0.ppm photos/g1.pgm -o out --plugin-path plugins -j1
    exits 0 impasto run p.ini photos -o out --plugin-path plugins --set boom.how=0
    lacks "$err" W0736
    same "$(cd out && echo *)" 'c0.png c1.png g0.png g1.png g2.png'
    exits 0 impasto run p.ini photos -o out --plugin-path plugins --set boom.how=0
    [ -z "$(ls out/.impasto/tmp 2>/dev/null)" ] || fail "something is left in tmp"
}
run_cases
