#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "arena.h"
#include "files.h"
#include "shard.h"

struct world { char *folder; struct report *report; };

static int open_world(void **state)
{
    static struct world w;
    const char *tmp = getenv("TMPDIR");
    w.folder = heap_printf("%s/impasto-shard-XXXXXX", tmp ? tmp : "/tmp");
    w.report = report_new();
    static const char *const names[] = {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT",
                                        "JOB_COMPLETION_INDEX", "PBS_ARRAY_INDEX"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    *state = &w;
    return mkdtemp(w.folder) ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *w = *state;
    const bool gone = files_remove_tree(w->folder);
    report_free(w->report);
    free(w->folder);
    return gone ? 0 : -1;
}

static void is_part(struct world *w, const char *text, unsigned index, unsigned count)
{
    struct shard s;
    if (!shard_parse(text, &s, w->report))
        fail_msg("%s is refused", text);
    assert_int_equal(s.index, index);
    assert_int_equal(s.count, count);
}

static void parts_are_counted_from_one(void **state)
{
    is_part(*state, "1/1", 1, 1);
    is_part(*state, "2/4", 2, 4);
    is_part(*state, "1000000/1000000", 1000000, 1000000);
    is_part(*state, NULL, 0, 0);
}

static void arrays_of_slurm_kubernetes_and_pbs_are_understood(void **state)
{
    setenv("SLURM_ARRAY_TASK_ID", "7", 1);
    setenv("SLURM_ARRAY_TASK_MIN", "5", 1);
    setenv("SLURM_ARRAY_TASK_COUNT", "4", 1);
    is_part(*state, "auto", 3, 4);
    setenv("PBS_ARRAY_INDEX", "2", 1);
    is_part(*state, "auto/9", 2, 9);
    setenv("JOB_COMPLETION_INDEX", "0", 1);
    is_part(*state, "auto/9", 1, 9);
}

static void what_is_no_part_is_refused(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {"", "/", "1", "0/2", "3/2", "-1/2", "1/0", "1/2/3", "1 /2", "a/b", "1/2x", "1.5/2",
                                      "auto", "auto/3", "auto/", "auto/x", "automatic", "1/1000001",
                                      "99999999999999999999999999999/2"};
    struct shard s;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (shard_parse(bad[i], &s, w->report))
            fail_msg("'%s' passes", bad[i]);
    setenv("JOB_COMPLETION_INDEX", "3", 1);
    assert_false(shard_parse("auto/3", &s, w->report));
    setenv("JOB_COMPLETION_INDEX", "x", 1);
    assert_false(shard_parse("auto/3", &s, w->report));
    assert_int_equal(report_count(w->report, SEV_ERROR), sizeof bad / sizeof *bad + 2);
}

static void every_unit_is_in_exactly_one_part(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 12; n++)
        for (size_t k = 0; k < 50; k++) {
            unsigned owners = 0;
            for (unsigned i = 1; i <= n; i++) {
                const struct shard s = {i, n};
                owners += shard_has(&s, k);
            }
            assert_int_equal(owners, 1);
        }
    const struct shard all = {0, 0};
    assert_true(shard_has(&all, 17));
}

static void a_run_of_everything_is_alone(void **state)
{
    struct world *w = *state;
    const struct shard all = {0, 0}, first = {1, 2}, second = {2, 2};
    struct shard_lock a, b, c;
    assert_true(shard_lock(w->folder, &all, &a, w->report));
    assert_false(shard_lock(w->folder, &all, &b, w->report));
    assert_false(shard_lock(w->folder, &first, &b, w->report));
    shard_unlock(&a);
    assert_true(shard_lock(w->folder, &first, &a, w->report));
    assert_true(shard_lock(w->folder, &second, &b, w->report));
    assert_false(shard_lock(w->folder, &first, &c, w->report));
    assert_false(shard_lock(w->folder, &all, &c, w->report));
    shard_unlock(&a);
    shard_unlock(&b);
    assert_true(shard_lock(w->folder, &all, &c, w->report));
    shard_unlock(&c);
}

static void a_frozen_plan_refuses_others(void **state)
{
    struct world *w = *state;
    const struct shard all = {0, 0}, first = {1, 2}, second = {2, 2}, third = {3, 3};
    const struct hash plan = {1, 2}, other = {3, 4};
    assert_true(shard_plan(w->folder, &all, other, 9, w->report)); /* nothing is frozen by a run of everything */
    assert_true(shard_plan(w->folder, &first, plan, 9, w->report));
    assert_true(shard_plan(w->folder, &second, plan, 9, w->report));
    assert_true(shard_plan(w->folder, &all, plan, 9, w->report));
    assert_false(shard_plan(w->folder, &second, other, 9, w->report));
    assert_false(shard_plan(w->folder, &third, plan, 9, w->report));
    assert_false(shard_plan(w->folder, &all, other, 8, w->report));
    shard_drop_plan(w->folder);
    assert_true(shard_plan(w->folder, &third, other, 8, w->report));
}

static void a_plan_that_cannot_be_read_is_refused(void **state)
{
    struct world *w = *state;
    const struct shard first = {1, 2};
    char *path = heap_printf("%s/plan", w->folder);
    assert_true(files_replace(path, "junk", 4));
    assert_false(shard_plan(w->folder, &first, (struct hash){1, 2}, 9, w->report));
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parts_are_counted_from_one, open_world, close_world),
        cmocka_unit_test_setup_teardown(arrays_of_slurm_kubernetes_and_pbs_are_understood, open_world, close_world),
        cmocka_unit_test_setup_teardown(what_is_no_part_is_refused, open_world, close_world),
        cmocka_unit_test(every_unit_is_in_exactly_one_part),
        cmocka_unit_test_setup_teardown(a_run_of_everything_is_alone, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_frozen_plan_refuses_others, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_plan_that_cannot_be_read_is_refused, open_world, close_world),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
