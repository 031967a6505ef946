# limit: 900
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
# What is said first finds a full pipe, so the second thread crashes meanwhile: it must not end the program.
case_of_two_crashes_at_once_the_first_is_told() {
    local pid got=0
    mixed
    mkfifo told
    exec 3<>told
    head -c 65536 /dev/zero >&3
    impasto run p.ini photos/c0.ppm photos/c1.ppm -o out --plugin-path plugins --set boom.how=2 -j2 >/dev/null 2>&3 </dev/null &
    pid=$!
    sleep 0.5
    head -c 65536 <&3 >/dev/null
    wait $pid 2>/dev/null || got=$?
    echo end >&3
    err=$(sed '/^end$/q' <&3)
    exec 3>&-
    [ $got = 136 ] || fail "ends with $got, not by SIGFPE: $err"
    has "$err" 'crashed with SIGFPE'
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

# ---- with isolation ----
# isolated STATUS ARGS...: the mixed pictures in workers; then only the grey ones are there
isolated() {
    local status=$1
    shift
    exits "$status" impasto run p.ini photos -o out --plugin-path plugins --isolate "$@"
    same "$(cd out && echo *.png)" 'g0.png g1.png g2.png'
    same "$(wc -l <out/failed.tsv)" 3 'lines of failed.tsv'
}
case_isolated_a_crash_costs_its_picture_and_the_run_goes_on() {
    mixed
    isolated 3 -j1
    has "$err" "c0.ppm  E0611  node 'boom' (p.ini:5): plugin org.example.crashes crashed with SIGSEGV"
    has "$err" 'only this picture is lost'
    for how in 2:SIGFPE 3:SIGABRT 4:SIGSEGV 5:SIGSEGV 8:'exit status 9'; do
        isolated 3 --set "boom.how=${how%:*}" -j2
        has "$err" "${how#*:}"
    done
    exits 0 impasto run p.ini photos -o out --plugin-path plugins --isolate --set boom.how=0
    same "$(cd out && echo *)" 'c0.png c1.png g0.png g1.png g2.png'
    [ -z "$(ls out/.impasto/tmp 2>/dev/null)" ] || fail 'something is left in tmp'
}
case_isolated_a_hang_is_ended_after_the_time_limit() {
    mixed
    isolated 3 --set boom.how=6 --time-limit 0.5
    has "$err" 'E0612'
    has "$err" 'no sign of life for 500 ms (--time-limit)'
    exits 2 impasto run p.ini photos -o out --plugin-path plugins --time-limit soon
    has "$err" 'is no time'
}
case_isolated_too_much_memory_is_ended_at_the_budget() {
    mixed
    isolated 3 --set boom.how=7 --mem 200M
    has "$err" 'took more than 200 MiB of memory (--mem)'
}
case_a_crash_in_a_plan_is_a_mistake_of_its_node() {
    mixed
    exits 2 impasto run p.ini photos -o out --plugin-path plugins --isolate --set boom.how=9
    has "$err" 'error[E0611]'
    has "$err" "node 'boom': plugin org.example.crashes crashed with SIGABRT"
    [ ! -e out ] || fail 'something was written'
}
case_a_node_of_a_preset_may_ask_for_a_process() {
    mixed
    sed -i 's/^how/isolate = process\nhow/' p.ini
    exits 3 impasto run p.ini photos -o out --plugin-path plugins --explain
    has "$err" 'isolated, in processes of their own: boom'
    same "$(cd out && echo *.png)" 'g0.png g1.png g2.png'
    sed -i 's/process/proces/' p.ini
    exits 2 impasto check p.ini --plugin-path plugins
    has "$err" "did you mean 'process'?"
}
# both PRESET ARGS...: the same files with and without isolation, and the first again from the others' records
both() {
    exits 0 impasto run "$@" -o plain --no-cache -j1 -t1
    exits 0 impasto run "$@" -o isolated --no-cache --isolate -j2 -t2
    exits 0 impasto run "$@" -o more --no-cache --isolate -j3 -t8
    same "$(files isolated)" "$(files plain)" "$1"
    same "$(files more)" "$(files plain)" "$1, 3 jobs"
    exits 0 impasto run "$@" -o plain --no-cache --isolate --verbose
    lacks "$err" 'written '
    rm -rf plain isolated more
}
case_bytes_are_the_same_with_and_without() {
    exits 0 impasto run "$root/presets/web.ini" "$root"/samples/photos/{coast,fruit}.jpg -o small --set small.long_edge=200
    for preset in vintage oil contact-sheet masked-background shrink-loss; do both "$root/presets/$preset.ini" small; done
    both "$root/presets/samples-textures.ini"
}
case_bytes_are_the_same_with_and_without_where_nodes_share_models() {
    exits 0 impasto run "$root/presets/web.ini" "$root"/samples/photos/{coast,fruit}.jpg -o small --set small.long_edge=120
    both "$root/presets/stylise.ini" small --set vars.size=64 --set paint.steps=6
    both "$root/presets/atlas.ini" --set vars.maps=0-1 --set atlas.steps=2 --set atlas.size=32
    both "$root/presets/train-glyph.ini" --set vars.count=200 --set vars.epochs=1
}
case_odd_pictures_are_the_same_with_and_without() { # alpha, one row, grey in, passed on as they came
    mixed
    printf 'P7\nWIDTH 3\nHEIGHT 2\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\nabcdefghijklmnopqrstuvwx' >photos/a.pam
    printf 'P6\n1 1\n255\nabc' >photos/one.ppm
    printf '[preset]\nformat = 1\n[photo]\nfilter = load\n[same]\nfilter = org.example.crashes\nhow = 0\n' >p.ini
    printf '[soft]\nfilter = blur\n[out]\nfilter = save\nname = {stem}.png\n[raw]\nfilter = save\nin = same\nname = {stem}.pfm\n' >>p.ini
    both p.ini photos/g0.pgm photos/c0.ppm photos/one.ppm --plugin-path plugins
}
case_ctrl_c_reaches_a_worker() {
    mixed
    impasto run p.ini photos -o out --plugin-path plugins --isolate --set boom.how=10 >/dev/null 2>&1 &
    pid=$!
    for _ in $(seq 100); do [ ! -d out/.impasto/kept ] || break; sleep 0.05; done
    workers=$(pgrep -g 0 impasto-worker || true)
    kill -INT $pid 2>/dev/null || true
    kill -TERM $pid
    got=0
    wait $pid || got=$?
    [ $got = 130 ] || [ $got = 143 ] || fail "exit $got"
    [ -n "$(ls out/.impasto/kept)" ] || fail 'what it kept is gone'
    # what is kept is found again: it ends at once
    exits 0 timeout 5 impasto run p.ini photos -o out --plugin-path plugins --isolate --set boom.how=10
    for worker in $workers; do [ ! -e "/proc/$worker/exe" ] || fail "worker $worker is left"; done
}
case_workers_end_with_a_host_that_is_killed() {
    mixed
    impasto run p.ini photos -o out --plugin-path plugins --isolate --set boom.how=10 >/dev/null 2>&1 &
    pid=$!
    for _ in $(seq 100); do [ ! -d out/.impasto/kept ] || break; sleep 0.05; done
    workers=$(ps -e -o pid=,ppid=,comm= | awk -v of=$pid '$3 ~ /impasto-worker/ && ($2 == of || up[$2] == of) { print $1; up[$1] = of }')
    [ -n "$workers" ] || fail 'no worker is there'
    kill -KILL $pid
    wait $pid 2>/dev/null || true
    sleep 0.3
    for worker in $workers; do [ ! -e "/proc/$worker/fd/3" ] || fail "worker $worker is left"; done
}

# nursery_of PID: its child, from which workers are forked
nursery_of() { ps -e -o pid=,ppid=,comm= | awk -v of="$1" '$3 ~ /impasto-worker/ && $2 == of { print $1; exit }'; }
# kills_nurseries PRESET ARGS...: a run over 8 pictures, isolated, whose nursery is killed after the 2nd and the 4th picture
kills_nurseries() {
    impasto run "$@" -o isolated --no-cache --isolate --explain -j1 >/dev/null 2>.err &
    local pid=$! n
    for n in 2 4; do
        for _ in $(seq 600); do [ "$(find isolated -maxdepth 1 -name '*.png' 2>/dev/null | wc -l)" -lt $n ] || break; sleep 0.05; done
        kill -KILL "$(nursery_of $pid)" 2>/dev/null || fail "the run was over before it had $n pictures"
    done
    status=0
    wait $pid || status=$?
    err=$(cat .err)
}
case_a_killed_nursery_costs_the_picture_in_work_and_the_run_goes_on() {
    exits 0 impasto run "$root/presets/web.ini" "$root/samples/photos/coast.jpg" -o small --set small.long_edge=120
    for n in 1 2 3 4 5 6 7; do cp small/coast.jpg "small/c$n.jpg"; done
    set -- "$root/presets/stylise.ini" small --set vars.size=64 --set paint.steps=18 --set 'out.name={stem}.png'
    kills_nurseries "$@" # its pictures take a network that the nursery read
    has "$err" 'what pictures share was made again: 2 times'
    if [ "$status" != 0 ]; then # a picture was being worked on
        same "$status" 3 "exit status: $err"
        has "$err" 'its process was killed with the one that starts them; only this picture is lost'
        lost=$(grep -c '^[^#]' isolated/failed.tsv)
        [ "$lost" -le 2 ] || fail "$lost pictures are lost"
    fi
    exits 0 impasto run "$@" -o isolated --no-cache --isolate
    exits 0 impasto run "$@" -o plain --no-cache
    same "$(files isolated)" "$(files plain)"
}

# ---- pictures of strangers ----
sandboxed() { impasto version >/dev/null && ! impasto run "$1" photos/c0.ppm -o probe --plugin-path plugins --untrusted 2>&1 | grep -q W0614; }
# refused PLUGIN HOW: it does it without a sandbox, and is refused in one, for its pictures and for what runs once
refused() {
    exits 0 impasto run p.ini photos/c0.ppm -o "free-$1-$2" --plugin-path plugins --set "boom.how=$2" --isolate
    exits 1 impasto run p.ini photos/c0.ppm -o "box-$1-$2" --plugin-path plugins --set "boom.how=$2" --untrusted
    has "$err" 'refused: '
    printf '[photo]\nfilter = load\npath = photos/c0.ppm\n[boom]\nfilter = org.example.deed\nhow = %d\n[out]\nfilter = save\nname = x.png\n' \
        "$2" >once.ini
    exits 1 impasto run once.ini -o "once-$1-$2" --plugin-path plugins --untrusted
    has "$err" 'refused: '
}
deeds() {
    mixed
    rm plugins/*
    shelf "$1"
    sed -i 's/crashes/deed/' p.ini
    sandboxed p.ini || skip 'this system has no sandbox'
    export HOME=$PWD/home
    mkdir -p "$HOME"
    echo mine >"$HOME/secret"
}
case_untrusted_files_of_the_user_are_out_of_reach() {
    deeds opens_file
    refused opens_file 1
    rm -f home/planted
    refused opens_file 2
    exits 1 impasto run p.ini photos/c0.ppm -o other --plugin-path plugins --set boom.how=3 --untrusted
    has "$err" 'refused: '
}
case_untrusted_there_are_no_sockets() {
    deeds opens_socket
    refused opens_socket 1
    refused opens_socket 2
}
case_untrusted_there_are_no_other_processes() {
    deeds forks
    refused forks 1
    for how in 3 4 5; do refused forks $how; done
    exits 1 impasto run p.ini photos/c0.ppm -o other --plugin-path plugins --set boom.how=2 --untrusted
    has "$err" 'refused: '
}
case_untrusted_bytes_are_the_same() {
    exits 0 impasto run "$root/presets/web.ini" "$root"/samples/photos/{coast,fruit}.jpg -o small --set small.long_edge=120
    for preset in vintage contact-sheet masked-background; do
        exits 0 impasto run "$root/presets/$preset.ini" small -o plain --no-cache
        exits 0 impasto run "$root/presets/$preset.ini" small -o box --no-cache --untrusted --mem 1G
        same "$(files box)" "$(files plain)" "$preset"
        rm -rf plain box
    done
    set -- "$root/presets/atlas.ini" --set vars.maps=0-1 --set atlas.steps=2 --set atlas.size=32 --no-cache # writes files itself
    exits 0 impasto run "$@" -o plain
    exits 0 impasto run "$@" -o box --untrusted --explain
    has "$err" 'written below: box/.impasto/tmp'
    same "$(files box)" "$(files plain)" atlas
}
case_untrusted_damaged_pictures_fail_as_always() {
    mixed
    head -c 60 photos/c0.ppm >photos/c2.ppm
    printf 'P6\n9999999 9999999\n255\n' >photos/huge.ppm
    head -c 3000 "$root/samples/photos/coast.jpg" >photos/cut.jpg
    exits 3 impasto run p.ini photos -o plain --plugin-path plugins --set boom.how=0
    plain=$(grep -v '^#' plain/failed.tsv)
    exits 3 impasto run p.ini photos -o box --plugin-path plugins --set boom.how=0 --untrusted
    same "$(grep -v '^#' box/failed.tsv)" "$plain"
}
run_cases
