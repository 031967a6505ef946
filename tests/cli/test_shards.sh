# Parts of a run: together everything, never the same picture twice, never of two plans.
# shellcheck shell=bash
. tests/cli/lib.sh
. tests/cli/pictures.sh

case_parts_are_disjoint_and_together_all() {
    pictures in 23
    gather_preset p.ini
    exits 0 impasto run p.ini in -o whole
    for i in 1 2 3; do
        exits 0 impasto run p.ini in -o part$i --shard $i/3
        (cd part$i && find . -name '*.png') >names$i
        exits 0 impasto run p.ini in -o out --shard $i/3
    done
    same "$(cat names1 names2 names3 | sort)" "$(cd whole && find . -name '*.png' ! -name all.png | sort)"
    same "$(cat names1 names2 names3 | sort | uniq -d)" ''
    [ ! -e out/all.png ]
    exits 0 impasto run p.ini in -o out
    has "$err" '0 written, 23 up to date'
    same "$(files out)" "$(files whole)"
    [ ! -e out/.impasto/plan ]
    exits 0 impasto run p.ini in -o out
    has "$err" '0 written, 23 up to date'
}
case_parts_at_the_same_time_are_the_same_as_one_run() {
    pictures in 40 64 48
    gather_preset p.ini
    exits 0 impasto run p.ini in -o whole
    for i in 1 2 3 4; do impasto run p.ini in -o out --shard $i/4 --jobs 1 2>log$i & pids="${pids-} $!"; done
    for pid in $pids; do wait "$pid"; done
    exits 0 impasto run p.ini in -o out
    has "$err" '0 written, 40 up to date'
    same "$(files out)" "$(files whole)"
}
case_another_plan_is_refused_until_the_first_is_done() {
    pictures in 6
    blur_preset p.ini
    exits 0 impasto run p.ini in -o out --shard 1/2
    exits 2 impasto run p.ini in -o out --shard 2/2 --set soft.sigma=4
    has "$err" 'E0735'
    exits 2 impasto run p.ini in -o out --shard 2/3
    has "$err" 'it had 2 parts, this run has 3'
    picture in/q.ppm 3
    exits 2 impasto run p.ini in -o out --shard 2/2
    has "$err" 'it had 6 items, this run has 7'
    exits 2 impasto run p.ini in -o out
    rm in/q.ppm
    exits 0 impasto run p.ini in -o out
    exits 0 impasto run p.ini in -o out --set soft.sigma=4
}
case_failures_of_a_part_have_a_list_of_their_own() {
    pictures in 4
    echo junk >in/bad.png
    blur_preset p.ini
    exits 3 impasto run p.ini in -o out --shard 1/2
    [ -e out/failed-1-of-2.tsv ]
    [ ! -e out/failed.tsv ]
}
case_job_arrays_name_the_part() {
    pictures in 6
    blur_preset p.ini
    exits 0 env SLURM_ARRAY_TASK_ID=12 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_COUNT=3 \
        impasto run p.ini in -o out --shard auto
    [ -e out/.impasto/journal-3-of-3 ]
    exits 0 env JOB_COMPLETION_INDEX=0 impasto run p.ini in -o out --shard auto/3
    [ -e out/.impasto/journal-1-of-3 ]
    exits 0 env PBS_ARRAY_INDEX=2 impasto run p.ini in -o out --shard auto/3
    [ -e out/.impasto/journal-2-of-3 ]
    same "$(find out -name '*.png' | wc -l)" 6
    exits 2 impasto run p.ini in -o out --shard auto
    has "$err" 'SLURM_ARRAY_TASK_ID is not set'
    exits 2 impasto run p.ini in -o out --shard 4/3
    exits 2 impasto run p.ini in -o out --shard 0/3
    exits 2 impasto run p.ini in -o out --shard 1x/3
}
case_parts_of_a_sweep_are_its_points() {
    pictures in 3
    printf '[preset]\nformat = 1\n[photo]\nfilter = load\n[soft]\nfilter = blur\n' >p.ini
    exits 0 impasto run p.ini in -o whole --sweep soft.sigma=1..4
    for i in 1 2 3 4 5; do exits 0 impasto run p.ini in -o out --sweep soft.sigma=1..4 --shard $i/5; done
    exits 0 impasto run p.ini in -o out --sweep soft.sigma=1..4
    has "$err" '0 written, 12 up to date'
    same "$(files out | grep -v sweep.csv)" "$(files whole | grep -v sweep.csv)"
}
run_cases
