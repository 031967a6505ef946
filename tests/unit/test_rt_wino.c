/* Winograd convolutions, both sizes of tiles and every variant of the kernels, against obvious
 * loops in double: forward and the gradient by the input, alone and with what is fused to them. */
#include "conv_oracle.h"

#include <impasto/kit.h>
#include <kernels/conv.h>
#include <kernels/wino_weight.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct shape {
    const char *name;
    int64_t n, c, m, h, w, pad;
    int64_t ky, kx;
};
/* What is fused: how, then, beside scale, shift and sum, the activation goes. */
static const struct {
    float slope, top;
} acts[] = {{1, INFINITY}, {0, INFINITY}, {0, 2}, {0.25f, 2}};

static const struct shape all[] = {
    {"one pixel", 1, 1, 1, 1, 1, 1, 3, 3},
    {"one tile", 1, 3, 5, 4, 4, 1, 3, 3},
    {"tiles cut at the border", 1, 5, 9, 7, 10, 1, 3, 3},
    {"no pad", 1, 4, 8, 9, 13, 0, 3, 3},
    {"wide pads", 1, 3, 4, 6, 5, 2, 3, 3},
    {"a long row", 1, 2, 3, 3, 250, 1, 3, 3},
    {"a column", 1, 3, 2, 90, 2, 1, 3, 3},
    {"tiny pictures, many to a vector", 20, 6, 17, 2, 2, 1, 3, 3},
    {"rows that end inside a vector", 3, 7, 24, 14, 14, 1, 3, 3},
    {"several panels, an odd number of channels", 2, 33, 20, 40, 44, 1, 3, 3},
    {"inputs too large to share", 1, 48, 11, 200, 190, 1, 3, 3},
    {"5x5", 2, 5, 9, 19, 22, 2, 5, 5},
    {"2x2", 1, 5, 9, 11, 13, 1, 2, 2},
    {"9x4, no pad", 1, 3, 10, 17, 30, 0, 9, 4},
    {"1x7", 3, 4, 6, 6, 40, 0, 1, 7},
    {"6x6 that pads as far as it can", 1, 3, 7, 8, 5, 5, 6, 6},
    {"5x5, inputs too large to share", 1, 30, 9, 101, 150, 2, 5, 5},
};

struct bed {
    struct rt_conv v;
    int64_t x_size, y_size, w_size, filters;
    float *x, *y, *w, *gate, *add, *scale, *shift;
    float slope, top;
};

static float *numbers(int64_t n, uint32_t what)
{
    float *p = malloc((size_t)(n ? n : 1) * sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i < n; i++)
        p[i] = (float)(kit_uniform(11, what, (uint64_t)i) * 2 - 1);
    return p;
}

/* back: x and y of the pass are the other way round. */
static void bed_init(struct bed *b, const struct shape *s, bool back)
{
    b->v = (struct rt_conv){.n = s->n, .groups = 1, .c = s->c, .m = s->m};
    b->v.window.axes = 2;
    for (uint32_t i = 0; i < 2; i++) {
        struct rt_axis_window *a = &b->v.window.axis[i];
        *a = (struct rt_axis_window){.in = i ? s->w : s->h,
                                     .kernel = i ? s->kx : s->ky,
                                     .stride = 1,
                                     .dilation = 1,
                                     .pad = s->pad,
                                     .pad_end = s->pad};
        assert_true(rt_axis_place(a, RT_PAD_NOTSET, false));
    }
    rt_conv_set(&b->v);
    const int64_t wide = s->n * s->c * b->v.in_size, narrow = s->n * s->m * b->v.out_size;
    b->x_size = back ? narrow : wide;
    b->y_size = back ? wide : narrow;
    b->w_size = s->m * s->c * s->ky * s->kx;
    b->filters = back ? s->c : s->m;
    b->x = numbers(b->x_size, 0);
    b->y = numbers(b->y_size, 1);
    b->w = numbers(b->w_size, 2);
    b->gate = numbers(b->x_size, 3);
    b->add = numbers(b->y_size, 4);
    b->scale = numbers(b->filters, 5);
    b->shift = numbers(b->filters, 6);
}

static void bed_fini(struct bed *b)
{
    free(b->x), free(b->y), free(b->w), free(b->gate), free(b->add), free(b->scale), free(b->shift);
}

struct sums {
    const struct bed *b;
    double *want;
    bool back, fused;
};

static void product(void *user, int64_t wide, int64_t narrow, int64_t w)
{
    const struct sums *s = user;
    const int64_t from = s->back ? narrow : wide, to = s->back ? wide : narrow;
    if (!s->fused || s->b->gate[from] > 0)
        s->want[to] += (double)s->b->x[from] * (double)s->b->w[w];
}

/* What must come, in double. */
static double *oracle(const struct bed *b, const struct shape *s, bool back, bool fused)
{
    struct sums u = {.b = b, .back = back, .fused = fused};
    struct conv_walk w = {.n = s->n, .groups = 1, .c = s->c, .m = s->m};
    u.want = calloc((size_t)b->y_size, sizeof *u.want);
    assert_non_null(u.want);
    w.wide = (struct conv_axes){{1, s->h, s->w}};
    w.narrow = (struct conv_axes){{1, b->v.window.axis[0].out, b->v.window.axis[1].out}};
    w.kernel = (struct conv_axes){{1, s->ky, s->kx}};
    w.stride = w.dilation = (struct conv_axes){{1, 1, 1}};
    w.pad = (struct conv_axes){{0, s->pad, s->pad}};
    conv_walk(&w, product, &u);
    for (int64_t i = 0; fused && i < b->y_size; i++) {
        const int64_t m = i / (b->y_size / s->n / b->filters) % b->filters;
        const double v = (double)b->scale[m] * u.want[i] + (double)b->shift[m] + (double)b->add[i];
        u.want[i] = v < 0 ? (double)b->slope * v : v > (double)b->top ? (double)b->top : v;
    }
    return u.want;
}

/* Pieces in the order opposite to the usual. */
static imp_status backwards(imp_job *job, uint32_t n, void (*fn)(void *, uint32_t), void *user)
{
    (void)job;
    while (n-- > 0)
        fn(user, n);
    return IMP_OK;
}

/* Into b->y, from NaN, with the word after the scratch untouched. */
static void run(const struct bed *b, const struct rt_wino *g, bool fused, imp_job *job)
{
    const struct rt_after plain = RT_AFTER_NONE;
    const struct rt_after all_of_it = {b->scale, b->shift, b->add, b->slope, b->top, 0, 0};
    const uint64_t bytes = rt_wino_bytes(g);
    void *scratch = NULL;
    assert_int_equal(posix_memalign(&scratch, 64, (size_t)bytes + 64), 0);
    memset(scratch, 0xff, (size_t)bytes + 64);
    memset(b->y, 0xff, (size_t)b->y_size * sizeof *b->y);
    assert_int_equal(rt_wino_run(g, b->x, fused ? b->gate : NULL, b->w, NULL,
                                 fused ? &all_of_it : &plain, b->y, scratch, job),
                     IMP_OK);
    for (uint64_t i = bytes; i < bytes + 64; i++)
        assert_int_equal(((unsigned char *)scratch)[i], 0xff);
    free(scratch);
}

static void compare(const struct bed *b, const double *want, const struct shape *s,
                    const struct rt_wino *g)
{
    double error = 0, energy = 0;
    for (int64_t i = 0; i < b->y_size; i++) {
        error += ((double)b->y[i] - want[i]) * ((double)b->y[i] - want[i]);
        energy += want[i] * want[i];
    }
    if (!(error <= (g->s == 4 ? 4e-12 : 4e-11) * energy))
        fail_msg("%s, tiles of %d, %s: NMSE %g", s->name, (int)g->s, rt_simd_name(g->simd),
                 error / energy);
}

static void check(const struct shape *s, int64_t size, bool back, bool fused, size_t act)
{
    imp_job job = {.struct_size = sizeof job, .max_threads = 2, .parallel = backwards};
    struct bed b;
    struct rt_wino g;
    bed_init(&b, s, back);
    b.slope = acts[act].slope;
    b.top = acts[act].top;
    double *want = oracle(&b, s, back, fused);
    float *first = malloc((size_t)b.y_size * sizeof *first);
    for (enum rt_simd v = RT_PORTABLE; v < RT_VARIANTS; v++) {
        setenv("IMPASTO_SIMD", rt_simd_name(v), 1);
        assert_true(rt_wino_fits(&g, &b.v, back));
        rt_wino_use(&g, size);
        run(&b, &g, fused, NULL);
        compare(&b, want, s, &g);
        memcpy(first, b.y, (size_t)b.y_size * sizeof *first);
        run(&b, &g, fused, &job);
        if (memcmp(first, b.y, (size_t)b.y_size * sizeof *first))
            fail_msg("%s: depends on the order of pieces", s->name);
    }
    unsetenv("IMPASTO_SIMD");
    free(first);
    free(want);
    bed_fini(&b);
}

static void check_all(int64_t size)
{
    for (size_t i = 0; i < RT_COUNT(all); i++)
        for (int how = 0; how < 4; how++)
            check(&all[i], size, how & 1, how & 2, (i + (size_t)how) % RT_COUNT(acts));
}

static void tiles_of_4_agree_with_the_oracle(void **state)
{
    (void)state;
    check_all(4);
}

static void tiles_of_6_agree_with_the_oracle(void **state)
{
    (void)state;
    check_all(6);
}

/* ---- the largest of each 2x2 ---- */

static float larger(float a, float b)
{
    return b > a || isnan(b) ? b : a;
}

/* Of `whole`, which has every output. */
static void halve(const struct bed *b, const float *whole, float *to)
{
    const int64_t h = b->v.window.axis[0].out, w = b->v.window.axis[1].out;
    for (int64_t plane = 0; plane < b->y_size / (h * w); plane++)
        for (int64_t y = 0; y + 1 < h; y += 2)
            for (int64_t x = 0; x + 1 < w; x += 2) {
                const float *at = whole + (plane * h + y) * w + x;
                *to++ = larger(larger(at[0], at[1]), larger(at[w], at[w + 1]));
            }
}

static float *run_after(struct bed *b, const struct rt_wino *g, const struct rt_after *after)
{
    float *y = malloc((size_t)(b->y_size + 1) * sizeof *y);
    void *scratch = NULL;
    assert_non_null(y);
    assert_int_equal(posix_memalign(&scratch, 64, (size_t)rt_wino_bytes(g)), 0);
    memset(y, 0x7f, (size_t)(b->y_size + 1) * sizeof *y);
    assert_int_equal(rt_wino_run(g, b->x, NULL, b->w, NULL, after, y, scratch, NULL), IMP_OK);
    free(scratch);
    return y;
}

static void check_halves(const struct shape *s, int64_t size, size_t act)
{
    struct bed b;
    struct rt_wino g;
    bed_init(&b, s, false);
    b.x[b.x_size / 2] = NAN;
    struct rt_after after = {.scale = b.scale, .shift = b.shift, .top = acts[act].top};
    after.slope = acts[act].slope;
    const int64_t h = b.v.window.axis[0].out / 2, w = b.v.window.axis[1].out / 2;
    const int64_t count = s->n * s->m * h * w;
    float *want = malloc((size_t)(count + 1) * sizeof *want);
    for (enum rt_simd v = RT_PORTABLE; v < RT_VARIANTS; v++) {
        setenv("IMPASTO_SIMD", rt_simd_name(v), 1);
        assert_true(rt_wino_fits(&g, &b.v, false));
        rt_wino_use(&g, size);
        after.halved = 0;
        float *whole = run_after(&b, &g, &after);
        after.halved = 1;
        float *half = run_after(&b, &g, &after);
        halve(&b, whole, want);
        memset(want + count, 0x7f, sizeof *want); /* nothing is written behind them */
        for (int64_t i = 0; i <= count; i++)
            if (half[i] != want[i] && !(isnan(half[i]) && isnan(want[i])))
                fail_msg("%s, tiles of %d, %s: output %d is %g, not %g", s->name, (int)size,
                         rt_simd_name(v), (int)i, (double)half[i], (double)want[i]);
        free(whole);
        free(half);
    }
    unsetenv("IMPASTO_SIMD");
    free(want);
    bed_fini(&b);
}

static void halves_are_the_largest_of_each_four(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(all); i++)
        for (int64_t size = 4; size <= 6; size += 2)
            check_halves(&all[i], size, i % RT_COUNT(acts));
}

/* ---- the gradient by filters ---- */

static void weight_product(void *user, int64_t wide, int64_t narrow, int64_t w)
{
    const struct sums *s = user;
    if (!s->fused || s->b->gate[narrow] > 0)
        s->want[w] += (double)s->b->x[narrow] * (double)s->b->y[wide];
}

static void run_weight(const struct bed *b, const struct rt_wino_weight *p, bool fused, float *w,
                       imp_job *job)
{
    const uint64_t bytes = rt_wino_weight_bytes(p);
    void *scratch = NULL;
    assert_int_equal(posix_memalign(&scratch, 64, (size_t)bytes + 64), 0);
    memset(scratch, 0xff, (size_t)bytes + 64);
    for (int64_t i = 0; i < b->w_size; i++)
        w[i] = 1;
    assert_int_equal(rt_wino_weight_run(p, b->y, b->x, fused ? b->gate : NULL, w, scratch, job),
                     IMP_OK);
    for (uint64_t i = bytes; i < bytes + 64; i++)
        assert_int_equal(((unsigned char *)scratch)[i], 0xff);
    free(scratch);
}

static void check_weight(const struct shape *s, bool fused)
{
    imp_job job = {.struct_size = sizeof job, .max_threads = 2, .parallel = backwards};
    struct bed b;
    struct conv_walk w = {.n = s->n, .groups = 1, .c = s->c, .m = s->m};
    bed_init(&b, s, true); /* so b.x is the narrow side, y the wide one */
    float *got = malloc((size_t)b.w_size * sizeof *got),
          *other = malloc((size_t)b.w_size * sizeof *other);
    struct sums u = {.b = &b, .fused = fused, .want = malloc((size_t)b.w_size * sizeof(double))};
    for (int64_t i = 0; i < b.w_size; i++)
        u.want[i] = 1;
    w.wide = (struct conv_axes){{1, s->h, s->w}};
    w.narrow = (struct conv_axes){{1, b.v.window.axis[0].out, b.v.window.axis[1].out}};
    w.kernel = (struct conv_axes){{1, s->ky, s->kx}};
    w.stride = w.dilation = (struct conv_axes){{1, 1, 1}};
    w.pad = (struct conv_axes){{0, s->pad, s->pad}};
    conv_walk(&w, weight_product, &u);
    for (enum rt_simd v = RT_PORTABLE; v < RT_VARIANTS; v++) {
        struct rt_wino_weight p;
        double error = 0, energy = 0;
        setenv("IMPASTO_SIMD", rt_simd_name(v), 1);
        assert_true(rt_wino_weight_fits(&p, &b.v));
        run_weight(&b, &p, fused, got, NULL);
        run_weight(&b, &p, fused, other, &job);
        if (memcmp(got, other, (size_t)b.w_size * sizeof *got))
            fail_msg("%s: the gradient by filters depends on the order of pieces", s->name);
        for (int64_t i = 0; i < b.w_size; i++) {
            error += ((double)got[i] - u.want[i]) * ((double)got[i] - u.want[i]);
            energy += u.want[i] * u.want[i];
        }
        if (!(error <= 4e-12 * energy))
            fail_msg("%s, filters, %s: NMSE %g", s->name, rt_simd_name(v), error / energy);
    }
    unsetenv("IMPASTO_SIMD");
    free(u.want);
    free(got);
    free(other);
    bed_fini(&b);
}

static void the_gradient_by_filters_agrees_with_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(all); i++) {
        if (all[i].ky != 3)
            continue; /* of 3x3 alone */
        check_weight(&all[i], false);
        check_weight(&all[i], true);
    }
}

/* ---- */

static void other_convolutions_are_refused(void **state)
{
    static const struct rt_axis_window wrong[] = {
        {.in = 9, .kernel = 3, .stride = 2, .dilation = 1, .pad = 1, .pad_end = 1},
        {.in = 9, .kernel = 3, .stride = 1, .dilation = 2, .pad = 1, .pad_end = 1},
        {.in = 9, .kernel = 1, .stride = 1, .dilation = 1},
        {.in = 19, .kernel = 11, .stride = 1, .dilation = 1, .pad = 5, .pad_end = 5},
    };
    (void)state;
    for (size_t i = 0; i < RT_COUNT(wrong); i++) {
        struct rt_conv v = {.n = 1, .groups = 1, .c = 64, .m = 64, .window.axes = 2};
        struct rt_wino g;
        v.window.axis[0] = v.window.axis[1] = wrong[i];
        assert_true(rt_axis_place(&v.window.axis[0], RT_PAD_NOTSET, false));
        assert_true(rt_axis_place(&v.window.axis[1], RT_PAD_NOTSET, false));
        rt_conv_set(&v);
        assert_false(rt_wino_fits(&g, &v, false));
        assert_false(rt_wino_fits(&g, &v, true));
    }
}

static bool takes(int64_t c, int64_t m, int64_t side, int64_t kernel, bool back)
{
    struct rt_conv v = {.n = 1, .groups = 1, .c = c, .m = m, .window.axes = 2};
    struct rt_wino g;
    for (int i = 0; i < 2; i++) {
        v.window.axis[i] = (struct rt_axis_window){.in = side,
                                                   .kernel = kernel,
                                                   .stride = 1,
                                                   .dilation = 1,
                                                   .pad = kernel / 2,
                                                   .pad_end = kernel / 2};
        assert_true(rt_axis_place(&v.window.axis[i], RT_PAD_NOTSET, false));
    }
    rt_conv_set(&v);
    return rt_wino_set(&g, &v, back) && rt_wino_bytes(&g) < 64u << 20;
}

static void the_layers_it_is_made_for_take_it(void **state)
{
    (void)state;
    assert_true(takes(64, 64, 256, 3, false));
    assert_true(takes(64, 64, 56, 5, false) && takes(64, 64, 56, 5, true));
    assert_true(takes(3, 32, 256, 9, false)); /* the first layer of a style network, not the last */
    assert_false(takes(32, 3, 256, 9, false));
    assert_false(takes(64, 64, 56, 1, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_of_4_agree_with_the_oracle),
        cmocka_unit_test(tiles_of_6_agree_with_the_oracle),
        cmocka_unit_test(halves_are_the_largest_of_each_four),
        cmocka_unit_test(the_gradient_by_filters_agrees_with_the_oracle),
        cmocka_unit_test(other_convolutions_are_refused),
        cmocka_unit_test(the_layers_it_is_made_for_take_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
