/* Strips and columns: every output in exactly one strip, columns as the formula says, their transpose. */
#include "conv_places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* in, kernel, stride, dilation, pad of each axis; n, groups, c, m; columns asked for. */
struct geometry {
    const char *name;
    uint32_t axes;
    int64_t n, groups, c, m, cols;
    int64_t axis[3][5];
};

static const struct geometry all[] = {
    {"one pixel", 2, 1, 1, 1, 1, 16, {{1, 1, 1, 1, 0}, {1, 1, 1, 1, 0}}},
    {"3x3, padded", 2, 2, 1, 3, 4, 16, {{7, 3, 1, 1, 1}, {5, 3, 1, 1, 1}}},
    {"not square, stride 2", 2, 1, 2, 2, 3, 24, {{9, 5, 2, 1, 2}, {8, 3, 3, 1, 0}}},
    {"pads beyond the kernel", 2, 2, 1, 2, 2, 1000, {{4, 3, 1, 1, 5}, {3, 2, 2, 1, 4}}},
    {"dilated", 2, 1, 1, 2, 2, 16, {{11, 3, 1, 3, 3}, {12, 2, 2, 4, 1}}},
    {"rows longer than a strip", 2, 2, 1, 2, 1, 16, {{3, 3, 1, 1, 1}, {50, 3, 1, 1, 1}}},
    {"small pictures together", 2, 7, 1, 2, 2, 16, {{2, 3, 1, 1, 1}, {3, 3, 1, 1, 1}}},
    {"one axis", 1, 3, 1, 2, 2, 16, {{21, 4, 2, 1, 2}}},
    {"one short axis, pictures together", 1, 5, 1, 2, 2, 16, {{4, 3, 1, 1, 1}}},
    {"three axes", 3, 2, 1, 2, 2, 16, {{4, 2, 1, 1, 1}, {5, 3, 2, 1, 1}, {6, 3, 1, 2, 2}}},
    {"one column, padded wide", 2, 2, 1, 2, 2, 64, {{4, 3, 1, 1, 1}, {1, 3, 1, 1, 2}}},
    {"1x1 in place", 2, 2, 1, 3, 4, 16, {{9, 1, 1, 1, 0}, {8, 1, 1, 1, 0}}},
};

static struct rt_conv conv_of(const struct geometry *g)
{
    return conv_with((struct rt_conv){.n = g->n, .groups = g->groups, .c = g->c, .m = g->m}, g->axes, g->axis);
}

/* What output o of picture n reads through tap t of channel c: an index into x, or -1. Flat o and t. */
static int64_t reads(const struct rt_conv *v, int64_t n, int64_t c, int64_t o, int64_t t)
{
    const int64_t at = place_read(v, o, t);
    return at < 0 ? -1 : (n * v->groups * v->c + c) * v->in_size + at;
}

/* Output pixel, counted through all pictures, of column j of a strip. */
static int64_t pixel(const struct rt_conv *v, const struct rt_strip *s, int64_t j)
{
    const int64_t w = s->x1 - s->x0;
    return (s->row0 + j / w) * v->out_w + s->x0 + j % w;
}

static void every_output_is_in_one_strip(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(all); i++) {
        const struct rt_conv v = conv_of(&all[i]);
        struct rt_strips s;
        rt_strips_set(&s, &v, all[i].cols);
        char *seen = calloc((size_t)(v.n * v.out_size), 1);
        for (int64_t k = 0; k < s.count; k++) {
            const struct rt_strip t = rt_strip_at(&s, &v, k);
            assert_true(rt_strip_cols(&t) > 0 && rt_strip_cols(&t) <= s.cols);
            assert_true(t.row1 - t.row0 <= s.rows);
            assert_true(t.row1 - t.row0 == 1 || t.x1 - t.x0 == v.out_w);
            for (int64_t j = 0; j < rt_strip_cols(&t); j++)
                assert_int_equal(seen[pixel(&v, &t, j)]++, 0);
        }
        for (int64_t k = 0; k < v.n * v.out_size; k++)
            if (!seen[k])
                fail_msg("%s: output %lld is in no strip", all[i].name, (long long)k);
        free(seen);
    }
}

static float *counted(int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(i + 1);
    return x;
}

static void check_columns(const struct geometry *g, const struct rt_conv *v, const struct rt_strip *t)
{
    const int64_t n = rt_strip_cols(t), channels = v->groups * v->c;
    float *x = counted(v->n * channels * v->in_size);
    float *cols = malloc((size_t)(channels * v->taps * n) * sizeof *cols);
    int64_t *table = malloc((size_t)(v->outer_taps * (t->row1 - t->row0)) * sizeof *table);
    memset(cols, 0xff, (size_t)(channels * v->taps * n) * sizeof *cols);
    rt_conv_table(v, t, 0, INT64_MAX, table);
    rt_im2col(v, t, table, x, 1, channels - 1, cols); /* from channel 1 on */
    for (int64_t c = 1; c < channels; c++)
        for (int64_t k = 0; k < v->taps; k++)
            for (int64_t j = 0; j < n; j++) {
                const int64_t p = pixel(v, t, j);
                const int64_t at = reads(v, p / v->out_size, c, p % v->out_size, k);
                const float want = at < 0 ? 0 : x[at];
                const float got = cols[((c - 1) * v->taps + k) * n + j];
                if (!(got == want))
                    fail_msg("%s: channel %lld, tap %lld, column %lld is %g, not %g", g->name,
                             (long long)c, (long long)k, (long long)j, (double)got, (double)want);
            }
    free(table);
    free(cols);
    free(x);
}

static void columns_hold_what_each_output_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(all); i++) {
        const struct rt_conv v = conv_of(&all[i]);
        struct rt_strips s;
        rt_strips_set(&s, &v, all[i].cols);
        for (int64_t k = 0; k < s.count; k++) {
            const struct rt_strip t = rt_strip_at(&s, &v, k);
            check_columns(&all[i], &v, &t);
        }
    }
}

/* Adds small integers, so that any order gives the same bytes. */
static void check_back(const struct geometry *g, const struct rt_conv *v, const struct rt_strips *s)
{
    const int64_t channels = v->groups * v->c, size = v->n * channels * v->in_size;
    float *got = counted(size), *want = counted(size);
    float *cols = counted(channels * v->taps * s->cols), *used = counted(channels * v->taps * s->cols);
    int64_t *table = malloc((size_t)(v->outer_taps * s->rows) * sizeof *table);
    for (int64_t k = 0; k < s->count; k++) {
        const struct rt_strip t = rt_strip_at(s, v, k);
        const int64_t n = rt_strip_cols(&t), half = v->window.axis[0].in / 2;
        for (int64_t band = 0; band < (v->window.axes > 1 ? 2 : 1); band++) {
            rt_conv_table(v, &t, band ? half : 0,
                          band ? INT64_MAX : v->window.axes > 1 ? half : INT64_MAX, table);
            memcpy(used, cols, (size_t)(channels * v->taps * s->cols) * sizeof *cols);
            rt_col2im(v, &t, table, used, 0, channels, got);
        }
        for (int64_t c = 0; c < channels * v->taps; c++)
            for (int64_t j = 0; j < n; j++) {
                const int64_t p = pixel(v, &t, j);
                const int64_t at =
                    reads(v, p / v->out_size, c / v->taps, p % v->out_size, c % v->taps);
                if (at >= 0)
                    want[at] += cols[c * n + j];
            }
    }
    if (memcmp(got, want, (size_t)size * sizeof *got))
        fail_msg("%s: columns added back differ", g->name);
    free(table);
    free(used);
    free(cols);
    free(want);
    free(got);
}

static void columns_go_back_to_where_they_came_from_band_by_band(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(all); i++) {
        const struct rt_conv v = conv_of(&all[i]);
        struct rt_strips s;
        rt_strips_set(&s, &v, all[i].cols);
        check_back(&all[i], &v, &s);
    }
}

static void strips_are_gathered_and_scattered_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(all); i++) {
        const struct rt_conv v = conv_of(&all[i]);
        const int64_t channels = v.groups * v.m, size = v.n * channels * v.out_size;
        struct rt_strips s;
        rt_strips_set(&s, &v, all[i].cols);
        float *y = counted(size), *back = calloc((size_t)size, sizeof *back);
        float *rows = malloc((size_t)(channels * s.cols) * sizeof *rows);
        struct rt_after store = RT_AFTER_NONE, add = RT_AFTER_NONE;
        add.add = back;
        for (int64_t k = 0; k < s.count; k++) {
            const struct rt_strip t = rt_strip_at(&s, &v, k);
            rt_strip_gather(&v, &t, y, NULL, 0, channels, rows);
            if (rt_strip_whole(&t, &v))
                assert_true(rows[0] == y[rt_strip_at_y(&t, &v, 0)]);
            rt_strip_scatter(&v, &t, rows, 0, channels, &store, back);
            rt_strip_scatter(&v, &t, rows, 0, channels, &add, back);
        }
        for (int64_t k = 0; k < size; k++)
            assert_true(back[k] == 2 * y[k]);
        free(rows);
        free(back);
        free(y);
    }
}

static void scratch_stays_small_however_large_the_picture(void **state)
{
    const struct geometry huge = {"huge", 2, 1, 1, 512, 512, 0, {{4096, 3, 1, 1, 1}, {4096, 3, 1, 1, 1}}};
    const struct geometry wide = {"filters of a million taps", 2, 1, 1, 1, 1, 0,
                                  {{2048, 1024, 1, 1, 0}, {2048, 1024, 1, 1, 0}}};
    const struct geometry many = {"more filters than are transformed", 2, 1, 1, 4096, 4096, 0,
                                  {{256, 3, 1, 1, 1}, {256, 3, 1, 1, 1}}};
    const struct rt_conv v = conv_of(&huge), w = conv_of(&wide), m = conv_of(&many);
    (void)state;
    assert_true(rt_conv_forward_bytes(&v) < 128u << 20); /* filters transformed: 38 MB */
    assert_true(rt_conv_back_data_bytes(&v) < 128u << 20);
    assert_true(rt_conv_back_weight_bytes(&v) < 64u << 20);
    assert_true(rt_conv_forward_bytes(&m) < 256u << 20);
    assert_true(rt_conv_back_data_bytes(&m) < 256u << 20);
    assert_true(rt_conv_back_weight_bytes(&m) < 256u << 20);
    assert_true(rt_conv_forward_bytes(&w) < (uint64_t)2 << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_output_is_in_one_strip),
        cmocka_unit_test(columns_hold_what_each_output_reads),
        cmocka_unit_test(columns_go_back_to_where_they_came_from_band_by_band),
        cmocka_unit_test(strips_are_gathered_and_scattered_whole),
        cmocka_unit_test(scratch_stays_small_however_large_the_picture),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
