# limit: 900
# A small folder run in which memory, disk and calls fail, one after the other: no crash, no half file, a message and the
# right exit status; and the same command without faults makes all of it.
# shellcheck shell=bash disable=SC1091,SC2154
. tests/cli/lib.sh
. tests/cli/pictures.sh

prepare() {
    case $(nm "$bin/impasto" 2>/dev/null) in *__asan_init* | *__tsan_init*) skip 'a sanitizer has the allocator' ;; esac
    "${CC:-cc}" -O1 -shared -fPIC "$root/tests/cli/faults/faults.c" -o faults.so -ldl 2>/dev/null || skip 'no compiler, or another libc'
    pictures in 3
    gather_preset p.ini
    exits 0 impasto run p.ini in -o whole -q
    files whole >whole.sums
}
# faulty KIND AT DIR ARGS...: runs with the fault; the status is left in $got, stderr in $err
faulty() {
    local kind=$1 at=$2 out=$3
    shift 3
    got=0
    timeout 60 env FAULT="$kind" FAULT_AT="$at" FAULT_COUNT="$PWD/count" LD_PRELOAD="$PWD/faults.so" \
        "$bin/impasto" run p.ini in -o "$out" -j1 -t1 -q "$@" >/dev/null 2>.err </dev/null || got=$?
    err=$(cat .err)
}
# sound WHAT DIR: a status of the program's own, a word about it; each file there is whole, and the rest comes when asked again
sound() {
    [ $got -lt 6 ] || fail "$1: exit $got: $err"
    [ $got = 0 ] || [ -n "$err" ] || fail "$1: exit $got without a word"
    if [ -d "$2" ]; then
        files "$2" | grep -v failed.tsv >some.sums || true
        if [ $got != 0 ]; then # a sheet of fewer pictures is another sheet, but a whole one
            [ ! -e "$2/all.png" ] || has "$(tail -c 12 "$2/all.png" | tr -d '\0')" IEND
            sed -i '/all.png/d' some.sums
        fi
        [ -z "$(grep -vxFf whole.sums some.sums)" ] || fail "$1: a file is not whole: $(grep -vxFf whole.sums some.sums)"
        [ $got != 0 ] || same "$(cat some.sums)" "$(cat whole.sums)" "$1, exit 0"
    fi
    exits 0 impasto run p.ini in -o "$2" -q
    same "$(files "$2")" "$(cat whole.sums)" "$1, again"
    rm -rf "$2"
}
# calls KIND: how many there are in a run without a fault
calls() {
    faulty "$1" 0 out
    [ $got = 0 ] || fail "exit $got: $err"
    rm -rf out
    cat count
}
# each KIND STEPS ARGS...: faults spread over all calls of a kind
each() {
    local kind=$1 steps=$2 n i at
    n=$(calls "$kind")
    shift 2
    [ "$n" -gt 0 ] || fail "no calls of $kind"
    [ "$steps" -lt "$n" ] || steps=$n
    for ((i = 0; i < steps; i++)); do
        at=$((1 + i * n / steps + (steps < n ? i % (n / steps) : 0)))
        faulty "$kind" $at out "$@"
        sound "$kind $at of $n" out
    done
}
case_an_allocation_that_fails() { prepare && each memory 150; }
case_an_allocation_that_fails_with_workers() { prepare && each memory 25 --isolate; }
case_a_disk_that_is_full() {
    prepare
    each full 15
    faulty full 20 out
    [ $got = 5 ] || [ $got = 1 ] || [ $got = 2 ] || fail "exit $got: $err"
}
case_a_write_that_fails() { prepare && each write 30; }
case_a_sync_that_fails() { prepare && each sync 12; }
case_a_rename_that_fails() { prepare && each rename 12; }
case_a_file_that_cannot_be_made() { prepare && each open 20; }
case_short_reads_and_writes_change_nothing() {
    prepare
    for how in '' --isolate --untrusted; do
        faulty short 0 out $how
        [ $got = 0 ] || fail "exit $got: $err"
        sound short out
    done
}
case_interrupted_calls_change_nothing() {
    prepare
    for how in '' --isolate --untrusted; do
        faulty interrupt 0 out $how
        [ $got = 0 ] || fail "exit $got: $err"
        sound interrupt out
    done
}
run_cases
