/* Convolutions over copies of what strips read: the copies, sums and gradients, against obvious
 * loops in double. */
#include "conv_places.h"

#include <kernels/dilated.h>
#include <kernels/windows_sums.h>
#include <kernels/windows_weight.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* in, kernel, stride, dilation, pad of each axis; n, groups, c, m. */
struct geometry {
    const char *name;
    uint32_t axes;
    int64_t n, groups, c, m;
    int64_t axis[2][5];
};

static const struct geometry all[] = {
    {"one pixel", 2, 1, 1, 1, 16, {{1, 1, 1, 1, 0}, {1, 1, 1, 1, 0}}},
    {"5x5", 2, 1, 1, 3, 13, {{17, 5, 1, 1, 2}, {19, 5, 1, 1, 2}}},
    {"stride 2, odd", 2, 2, 1, 9, 20, {{35, 3, 2, 1, 1}, {37, 3, 2, 1, 1}}},
    {"stride 2, even, 4x4", 2, 1, 2, 8, 16, {{34, 4, 2, 1, 1}, {36, 4, 2, 1, 1}}},
    {"1x1, stride 2", 2, 1, 1, 9, 33, {{20, 1, 2, 1, 0}, {21, 1, 2, 1, 0}}},
    {"1x1, stride 2, channels in several blocks", 2, 1, 1, 1400, 9, {{40, 1, 2, 1, 0}, {41, 1, 2, 1, 0}}},
    {"stride 3 and 1, kernel 2 and 7", 2, 1, 1, 8, 12, {{40, 2, 3, 1, 0}, {23, 7, 1, 1, 3}}},
    {"stride beyond the kernel", 2, 1, 1, 2, 14, {{29, 2, 3, 1, 0}, {30, 2, 4, 1, 1}}},
    {"stride 8, dilation 3", 2, 1, 1, 2, 14, {{60, 3, 8, 3, 2}, {64, 2, 8, 3, 0}}},
    {"stride 2, dilation 2: one phase", 2, 1, 1, 8, 14, {{30, 3, 2, 2, 2}, {31, 3, 2, 2, 2}}},
    {"dilation 2", 2, 1, 1, 10, 24, {{26, 3, 1, 2, 2}, {27, 3, 1, 2, 2}}},
    {"pads beyond the kernel", 2, 1, 1, 8, 12, {{8, 3, 1, 1, 5}, {9, 2, 1, 1, 4}}},
    {"no pads, many groups", 2, 1, 4, 8, 16, {{12, 3, 1, 1, 0}, {19, 3, 1, 1, 0}}},
    {"many channels and filters", 2, 1, 1, 200, 210, {{16, 3, 2, 1, 1}, {15, 3, 2, 1, 1}}},
    {"channels in several blocks", 2, 1, 1, 400, 9, {{41, 3, 2, 1, 1}, {40, 3, 2, 1, 1}}},
    {"tall: many strips", 2, 1, 1, 8, 16, {{300, 5, 1, 1, 2}, {21, 5, 1, 1, 2}}},
    {"one row wider than a strip", 2, 1, 1, 8, 16, {{3, 3, 1, 1, 1}, {900, 3, 2, 1, 1}}},
    {"one axis", 1, 1, 1, 8, 16, {{501, 9, 2, 1, 4}}},
    {"1x1 in place", 2, 2, 1, 12, 16, {{9, 1, 1, 1, 0}, {8, 1, 1, 1, 0}}},
    {"pictures together", 2, 3, 1, 8, 16, {{17, 5, 1, 1, 2}, {18, 5, 1, 1, 2}}},
};

static struct rt_conv conv_of(const struct geometry *g)
{
    return conv_with((struct rt_conv){.n = g->n, .groups = g->groups, .c = g->c, .m = g->m},
                     g->axes, g->axis);
}

/* With three more at the end of each axis than at its begin. */
static struct rt_conv uneven_of(const struct geometry *g)
{
    struct rt_conv v = conv_of(g);
    for (uint32_t i = 0; i < g->axes; i++) {
        v.window.axis[i].pad_end += 3;
        assert_true(rt_axis_place(&v.window.axis[i], RT_PAD_NOTSET, false));
    }
    rt_conv_set(&v);
    return v;
}

/* In [-0.5, 0.5), another one for each seed and place. */
static float *drawn(int64_t n, uint32_t seed)
{
    float *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / (float)(1 << 24) - 0.5f;
    }
    return x;
}

static void *room(uint64_t bytes)
{
    void *p = NULL;
    assert_int_equal(posix_memalign(&p, 64, bytes + 64), 0);
    memset(p, 0xff, bytes + 64); /* NaN, if somebody read it */
    return p;
}

/* ---- copies ---- */

static void check_copy(const struct geometry *n, const struct rt_conv *v, int64_t tall)
{
    struct rt_windows g;
    assert_true(rt_windows_shape(&g, v, false));
    rt_windows_tall(&g, tall);
    float *x = drawn(v->c * v->in_size, 7);
    int64_t *rows = room(rt_windows_rows_bytes(&g));
    float *copy = room((uint64_t)(v->c * g.planes * g.plane) * sizeof *copy);
    for (int64_t row0 = 0; row0 < g.y.out; row0 += g.tall) {
        rt_windows_copy(&g, row0, v->c, x, NULL, rows, copy);
        for (int64_t k = 0; k < v->c * v->taps; k++)
            for (int64_t r = row0; r < row0 + g.tall && r < g.y.out; r++)
                for (int64_t i = 0; i < g.x.out; i++) {
                    const int64_t c = k / v->taps, t = k % v->taps,
                                  from = place_read(v, r * g.x.out + i, t);
                    const int64_t at = c * g.planes * g.plane + (r - row0) * g.pitch + i +
                                       rt_windows_tap(&g, t / g.x.kernel, t % g.x.kernel);
                    const float want = from < 0 ? 0 : x[c * v->in_size + from];
                    if (!(copy[at] == want))
                        fail_msg("%s: channel %lld, tap %lld, output %lld %lld: %g, not %g",
                                 n->name, (long long)c, (long long)t, (long long)r, (long long)i,
                                 (double)copy[at], (double)want);
                }
    }
    free(copy);
    free(rows);
    free(x);
}

static void copies_hold_what_each_tap_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct rt_conv both[] = {conv_of(&all[i]), uneven_of(&all[i])};
        for (int k = 0; k < 2; k++) {
            both[k].c = both[k].c < 3 ? both[k].c : 3;
            check_copy(&all[i], &both[k], 1);
            check_copy(&all[i], &both[k], 4);
            check_copy(&all[i], &both[k], 1000);
        }
    }
}

/* ---- sums ---- */

struct data {
    const struct geometry *name;
    struct rt_conv v;
    int64_t xs, ys, ws;
    float *x, *y, *gate, *w;
};

static struct data data_of(const struct geometry *g)
{
    struct data d = {.name = g, .v = conv_of(g)};
    d.xs = d.v.n * d.v.groups * d.v.c * d.v.in_size;
    d.ys = d.v.n * d.v.groups * d.v.m * d.v.out_size;
    d.ws = d.v.groups * d.v.m * d.v.c * d.v.taps;
    d.x = drawn(d.xs, 1);
    d.y = drawn(d.ys, 2);
    d.gate = drawn(d.ys, 3);
    d.w = drawn(d.ws, 4);
    return d;
}

static void drop(struct data *d)
{
    free(d->x), free(d->y), free(d->gate), free(d->w);
}

/* Every product of a convolution once: what = 'f': to y, 'd': to x, 'w': to w. */
static double *oracle(const struct data *d, char what)
{
    const struct rt_conv *v = &d->v;
    const int64_t size = what == 'f' ? d->ys : what == 'd' ? d->xs : d->ws;
    double *to = calloc((size_t)size, sizeof *to);
    for (int64_t f = 0; f < v->n * v->groups * v->m; f++)
        for (int64_t k = 0; k < v->c * v->taps; k++)
            for (int64_t o = 0; o < v->out_size; o++) {
                const int64_t plane = f / v->m, at = place_read(v, o, k % v->taps);
                if (at < 0)
                    continue;
                const int64_t y = f * v->out_size + o,
                              w = f % (v->groups * v->m) * v->c * v->taps + k;
                const int64_t x = (plane * v->c + k / v->taps) * v->in_size + at;
                const double dy = d->gate[y] > 0 ? (double)d->y[y] : 0;
                if (what == 'f')
                    to[y] += (double)d->x[x] * (double)d->w[w];
                else if (what == 'd')
                    to[x] += dy * (double)d->w[w];
                else
                    to[w] += dy * (double)d->x[x];
            }
    return to;
}

static void agree(const struct data *d, const char *what, const float *got, const double *want,
                  int64_t n, double most)
{
    double power = 0, error = 0;
    for (int64_t i = 0; i < n; i++) {
        const double e = (double)got[i] - want[i];
        power += want[i] * want[i];
        error += e * e;
        if (!isfinite((double)got[i]))
            fail_msg("%s: %s %lld is %g", d->name->name, what, (long long)i, (double)got[i]);
    }
    if (!(error <= power * most))
        fail_msg("%s: %s: relative error %g", d->name->name, what, sqrt(error / power));
}

static void check_forward(const struct data *d)
{
    struct rt_windows_sums s;
    struct rt_after after = RT_AFTER_NONE;
    float *y = room((uint64_t)d->ys * sizeof *y);
    if (rt_windows_sums_set(&s, &d->v, false)) {
        void *scratch = room(rt_windows_sums_bytes(&s));
        double *want = oracle(d, 'f');
        assert_int_equal(rt_windows_sums_run(&s, d->x, NULL, d->w, &after, y, scratch, NULL),
                         IMP_OK);
        agree(d, "forward", y, want, d->ys, 1e-12);
        after.add = y; /* once more, on top of itself */
        assert_int_equal(rt_windows_sums_run(&s, d->x, NULL, d->w, &after, y, scratch, NULL),
                         IMP_OK);
        for (int64_t i = 0; i < d->ys; i++)
            want[i] *= 2;
        agree(d, "forward, added", y, want, d->ys, 1e-12);
        free(want);
        free(scratch);
    }
    free(y);
}

static void check_data(const struct data *d)
{
    struct rt_windows_sums s;
    const struct rt_after after = RT_AFTER_NONE;
    float *x = room((uint64_t)d->xs * sizeof *x);
    if (rt_windows_sums_set(&s, &d->v, true)) {
        void *scratch = room(rt_windows_sums_bytes(&s));
        double *want = oracle(d, 'd');
        assert_int_equal(rt_windows_sums_run(&s, d->y, d->gate, d->w, &after, x, scratch, NULL),
                         IMP_OK);
        agree(d, "gradient by the input", x, want, d->xs, 1e-12);
        free(want);
        free(scratch);
    }
    free(x);
}

/* Through conv.h, which puts parts together; on top of what is there. */
static void check_weight(const struct data *d)
{
    float *w = calloc((size_t)d->ws, sizeof *w);
    void *scratch = room(rt_conv_back_weight_bytes(&d->v));
    double *want = oracle(d, 'w');
    for (int i = 0; i < 2; i++)
        assert_int_equal(rt_conv_back_weight(&d->v, d->x, d->y, d->gate, w, scratch, NULL), IMP_OK);
    for (int64_t i = 0; i < d->ws; i++)
        want[i] *= 2;
    agree(d, "gradient by filters", w, want, d->ws, 1e-12);
    free(want);
    free(scratch);
    free(w);
}

static void sums_and_gradients_are_what_loops_give(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct data d = data_of(&all[i]);
        check_forward(&d);
        check_data(&d);
        check_weight(&d);
        drop(&d);
    }
}

/* ---- dilated, by phases ---- */

static const struct geometry dilated[] = {
    {"dilation 2", 2, 2, 1, 10, 24, {{26, 3, 1, 2, 2}, {27, 3, 1, 2, 2}}},
    {"dilation 3 and 1, no pad", 2, 1, 1, 16, 9, {{31, 3, 1, 3, 0}, {40, 3, 1, 1, 0}}},
    {"dilations 5 and 2 of 5x5", 2, 1, 1, 64, 64, {{64, 5, 1, 5, 10}, {66, 5, 1, 2, 4}}},
    {"wide pads", 2, 1, 1, 16, 16, {{20, 3, 1, 2, 4}, {20, 3, 1, 4, 8}}},
    {"dilation beyond the picture", 2, 9, 1, 32, 32, {{7, 3, 1, 9, 9}, {60, 3, 1, 2, 2}}},
};

/* After: scaled, shifted, added to what is there, cut below. */
static void check_dilated(const struct data *d, bool back)
{
    struct rt_dilated s;
    const int64_t n = back ? d->xs : d->ys, channels = d->v.groups * (back ? d->v.c : d->v.m);
    float *to = drawn(n, 5), *scale = drawn(channels, 6), *shift = drawn(channels, 7);
    if (!rt_dilated_set(&s, &d->v, back))
        fail_msg("%s: refused, back: %d", d->name->name, back);
    void *scratch = room(rt_dilated_bytes(&s));
    double *want = oracle(d, back ? 'd' : 'f');
    for (int64_t i = 0; i < n; i++) {
        const int64_t c = i / (n / d->v.n / channels) % channels;
        const double v = (double)scale[c] * want[i] + (double)shift[c] + (double)to[i];
        want[i] = v < 0 ? v / 4 : v;
    }
    const struct rt_after after = {
        .scale = scale, .shift = shift, .add = to, .slope = 0.25f, .top = INFINITY};
    assert_int_equal(rt_dilated_run(&s, back ? d->y : d->x, back ? d->gate : NULL, d->w, &after, to,
                                    scratch, NULL),
                     IMP_OK);
    agree(d, back ? "dilated, by the input" : "dilated, forward", to, want, n, 4e-12);
    free(want), free(scratch), free(shift), free(scale), free(to);
}

static void dilated_ones_are_what_loops_give(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dilated / sizeof *dilated; i++) {
        struct data d = data_of(&dilated[i]);
        check_dilated(&d, false);
        check_dilated(&d, true);
        drop(&d);
    }
}

static void what_is_not_dilated_so_is_refused(void **state)
{
    static const struct geometry others[] = {
        {"not dilated", 2, 1, 1, 64, 64, {{26, 3, 1, 1, 1}, {26, 3, 1, 1, 1}}},
        {"stride 2", 2, 1, 1, 64, 64, {{26, 3, 2, 2, 2}, {26, 3, 2, 2, 2}}},
        {"a pad between", 2, 1, 1, 64, 64, {{26, 3, 1, 2, 1}, {26, 3, 1, 2, 1}}},
        {"groups", 2, 1, 2, 64, 64, {{26, 3, 1, 2, 2}, {26, 3, 1, 2, 2}}},
        {"phases that take much memory", 2, 9, 1, 64, 64, {{256, 3, 1, 2, 2}, {256, 3, 1, 2, 2}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct rt_conv v = conv_of(&others[i]);
        struct rt_dilated s;
        if (rt_dilated_set(&s, &v, false) || rt_dilated_set(&s, &v, true))
            fail_msg("%s: taken", others[i].name);
    }
}

/* What the cuts are for: a case of each kind is among those above, or tests would pass by not
 * asking. */
static void every_kind_of_cut_is_met(void **state)
{
    (void)state;
    bool strips = false, blocks = false, filters = false, in_place = false, several = false, back = false,
         parts = false, channels = false, direct = false, one_part = false;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct rt_conv v = conv_of(&all[i]);
        struct rt_windows_sums s;
        struct rt_windows_weight w;
        if (rt_windows_sums_set(&s, &v, false)) {
            strips = strips || s.g.strips > 1;
            blocks = blocks || s.blocks > 1;
            filters = filters || s.m_blocks > 1;
            in_place = in_place || s.g.pitch == s.g.x.out;
            several = several || (s.g.pitch == s.g.x.out && s.blocks > 1);
        }
        back = back || rt_windows_sums_set(&s, &v, true);
        if (rt_windows_weight_set(&w, &v)) {
            parts = parts || w.parts > 1;
            one_part = one_part || w.parts == 1;
            channels = channels || w.blocks > 1;
            filters = filters || w.m_blocks > 1;
            direct = direct || w.direct;
        }
    }
    assert_true(strips);
    assert_true(blocks);
    assert_true(filters);
    assert_true(in_place);
    assert_true(several);
    assert_true(back);
    assert_true(parts);
    assert_true(channels);
    assert_true(direct);
    assert_true(one_part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_hold_what_each_tap_reads),
        cmocka_unit_test(sums_and_gradients_are_what_loops_give),
        cmocka_unit_test(every_kind_of_cut_is_met),
        cmocka_unit_test(dilated_ones_are_what_loops_give),
        cmocka_unit_test(what_is_not_dilated_so_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
