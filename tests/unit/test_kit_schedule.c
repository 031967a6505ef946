/* test_kit_schedule.c - rates of steps, by hand and at their ends. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit_train.h>

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static void a_constant_rate_stays(void **state)
{
    const kit_schedule s = {.rule = KIT_CONSTANT, .rate = 0.3, .steps = 10};
    (void)state;
    assert_true(near(kit_schedule_rate(&s, 0), 0.3) && near(kit_schedule_rate(&s, 9), 0.3));
}

static void the_rate_warms_up_in_equal_parts(void **state)
{
    const kit_schedule s = {.rule = KIT_CONSTANT, .rate = 0.4, .warm_up = 4, .steps = 10};
    (void)state;
    assert_true(near(kit_schedule_rate(&s, 0), 0.1) && near(kit_schedule_rate(&s, 1), 0.2));
    assert_true(near(kit_schedule_rate(&s, 3), 0.4) && near(kit_schedule_rate(&s, 4), 0.4));
}

static void steps_drop_the_rate_where_they_say(void **state)
{
    static const double drops[] = {100, 150};
    const kit_schedule s = {KIT_STEPS, 2, 0.1, 0, 200, 0, 0.1, drops};
    (void)state;
    assert_true(near(kit_schedule_rate(&s, 99), 0.1) && near(kit_schedule_rate(&s, 100), 0.01));
    assert_true(near(kit_schedule_rate(&s, 149), 0.01) && near(kit_schedule_rate(&s, 150), 0.001));
}

static void the_cosine_falls_from_the_rate_to_its_last_share(void **state)
{
    const kit_schedule s = {
        .rule = KIT_COSINE, .rate = 2, .warm_up = 10, .steps = 110, .last = 0.25};
    (void)state;
    assert_true(near(kit_schedule_rate(&s, 9), 2) && near(kit_schedule_rate(&s, 10), 2));
    assert_true(near(kit_schedule_rate(&s, 60), 2 * (0.25 + 0.75 / 2)));
    assert_true(near(kit_schedule_rate(&s, 110), 0.5) && near(kit_schedule_rate(&s, 5000), 0.5));
    for (uint64_t i = 10; i < 110; i++)
        assert_true(kit_schedule_rate(&s, i + 1) < kit_schedule_rate(&s, i));
}

static void a_cosine_that_is_all_warm_up_does_not_divide_by_nothing(void **state)
{
    const kit_schedule s = {.rule = KIT_COSINE, .rate = 1, .warm_up = 10, .steps = 10};
    (void)state;
    assert_true(near(kit_schedule_rate(&s, 9), 1) && near(kit_schedule_rate(&s, 10), 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_rate_stays),
        cmocka_unit_test(the_rate_warms_up_in_equal_parts),
        cmocka_unit_test(steps_drop_the_rate_where_they_say),
        cmocka_unit_test(the_cosine_falls_from_the_rate_to_its_last_share),
        cmocka_unit_test(a_cosine_that_is_all_warm_up_does_not_divide_by_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
