# The house's rules: includes point one way, plugins export their entry alone, no forbidden calls.
# shellcheck shell=bash disable=SC1091,SC2154
. tests/cli/lib.sh
cd "$root" || exit 1

# Project headers that a file includes, with "" or <impasto/...>.
includes() { { grep -hoE '^ *#include +("[^"]+"|<impasto/[^>]+>)' "$@" || true; } | sed -E 's/.*["<]([^">]+)[">]/\1/' | sort -u; }
# only FOLDER ALLOWED...: every include of the folder is of its own, of a room in it, or of what is allowed
only() {
    local folder=$1 bad=0 name where
    shift
    for name in $(includes $(find "$folder" -name '*.[ch]')); do
        for where in "$folder" "$folder"/*/ "$@"; do
            [ ! -f "$root/$where/$name" ] || continue 2
        done
        echo "$folder includes $name"
        bad=1
    done
    return $bad
}
case_the_abi_header_includes_nothing_of_ours() {
    cd "$root"
    same "$(includes sdk/include/impasto/impasto.h)" ''
}
case_includes_point_one_way() {
    cd "$root"
    only sdk/kit sdk/include
    only sdk/check sdk/include
    only host sdk/include
    for plugin in plugins/*/; do only "${plugin%/}" sdk/include; done
    only tests/unit sdk/include host sdk/check plugins/energy plugins/inverter plugins/runtime plugins/runtime/*/
    only tests/fuzz sdk/include host tests/unit plugins/runtime plugins/data
    only tests/onnx sdk/include plugins/runtime
}
case_plugins_and_kit_never_name_the_host() {
    cd "$root"
    ! grep -rnE '#include.*(host/|\.\./)' plugins sdk || fail 'see above'
}
case_a_plugin_exports_its_entry_alone() {
    for so in "$bin"/../lib/impasto/plugins-1/*.so; do
        same "$(nm -D --defined-only "$so" | awk '{ print $3 }')" imp_entry_v1 "$so"
    done
}
case_no_function_is_called_that_processors_compute_differently() { # glibc has variants of these by processor
    local object names='(exp|exp2|log|log2|log10|pow|sin|cos|sincos|tan|atan|atan2|asin|acos|fma)f?'
    for object in "$bin"/../lib/impasto/plugins-1/*.so "$bin"/../obj/host/*.o; do
        [ "$(basename "$object")" != codec_stb.o ] || continue # of its readers those that call pow are not used
        ! nm "$object" | grep -E " U $names(@|\$)" || fail "$object: use kit_exp, kit_log ... instead"
    done
}
case_only_main_handles_signals() {
    cd "$root"
    ! grep -nE '\b(signal|sigaction) *\(' $(find host -name '*.c' ! -name main.c) | grep -v 'SIG_DFL' || fail 'see above'
}
case_numbers_are_read_by_our_own_routines() {
    cd "$root"
    ! grep -nwE '(atoi|atol|atof|strtok|sprintf|gets|system|popen|setlocale) *\(' -r host plugins sdk --include='*.[ch]' || fail 'see above'
}
case_no_work_is_left_to_do_in_comments() {
    cd "$root"
    ! grep -rnwE 'TODO|FIXME|XXX|HACK' host sdk plugins presets tests Makefile --include='*.[ch]' --include='*.sh' --include='*.ini' \
        --include=Makefile --exclude=test_house.sh || fail 'see above'
}
case_no_line_is_wider_than_120_letters() { # tables of drawings and texts apart
    cd "$root"
    ! LC_ALL=C.UTF-8 grep -nE '^.{121,}' $(find host sdk plugins -name "*.[ch]" ! -name kit_font.h) || fail 'see above'
}
case_file_names_are_unique() {
    cd "$root"
    same "$(find host sdk/kit plugins -name '*.[ch]' -printf '%f\n' | sort | uniq -d)" ''
}
case_shell_scripts_are_clean() {
    command -v shellcheck >/dev/null || skip no shellcheck
    cd "$root"
    shellcheck .ci/run .ci/setup tests/run.sh
    shellcheck -S warning -s bash -e SC2154,SC2046 tests/cli/*.sh tests/cluster/*.sh
    shellcheck -S warning sdk/abi/*.sh sdk/template/common/ci.sh sdk/template/common/tests/run.sh presets/cluster/*.sh presets/cluster/*.sbatch
}
case_make_help_lists_the_targets() {
    cd "$root"
    exits 0 make help
    for target in all test fuzz install clean help; do has "$out" "make $target "; done
}
case_setup_with_nothing_missing_is_silent_and_with_no_says_the_line() {
    exits 0 env CC=sh SETUP=yes "$root/.ci/setup" '' ''
    same "$out$err" ''
    exits 1 env CC=sh SETUP=no "$root/.ci/setup" 'surely-not-there=libsurely-dev' ''
    has "$out" 'apt-get install -y libsurely-dev'
    exits 0 env CC=sh SETUP=no "$root/.ci/setup" '' 'surely-not-there=libsurely-dev'
}
# A folder with what .ci/setup uses, and an apt-get, sudo and pkg-config that write down what they are told. What apt-get
# "installs" is in the file `there`; `offline` makes the first try fail.
tools() {
    mkdir tools
    for tool in sh env id cat touch; do ln -s "$(command -v $tool)" tools/; done
    # shellcheck disable=SC2016
    {
        printf '#!/bin/sh\necho "$*" >>asked\n[ ! -e offline ] || [ "$1" = update ] && rm -f offline || exit 100\n' >tools/apt-get
        printf '#!/bin/sh\n[ "$1" = -n ] && exit 0\nexec "$@"\n' >tools/sudo
        printf '#!/bin/sh\n[ "$2" = there ] || { [ "$2" = wanted ] && [ -e asked ]; }\n' >tools/pkg-config
    }
    printf '#!/bin/sh\n' >tools/cc
    ln -s "$(command -v rm)" tools/
    chmod +x tools/*
}
setup() { PATH=$PWD/tools CC=cc SETUP=yes sh "$root/.ci/setup" "$@"; }
case_setup_installs_what_is_missing_and_only_that() {
    tools
    exits 0 setup 'there=libthere-dev' ''
    [ ! -e asked ] || fail 'apt-get was called for nothing'
    exits 0 setup 'there=libthere-dev wanted=libwanted-dev' ''
    has "$out" 'apt-get install -y libwanted-dev'
    has "$(cat asked)" 'install -y --no-install-recommends libwanted-dev'
    lacks "$(cat asked)" update
}
case_setup_updates_the_lists_when_the_first_try_fails() {
    tools
    touch offline
    exits 0 setup 'wanted=libwanted-dev' ''
    same "$(cut -d ' ' -f 1 asked | tr '\n' ' ')" 'install update install '
}
case_setup_without_apt_says_the_line_and_fails() {
    tools
    rm tools/apt-get
    exits 1 setup 'wanted=libwanted-dev' ''
    has "$out" 'apt-get install -y libwanted-dev'
    has "$err" 'cannot install here'
    exits 0 setup 'there=libthere-dev' 'wanted=libwanted-dev'
}
run_cases
