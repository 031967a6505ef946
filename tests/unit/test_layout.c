/* test_layout.c - boxes never overlap, arrows go down, what can be straight is; on drawn graphs and
 * random ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <impasto/kit.h>
#include "layout.h"

enum { MOST = 40 };

static bool apart(const struct layout_box *a, const struct layout_box *b)
{
    return a->x + a->width / 2 <= b->x - b->width / 2 + 1e-6 ||
           b->x + b->width / 2 <= a->x - a->width / 2 + 1e-6 || a->y + a->height <= b->y + 1e-6 ||
           b->y + b->height <= a->y + 1e-6;
}

static void assert_good(const struct layout *l)
{
    for (size_t i = 0; i < l->box_count; i++) {
        const struct layout_box *b = &l->boxes[i];
        assert_true(b->x - b->width / 2 >= -1e-6 && b->x + b->width / 2 <= l->width + 1e-6);
        assert_true(b->y >= -1e-6 && b->y + b->height <= l->height + 1e-6);
        for (size_t k = 0; k < i; k++)
            assert_true(apart(b, &l->boxes[k]));
    }
    for (size_t i = 0; i < l->arrow_count; i++) {
        const struct layout_arrow *a = &l->arrows[i];
        double y = l->boxes[a->from].y + l->boxes[a->from].height;
        for (size_t k = 0; k < a->corners; k++) {
            assert_true(a->ys[k] >= y - 1e-6);
            y = a->ys[k];
        }
        assert_true(l->boxes[a->to].y >= y - 1e-6);
    }
}

static struct layout start(struct layout_box *boxes, size_t n, struct layout_arrow *arrows,
                           size_t m)
{
    for (size_t i = 0; i < n; i++)
        boxes[i] = (struct layout_box){.width = 100, .height = 50};
    return (struct layout){.boxes = boxes,
                           .arrows = arrows,
                           .box_count = n,
                           .arrow_count = m,
                           .gap_x = 30,
                           .gap_y = 40};
}

static void a_chain_is_a_straight_column(void **state)
{
    struct arena arena;
    struct layout_box boxes[4];
    struct layout_arrow arrows[3] = {
        {.from = 0, .to = 1}, {.from = 1, .to = 2}, {.from = 2, .to = 3}};
    struct layout l = start(boxes, 4, arrows, 3);
    (void)state;
    arena_init(&arena);
    layout_place(&arena, &l);
    assert_good(&l);
    for (int i = 1; i < 4; i++) {
        assert_true(fabs(boxes[i].x - boxes[0].x) < 1e-6);
        assert_true(fabs(boxes[i].y - 90 * i) < 1e-6);
    }
    assert_true(fabs(l.width - 100) < 1e-6 && fabs(l.height - 320) < 1e-6);
    arena_fini(&arena);
}

static void a_diamond_is_symmetric_and_a_long_arrow_has_corners(void **state)
{
    struct arena arena;
    struct layout_box boxes[4];
    struct layout_arrow arrows[5] = {{.from = 0, .to = 1},
                                     {.from = 0, .to = 2},
                                     {.from = 1, .to = 3},
                                     {.from = 2, .to = 3},
                                     {.from = 0, .to = 3}};
    struct layout l = start(boxes, 4, arrows, 4);
    (void)state;
    arena_init(&arena);
    layout_place(&arena, &l);
    assert_good(&l);
    assert_true(fabs(boxes[1].x + boxes[2].x - 2 * boxes[0].x) < 1e-3);
    assert_true(fabs(boxes[3].x - boxes[0].x) < 1e-3);
    l.arrow_count = 5;
    layout_place(&arena, &l);
    assert_good(&l);
    assert_int_equal(arrows[4].corners, 2);
    arena_fini(&arena);
}

static void a_source_stands_above_its_first_use(void **state)
{
    struct arena arena;
    struct layout_box boxes[4];
    struct layout_arrow arrows[3] = {
        {.from = 0, .to = 1}, {.from = 1, .to = 3}, {.from = 2, .to = 3}};
    struct layout l = start(boxes, 4, arrows, 3);
    (void)state;
    arena_init(&arena);
    layout_place(&arena, &l);
    assert_good(&l);
    assert_true(fabs(boxes[2].y - boxes[1].y) < 1e-6);
    arena_fini(&arena);
}

static void random_graphs_are_laid_out_without_overlaps(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct arena arena;
        struct layout_box boxes[MOST];
        struct layout_arrow arrows[2 * MOST];
        const size_t n = 1 + kit_random(seed, 1, 0) % MOST;
        size_t m = 0;
        for (size_t i = 1; i < n; i++)
            for (uint64_t k = kit_random(seed, 2, i) % 3; k > 0; k--)
                arrows[m++] =
                    (struct layout_arrow){.from = kit_random(seed, 3 + k, i) % i, .to = i};
        struct layout l = start(boxes, n, arrows, m);
        for (size_t i = 0; i < n; i++)
            boxes[i].width = 60 + 200 * kit_uniform(seed, 9, i);
        arena_init(&arena);
        layout_place(&arena, &l);
        assert_good(&l);
        arena_fini(&arena);
    }
}

static void nothing_at_all_is_fine(void **state)
{
    struct arena arena;
    struct layout l = {.gap_x = 1, .gap_y = 1};
    (void)state;
    arena_init(&arena);
    layout_place(&arena, &l);
    assert_true(l.width == 0 && l.height == 0);
    arena_fini(&arena);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_a_straight_column),
        cmocka_unit_test(a_diamond_is_symmetric_and_a_long_arrow_has_corners),
        cmocka_unit_test(a_source_stands_above_its_first_use),
        cmocka_unit_test(random_graphs_are_laid_out_without_overlaps),
        cmocka_unit_test(nothing_at_all_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
