# Does run.sh catch what a test can do wrong? A tree of false tests, made here.
# shellcheck shell=bash
. tests/cli/lib.sh

# fake NAME BODY: a unit test that is a shell script
fake() {
    mkdir -p tests/unit build/release/tests
    : >"tests/unit/test_$1.c"
    printf '#!/bin/sh\n%s\n' "$2" >"build/release/tests/test_$1"
    chmod +x "build/release/tests/test_$1"
}
run() { B=build/release T='' DATA='' PARTS=unit LIMIT=${LIMIT:-20} "$root/tests/run.sh"; }
last() { printf '%s\n' "$out" | tail -n 1; }

case_all_passed_is_success() {
    fake a 'echo 1..2; echo "ok 1 - x"; echo "ok 2 - y"'
    fake b 'echo 1..1; echo "ok 1 - z"'
    exits 0 run
    same "$(last)" '3 passed, 0 failed, 0 skipped'
}
case_a_failed_case_is_a_failure_with_its_reason() {
    fake a 'echo 1..2; echo "ok 1 - x"; echo "not ok 2 - y_holds"; echo "# 1 != 2"; exit 1'
    exits 1 run
    same "$(last)" '1 passed, 1 failed, 0 skipped'
    has "$out" 'test_a: y_holds'
    has "$out" '1 != 2'
}
case_a_failed_case_counts_though_the_status_is_0() {
    fake a 'echo 1..1; echo "not ok 1 - y"; exit 0'
    exits 1 run
    same "$(last)" '0 passed, 1 failed, 0 skipped'
}
case_leaving_early_with_0_is_a_failure_for_each_case_that_never_came() {
    fake a 'echo 1..4; echo "ok 1 - x"; exit 0'
    exits 1 run
    same "$(last)" '1 passed, 3 failed, 0 skipped'
    has "$out" 'case 2 of 4 never came'
}
case_a_program_without_a_plan_is_a_failure() {
    fake a 'exit 0'
    fake b 'echo 1..1; echo "ok 1 - x"'
    exits 1 run
    same "$(last)" '1 passed, 1 failed, 0 skipped'
    has "$out" 'no test ran'
}
case_a_missing_program_is_a_failure() {
    fake a 'echo 1..1; echo "ok 1 - x"'
    : >tests/unit/test_gone.c
    exits 1 run
    same "$(last)" '1 passed, 1 failed, 0 skipped'
}
case_a_crash_is_a_failure_and_shows_what_it_said() {
    fake a 'echo 1..2; echo "ok 1 - x"; echo "it broke here" >&2; kill -SEGV $$'
    exits 1 run
    same "$(last)" '1 passed, 1 failed, 0 skipped'
    has "$out" 'exit status 139'
    has "$out" 'it broke here'
}
case_a_bad_status_after_good_cases_is_a_failure() {
    fake a 'echo 1..1; echo "ok 1 - x"; exit 3'
    exits 1 run
    same "$(last)" '1 passed, 1 failed, 0 skipped'
    has "$out" 'exit status 3 without a failed case'
}
case_more_cases_than_planned_are_a_failure() {
    fake a 'echo 1..1; echo "ok 1 - x"; echo "ok 2 - y"'
    exits 1 run
    has "$out" '2 cases came, 1 were planned'
}
case_a_test_that_hangs_is_stopped() {
    fake a 'echo 1..1; sleep 30'
    LIMIT=1 exits 1 run
    has "$out" 'time limit'
}
case_skips_are_counted_whichever_way_they_are_written() {
    fake a 'echo 1..3; echo "ok 1 - x"; echo "ok 2 - y # SKIP no data"; echo "not ok 3 # SKIP z"'
    fake b 'echo "1..0 # SKIP no clang"'
    exits 0 run
    same "$(last)" '1 passed, 0 failed, 3 skipped'
    has "$out" 'no data'
    has "$out" 'no clang'
}
case_only_skips_are_no_success() {
    fake a 'echo 1..1; echo "ok 1 - x # SKIP no data"'
    exits 1 run
    same "$(last)" '0 passed, 0 failed, 1 skipped'
}
case_a_name_that_no_test_has_is_no_success() {
    fake a 'echo 1..1; echo "ok 1 - x"'
    exits 1 env B=build/release PARTS=unit T=nosuch "$root/tests/run.sh"
    same "$(last)" '0 passed, 0 failed, 0 skipped'
}
case_a_part_is_chosen_by_name() {
    fake a 'echo 1..1; echo "ok 1 - x"'
    fake bad 'echo 1..1; echo "not ok 1 - x"'
    exits 0 env B=build/release PARTS=unit T=test_a "$root/tests/run.sh"
    same "$(last)" '1 passed, 0 failed, 0 skipped'
}
case_shell_tests_and_their_skips_are_counted() {
    mkdir -p tests/cli
    cp "$root/tests/cli/lib.sh" tests/cli/
    printf '%s\n' '. tests/cli/lib.sh' 'case_a() { true; }' 'case_b() { false; true; }' 'case_c() { skip no moon; }' \
        'run_cases' >tests/cli/test_s.sh
    exits 1 env B=build/release PARTS=cli T='' "$root/tests/run.sh"
    same "$(last)" '1 passed, 1 failed, 1 skipped'
    has "$out" 'no moon'
}
case_a_unit_test_and_a_shell_test_of_one_name_are_two() {
    fake s 'echo 1..2; echo "ok 1 - x"; echo "not ok 2 - y"; exit 1'
    mkdir -p tests/cli
    cp "$root/tests/cli/lib.sh" tests/cli/
    printf '%s\n' '. tests/cli/lib.sh' 'case_a() { true; }' 'run_cases' >tests/cli/test_s.sh
    exits 1 env B=build/release PARTS='unit cli' T='' JOBS=2 "$root/tests/run.sh"
    same "$(last)" '2 passed, 1 failed, 0 skipped'
}
case_settings_of_the_user_do_not_reach_a_test() {
    fake a 'echo 1..1; [ -z "$IMPASTO_MEM$XDG_DATA_HOME" ] && [ "$LC_ALL" = C ] && echo "ok 1 - x" || echo "not ok 1 - x"'
    exits 0 env IMPASTO_MEM=1 XDG_DATA_HOME=/x LC_ALL=de_DE.UTF-8 B=build/release PARTS=unit T='' "$root/tests/run.sh"
}
run_cases
