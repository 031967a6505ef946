/* test_rt_store.c - blocks that do not overlap, are joined again, keep what is in them when they
 * move, and are counted as they are taken. */
#include "rt_help.h"

#include <store.h>

enum { MANY = 40 };

static uint32_t drawn(uint64_t i, uint32_t below)
{
    return (uint32_t)(kit_uniform(8, 2, i) * below);
}

static bool odd(const void *user, int32_t block)
{
    (void)user;
    return block % 4 == 1;
}

static void fill_block(struct rt_store *s, int32_t block, uint32_t bytes, unsigned char with)
{
    memset(rt_store_data(s, block), with, bytes);
}

static void expect_block(struct rt_store *s, int32_t block, uint32_t bytes, unsigned char with)
{
    const unsigned char *p = rt_store_data(s, block);
    assert_int_equal((uintptr_t)p % 64, 0);
    for (uint32_t i = 0; i < bytes; i++)
        if (p[i] != with)
            fail_msg("byte %u of block %d is %u, not %u", i, block, p[i], with);
}

static void blocks_keep_what_is_in_them(void **state)
{
    struct rt_store s;
    int32_t block[MANY];
    uint32_t bytes[MANY];
    (void)state;
    rt_store_init(&s, false, 0);
    for (int i = 0; i < MANY; i++)
        block[i] = -1;
    for (uint64_t step = 0; step < 4000; step++) {
        const uint32_t i = drawn(3 * step, MANY);
        if (step % 50 == 49)
            rt_store_pack(&s, odd, NULL);
        if (block[i] >= 0) {
            expect_block(&s, block[i], bytes[i], (unsigned char)i);
            rt_store_put(&s, block[i]);
            block[i] = -1;
            continue;
        }
        bytes[i] = 1 + drawn(3 * step + 1, drawn(3 * step + 2, 10) ? 3000 : 300000);
        block[i] = rt_store_get(&s, bytes[i], i % 8 ? RT_PASSING : RT_STAYING, true);
        assert_true(block[i] >= 0);
        fill_block(&s, block[i], bytes[i], (unsigned char)i);
    }
    for (int i = 0; i < MANY; i++)
        rt_store_put(&s, block[i]);
    assert_int_equal(s.used, 0);
    assert_int_equal(s.row[RT_PASSING].end, 0);
    assert_int_equal(s.row[RT_STAYING].end, 0);
    rt_store_fini(&s);
}

static void what_is_fixed_stays_and_the_rest_moves_together(void **state)
{
    struct rt_store s;
    int32_t block[6];
    void *at[6];
    (void)state;
    rt_store_init(&s, false, 0);
    for (int i = 0; i < 6; i++) {
        block[i] = rt_store_get(&s, 1000, RT_PASSING, true);
        at[i] = rt_store_data(&s, block[i]);
        fill_block(&s, block[i], 1000, (unsigned char)i);
    }
    rt_store_put(&s, block[0]);
    rt_store_put(&s, block[3]);
    rt_store_pack(&s, odd, NULL); /* block 1 cannot move, so what is before it stays a hole */
    assert_ptr_equal(rt_store_data(&s, block[1]), at[1]);
    assert_ptr_equal(rt_store_data(&s, block[2]), at[2]);
    assert_ptr_equal(rt_store_data(&s, block[4]), at[3]);
    assert_ptr_equal(rt_store_data(&s, block[5]), at[5]);
    for (int i = 1; i < 6; i++)
        if (i != 3)
            expect_block(&s, block[i], 1000, (unsigned char)i);
    rt_store_fini(&s);
}

static void a_limit_holds_for_all_together(void **state)
{
    struct rt_store s;
    (void)state;
    for (int dry = 0; dry < 2; dry++) {
        rt_store_init(&s, dry, 64000);
        assert_true(rt_store_scratch(&s, 16000));
        const int32_t a = rt_store_get(&s, 16000, RT_STAYING, true);
        const int32_t b = rt_store_get(&s, 24000, RT_PASSING, true);
        assert_true(a >= 0 && b >= 0);
        assert_int_equal(rt_store_get(&s, 16000, RT_PASSING, true), -1);
        assert_int_equal(rt_store_get(&s, 16000, RT_STAYING, true), -1);
        assert_false(rt_store_scratch(&s, 32000));
        rt_store_put(&s, b); /* what it leaves may be taken by others */
        const int32_t c = rt_store_get(&s, 30000, RT_STAYING, true);
        assert_true(c >= 0);
        rt_store_put(&s, c);
        assert_true(rt_store_scratch(&s, 32000));
        assert_in_range(s.bytes, 56000, 64000); /* the most, though some went back since */
        rt_store_fini(&s);
    }
}

static void without_growing_it_takes_what_was_taken_before(void **state)
{
    struct rt_store s;
    (void)state;
    rt_store_init(&s, true, 0);
    assert_int_equal(rt_store_get(&s, 64, RT_PASSING, false), -1);
    const int32_t a = rt_store_get(&s, 6400, RT_PASSING, true);
    rt_store_put(&s, a);
    const int32_t b = rt_store_get(&s, 3200, RT_PASSING, false);
    assert_true(b >= 0);
    assert_int_equal(rt_store_get(&s, 6400, RT_PASSING, false), -1);
    rt_store_put(&s, b);
    rt_store_restart(&s); /* a new evaluation grows as the first did */
    assert_int_equal(rt_store_get(&s, 64, RT_PASSING, false), -1);
    rt_store_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_what_is_in_them),
        cmocka_unit_test(what_is_fixed_stays_and_the_rest_moves_together),
        cmocka_unit_test(a_limit_holds_for_all_together),
        cmocka_unit_test(without_growing_it_takes_what_was_taken_before),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
