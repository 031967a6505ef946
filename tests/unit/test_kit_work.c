/* test_kit_work.c - strips, sizes and mirrored indices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <impasto/kit.h>

static void strips_cover_every_row_once(void **state)
{
    (void)state;
    for (uint32_t width = 1; width < 200000; width = width * 3 + 1)
        for (uint32_t height = 1; height < 5000; height = height * 4 + 1) {
            const uint32_t n = kit_strips(width, height);
            uint32_t next = 0;
            assert_in_range(n, 1, height);
            for (uint32_t i = 0; i < n; i++) {
                uint32_t from, to;
                kit_strip(height, n, i, &from, &to);
                assert_int_equal(from, next);
                assert_true(to > from);
                next = to;
            }
            assert_int_equal(next, height);
        }
}

static void a_strip_holds_about_64_ki_samples(void **state)
{
    (void)state;
    assert_int_equal(kit_strips(1024, 1024), 16);
    assert_int_equal(kit_strips(65536, 7), 7);
    assert_int_equal(kit_strips(100000, 7), 7);
    assert_int_equal(kit_strips(3, 5), 1);
}

static void mirror_repeats_the_edge_sample(void **state)
{
    const int64_t want[] = {2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2}; /* of -4.. in 0 1 2 */
    (void)state;
    for (int64_t i = 0; i < (int64_t)(sizeof want / sizeof want[0]); i++)
        assert_int_equal(kit_mirror(i - 4, 3), want[i]);
    assert_int_equal(kit_mirror(-1000000007, 1), 0);
    assert_int_equal(kit_mirror(INT64_C(1000000007), 1), 0);
}

static void mirror_has_a_period_of_twice_the_length(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 9; n++)
        for (int64_t i = -40; i < 40; i++)
            assert_int_equal(kit_mirror(i, n), kit_mirror(i + 2 * n, n));
}

static void a_size_that_does_not_fit_is_zero(void **state)
{
    (void)state;
    assert_int_equal(kit_bytes(3, 4), 12);
    assert_int_equal(kit_bytes(0, 4), 0);
    assert_int_equal(kit_bytes(SIZE_MAX, 2), 0);
    assert_int_equal(kit_bytes(SIZE_MAX / 2, 2), SIZE_MAX - 1);
}

static void mark(void *user, uint32_t i) IMP_NX
{
    ((uint32_t *)user)[i]++;
}

static void without_a_job_all_pieces_run_here(void **state)
{
    uint32_t seen[5] = {0};
    (void)state;
    assert_int_equal(kit_parallel(NULL, 5, mark, seen), IMP_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(seen[i], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strips_cover_every_row_once),
        cmocka_unit_test(a_strip_holds_about_64_ki_samples),
        cmocka_unit_test(mirror_repeats_the_edge_sample),
        cmocka_unit_test(mirror_has_a_period_of_twice_the_length),
        cmocka_unit_test(a_size_that_does_not_fit_is_zero),
        cmocka_unit_test(without_a_job_all_pieces_run_here),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
