# The same bytes for any --jobs, --threads, order and cut of the work.
# shellcheck shell=bash
. tests/cli/lib.sh
. tests/cli/pictures.sh

preset() {
    cat >p.ini <<'END'
[preset]
format = 1
[photo]
filter = load
[soft]
filter = blur
sigma = 3
[grain]
filter = noise
in = soft
amount = 0.1
seed = 7
[all]
filter = sheet
all = grain
[out]
filter = save
in = grain
name = {stem}.png
[sheet]
filter = save
in = all
name = all.png
END
}

case_jobs_and_threads_change_no_byte() {
    pictures in 9 150 110
    picture in/large.ppm 3 700 500
    preset
    impasto run p.ini in -o one --jobs 1 --threads 1 2>/dev/null
    for jobs in 1 2 8; do
        for threads in 1 2 8; do
            impasto run p.ini in -o out-$jobs-$threads --jobs $jobs --threads $threads 2>/dev/null
            same "$(files out-$jobs-$threads)" "$(files one)" "jobs $jobs, threads $threads"
        done
    done
}
case_one_by_one_is_the_same_as_all() {
    pictures in 5 60 40
    preset
    sed -i '/^\[all\]/,/^all = /d; /^\[sheet\]/,$d' p.ini
    impasto run p.ini in -o whole 2>/dev/null
    (cd in && find . -name '*.ppm') | sed 's,^\./,in/./,' >list
    while read -r picture; do impasto run p.ini "$picture" -o out 2>/dev/null; done <list
    same "$(files out)" "$(files whole)"
    sort -r list >reversed
    impasto run p.ini --files-from reversed -o back 2>/dev/null
    same "$(files back)" "$(files whole)"
}
run_cases
