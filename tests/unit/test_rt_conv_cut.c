/* Convolutions large enough to be cut in every way that there is, against obvious loops in double;
 * pieces in any order give the same bytes. And lanes: every item once. */
#include "conv_oracle.h"

#include <impasto/kit.h>
#include <kernels/conv.h>
#include <kernels/lanes.h>
#include <kernels/simd.h>
#include <kernels/wino_weight.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct big {
    const char *name;
    int64_t n, groups, c, m, h, w, kh, kw, stride, pad, dilation;
};

static const struct big all[] = {
    {"blocks of channels, two of filters", 1, 1, 40, 128, 20, 26, 3, 3, 1, 1, 1},
    {"small pictures, two blocks of filters", 9, 1, 20, 128, 6, 5, 3, 3, 1, 1, 1},
    {"last strip holds fewer pictures", 70, 1, 3, 4, 4, 4, 3, 3, 1, 1, 1},
    {"pictures that fill no strip", 3, 2, 5, 6, 17, 15, 3, 3, 2, 1, 1},
    {"1x1 with blocks of channels", 1, 1, 300, 128, 12, 10, 1, 1, 1, 0, 1},
    {"1x1 to more channels", 2, 1, 7, 203, 11, 29, 1, 1, 1, 0, 1},
    {"1x1 in groups", 1, 3, 6, 9, 8, 15, 1, 1, 1, 0, 1},
    {"1x1 in bands", 2, 1, 5, 6, 70, 30, 1, 1, 1, 0, 1},
    {"bands with a large kernel", 1, 1, 2, 3, 90, 40, 11, 5, 3, 4, 1},
    {"bands, dilated", 1, 1, 2, 3, 90, 40, 3, 3, 1, 3, 3},
    {"rows longer than a strip", 1, 2, 3, 4, 3, 1500, 3, 3, 1, 1, 1},
    {"parts of the sum by weight", 3, 1, 3, 8, 40, 40, 3, 3, 1, 1, 1},
    {"4x4, stride 2, small pictures", 9, 1, 6, 7, 8, 8, 4, 4, 2, 1, 1},
    {"stride 2, rows longer than vectors", 1, 1, 3, 4, 12, 91, 3, 4, 2, 1, 1},
    {"stride 2, pad beyond the kernel", 2, 1, 3, 4, 6, 5, 3, 2, 2, 3, 1},
    {"stride 2, dilated", 2, 1, 3, 4, 9, 40, 3, 3, 2, 2, 2},
    {"depthwise", 2, 20, 1, 1, 40, 44, 3, 3, 1, 1, 1},
    {"depthwise, stride 2, two filters", 2, 20, 1, 2, 40, 45, 5, 3, 2, 2, 1},
    {"depthwise, small planes", 2, 40, 1, 1, 7, 7, 3, 3, 1, 1, 1},
    {"depthwise, small planes, stride 2", 2, 40, 1, 1, 7, 6, 3, 3, 2, 1, 1},
    {"depthwise, wide planes, stride 2", 1, 3, 1, 1, 30, 150, 3, 3, 2, 1, 1},
    {"depthwise in bands", 1, 2, 1, 1, 290, 130, 3, 3, 1, 1, 1},
    {"depthwise in bands, stride 2", 1, 1, 1, 2, 147, 130, 3, 3, 2, 1, 1},
    {"depthwise 5x5", 2, 9, 1, 1, 23, 37, 5, 5, 1, 2, 1},
    {"depthwise 5x5, stride 2, two filters", 1, 5, 1, 2, 23, 38, 5, 5, 2, 2, 1},
    {"depthwise, no pad", 2, 5, 1, 1, 12, 19, 3, 3, 1, 0, 1},
    {"depthwise, pad beyond the kernel", 1, 4, 1, 1, 6, 5, 3, 2, 1, 4, 1},
    {"depthwise, pad beyond, stride 2", 1, 4, 1, 1, 6, 18, 3, 2, 2, 5, 1},
    {"depthwise, dilated", 2, 5, 1, 1, 14, 33, 3, 3, 1, 3, 3},
    {"depthwise, dilated, stride 2", 1, 5, 1, 1, 14, 33, 3, 3, 2, 2, 2},
    {"depthwise, 7x7", 1, 5, 1, 1, 14, 14, 7, 7, 1, 3, 1},
    {"depthwise, 1x1, stride 2", 1, 5, 1, 1, 9, 20, 1, 1, 2, 0, 1},
    {"depthwise, stride 3", 1, 5, 1, 1, 20, 33, 3, 3, 3, 1, 1},
    {"depthwise, one sample", 3, 5, 1, 1, 1, 1, 3, 3, 1, 1, 1},
};

/* GATE, ADD as Y; SCALE, SHIFT by channel of Y: for what is fused to a convolution. */
enum { X, Y, W, GATE, ADD, SCALE, SHIFT, TENSORS };

/* One convolution with its tensors in both precisions. fused: with a gate before, and scale, shift,
 * sum and a cut leaky relu after it; x is added to. */
struct bed {
    struct rt_conv v;
    bool fused;
    int64_t size[TENSORS];
    double *wide[TENSORS], *want[TENSORS];
    float *narrow[TENSORS], *got[TENSORS];
    void *scratch;
};

static void *clean(int64_t n, size_t each)
{
    void *p = calloc((size_t)n + 1, each);
    assert_non_null(p);
    return p;
}

static void bed_init(struct bed *b, const struct big *g, bool fused)
{
    b->fused = fused;
    b->v = (struct rt_conv){.n = g->n, .groups = g->groups, .c = g->c, .m = g->m};
    b->v.window.axes = 2;
    b->v.window.axis[0] = (struct rt_axis_window){.in = g->h, .kernel = g->kh};
    b->v.window.axis[1] = (struct rt_axis_window){.in = g->w, .kernel = g->kw};
    for (uint32_t i = 0; i < 2; i++) {
        struct rt_axis_window *a = &b->v.window.axis[i];
        a->stride = g->stride;
        a->dilation = g->dilation;
        a->pad = a->pad_end = g->pad;
        assert_true(rt_axis_place(a, RT_PAD_NOTSET, false));
    }
    rt_conv_set(&b->v);
    b->size[X] = g->n * g->groups * g->c * b->v.in_size;
    b->size[Y] = g->n * g->groups * g->m * b->v.out_size;
    b->size[W] = g->groups * g->m * g->c * b->v.taps;
    b->size[GATE] = b->size[ADD] = b->size[Y];
    b->size[SCALE] = b->size[SHIFT] = g->groups * g->m;
    for (uint32_t t = 0; t < TENSORS; t++) {
        b->wide[t] = clean(b->size[t], sizeof(double));
        b->want[t] = clean(b->size[t], sizeof(double));
        b->narrow[t] = clean(b->size[t], sizeof(float));
        b->got[t] = clean(b->size[t], sizeof(float));
        for (int64_t i = 0; i < b->size[t]; i++) {
            b->narrow[t][i] = (float)(kit_uniform(5, t, (uint64_t)i) * 2 - 1);
            b->wide[t][i] = (double)b->narrow[t][i];
        }
    }
    for (int64_t i = 0; fused && i < b->size[Y]; i++)
        b->wide[Y][i] *= b->narrow[GATE][i] > 0;
}

static void bed_fini(struct bed *b)
{
    for (uint32_t t = 0; t < TENSORS; t++) {
        free(b->wide[t]);
        free(b->want[t]);
        free(b->narrow[t]);
        free(b->got[t]);
    }
}

static void add(void *user, int64_t x, int64_t y, int64_t w)
{
    struct bed *b = user;
    b->want[X][x] += b->wide[Y][y] * b->wide[W][w];
    b->want[Y][y] += b->wide[X][x] * b->wide[W][w];
    b->want[W][w] += b->wide[X][x] * b->wide[Y][y];
}

static void walk(struct bed *b, const struct big *g)
{
    struct conv_walk w = {.n = g->n, .groups = g->groups, .c = g->c, .m = g->m};
    w.wide = (struct conv_axes){{1, g->h, g->w}};
    w.narrow = (struct conv_axes){{1, b->v.window.axis[0].out, b->v.window.axis[1].out}};
    w.kernel = (struct conv_axes){{1, g->kh, g->kw}};
    w.stride = (struct conv_axes){{1, g->stride, g->stride}};
    w.dilation = (struct conv_axes){{1, g->dilation, g->dilation}};
    w.pad = (struct conv_axes){{0, g->pad, g->pad}};
    conv_walk(&w, add, b);
    for (int64_t i = 0; b->fused && i < b->size[Y]; i++) {
        const int64_t m = i / b->v.out_size % (g->groups * g->m);
        const double v = b->wide[SCALE][m] * b->want[Y][i] + b->wide[SHIFT][m] + b->wide[ADD][i];
        b->want[Y][i] = v < 0 ? 0.25 * v : v > 2 ? 2 : v;
    }
    for (int64_t i = 0; b->fused && i < b->size[X]; i++)
        b->want[X][i] += 1;
}

/* Pieces in the order opposite to the usual. */
static imp_status backwards(imp_job *job, uint32_t n, void (*fn)(void *, uint32_t), void *user)
{
    (void)job;
    while (n-- > 0)
        fn(user, n);
    return IMP_OK;
}

/* Scratch full of NaN, with a word after its end that must stay. */
static void *scratch_of(uint64_t bytes)
{
    void *p = NULL;
    assert_int_equal(posix_memalign(&p, 64, (size_t)bytes + 64), 0);
    memset(p, 0xff, (size_t)bytes + 64);
    return p;
}

static void give_back(void *scratch, uint64_t bytes)
{
    for (uint64_t i = bytes; i < bytes + 64; i++)
        assert_int_equal(((unsigned char *)scratch)[i], 0xff);
    free(scratch);
}

static void run(struct bed *b, imp_job *job)
{
    const struct rt_conv *v = &b->v;
    const float *gate = b->fused ? b->narrow[GATE] : NULL;
    struct rt_after after = RT_AFTER_NONE;
    if (b->fused)
        after = (struct rt_after){b->narrow[SCALE], b->narrow[SHIFT], b->narrow[ADD], 0.25f, 2};
    uint64_t bytes = rt_conv_forward_bytes(v);
    void *s = scratch_of(bytes);
    memset(b->got[Y], 0xff, (size_t)b->size[Y] * sizeof(float));
    rt_conv_forward(v, b->narrow[X], b->narrow[W], &after, b->got[Y], s, job);
    give_back(s, bytes);
    bytes = rt_conv_back_data_bytes(v);
    s = scratch_of(bytes);
    memset(b->got[X], 0xff, (size_t)b->size[X] * sizeof(float));
    for (int64_t i = 0; b->fused && i < b->size[X]; i++)
        b->got[X][i] = 1;
    rt_conv_back_data(v, b->narrow[Y], gate, b->narrow[W], b->fused, b->got[X], s, job);
    give_back(s, bytes);
    bytes = rt_conv_back_weight_bytes(v);
    s = scratch_of(bytes);
    memset(b->got[W], 0, (size_t)b->size[W] * sizeof(float));
    rt_conv_back_weight(v, b->narrow[X], b->narrow[Y], gate, b->got[W], s, job);
    give_back(s, bytes);
}

/* Largest NMSE: what Winograd's transforms lose is stated in wino.h. */
static double tolerance(const struct bed *b, uint32_t tensor)
{
    struct rt_wino g;
    struct rt_wino_weight p;
    if (tensor == W)
        return rt_wino_weight_set(&p, &b->v) ? 4e-12 : 1e-12;
    if (!rt_wino_set(&g, &b->v, tensor == X))
        return 1e-12;
    return g.s == 4 ? 4e-12 : 4e-11;
}

static void compare(const struct bed *b, const char *name)
{
    for (uint32_t t = X; t <= W; t++) {
        double error = 0, energy = 0;
        for (int64_t i = 0; i < b->size[t]; i++) {
            const double d = (double)b->got[t][i] - b->want[t][i];
            error += d * d;
            energy += b->want[t][i] * b->want[t][i];
        }
        if (!(error < tolerance(b, t) * energy))
            fail_msg("%s: tensor %u is off, NMSE %g", name, t, error / energy);
    }
}

/* In one order of pieces and the opposite, against the oracle and each other. */
static void check(const struct big *g, bool fused)
{
    imp_job job = {.struct_size = sizeof job, .max_threads = 2, .parallel = backwards};
    struct bed b;
    float *first[TENSORS];
    bed_init(&b, g, fused);
    walk(&b, g);
    run(&b, NULL);
    compare(&b, g->name);
    for (uint32_t t = 0; t < TENSORS; t++) {
        first[t] = b.got[t];
        b.got[t] = clean(b.size[t], sizeof(float));
    }
    run(&b, &job);
    for (uint32_t t = 0; t < TENSORS; t++) {
        if (t <= W && memcmp(first[t], b.got[t], (size_t)b.size[t] * sizeof(float)))
            fail_msg("%s: tensor %u depends on the order of pieces", g->name, t);
        free(first[t]);
    }
    bed_fini(&b);
}

/* Under every variant of the kernels. */
static void check_all(bool fused)
{
    for (enum rt_simd v = RT_PORTABLE; v < RT_VARIANTS; v++) {
        setenv("IMPASTO_SIMD", rt_simd_name(v), 1);
        for (size_t i = 0; i < RT_COUNT(all); i++)
            check(&all[i], fused);
    }
    unsetenv("IMPASTO_SIMD");
}

static void every_cut_agrees_with_the_oracle_in_any_order(void **state)
{
    (void)state;
    check_all(false);
}

static void what_is_fused_agrees_with_the_oracle(void **state)
{
    (void)state;
    check_all(true);
}

/* ---- lanes ---- */

static void count(const void *user, int64_t item, void *scratch)
{
    int *const *seen = user;
    seen[0][item]++;
    memset(scratch, 1, 100);
}

static void every_item_has_its_turn_once(void **state)
{
    static const struct rt_lanes cases[] = {{.items = 0, .cost = 1e9, .bytes = 100},
                                            {.items = 1, .cost = 1e9, .bytes = 100},
                                            {.items = 1000, .cost = 1, .bytes = 100},
                                            {.items = 1000, .cost = 1e5, .bytes = 100},
                                            {.items = 1000, .cost = 1e9, .bytes = 100}};
    (void)state;
    for (size_t i = 0; i < RT_COUNT(cases); i++) {
        struct rt_lanes l = cases[i];
        rt_lanes_set(&l);
        int *seen = clean(l.items, sizeof *seen);
        void *scratch = scratch_of(rt_lanes_bytes(&l));
        assert_int_equal(rt_lanes_run(&l, NULL, scratch, count, &seen), IMP_OK);
        for (int64_t k = 0; k < l.items; k++)
            assert_int_equal(seen[k], 1);
        give_back(scratch, rt_lanes_bytes(&l));
        free(seen);
    }
}

/* Stops at the third round. */
static imp_status third(imp_job *job, uint32_t n, void (*fn)(void *, uint32_t), void *user)
{
    if (job->output_count++ == 2)
        return IMP_CANCELLED;
    return backwards(job, n, fn, user);
}

static void a_cancel_ends_between_rounds(void **state)
{
    imp_job job = {.struct_size = sizeof job, .parallel = third};
    struct rt_lanes l = {.items = 1000, .cost = 1e9, .bytes = 100};
    int *seen = clean(l.items, sizeof *seen);
    (void)state;
    rt_lanes_set(&l);
    void *scratch = scratch_of(rt_lanes_bytes(&l));
    assert_int_equal(rt_lanes_run(&l, &job, scratch, count, &seen), IMP_CANCELLED);
    assert_int_equal(seen[0], 1);
    assert_int_equal(seen[999], 0);
    free(scratch);
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_agrees_with_the_oracle_in_any_order),
        cmocka_unit_test(what_is_fused_agrees_with_the_oracle),
        cmocka_unit_test(every_item_has_its_turn_once),
        cmocka_unit_test(a_cancel_ends_between_rounds),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
