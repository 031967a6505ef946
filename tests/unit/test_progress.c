#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "progress.h"

static const char *line(const struct progress_state *s, unsigned width)
{
    static char buf[512];
    progress_line(s, width, buf, sizeof buf);
    return buf;
}

static void the_share_is_told_by_pixels(void **state)
{
    (void)state;
    const struct progress_state s = {.done = 1, .total = 10, .pixels_done = 50, .pixels_total = 100, .fraction = -1};
    assert_non_null(strstr(line(&s, 0), " 50% 1/10"));
    const struct progress_state unknown = {.done = 1, .total = 10, .fraction = -1};
    assert_non_null(strstr(line(&unknown, 0), " 10% 1/10"));
}

static void time_left_comes_after_three_items(void **state)
{
    (void)state;
    struct progress_state s = {.done = 2, .total = 10, .seconds = 20, .fraction = -1};
    assert_null(strstr(line(&s, 0), "left"));
    s.done = 5;
    assert_non_null(strstr(line(&s, 0), "0.2/s  20 s left"));
    s.done = 10;
    assert_null(strstr(line(&s, 0), "left"));
}

static void one_long_item_shows_its_node(void **state)
{
    (void)state;
    const struct progress_state s = {.total = 1, .seconds = 10, .name = "x.jpg", .node = "paint", .phase = "scale 512",
                                     .fraction = 0.25};
    assert_string_equal(line(&s, 0), " 25% 0/1  30 s left  x.jpg: paint 25% (scale 512)");
}

static void what_a_node_says_of_long_work_takes_the_stages_place(void **state)
{
    (void)state;
    struct progress_state s = {.total = 1, .stage = "preparing what all pictures share", .node = "net", .fraction = 0.5};
    assert_string_equal(line(&s, 0), "preparing what all pictures share: net 50%");
    s.phase = "epoch 2/4, 9 s left: loss 0.1";
    assert_string_equal(line(&s, 0), "net 50% (epoch 2/4, 9 s left: loss 0.1)");
}

static void a_line_never_wraps_nor_cuts_a_letter(void **state)
{
    (void)state;
    const struct progress_state s = {.done = 1, .total = 9, .failed = 3, .name = "\303\244\303\244\303\244\303\244\303\244",
                                     .fraction = -1};
    for (unsigned width = 21; width < 100; width++) {
        const char *l = line(&s, width);
        const size_t n = strlen(l);
        assert_true(n < width);
        assert_false(n && (unsigned char)l[n - 1] >= 0xc0); /* no first byte of a letter alone */
    }
}

static void a_long_name_does_not_overflow(void **state)
{
    (void)state;
    char name[4096], small[16];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    const struct progress_state s = {.total = 1, .name = name, .node = name, .phase = name, .fraction = 2};
    progress_line(&s, 0, small, sizeof small);
    assert_true(strlen(small) < sizeof small);
    assert_true(strlen(line(&s, 0)) < 512);
}

struct many { struct progress *p; unsigned slot; };

static void *many_calls(void *user)
{
    const struct many *m = user;
    for (int i = 0; i < 500; i++) {
        progress_begin(m->p, m->slot, "x\033[31m");
        progress_node(m->p, m->slot, "paint", i / 500.0, "step");
        progress_rest(m->p, m->slot);
        progress_count(m->p, 3, i % 50 == 0);
        if (i % 100 == 0)
            progress_message(m->p, "message %d", i);
    }
    return NULL;
}

/* Drawing, messages and calls from several threads: each message is a line of its own. */
static void messages_are_never_garbled(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    atomic_int poke = 0;
    FILE *f = open_memstream(&text, &size);
    const struct progress_options o = {.to = f, .terminal = false, .poke = &poke, .slots = 4};
    struct progress *p = progress_new(&o);
    assert_non_null(p);
    progress_total(p, 2000, 6000);
    pthread_t threads[4];
    struct many many[4];
    for (unsigned i = 0; i < 4; i++) {
        many[i] = (struct many){p, i};
        assert_int_equal(pthread_create(&threads[i], NULL, many_calls, &many[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    atomic_fetch_add(&poke, 1);
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    progress_free(p);
    fclose(f);
    int messages = 0;
    for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n"))
        messages += !strncmp(l, "message ", 8);
    assert_int_equal(messages, 20);
    free(text);
}

static void a_poke_prints_a_line(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    atomic_int poke = 0;
    FILE *f = open_memstream(&text, &size);
    const struct progress_options o = {.to = f, .quiet = true, .poke = &poke, .slots = 1};
    struct progress *p = progress_new(&o);
    progress_total(p, 4, 0);
    progress_count(p, 0, false);
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    atomic_fetch_add(&poke, 1);
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    progress_free(p);
    fclose(f);
    assert_non_null(strstr(text, " 25% 1/4"));
    assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_share_is_told_by_pixels),
        cmocka_unit_test(time_left_comes_after_three_items),
        cmocka_unit_test(one_long_item_shows_its_node),
        cmocka_unit_test(what_a_node_says_of_long_work_takes_the_stages_place),
        cmocka_unit_test(a_line_never_wraps_nor_cuts_a_letter),
        cmocka_unit_test(a_long_name_does_not_overflow),
        cmocka_unit_test(messages_are_never_garbled),
        cmocka_unit_test(a_poke_prints_a_line),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
