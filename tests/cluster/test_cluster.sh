# Presets on a cluster, for real on one machine: Slurm, GNU parallel; the command of the Kubernetes job for every index.
# Run by `make test-cluster`, from the root of the checkout.
# shellcheck shell=bash disable=SC1091,SC2154
. tests/cli/lib.sh
. tests/cli/pictures.sh
files_of=$root/presets/cluster

# folder N: N pictures in in/ of two folders, a preset that writes each and gathers all, and what one run makes of them in whole/
folder() {
    pictures in "$1" 48 32
    gather_preset p.ini
    exits 0 impasto run p.ini in -o whole
}
names() { (cd "$1" && find . -name '*.png' ! -name all.png | sort); }
# The journals of the parts: no item twice, together all of them.
disjoint() { # OUT ITEMS PARTS
    local journal count=0
    for journal in "$1"/.impasto/journal-*-of-"$3"; do
        [ -s "$journal" ] || fail "no $journal"
        count=$((count + 1))
    done
    same "$count" "$3" 'journals of parts'
    same "$(names "$1" | wc -l)" "$2" 'pictures'
}

# ---- GNU parallel ----

has_parallel() { # moreutils has another program of that name
    parallel --version 2>/dev/null | grep -q '^GNU parallel' || skip 'GNU parallel is not installed'
}
case_parallel_does_all_once_and_the_bytes_are_those_of_one_run() {
    has_parallel
    folder 24
    exits 0 env JOBS=3 LOG="$PWD/jobs.log" bash "$files_of/parallel.sh" 6 p.ini in out
    same "$(awk 'NR > 1 { print $7 }' jobs.log | sort | uniq -c | tr -s ' ')" ' 6 0' 'six parts with the status 0'
    has "$err" '0 written, 24 up to date'
    same "$(files out)" "$(files whole)"
}
case_parallel_goes_on_after_a_part_that_was_killed() {
    has_parallel
    folder 16
    # an impasto that is killed at once the first time that part 2 is asked for, and lost for good in part 4
    mkdir tools
    real=$(command -v impasto)
    cat >tools/impasto <<X
#!/bin/bash
case "\$*" in
*'--shard 2/4'*) [ -e "$PWD/tried" ] || { touch "$PWD/tried"; kill -9 \$\$; } ;;
*'--shard 4/4'*) kill -9 \$\$ ;;
esac
exec "$real" "\$@"
X
    chmod +x tools/impasto
    exits 0 env PATH="$PWD/tools:$PATH" JOBS=2 LOG="$PWD/jobs.log" bash "$files_of/parallel.sh" 4 p.ini in out
    [ -e tried ] || fail 'nothing was killed'
    has "$err" 'some parts failed'
    has "$err" '4 written, 12 up to date'
    same "$(files out)" "$(files whole)"
}

# ---- Kubernetes ----

case_the_command_of_the_job_does_its_part_for_every_index() {
    folder 20
    sed -n 's/.*command: \[\(.*\)\].*/\1/p' "$files_of/job.yaml" | tr -d '",' >words
    parts=$(sed -n 's/^  completions: //p' "$files_of/job.yaml")
    read -r -a command < <(sed -e "s|/preset/preset.ini|$PWD/p.ini|" -e "s|/data/|$PWD/|g" words)
    same "${command[-1]}" "auto/$parts"
    for ((i = 0; i < parts; i++)); do exits 0 env JOB_COMPLETION_INDEX=$i "${command[@]}"; done
    disjoint out 20 "$parts"
    read -r -a command < <(sed -n 's/.*command: \[\(.*\)\].*/\1/p' "$files_of/gather.yaml" | tr -d '",' | sed -e "s|/preset/preset.ini|$PWD/p.ini|" -e "s|/data/|$PWD/|g")
    exits 0 "${command[@]}"
    same "$(files out)" "$(files whole)"
    ! command -v python3 >/dev/null || ! python3 -c 'import yaml' 2>/dev/null ||
        python3 -c 'import sys, yaml; [yaml.safe_load(open(f)) for f in sys.argv[1:]]' "$files_of"/*.yaml || fail 'no YAML'
}

# ---- Slurm: its daemons for the time of a case, in a folder, on ports of their own ----

slurm_start() {
    local tool host
    for tool in slurmctld slurmd sbatch squeue scancel; do
        command -v $tool >/dev/null || PATH=$PATH:/usr/sbin command -v $tool >/dev/null || skip "Slurm's $tool is not installed"
    done
    [ "$(id -u)" = 0 ] || skip "Slurm's slurmd must be started by root"
    host=$(hostname -s)
    mkdir -p slurm/state slurm/spool
    local port=$((20000 + RANDOM % 20000))
    cat >slurm/slurm.conf <<X
ClusterName=impasto
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
AuthType=auth/none
CredType=cred/none
CryptoType=crypto/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
StateSaveLocation=$PWD/slurm/state
SlurmdSpoolDir=$PWD/slurm/spool
SlurmctldPidFile=$PWD/slurm/slurmctld.pid
SlurmdPidFile=$PWD/slurm/slurmd.pid
SlurmctldLogFile=$PWD/slurm/slurmctld.log
SlurmdLogFile=$PWD/slurm/slurmd.log
ReturnToService=2
MinJobAge=300
SchedulerParameters=sched_interval=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE OverSubscribe=YES State=UP
X
    sed -i '/^CryptoType/d' slurm/slurm.conf
    export SLURM_CONF=$PWD/slurm/slurm.conf PATH=$PATH:/usr/sbin
    slurmctld -D -f "$SLURM_CONF" >slurm/ctld.out 2>&1 &
    slurm_pids=$!
    slurmd -D -f "$SLURM_CONF" >slurm/d.out 2>&1 &
    slurm_pids="$slurm_pids $!"
    trap slurm_stop EXIT
    for ((i = 0; i < 60; i++)); do
        [ "$(sinfo -h -o %t 2>/dev/null)" != idle ] || return 0
        sleep 0.5
    done
    skip "Slurm's daemons do not start here: $(cat slurm/*.out slurm/*.log 2>/dev/null | grep -iE 'error|fatal' | head -n 2 | tr '\n' ' ')"
}
slurm_stop() {
    scancel --user=root >/dev/null 2>&1
    # shellcheck disable=SC2086 # two ids
    kill $slurm_pids 2>/dev/null
    # shellcheck disable=SC2086
    wait $slurm_pids 2>/dev/null
}
# Until no task waits or runs.
slurm_wait() {
    for ((i = 0; i < 240; i++)); do
        [ -n "$(squeue -h 2>/dev/null)" ] || return 0
        sleep 0.5
    done
    fail "tasks are still there: $(squeue)"
}
case_slurm_does_all_once_and_gathers() {
    folder 24
    slurm_start
    job=$(sbatch --parsable --array=11-14 "$files_of/array.sbatch" p.ini in out --quiet)
    sbatch --parsable --dependency=afterany:"$job" "$files_of/gather.sbatch" p.ini in out >gather.id
    slurm_wait
    for id in 11 12 13 14; do [ -e impasto-"${job}"_$id.log ] || fail "no task $id: $(cat slurm/*.log | tail -n 20)"; done
    has "$(cat "impasto-$(cat gather.id).log")" '0 written, 24 up to date'
    same "$(files out)" "$(files whole)"
}
case_slurm_parts_are_disjoint_and_a_lost_task_is_repaired_by_running_again() {
    folder 20
    slurm_start
    mkdir tools
    real=$(command -v impasto)
    # the third task is lost: its program is killed before it has done anything
    # shellcheck disable=SC2016
    printf '#!/bin/bash\n[ "${SLURM_ARRAY_TASK_ID:-}" != 3 ] || [ -e "%s/again" ] || kill -9 $$\nexec "%s" "$@"\n' "$PWD" "$real" >tools/impasto
    chmod +x tools/impasto
    export PATH=$PWD/tools:$PATH
    job=$(sbatch --parsable --array=1-5 "$files_of/array.sbatch" p.ini in out --quiet)
    slurm_wait
    [ ! -e out/.impasto/journal-3-of-5 ] || fail 'the third task was not lost'
    same "$(names out | wc -l)" 16 'pictures of four parts of five'
    touch again
    sbatch --parsable --array=1-5 "$files_of/array.sbatch" p.ini in out --quiet >/dev/null
    slurm_wait
    disjoint out 20 5
    same "$(names out)" "$(names whole)"
    exits 0 "$real" run p.ini in -o out
    has "$err" '0 written, 20 up to date'
    same "$(files out)" "$(files whole)"
}
run_cases
