# The command line: help, exit codes, hints, environment, listings. Needs the program and its plugins.
# limit: 240
# shellcheck shell=bash disable=SC2016,SC2094,SC2154,SC1091,SC2317,SC2015
. tests/cli/lib.sh
verbs='run check graph list describe new validate why bench model help version'

# A preset that works, and a picture made by it.
preset() {
    printf '%s\n' '[preset]' 'format = 1' 'title = Test' '[vars]' 'size = 24' '[scene]' 'filter = source.scene' \
        'width = ${size}' 'height = 16' 'samples = 1' '[out]' 'filter = save' 'name = scene.png' >"${1:-made.ini}"
}
chain() {
    printf '%s\n' '[preset]' 'format = 1' '[photo]' 'filter = load' '[soft]' 'filter = blur' 'sigma = 1' \
        '[out]' 'filter = save' 'name = {stem}.png' >"${1:-chain.ini}"
}
picture() { preset made.ini; impasto run made.ini -o photos -q; rm -rf photos/.impasto; }
is_json_lines() { command -v python3 >/dev/null || skip no python3 to parse JSON with
    python3 -c 'import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert lines and all("schema" in o and "type" in o for o in lines), lines' "$1"; }

case_h_and_help_of_every_command_fit_80_columns_and_exit_0() {
    for verb in $verbs; do
        for how in -h --help; do
            exits 0 impasto "$verb" $how
            has "$out" "usage: impasto $verb"
            same "$err" ''
            [ -z "$(printf '%s\n' "$out" | awk 'length($0) > 80')" ] || fail "$verb $how is wider than 80 columns"
        done
    done
    exits 0 impasto --help
    [ -z "$(printf '%s\n' "$out" | awk 'length($0) > 80')" ] || fail 'the overview is wider than 80 columns'
}
case_help_shows_examples_before_options() {
    exits 0 impasto run --help
    case $out in *examples:*options:*) ;; *) fail "$out" ;; esac
    exits 0 impasto run -h
    lacks "$out" examples:
}
case_presets_and_keys_of_the_examples_are_there() {
    for verb in $verbs; do
        exits 0 impasto "$verb" --help
        printf '%s\n' "$out" | sed -n 's/^  impasto \(run\|check\|graph\|bench\) \([a-z]*\) .*/\2/p' >names
        while read -r name; do exits 0 impasto check "$name"; done <names
        printf '%s\n' "$out" | sed -n 's/^  impasto run \([a-z]*\) .* --\(set\|sweep\) \([a-z.]*\)=.*/\1 \3/p' >keys
        while read -r name key; do has "$(impasto list params "$name" --names)" "$key"; done <keys
    done
}
case_every_command_is_in_the_overview_and_has_a_manual() {
    exits 0 impasto -h
    overview=$out
    for verb in $verbs; do
        has "$overview" "  $verb "
        exits 0 impasto help --man "$verb"
        has "$out" '.SH SYNOPSIS'
        has "$out" '.SH OPTIONS'
    done
    for page in impasto preset plugin; do
        exits 0 impasto help --man $page
        has "$out" '.SH NAME'
    done
}
case_no_command_is_a_usage_error() {
    exits 2 impasto
    has "$err" 'usage: impasto COMMAND'
    same "$out" ''
}
case_an_unknown_command_names_the_nearest_in_three_lines() {
    exits 2 impasto rnu
    has "$err" 'did you mean `impasto run`?'
    has "$err" 'see `impasto --help`'
    same "$(printf '%s\n' "$err" | wc -l)" 3
    same "$out" ''
}
case_a_preset_without_run_is_understood() {
    exits 2 impasto oil.ini photos/
    has "$err" 'impasto run oil.ini'
}
case_an_unknown_option_names_the_nearest_in_three_lines() {
    exits 2 impasto run --jbos 3 x.ini
    has "$err" 'did you mean --jobs?'
    has "$err" 'see `impasto run --help`'
    same "$(printf '%s\n' "$err" | wc -l)" 3
    exits 2 impasto list --sweep a=1
    has "$err" 'it belongs to: impasto run'
}
case_options_take_values_in_every_way() {
    picture
    chain
    for how in '-o out' '-oout' '--out out' '--out=out' '-qoout'; do
        rm -rf out
        # shellcheck disable=SC2086
        exits 0 impasto run chain.ini photos $how
        [ -f out/scene.png ] || fail "no picture by $how"
    done
}
case_two_dashes_end_the_options() {
    chain ./-odd.ini
    exits 2 impasto check -odd.ini
    exits 0 impasto check -- ./-odd.ini
}
case_option_mistakes_are_usage_errors() {
    exits 2 impasto run x.ini --jobs
    has "$err" '--jobs needs a value: N'
    exits 2 impasto run x.ini -o out --jobs 0
    has "$err" "'0'"
    exits 2 impasto run x.ini -o out --mem lots
    exits 2 impasto run x.ini -o out --overwrite sometimes
    has "$err" 'changed|never|always'
    exits 2 impasto run x.ini -o out --plan=yes
    has "$err" 'takes no value'
    exits 2 impasto run x.ini -o a -o b
    has "$err" 'given twice'
    exits 2 impasto run x.ini -o a -q -v
    has "$err" 'cannot go together'
    exits 2 impasto run -o out
    has "$err" 'no preset'
    exits 2 impasto graph
    exits 2 impasto graph a.ini b.ini
    exits 2 impasto version more
}
case_exit_codes_of_a_run() {
    preset
    chain
    exits 0 impasto run made.ini -o photos
    exits 2 impasto run nosuch.ini -o out
    has "$err" 'E0101'
    exits 2 impasto run made.ini -o out --set scene.widht=3
    has "$err" "did you mean 'width'?"
    [ ! -e out ] || fail 'a folder was made'
    echo nonsense >photos/bad.png
    exits 3 impasto run chain.ini photos -o out
    has "$err" bad.png
    [ -f out/scene.png ] || fail 'the good picture is not there'
    exits 1 impasto run chain.ini photos/bad.png -o out2
}
case_a_budget_that_is_too_small_is_exit_5() {
    preset
    exits 5 impasto run made.ini -o out --mem 4M --set vars.size=4000 --set scene.height=4000
}
case_check_finds_all_mistakes_and_makes_nothing() {
    printf '%s\n' '[preset]' 'format = 1' '[a]' 'filter = blurr' '[b]' 'filter = blur' 'sgima = 3' '[c]' 'filter = gamma' \
        'gamma = much' >bad.ini
    exits 2 impasto check bad.ini
    for code in blur sigma much bad.ini:4 bad.ini:7 bad.ini:10; do has "$err" "$code"; done
    exits 2 impasto check bad.ini --json
    printf '%s\n' "$out" >check.json
    is_json_lines check.json
}
case_check_says_so_when_all_is_well() {
    chain
    exits 0 impasto check chain.ini
    same "$out" 'chain.ini: no mistakes'
    exits 0 impasto check chain.ini -q
    same "$out" ''
}
case_a_resolved_preset_runs_to_the_same_bytes() {
    picture
    chain
    impasto run chain.ini photos -o one --set soft.sigma=2 -q
    impasto check chain.ini --resolved --set soft.sigma=2 >resolved.ini
    has "$(cat resolved.ini)" 'sigma = 2 ; --set'
    impasto run resolved.ini photos -o two -q
    cmp one/scene.png two/scene.png
}
case_environment_is_checked() {
    exits 0 env IMPASTO_THREDS=2 impasto list paths
    has "$err" 'did you mean IMPASTO_THREADS?'
    exits 2 env IMPASTO_THREADS=many impasto list paths
    has "$err" IMPASTO_THREADS
    exits 2 env IMPASTO_MEM=lots impasto list paths
    exits 2 env IMPASTO_LOG=loud impasto list paths
    exits 2 env IMPASTO_SIMD=mmx impasto list paths
    exits 2 env IMPASTO_SIMD=avx51 impasto list paths
    has "$err" 'did you mean avx512?'
    exits 2 env IMPASTO_SIMD=sse impasto list paths
    has "$err" 'auto avx512 avx2 portable'
    exits 0 env IMPASTO_THREADS=3 impasto version --verbose
    has "$out" 'threads      3'
}
case_the_users_core_type_is_left_alone() {
    exits 0 env OPENBLAS_CORETYPE=Mine impasto version --verbose
    has "$out" 'kernels      Mine'
}
case_xdg_folders_are_used_and_relative_ones_ignored() {
    mkdir -p data/impasto/presets config/impasto
    chain data/impasto/presets/mine.ini
    exits 0 env XDG_DATA_HOME="$PWD/data" impasto list presets --names
    has "$out" mine
    exits 0 env XDG_DATA_HOME=data impasto list presets --names
    lacks "$out" mine
    exits 0 env XDG_DATA_HOME="$PWD/data" impasto check mine
    exits 0 env IMPASTO_PRESET_PATH="$PWD/data/impasto/presets" impasto check mine
    exits 0 impasto check mine --preset-path "$PWD/data/impasto/presets"
    exits 0 env XDG_CACHE_HOME="$PWD/cache" impasto list filters
    [ -f cache/impasto/CACHEDIR.TAG ] || fail 'the cache has no CACHEDIR.TAG'
}
case_help_leaves_nothing_behind() {
    mkdir home
    exits 0 env HOME="$PWD/home" impasto help run
    exits 0 env HOME="$PWD/home" impasto version
    same "$(find home | wc -l)" 1
}
case_impasto_ini_gives_defaults_and_unknown_keys_warn() {
    mkdir -p config/impasto
    printf '%s\n' '[run]' 'threads = 5' 'jbos = 2' '[paths]' "preset-path = $PWD/more" >config/impasto/impasto.ini
    mkdir more
    chain more/mine.ini
    export XDG_CONFIG_HOME=$PWD/config
    exits 0 impasto version --verbose
    has "$out" 'threads      5'
    has "$err" "did you mean 'jobs'?"
    has "$err" impasto.ini:3
    exits 0 env IMPASTO_THREADS=4 impasto version --verbose
    has "$out" 'threads      4'
    exits 0 impasto check mine -q
}
case_list_shows_every_kind() {
    exits 0 impasto list
    has "$out" blur
    has "$out" 'impasto itself'
    for kind in filters plugins presets services paths errors; do exits 0 impasto list $kind; done
    exits 0 impasto list errors
    has "$out" E0107
    exits 2 impasto list filtres
    has "$err" "did you mean 'filters'?"
    exits 2 impasto list filters more
}
case_list_names_are_bare_and_of_a_preset_too() {
    chain
    exits 0 impasto list filters --names
    has "$out" 'gamma'
    ! printf '%s\n' "$out" | grep -q '[^a-z.]' || fail "$out"
    exits 0 impasto list params chain.ini --names
    has "$out" soft.sigma
    exits 0 impasto list nodes chain.ini --names
    same "$out" 'photo
soft
out'
}
case_list_and_describe_speak_json() {
    for kind in filters plugins presets services paths errors; do
        impasto list $kind --json >list.json
        is_json_lines list.json
    done
    impasto describe --json >all.json
    is_json_lines all.json
    for name in blur impasto.basic E0107; do
        impasto describe $name --json >one.json
        is_json_lines one.json
    done
    impasto version --json >version.json
    is_json_lines version.json
}
case_describe_explains_filters_plugins_presets_and_codes() {
    chain
    exits 0 impasto describe blur
    has "$out" sigma
    exits 0 impasto describe impasto.basic
    has "$out" blur
    exits 0 impasto describe E0107
    has "$out" 'unknown key'
    exits 0 impasto describe ./chain.ini
    has "$out" soft
    exits 0 impasto describe blur --markdown
    has "$out" '| `sigma` |'
    exits 2 impasto describe blurr
    has "$err" "did you mean 'blur'?"
    exits 2 impasto describe
    exits 2 impasto describe blur --ini --json
}
case_every_described_section_can_be_pasted() {
    for filter in $(impasto list filters --names); do
        impasto describe "$filter" --ini >section.ini
        { printf '[preset]\nformat = 1\n'; cat section.ini; } >paste.ini
        # what a section may lack is wires and required keys, nothing else
        got=$(impasto check paste.ini 2>&1 || true)
        bad=$(printf '%s\n' "$got" | grep -E '^error' | grep -vE 'E0102|E02[0-9][0-9]|E0106|E0120|E03|is required|needs|no value' || true)
        [ -z "$bad" ] || fail "$filter: $bad"
    done
}
case_every_code_of_the_source_is_explained() {
    codes=$(grep -rhoE '"[EW]0[1-9][0-9]{2}"' "$root"/host/*.c | tr -d '"' | sort -u)
    for code in $codes; do exits 0 impasto describe "$code"; done
}
case_new_preset_runs_and_is_never_overwritten() {
    picture
    exits 0 impasto new preset mine
    has "$out" 'impasto run mine.ini'
    exits 0 impasto check mine.ini
    exits 0 impasto run mine.ini photos -o out
    [ -f out/scene.png ] || fail 'no picture'
    exits 2 impasto new preset mine.ini
    has "$err" 'is there already'
    exits 2 impasto new preset nosuch/mine
    exits 2 impasto new preset 'a b'
    exits 2 impasto new thing x
    mkdir there
    exits 0 impasto new preset other -o there -q
    same "$out" ''
    [ -f there/other.ini ] || fail 'not there'
}
case_why_tells_how_a_file_was_made() {
    preset
    impasto run made.ini -o out -q
    exits 0 impasto why out/scene.png
    has "$out" source.scene
    exits 0 impasto why out
    exits 2 impasto why elsewhere.png
    exits 0 impasto why "$bin/../lib/impasto/plugins-1/basic.so"
    same "$out" 'basic.so: can be used'
    echo no plugin >not.so
    exits 4 impasto why not.so
    exits 2 impasto why gone.so
}
case_bench_measures_every_node() {
    picture
    chain
    exits 0 impasto bench chain.ini photos/scene.png --runs 2
    for node in photo soft out 'a whole picture'; do has "$out" "$node"; done
    impasto bench chain.ini photos/scene.png --runs 2 --json >run.json
    is_json_lines run.json
    exits 2 impasto bench chain.ini
    exits 2 impasto bench chain.ini photos/scene.png --runs 0
    exits 0 impasto graph chain.ini --times run.json
    has "$out" ms
    [ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'impasto-bench-*')" ] || fail 'bench left its folder'
}
case_a_full_disk_on_stdout_is_told() {
    [ -w /dev/full ] || skip no /dev/full
    got=0
    impasto list >/dev/full 2>err || got=$?
    same $got 1
    has "$(cat err)" E0809
}
case_a_reader_that_leaves_is_no_fault() {
    # shellcheck disable=SC2016
    exits 0 bash -c 'set -o pipefail; impasto list errors | head -n 1 >/dev/null; [ "${PIPESTATUS[0]}" = 0 ]'
    same "$err" ''
}
case_closed_streams_do_no_harm() {
    preset
    impasto run made.ini -o out -q <&- >&- 2>&-
    [ "$(head -c 4 out/scene.png | tail -c 3)" = PNG ] || fail 'the picture is damaged'
}
case_signals_stop_a_run_with_their_status_and_it_goes_on_later() {
    chain
    mkdir photos
    { printf 'P6 300 200 255\n'; head -c 180000 /dev/urandom; } >photos/0.ppm
    for i in $(seq 400); do ln photos/0.ppm "photos/$i.ppm"; done
    for pair in INT:130 TERM:143; do
        env --default-signal=INT impasto run chain.ini photos -o out 2>err &
        pid=$! got=0
        for i in $(seq 100); do
            [ -z "$(find out -name '*.png' 2>/dev/null | head -n 1)" ] || break
            sleep 0.05
        done
        kill -"${pair%:*}" $pid
        wait $pid || got=$?
        same $got "${pair#*:}" "${pair%:*}"
        [ -z "$(find out -maxdepth 1 -name '*.png' -size 0)" ] || fail 'an empty file'
    done
    exits 0 impasto run chain.ini photos -o out
    same "$(find out -maxdepth 1 -name '*.png' | wc -l)" 401
}
case_completion_scripts_are_right_shell() {
    impasto help --completion bash >bash
    bash -n bash
    exits 2 impasto help --completion tcsh
    impasto help --completion zsh >zsh
    impasto help --completion fish >fish
    ! command -v zsh >/dev/null || zsh -n zsh
    ! command -v fish >/dev/null || fish -n fish
}
# complete WORDS...: what bash would offer for the last of them
complete_words() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    compopt() { :; }
    trap - ERR
    set +e
    _impasto
    printf '%s\n' "${COMPREPLY[@]}"
}
case_bash_completes_commands_options_names_and_keys() {
    chain
    # shellcheck disable=SC1090
    . <(impasto help --completion bash)
    same "$(complete_words impasto des)" describe
    has "$(complete_words impasto run --sh)" --shard
    same "$(complete_words impasto graph chain.ini --format s)" svg
    same "$(complete_words impasto run chain.ini --set soft.si)" soft.sigma=
    same "$(complete_words impasto run chain.ini --until so)" soft
    has "$(complete_words impasto describe blu)" blur
    same "$(complete_words impasto new pl)" plugin
    same "$(complete_words impasto run cha)" chain.ini
}
case_manuals_are_good_roff() {
    command -v man >/dev/null && command -v groff >/dev/null || skip no man or groff
    for page in impasto $verbs preset plugin; do
        impasto help --man "$page" >page
        complaints=$(groff -man -Tutf8 -ww -z page 2>&1 | grep -v 'cannot adjust line\|can.t break line' || true)
        same "$complaints" '' "$page"
    done
}
case_validate_knows_its_tests_and_numbers() {
    plugin=$bin/../lib/impasto/plugins-1/basic.so
    exits 2 impasto validate "$plugin" --only thread
    has "$err" "no test is called 'thread'; there are:"
    has "$err" ' threads '
    for seed in x 3: 3:0 -1; do
        exits 2 impasto validate "$plugin" --fuzz --seed "$seed"
        has "$err" "--seed is '$seed'"
    done
    exits 2 impasto validate "$plugin" --fuzz --cases 0
    has "$err" "--cases is '0'"
    exits 2 impasto validate "$plugin" --seed 1
}
run_cases
