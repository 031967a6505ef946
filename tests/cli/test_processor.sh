# What is set by the kind of processor: the kernels of OpenBLAS, vector instructions, --exact.
# shellcheck shell=bash disable=SC2154,SC1091,SC2317
. tests/cli/lib.sh
unset IMPASTO_SIMD OPENBLAS_CORETYPE

can() { grep -m1 '^flags' /proc/cpuinfo 2>/dev/null | grep -qw "$1"; }
on_x86() { [ "$(uname -m)" = x86_64 ] || skip 'OpenBLAS has core types of this name on x86-64 only'; }
# said KEY: what `version --verbose` says of it; the options of env go before
said() { local key=$1; shift; env "$@" impasto version --verbose 2>/dev/null | sed -n "s/^$key  *\([^ ]*\).*/\1/p"; }

# painted OUT [VARIABLE=VALUE] [--exact]: a picture through a network with all that differs between processors in it
painted() {
    local out=$1
    shift
    printf '%s\n' '[network]' 'format = 1' 'input = rgb' 'range = 0 1' 'output = rgb' '[x]' 'op = input' 'shape = N 3 H W' \
        '[conv1]' 'op = conv' 'filters = 24' 'kernel = 3' 'pad = 1' '[relu1]' 'op = relu' '[conv2]' 'op = conv' \
        'filters = 40' 'kernel = 3' 'pad = 1' '[norm]' 'op = instance_norm' '[tanh]' 'op = tanh' '[conv3]' 'op = conv' \
        'filters = 3' 'kernel = 1' '[soft]' 'op = softmax' 'axis = 1' >a.ini
    printf '%s\n' '[preset]' 'format = 1' '[scene]' 'filter = source.scene' 'width = 97' 'height = 61' 'samples = 1' \
        '[soft]' 'filter = blur' 'sigma = 1.3' '[net]' 'filter = net.build' 'path = a.ini' '[paint]' 'filter = net.apply' \
        'in.net = net' 'in = soft' '[out]' 'filter = save' 'name = out.pfm' >paint.ini
    impasto=$(command -v impasto)
    case $* in
    *--exact*) "$impasto" run paint.ini --exact -o "$out" -q 2>"$out.err" ;;
    *) env "$@" "$impasto" run paint.ini -o "$out" -q 2>"$out.err" ;;
    esac
}
near() { # near ONE OTHER: the pictures are not the same bytes, perhaps, but the same picture
    printf '%s\n' '[preset]' 'format = 1' '[one]' 'filter = load' "path = $1/out.pfm" '[other]' 'filter = load' \
        "path = $2/out.pfm" '[all]' 'filter = compare' 'in.a = one' 'in.b = other' '[t]' 'filter = save.table' \
        'all = all' 'name = table.csv' >compare.ini
    impasto run compare.ini -o compared -q
    tail -n 1 compared/table.csv | awk -F, '{ exit !($2 > 100) }' || fail "$(cat compared/table.csv)"
}
runs_as() { # runs_as CORE_TYPE [FLAG]
    on_x86
    [ $# = 1 ] || can "$2" || skip "this processor has no $2"
    same "$(said networks OPENBLAS_CORETYPE="$1")" "$1"
    painted best
    painted forced OPENBLAS_CORETYPE="$1"
    near best forced
}

case_the_core_type_follows_the_processor() {
    on_x86
    local want=Prescott
    ! can sse4_2 || want=Nehalem
    ! can avx2 || want=Haswell
    ! can avx512vl || want=SkylakeX
    same "$(said networks)" $want
    same "$(said networks OPENBLAS_CORETYPE=)" $want 'an empty variable is none'
    painted best
    same "$(cat best.err)" ''
}
case_prescott() { runs_as Prescott; has "$(cat forced.err)" 'OPENBLAS_CORETYPE is Prescott'; }
case_nehalem() { runs_as Nehalem sse4_2; }
case_haswell() { runs_as Haswell avx2; same "$(cat forced.err)" ''; }
case_skylakex() { runs_as SkylakeX avx512vl; same "$(cat forced.err)" ''; }
case_an_unknown_core_type_runs_too() {
    on_x86
    painted best
    painted forced OPENBLAS_CORETYPE=Nonsense
    near best forced
    has "$(impasto version --verbose 2>&1)" 'networks '
}
case_slow_kernels_are_warned_of() {
    on_x86
    can avx2 || skip 'this processor has no AVX2, nothing faster is left unused'
    exits 0 env OPENBLAS_CORETYPE=Prescott impasto version --verbose
    has "$err" 'several times slower'
    exits 0 env OPENBLAS_CORETYPE=Haswell impasto version --verbose
    same "$err" ''
    exits 0 env IMPASTO_SIMD=portable impasto version --verbose
    same "$err" '' 'asked for'
}
case_vector_instructions_are_limited() {
    on_x86
    same "$(said simd IMPASTO_SIMD=portable)" portable
    same "$(said networks IMPASTO_SIMD=portable)" Prescott
    can avx2 || skip 'this processor has no AVX2'
    same "$(said simd IMPASTO_SIMD=avx2)" avx2
    same "$(said networks IMPASTO_SIMD=avx2)" Haswell
    painted best
    painted two IMPASTO_SIMD=avx2
    painted one IMPASTO_SIMD=portable
    near best two
    near best one
}
case_exact_is_portable_whatever_is_set() {
    painted portable IMPASTO_SIMD=portable
    painted exact --exact
    same "$(cat exact.err)" ''
    cmp portable/out.pfm exact/out.pfm
    on_x86
    export OPENBLAS_CORETYPE=Haswell IMPASTO_SIMD=avx2
    painted again --exact
    cmp portable/out.pfm again/out.pfm
}
run_cases
