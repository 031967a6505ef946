# A folder run: its tree, what is up to date, what it refuses, and what it leaves when something fails.
# shellcheck shell=bash
. tests/cli/lib.sh
. tests/cli/pictures.sh

case_the_tree_of_the_folder_is_kept() {
    pictures in 7
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out
    same "$(cd out && find . -name '*.png' | sort | tr '\n' ' ')" \
        './deep/er/p003.png ./p000.png ./p001.png ./p002.png ./p004.png ./p005.png ./side/p006.png '
    has "$err" '7 written, 0 up to date'
    [ ! -e out/failed.tsv ]
    [ ! -e out/.impasto/tmp ]
}
case_a_second_run_finds_all_up_to_date() {
    pictures in 3
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out
    before=$(ls -l --time-style=full-iso out out/*)
    exits 0 impasto run p.ini in -o out
    has "$err" '0 written, 3 up to date'
    same "$(ls -l --time-style=full-iso out out/*)" "$before"
}
case_only_what_changed_runs_again_and_explain_says_why() {
    pictures in 3
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out
    picture in/p001.ppm 77
    rm out/p002.png
    exits 0 impasto run p.ini in -o out --explain
    has "$err" '2 written, 1 up to date'
    has "$err" 'p000.ppm: up to date'
    has "$err" 'p001.ppm: the picture changed'
    has "$err" 'p002.ppm: p002.png is not there'
    exits 0 impasto run p.ini in -o out --set soft.sigma=3 --explain
    has "$err" 'soft.sigma was 1.5, is 3'
    has "$err" '3 written'
}
case_a_touched_picture_of_the_same_content_does_not_run_again() {
    pictures in 2
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out
    touch -d '2001-02-03' in/p000.ppm out/p001.png
    exits 0 impasto run p.ini in -o out
    has "$err" '0 written, 2 up to date'
}
case_a_file_changed_by_another_hand_is_made_again() {
    pictures in 2
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out
    wanted=$(files out)
    printf 'x' >>out/p000.png
    exits 0 impasto run p.ini in -o out
    has "$err" '1 written, 1 up to date'
    same "$(files out)" "$wanted"
}
case_files_of_others_are_not_replaced_unless_told() {
    pictures in 2
    blur_preset p.ini
    mkdir out
    echo mine >out/p000.png
    exits 2 impasto run p.ini in -o out
    has "$err" 'E0732'
    has "$err" 'out/p000.png is there already'
    same "$(cat out/p000.png)" mine
    [ ! -e out/p001.png ]
    exits 0 impasto run p.ini in -o out --overwrite never
    same "$(cat out/p000.png)" mine
    [ -e out/p001.png ]
    exits 0 impasto run p.ini in -o out --overwrite always
    [ "$(cat out/p000.png)" != mine ]
    has "$err" '2 written'
}
case_an_original_is_never_written_over() {
    pictures in 1
    blur_preset p.ini
    exits 0 impasto run p.ini in -o first
    cp first/p000.png photo.png
    cp photo.png kept.png
    exits 2 impasto run p.ini photo.png -o . --overwrite always
    has "$err" 'E0731'
    cmp photo.png kept.png
    exits 2 impasto run p.ini in -o in
    has "$err" 'E0724'
}
case_failures_are_listed_and_the_rest_is_made() {
    pictures in 5
    echo junk >in/side.png
    printf 'P6\n4 4\n255\nxx' >in/deep/cut.ppm
    blur_preset p.ini
    exits 3 impasto run p.ini in -o out
    has "$err" 'W0605'
    has "$err" '2 of 7 pictures failed; 5 written'
    has "$err" 'impasto run p.ini --files-from out/failed.tsv -o out'
    same "$(wc -l <out/failed.tsv)" 3
    same "$(cut -f 1 out/failed.tsv | tail -n 2 | tr '\n' ' ')" 'in/./deep/cut.ppm in/./side.png '
    picture in/deep/cut.ppm 5
    exits 3 impasto run p.ini in -o out
    has "$err" '1 of 7 pictures failed; 1 written, 5 up to date'
    picture in/side.png 6
    exits 0 impasto run p.ini --files-from out/failed.tsv -o out
    has "$err" '1 written'
    [ ! -e out/failed.tsv ]
    exits 0 impasto run p.ini in -o out
    has "$err" '0 written, 7 up to date'
}
case_nothing_succeeded_is_1_and_fail_fast_stops() {
    mkdir in
    for i in 1 2 3 4 5 6; do echo junk >in/$i.png; done
    blur_preset p.ini
    exits 1 impasto run p.ini in -o out
    has "$err" 'all pictures failed'
    exits 1 impasto run p.ini in -o out --fail-fast --jobs 1
    lacks "$err" '6.png'
}
case_a_clash_of_names_is_told_before_anything_is_made() {
    pictures in 2
    cp in/p000.ppm in/p000.pnm
    blur_preset p.ini
    exits 2 impasto run p.ini in -o out
    has "$err" 'E0730'
    has "$err" 'p000.pnm'
    has "$err" 'p000.ppm'
    [ ! -e out ]
    exits 0 impasto run p.ini in -o out --set 'out.name={name}.png'
    [ -e out/p000.ppm.png ]
}
case_a_bad_template_is_told_with_its_place() {
    pictures in 1
    blur_preset p.ini
    exits 2 impasto run p.ini in -o out --set 'out.name={sten}.png'
    has "$err" "did you mean '{stem}'"
    exits 2 impasto run p.ini in -o out --set 'out.name=../{stem}.png'
    has "$err" 'E0213'
    exits 2 impasto run p.ini in -o out --set 'out.name={soft.sigmo}.png'
    has "$err" "did you mean 'sigma'"
    [ ! -e out ]
}
case_names_that_are_not_utf8_work() {
    mkdir in
    name=$(printf 'caf\351 \t\n%%41')
    picture "in/$name.ppm" 1
    picture "in/$(printf 'na\303\257ve').ppm" 2
    echo junk >"in/bad $name.png"
    blur_preset p.ini
    exits 3 impasto run p.ini in -o out
    [ -e "out/$name.png" ] || [ -e "out/$(printf 'caf\351 __%%41').png" ]
    [ -e "out/$(printf 'na\303\257ve').png" ]
    picture "in/bad $name.png" 3
    exits 0 impasto run p.ini --files-from out/failed.tsv -o out
    exits 0 impasto run p.ini in -o out --json
    has "$out" '"up_to_date":3'
}
case_links_in_a_circle_end() {
    pictures in 2
    ln -s .. in/deep/up
    ln -s ../in in/loop
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out
    has "$err" '2 written'
}
case_an_out_below_the_folder_is_not_read() {
    pictures in 2
    blur_preset p.ini
    exits 0 impasto run p.ini in -o in/out
    exits 0 impasto run p.ini in -o in/out
    has "$err" '0 written, 2 up to date'
}
case_an_out_that_cannot_be_is_refused_first() {
    pictures in 1
    blur_preset p.ini
    echo file >out
    exits 2 impasto run p.ini in -o out
    has "$err" 'E0733'
    exits 2 impasto run p.ini in -o out/below
    exits 2 impasto run p.ini in -o /proc/none/out
    exits 2 impasto run p.ini in
    has "$err" '-o OUT'
}
case_a_picture_that_vanishes_is_one_failure() {
    pictures in 2
    ln -s nowhere.ppm in/gone.ppm
    printf 'in/p000.ppm\nin/lost.ppm\n' >list
    blur_preset p.ini
    exits 3 impasto run p.ini in -o out
    has "$err" 'gone.ppm'
    exits 3 impasto run p.ini --files-from list -o other
    has "$err" '1 of 2 pictures failed'
    [ -e other/p000.png ]
}
case_a_full_disk_ends_with_5_and_the_rest_is_whole() {
    mkdir small
    mount -t tmpfs -o size=256k none small 2>/dev/null || skip 'no right to mount a small file system'
    trap 'umount small' EXIT
    pictures in 60 96 64
    blur_preset p.ini
    exits 5 impasto run p.ini in -o small/out
    has "$err" 'no space left'
    for f in small/out/*.png; do
        [ "$(tail -c 8 "$f" | od -An -tx1 | tr -d ' \n')" = 49454e44ae426082 ] || fail "$f is cut"
    done
}
case_plan_makes_nothing_and_says_what_would_run() {
    pictures in 2
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out --plan
    has "$out" 'p001.ppm -> p001.png  (new)'
    has "$out" '2 to do, 0 up to date'
    [ ! -e out ]
    exits 0 impasto run p.ini in -o out --plan --json
    has "$out" '"type":"plan"'
    [ ! -e out ]
}
case_a_budget_too_small_is_5_and_too_many_jobs_are_fewer() {
    pictures in 1 1024 1024
    blur_preset p.ini
    exits 5 impasto run p.ini in -o out --mem 2M
    has "$err" 'E0510'
    has "$err" 'fits with: --mem'
    [ ! -e out ]
}
case_json_is_one_object_a_line_and_the_last_is_the_summary() {
    pictures in 3
    echo junk >in/bad.png
    blur_preset p.ini
    exits 3 impasto run p.ini in -o out --json
    same "$err" ''
    same "$(printf '%s\n' "$out" | grep -vc '^{.*}$' || true)" 0
    has "$(printf '%s\n' "$out" | tail -n 1)" '"type":"summary"'
    has "$(printf '%s\n' "$out" | tail -n 1)" '"written":3,"up_to_date":0,"failed":1'
}
case_a_sheet_of_all_is_made_at_the_end_and_again_when_a_picture_is_added() {
    pictures in 3
    gather_preset p.ini
    exits 0 impasto run p.ini in -o out
    [ -e out/all.png ]
    exits 0 impasto run p.ini in -o out
    has "$err" '0 written, 3 up to date'
    first=$(cksum <out/all.png)
    picture in/q.ppm 9
    exits 0 impasto run p.ini in -o out
    [ "$(cksum <out/all.png)" != "$first" ]
    rm in/q.ppm
    exits 0 impasto run p.ini in -o out
    same "$(cksum <out/all.png)" "$first"
}
case_a_long_sweep_has_a_sheet_of_several_rows() {
    pictures in 1
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out -q --sweep soft.sigma=1..3..0.005
    [ -s out/sweep.png ]
    same "$(find out -name 'p00*.png' | wc -l)" 401
}

case_a_sweep_gives_named_files_a_sheet_and_a_table() {
    pictures in 2
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out --sweep soft.sigma=1,2,4 --sweep soft.linear=yes,no
    same "$(find out -name 'p00*.png' | wc -l)" 12
    [ -e out/p001-4-no.png ]
    [ -e out/sweep.png ]
    same "$(wc -l <out/sweep.csv)" 13
    exits 0 impasto run p.ini in -o out --sweep soft.sigma=1,2,4 --sweep soft.linear=yes,no
    has "$err" '0 written, 12 up to date'
    exits 2 impasto run p.ini in -o other --sweep soft.sigma=1,9999
    exits 2 impasto run p.ini in -o other --sweep soft.sigma=5..1..1
    exits 2 impasto run p.ini in -o other --sweep softsigma=1
    [ ! -e other ]
}
case_a_key_of_what_gathers_cannot_be_swept() {
    pictures in 2
    gather_preset p.ini
    exits 2 impasto run p.ini in -o out --sweep all.columns=1,2
    has "$err" 'E0813'
}
case_two_runs_into_one_folder_are_kept_apart() {
    pictures in 40 160 120
    blur_preset p.ini 20
    impasto run p.ini in -o out 2>first &
    pid=$!
    for i in $(seq 100); do [ -e out/.impasto/tmp ] && break; sleep 0.02; done
    exits 2 impasto run p.ini in -o out
    has "$err" 'E0734'
    wait $pid
    same "$(find out -name "*.png" | wc -l)" 40
}
case_an_interrupt_ends_soon_and_the_same_command_goes_on() {
    pictures in 40 640 480
    blur_preset p.ini 20
    impasto run p.ini in -o whole 2>/dev/null
    impasto run p.ini in -o out 2>log &
    pid=$!
    for i in $(seq 200); do [ "$(find out -name '*.png' 2>/dev/null | wc -l)" -gt 2 ] && break; sleep 0.02; done
    kill -TERM $pid # a shell's background job ignores INT
    status=0
    wait $pid || status=$?
    same $status 143 "$(cat log)"
    has "$(cat log)" 'the same command goes on from there'
    exits 0 impasto run p.ini in -o out
    same "$(files out)" "$(files whole)"
}
case_why_tells_and_again_remakes_the_bytes() {
    pictures in 4
    echo junk >in/bad.png
    blur_preset p.ini 2.5
    exits 3 impasto run p.ini in -o out --set soft.sigma=3
    exits 0 impasto why out/p001.png
    has "$out" 'sigma = 3'
    has "$out" 'as it was made'
    exits 0 impasto why out/bad.png
    has "$out" 'E0702'
    exits 0 impasto why out
    has "$out" '1 failed'
    wanted=$(files out)
    rm out/p001.png p.ini
    mkdir elsewhere
    (cd elsewhere && impasto run --again ../out/p001.png)
    impasto run --again out/p001.png -o beside
    cmp beside/p001.png out/p001.png || fail '--again -o gives other bytes'
    same "$(files out)" "$wanted"
    exits 2 impasto run --again out/p999.png
    has "$err" 'E0740'
}
case_the_save_that_a_preset_gets_by_itself_can_be_set() {
    pictures in 2
    printf '[preset]\nformat = 1\n[photo]\nfilter = load\n[soft]\nfilter = blur\n' >p.ini
    exits 0 impasto run p.ini in -o out --set save.name='{stem}-soft.jpg' --set save.quality=70
    same "$(find out -name '*-soft.jpg' | wc -l)" "$(find in -type f | wc -l)"
    printf '[out]\nfilter = save\n' >>p.ini
    exits 2 impasto run p.ini in -o other --set save.name=a.png
    has "$err" "no node 'save'"
}
case_what_a_kill_left_beside_a_record_goes_and_the_users_files_stay() {
    pictures in 2
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out
    touch out/.impasto/runs/x.ini.123~ out/.impasto/times.json.45~ out/mine.12~
    exits 0 impasto run p.ini in -o out
    same "$(find out -name '*~')" out/mine.12~
}
case_private_keeps_no_path_of_the_picture() {
    pictures in 2
    blur_preset p.ini
    exits 0 impasto run p.ini "$PWD/in" -o out --private
    if grep -r "$PWD/in" out; then fail 'the path is in the record'; fi
    exits 2 impasto run --again out/p001.png
    has "$err" '--private'
}
case_a_damaged_journal_costs_only_what_it_told() {
    pictures in 4
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out
    wanted=$(files out)
    sed -i 's/p001/pXX1/' out/.impasto/journal
    printf 'half a li' >>out/.impasto/journal
    exits 0 impasto run p.ini in -o out --overwrite always
    exits 0 impasto run p.ini in -o out
    has "$err" '0 written, 4 up to date'
    same "$(files out)" "$wanted"
}
case_explain_tells_why_so_many_at_once() {
    pictures in 3 60 40
    printf '%s\n' '[preset]' 'format = 1' '[photo]' 'filter = load' '[soft]' 'filter = blur' '[out]' 'filter = save' >j.ini
    exits 0 impasto run j.ini in -o one --threads 2 --explain
    has "$err" 'jobs: 2 pictures at once on 2 threads, one per thread'
    exits 0 impasto run j.ini in -o two --threads 2 --jobs 1 --explain
    has "$err" 'jobs: 1 pictures at once on 2 threads, as --jobs says'
}
run_cases
