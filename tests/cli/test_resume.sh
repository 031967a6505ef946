# Killed at ten random moments and resumed, a run leaves the same tree as one that nobody disturbed.
# shellcheck shell=bash
. tests/cli/lib.sh
. tests/cli/pictures.sh

# made: how many pictures are under their names
made() { { find out -name .impasto -prune -o -name '*.png' -print 2>/dev/null || true; } | wc -l; }
# killed_run SECONDS PRESET: a run of in/ into out/, killed -9 after so long unless it ends before.
killed_run() {
    impasto run "$2" in -o out --jobs 2 >/dev/null 2>&1 &
    local pid=$!
    sleep "$1"
    kill -KILL $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
}
# No file under its name is ever half a file.
all_whole() {
    local f
    while read -r f; do
        [ "$(tail -c 8 "$f" | od -An -tx1 | tr -d ' \n')" = 49454e44ae426082 ] || fail "$f is cut"
    done < <(find out -name .impasto -prune -o -name '*.png' -print 2>/dev/null)
}
# disturb PRESET SEED FILES: ten kills, each somewhere in the time that a whole run took.
disturb() {
    local start end spent moment killed=0 before
    start=$(date +%s%N)
    impasto run "$1" in -o whole --jobs 2 2>/dev/null
    end=$(date +%s%N)
    spent=$(((end - start) / 1000000))
    RANDOM=$2
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        moment=$((RANDOM * spent / 32768 / 4 + 3))
        before=$(made)
        killed_run "$(printf '0.%03d' $((moment > 999 ? 999 : moment)))" "$1"
        all_whole
        [ "$(made)" -ge "$before" ] || fail 'finished files are gone'
        [ "$(made)" -ge "$3" ] || killed=$((killed + 1))
    done
    echo "seed $2: $spent ms whole, $killed kills before the end"
    [ $killed -ge 3 ] || fail 'the run was hardly ever killed: the test shows nothing'
    impasto run "$1" in -o out --jobs 2 2>log
    all_whole
    same "$(files out)" "$(files whole)"
    if find out/.impasto -path '*tmp*' | grep .; then fail 'temporary files are left'; fi
    if find out -name '*~' | grep .; then fail 'files beside are left'; fi
}

case_files_of_pictures_are_the_same_bytes() {
    pictures in 200 96 64
    blur_preset p.ini 3
    disturb p.ini 20170301 200
}
case_a_sheet_of_all_pictures_is_the_same_bytes() {
    pictures in 80 96 64
    gather_preset p.ini
    disturb p.ini 160804170 81
}
case_a_sweep_is_the_same_bytes() {
    pictures in 50 48 32
    printf '[preset]\nformat = 1\n[photo]\nfilter = load\n[soft]\nfilter = blur\n' >p.ini
    impasto run p.ini in -o whole --sweep soft.sigma=1..4 2>/dev/null
    RANDOM=17
    for _ in 1 2 3 4; do
        impasto run p.ini in -o out --sweep soft.sigma=1..4 >/dev/null 2>&1 &
        pid=$!
        sleep "0.0$((RANDOM % 90 + 10))"
        kill -KILL $pid 2>/dev/null || true
        wait $pid 2>/dev/null || true
    done
    impasto run p.ini in -o out --sweep soft.sigma=1..4 2>/dev/null
    same "$(files out | grep -v sweep.csv)" "$(files whole | grep -v sweep.csv)"
}
case_what_was_done_is_not_done_again() {
    pictures in 100 96 64
    blur_preset p.ini 3
    impasto run p.ini in -o out 2>/dev/null &
    pid=$!
    for _ in $(seq 200); do [ "$(made)" -ge 10 ] && break; sleep 0.01; done
    if ! kill -KILL $pid 2>/dev/null; then
        same "$(made)" 100 'files of a run that ended by itself'
        skip 'the run was too quick to be killed'
    fi
    wait $pid 2>/dev/null || true
    done=$(made)
    exits 0 impasto run p.ini in -o out --jobs 1
    fine=$(printf '%s\n' "$err" | sed -n 's/.*written, \([0-9]*\) up to date.*/\1/p')
    # a file renamed whose line the kill cut off is made again: at most those on their way
    [ "$fine" -ge $((done - 4)) ] || fail "$done were done, $fine found up to date"
}
run_cases
