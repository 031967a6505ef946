/* test_pool.c - the thread pool: everything is done once, nothing hangs, a stop is heard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pool.h"

enum { N = 1000 };
static const unsigned sizes[] = {1, 2, 3, 8};

static void nap(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void count(void *user, uint32_t i)
{
    atomic_fetch_add((atomic_int *)user + i, 1);
}

static void every_piece_is_done_once(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct pool *p = pool_new(sizes[k]);
        atomic_int *done = calloc(N, sizeof *done);
        for (int round = 0; round < 20; round++)
            assert_int_equal(pool_parallel(p, N, count, done, NULL), IMP_OK);
        for (int i = 0; i < N; i++)
            assert_int_equal(done[i], 20);
        assert_int_equal(pool_parallel(p, 0, count, done, NULL), IMP_OK);
        free(done);
        pool_free(p);
    }
}

struct nest {
    struct pool *pool;
    atomic_int leaves, running, most;
};

static void leaf(void *user, uint32_t i)
{
    struct nest *n = user;
    (void)i;
    const int now = atomic_fetch_add(&n->running, 1) + 1;
    int most = n->most;
    while (now > most && !atomic_compare_exchange_weak(&n->most, &most, now))
        ;
    atomic_fetch_add(&n->leaves, 1);
    atomic_fetch_sub(&n->running, 1);
}

static void branch(void *user, uint32_t i)
{
    struct nest *n = user;
    (void)i;
    assert_int_equal(pool_parallel(n->pool, 20, leaf, n, NULL), IMP_OK);
}

static void loops_within_loops_do_not_hang(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct nest n = {.pool = pool_new(sizes[k])};
        for (int round = 0; round < 20; round++)
            assert_int_equal(pool_parallel(n.pool, 20, branch, &n, NULL), IMP_OK);
        assert_int_equal(n.leaves, 20 * 20 * 20);
        assert_true(n.most <= (int)sizes[k]);
        pool_free(n.pool);
    }
}

static void item(void *user, unsigned slot)
{
    struct nest *n = user;
    (void)slot;
    for (int i = 0; i < 30; i++)
        branch(n, 0);
}

static void items_share_the_threads_with_their_pieces(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++)
        for (unsigned jobs = 1; jobs <= sizes[k]; jobs++) {
            struct nest n = {.pool = pool_new(sizes[k])};
            assert_int_equal(pool_tasks(n.pool, jobs, item, &n), IMP_OK);
            assert_int_equal(n.leaves, (int)jobs * 30 * 20);
            assert_true(n.most <= (int)sizes[k]);
            pool_free(n.pool);
        }
}

struct slots {
    pthread_t thread[8];
    atomic_int inside[8], starts;
    struct pool *pool;
};

static void slot_task(void *user, unsigned slot)
{
    struct slots *s = user;
    s->thread[slot] = pthread_self();
    atomic_fetch_add(&s->starts, 1);
    while (atomic_load(&s->starts) < 3) /* all at once, or this never ends */
        nap(1);
}

static void tasks_run_at_once_and_the_caller_is_slot_zero(void **state)
{
    (void)state;
    struct slots s = {.pool = pool_new(3)};
    assert_int_equal(pool_tasks(s.pool, 3, slot_task, &s), IMP_OK);
    assert_int_equal(s.starts, 3);
    assert_true(pthread_equal(s.thread[0], pthread_self()));
    assert_false(pthread_equal(s.thread[1], s.thread[2]));
    pool_free(s.pool);
}

/* A thread in an item's loop, waiting for its pieces, must not begin another item inside it. */
static void inner(void *user, uint32_t i)
{
    (void)user;
    (void)i;
    nap(1);
}

static void no_overlap(void *user, unsigned slot)
{
    struct slots *s = user;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(atomic_fetch_add(&s->inside[slot], 1), 0);
        pool_parallel(s->pool, 4, inner, NULL, NULL);
        atomic_fetch_sub(&s->inside[slot], 1);
    }
}

static void nobody_begins_an_item_inside_another(void **state)
{
    (void)state;
    struct slots s = {.pool = pool_new(3)};
    assert_int_equal(pool_tasks(s.pool, 2, no_overlap, &s), IMP_OK);
    pool_free(s.pool);
}

struct stopping {
    atomic_int stop, done;
};

static void stop_at_ten(void *user, uint32_t i)
{
    struct stopping *s = user;
    (void)i;
    if (atomic_fetch_add(&s->done, 1) == 9)
        atomic_store(&s->stop, 1);
}

static void after_a_stop_nothing_more_is_handed_out(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct pool *p = pool_new(sizes[k]);
        struct stopping s = {0, 0};
        assert_int_equal(pool_parallel(p, 100000, stop_at_ten, &s, &s.stop), IMP_CANCELLED);
        assert_in_range(s.done, 10, 10 + sizes[k]);
        pool_free(p);
    }
}

/* Every piece waits until all have begun, so it never ends unless a helper comes for each. */
static void meet(void *user, uint32_t i)
{
    atomic_int *begun = user;
    (void)i;
    atomic_fetch_add(begun, 1);
    while (atomic_load(begun) < 3)
        sched_yield();
}

static void helpers_come_however_long_they_waited(void **state)
{
    (void)state;
    struct pool *p = pool_new(3);
    for (long us = 0; us < 400; us += 4) { /* across the moment when they go to sleep */
        atomic_int begun = 0;
        nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
        assert_int_equal(pool_parallel(p, 3, meet, &begun, NULL), IMP_OK);
        assert_int_equal(begun, 3);
    }
    pool_free(p);
}

static void count_processors(void *user, uint32_t i)
{
    atomic_int *each = user;
    each[i] = (int)pool_processors(); /* of the thread that asks */
    meet(each + 3, i);
}

static void who_is_called_from_sleep_may_run_everywhere(void **state)
{
    (void)state;
    struct pool *p = pool_new(3);
    for (int round = 0; round < 5; round++) {
        atomic_int each[4] = {0};
        nap(20); /* they sleep */
        assert_int_equal(pool_parallel(p, 3, count_processors, each, NULL), IMP_OK);
        assert_int_equal(each[1], each[0]);
        assert_int_equal(each[2], each[0]);
    }
    pool_free(p);
}

static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void a_pool_without_work_sleeps(void **state)
{
    (void)state;
    struct pool *p = pool_new(3);
    atomic_int begun = 0;
    assert_int_equal(pool_parallel(p, 3, meet, &begun, NULL), IMP_OK);
    nap(20);
    const double before = processor_time();
    nap(200);
    assert_true(processor_time() - before < 0.1); /* one that never slept takes 0.2 */
    pool_free(p);
}

static void there_is_at_least_one_processor(void **state)
{
    (void)state;
    assert_in_range(pool_processors(), 1, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_piece_is_done_once),
        cmocka_unit_test(loops_within_loops_do_not_hang),
        cmocka_unit_test(items_share_the_threads_with_their_pieces),
        cmocka_unit_test(tasks_run_at_once_and_the_caller_is_slot_zero),
        cmocka_unit_test(nobody_begins_an_item_inside_another),
        cmocka_unit_test(after_a_stop_nothing_more_is_handed_out),
        cmocka_unit_test(helpers_come_however_long_they_waited),
        cmocka_unit_test(who_is_called_from_sleep_may_run_everywhere),
        cmocka_unit_test(a_pool_without_work_sleeps),
        cmocka_unit_test(there_is_at_least_one_processor),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
