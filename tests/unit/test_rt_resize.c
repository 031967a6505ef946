/* test_rt_resize.c - resize against a dense matrix of weights for each axis, written from ONNX's
 * formulas. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "op_attr.h"

enum { MOST = 16 };

/* What a case asks of axis i. */
struct axis {
    int64_t in, out;
    double scale, length, from, to;
};

static struct axis axis_of(const struct op_case *c, uint32_t i)
{
    const struct rt_attr *axes = op_attr(c, "axes"), *scales = op_attr(c, "scales");
    const struct rt_attr *roi = op_attr(c, "roi"), *sizes = op_attr(c, "sizes");
    const uint32_t ndim = c->in_shape->ndim;
    const uint32_t n = scales->count ? scales->count : sizes->count;
    struct axis a = {.in = c->in_shape->dim[i], .out = c->out_shape->dim[i], .scale = 1, .to = 1};
    a.length = (double)a.in;
    for (uint32_t k = 0; k < n; k++) {
        const int64_t named = axes->count ? axes->ints[k] : k + (n == ndim - 2 ? 2 : 0);
        if (rt_axis(named, ndim) != (int)i)
            continue;
        a.scale = scales->count ? (double)(float)scales->floats[k] : (double)a.out / (double)a.in;
        if (op_integer(c, "keep_aspect", 0, 0))
            a.scale = op_number(c, "extrapolation", 0, 0); /* the case says which it must be */
        a.length = a.scale * (double)a.in;
        if (roi->count) {
            a.from = roi->floats[k];
            a.to = roi->floats[k + n];
        }
    }
    return a;
}

static double coordinate(const struct op_case *c, const struct axis *a, int64_t o)
{
    const double n = (double)a->in, half = ((double)o + 0.5) / a->scale - 0.5;
    switch (op_integer(c, "coordinates", 0, 0)) {
    case 1:
        return a->out > 1 ? half : 0;
    case 2:
        return a->length == 1 ? 0 : (double)o * (n - 1) / (a->length - 1);
    case 3:
        return (double)o / a->scale;
    case 4:
        return a->length > 1
                   ? a->from * (n - 1) + (double)o * (a->to - a->from) * (n - 1) / (a->length - 1)
                   : 0.5 * (a->from + a->to) * (n - 1);
    case 5:
        return n / 2 - (double)a->out / a->scale / 2 + ((double)o + 0.5) / a->scale - 0.5;
    case 6:
        return half + 0.5;
    default:
        return half;
    }
}

static double keys(double t, double a)
{
    t = fabs(t);
    return t < 1   ? (a + 2) * t * t * t - (a + 3) * t * t + 1
           : t < 2 ? a * t * t * t - 5 * a * t * t + 8 * a * t - 4 * a
                   : 0;
}

static int64_t nearest(const struct op_case *c, double x)
{
    const double low = floor(x), part = x - low;
    switch (op_integer(c, "rounding", 0, 0)) {
    case 1:
        return (int64_t)(part < 0.5 ? low : low + 1);
    case 2:
        return (int64_t)low;
    case 3:
        return (int64_t)(part > 0 ? low + 1 : low);
    default:
        return (int64_t)(part <= 0.5 ? low : low + 1);
    }
}

/* How much of each place of the input goes into place o. false: it lies outside. */
static bool row(const struct op_case *c, const struct axis *a, int64_t o, double w[MOST])
{
    const double x = coordinate(c, a, o), cubic = op_number(c, "cubic_a", 0, -0.75);
    const int64_t mode = op_integer(c, "mode", 0, 0);
    const double s = op_integer(c, "antialias", 0, 0) && a->scale < 1 ? a->scale : 1;
    double sum = 0;
    for (int64_t i = 0; i < MOST; i++)
        w[i] = 0;
    if (op_integer(c, "coordinates", 0, 0) == 4 && (x < 0 || x > (double)(a->in - 1)))
        return false;
    for (int64_t i = -40; i < a->in + 40; i++) {
        const double d = ((double)i - x) * s;
        const double k = mode == 0   ? i == nearest(c, x)
                         : mode == 1 ? (fabs(d) < 1 ? 1 - fabs(d) : 0)
                                     : keys(d, cubic);
        if (op_integer(c, "exclude_outside", 0, 0) && (i < 0 || i >= a->in))
            continue;
        w[i < 0 ? 0 : i < a->in ? i : a->in - 1] += k;
        sum += k;
    }
    for (int64_t i = 0; i < a->in; i++)
        w[i] /= sum;
    return true;
}

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    double w[4][MOST][MOST];
    bool inside[4][MOST];
    int64_t o[RT_RANK] = {0};
    for (uint32_t d = 0; d < c->in_shape->ndim; d++) {
        const struct axis a = axis_of(c, d);
        for (int64_t i = 0; i < a.out; i++)
            inside[d][i] = row(c, &a, i, w[d][i]);
    }
    do {
        int64_t at[RT_RANK] = {0};
        double sum = 0;
        bool within = true;
        do {
            double k = in[0][op_at(c->in_shape, at)];
            for (uint32_t d = 0; d < c->in_shape->ndim; d++) {
                k *= w[d][o[d]][at[d]];
                within = within && inside[d][o[d]];
            }
            sum += k;
        } while (op_next(c->in_shape, at));
        *out++ = within ? sum : op_number(c, "extrapolation", 0, 0);
    } while (op_next(c->out_shape, o));
}

static void check_all(const struct op_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct op_case c = cases[i];
        c.op = "resize";
        c.oracle = oracle;
        op_check(&c);
    }
}

static void nearest_agrees(void **state)
{
    static const struct op_case cases[] = {
        {.name = "twice", .attrs = "scales=1 1 2 2", .shapes = "2 3 3 4", .out = "2 3 6 8"},
        {.name = "asymmetric, floor",
         .attrs = "scales=2 3;coordinates=asymmetric;rounding=floor",
         .shapes = "1 2 3 2",
         .out = "1 2 6 6"},
        {.name = "half",
         .attrs = "scales=0.5 0.5;coordinates=asymmetric;rounding=ceil",
         .shapes = "1 2 6 5",
         .out = "1 2 3 2"},
        {.name = "sizes, ceil",
         .attrs = "sizes=1 1 7 8;rounding=ceil",
         .shapes = "1 1 4 4",
         .out = "1 1 7 8"},
        {.name = "prefer ceil",
         .attrs = "sizes=8 8;rounding=round_prefer_ceil;coordinates=asymmetric",
         .shapes = "1 1 4 4",
         .out = "1 1 8 8"},
        {.name = "prefer floor",
         .attrs = "sizes=8 8;coordinates=asymmetric",
         .shapes = "1 1 4 4",
         .out = "1 1 8 8"},
        {.name = "corners",
         .attrs = "sizes=8 7;coordinates=align_corners;rounding=floor",
         .shapes = "1 1 4 4",
         .out = "1 1 8 7"},
        {.name = "for nn",
         .attrs = "sizes=5 3;coordinates=tf_half_pixel_for_nn;rounding=floor",
         .shapes = "1 1 4 4",
         .out = "1 1 5 3"},
        {.name = "one axis", .attrs = "scales=1 1 3", .shapes = "2 1 4", .out = "2 1 12"},
        {.name = "three axes",
         .attrs = "scales=2 1 2;axes=1 2 3",
         .shapes = "1 1 2 3",
         .out = "1 2 2 6"},
    };
    (void)state;
    check_all(cases, sizeof cases / sizeof cases[0]);
}

static void linear_agrees(void **state)
{
    static const struct op_case cases[] = {
        {.name = "twice", .attrs = "mode=linear;scales=2 2", .shapes = "2 2 3 4", .out = "2 2 6 8"},
        {.name = "shrink",
         .attrs = "mode=linear;scales=1 1 0.6 0.6",
         .shapes = "1 2 4 7",
         .out = "1 2 2 4"},
        {.name = "corners",
         .attrs = "mode=linear;sizes=5 7;coordinates=align_corners",
         .shapes = "1 2 3 4",
         .out = "1 2 5 7"},
        {.name = "corners by a scale with a rest",
         .attrs = "mode=linear;scales=0.6 0.6;coordinates=align_corners",
         .shapes = "1 1 4 6",
         .out = "1 1 2 3"},
        {.name = "corners to one",
         .attrs = "mode=linear;sizes=1 3;coordinates=align_corners",
         .shapes = "1 1 4 6",
         .out = "1 1 1 3"},
        {.name = "pytorch",
         .attrs = "mode=linear;sizes=3 1;coordinates=pytorch_half_pixel",
         .shapes = "1 1 4 4",
         .out = "1 1 3 1"},
        {.name = "asymmetric",
         .attrs = "mode=linear;scales=2.5 1.3;coordinates=asymmetric",
         .shapes = "1 1 3 5",
         .out = "1 1 7 6"},
        {.name = "symmetric",
         .attrs = "mode=linear;scales=1.4 0.7;coordinates=half_pixel_symmetric",
         .shapes = "1 1 3 5",
         .out = "1 1 4 3"},
        {.name = "antialias",
         .attrs = "mode=linear;scales=0.4 0.3;antialias=1",
         .shapes = "1 2 8 10",
         .out = "1 2 3 3"},
        {.name = "antialias without the outside",
         .attrs = "mode=linear;scales=0.4 0.3;antialias=1;exclude_outside=1",
         .shapes = "1 1 8 10",
         .out = "1 1 3 3"},
        {.name = "one axis of many",
         .attrs = "mode=linear;sizes=5;axes=-3",
         .shapes = "1 3 4 2",
         .out = "1 5 4 2"},
        {.name = "all four axes",
         .attrs = "mode=linear;sizes=3 4 5 3",
         .shapes = "2 3 4 2",
         .out = "3 4 5 3"},
        {.name = "three axes of four",
         .attrs = "mode=linear;sizes=1 4 5 3",
         .shapes = "1 3 4 2",
         .out = "1 4 5 3"},
    };
    (void)state;
    check_all(cases, sizeof cases / sizeof cases[0]);
}

static void cubic_agrees(void **state)
{
    static const struct op_case cases[] = {
        {.name = "twice", .attrs = "mode=cubic;scales=2 2", .shapes = "1 2 4 5", .out = "1 2 8 10"},
        {.name = "shrink",
         .attrs = "mode=cubic;scales=0.8 0.8",
         .shapes = "1 1 4 5",
         .out = "1 1 3 4"},
        {.name = "a",
         .attrs = "mode=cubic;scales=2 1.5;cubic_a=-0.5;exclude_outside=1",
         .shapes = "1 1 4 4",
         .out = "1 1 8 6"},
        {.name = "corners",
         .attrs = "mode=cubic;sizes=9 3;coordinates=align_corners",
         .shapes = "1 1 4 5",
         .out = "1 1 9 3"},
        {.name = "asymmetric",
         .attrs = "mode=cubic;sizes=9 8;coordinates=asymmetric",
         .shapes = "1 1 4 4",
         .out = "1 1 9 8"},
        {.name = "antialias",
         .attrs = "mode=cubic;scales=0.6 0.3;antialias=1",
         .shapes = "1 1 6 10",
         .out = "1 1 3 3"},
    };
    (void)state;
    check_all(cases, sizeof cases / sizeof cases[0]);
}

static void a_part_is_cropped_and_resized(void **state)
{
    static const struct op_case cases[] = {
        {.name = "within",
         .attrs = "mode=linear;coordinates=tf_crop_and_resize;sizes=3 4;roi=0.2 0.1 0.9 0.8",
         .shapes = "1 2 5 6",
         .out = "1 2 3 4"},
        {.name = "beyond",
         .attrs = "mode=linear;coordinates=tf_crop_and_resize;sizes=3 4;roi=-0.5 0.4 0.6 "
                  "1.2;extrapolation=10",
         .shapes = "1 1 5 6",
         .out = "1 1 3 4"},
        {.name = "all axes, to one",
         .attrs =
             "mode=linear;coordinates=tf_crop_and_resize;sizes=1 1 1 3;roi=0 0 0.4 0.6 1 1 0.6 0.8",
         .shapes = "1 1 4 4",
         .out = "1 1 1 3"},
        {.name = "nearest, the same size",
         .attrs = "coordinates=tf_crop_and_resize;sizes=4 4;roi=0.3 0.1 0.9 0.8",
         .shapes = "1 1 4 4",
         .out = "1 1 4 4"},
    };
    (void)state;
    check_all(cases, sizeof cases / sizeof cases[0]);
}

static void the_aspect_can_be_kept(void **state)
{
    /* extrapolation is of no use here: it tells the oracle which of the scales must have been taken
     */
    static const struct op_case cases[] = {
        {.name = "not larger",
         .attrs = "mode=linear;sizes=7 8;keep_aspect=not_larger;extrapolation=1.75",
         .shapes = "1 1 4 4",
         .out = "1 1 7 7"},
        {.name = "not smaller",
         .attrs = "mode=linear;sizes=7 8;keep_aspect=not_smaller;extrapolation=2",
         .shapes = "1 1 4 4",
         .out = "1 1 8 8"},
        {.name = "rounded",
         .attrs = "mode=linear;sizes=5 9;keep_aspect=not_larger;extrapolation=1.25",
         .shapes = "1 1 4 5",
         .out = "1 1 5 6"},
    };
    (void)state;
    check_all(cases, sizeof cases / sizeof cases[0]);
}

static void copy(const struct op_case *c, const double *const *in, double *out)
{
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = in[0][i];
}

static void doubled(const struct op_case *c, const double *const *in, double *out)
{
    const int64_t w = c->out_shape->dim[3];
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = in[0][i / w * (w / 2) + i % w / 2];
}

static void the_same_size_is_a_copy(void **state)
{
    (void)state;
    op_check(&(struct op_case){.name = "scale 1",
                               .op = "resize",
                               .oracle = copy,
                               .attrs = "mode=cubic;scales=1 1 1 1",
                               .shapes = "2 2 3 4",
                               .out = "2 2 3 4"});
    op_check(&(struct op_case){.name = "sizes",
                               .op = "resize",
                               .oracle = copy,
                               .attrs = "mode=linear;coordinates=align_corners",
                               .out = "2 2 3 4",
                               .shapes = "2 2 3 4 | - | - | i:2 2 3 4"});
    op_check(&(struct op_case){.name = "a slot",
                               .op = "resize",
                               .oracle = doubled,
                               .out = "1 2 3 8",
                               .shapes = "1 2 3 4 | - | - | i:1 2 3 8"});
}

static void sizes_lose_the_channels_that_are_cut(void **state)
{
    const uint8_t keep[] = {1, 0, 1, 1, 0};
    struct rt_graph *g = op_node("resize");
    (void)state;
    assert_true(rt_set_ints(&g->nodes[0], "sizes", 4, (const int64_t[]){2, 5, 8, 6}));
    op_cut(g, (struct rt_shape){.ndim = 4, .dim = {2, 5, 4, 3}}, keep, keep, "2 x 3 x 8 x 6");
    g = op_node("resize");
    assert_true(rt_set_ints(&g->nodes[0], "sizes", 2, (const int64_t[]){8, 6}));
    op_cut(g, (struct rt_shape){.ndim = 4, .dim = {2, 5, 4, 3}}, keep, keep, "2 x 3 x 8 x 6");
    g = op_node("resize");
    assert_true(rt_set_ints(&g->nodes[0], "sizes", 2, (const int64_t[]){8, 5}) &&
                rt_set_ints(&g->nodes[0], "axes", 2, (const int64_t[]){3, 1}));
    op_cut(g, (struct rt_shape){.ndim = 4, .dim = {2, 5, 4, 3}}, keep, keep, "2 x 3 x 4 x 8");
}

static void what_does_not_fit_is_refused(void **state)
{
    static const struct {
        struct op_case c;
        const char *word;
    } refusals[] = {
        {{.op = "resize", .name = "neither", .shapes = "1 1 4 4", .out = ""}, "scales or sizes"},
        {{.op = "resize",
          .name = "both",
          .attrs = "scales=2 2;sizes=8 8",
          .shapes = "1 1 4 4",
          .out = ""},
         "scales or sizes"},
        {{.op = "resize", .name = "count", .attrs = "scales=2 2 2", .shapes = "1 1 4 4", .out = ""},
         "3 scales"},
        {{.op = "resize",
          .name = "negative",
          .attrs = "scales=1 1 -2 2",
          .shapes = "1 1 4 4",
          .out = ""},
         "scale of -2"},
        {{.op = "resize",
          .name = "huge",
          .attrs = "scales=1 1 1e10 2",
          .shapes = "1 1 4 4",
          .out = ""},
         "scale of 1e+10"},
        {{.op = "resize",
          .name = "size",
          .attrs = "sizes=1 1 -2 2",
          .shapes = "1 1 4 4",
          .out = ""},
         "size of -2"},
        {{.op = "resize",
          .name = "of nothing",
          .attrs = "sizes=1 1 2 2",
          .shapes = "1 1 0 4",
          .out = ""},
         "axis 2 of 0"},
        {{.op = "resize",
          .name = "axes",
          .attrs = "scales=2;axes=4",
          .shapes = "1 1 4 4",
          .out = ""},
         "axis 4"},
        {{.op = "resize",
          .name = "roi",
          .attrs = "scales=2 2;coordinates=tf_crop_and_resize;roi=0 1",
          .shapes = "1 1 4 4",
          .out = ""},
         "roi of 4"},
        {{.op = "resize", .name = "not known", .shapes = "1 1 4 4 | - | 4", .out = ""},
         "must be a constant"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        op_check_refusal(&refusals[i].c, refusals[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_agrees),
        cmocka_unit_test(linear_agrees),
        cmocka_unit_test(cubic_agrees),
        cmocka_unit_test(a_part_is_cropped_and_resized),
        cmocka_unit_test(the_aspect_can_be_kept),
        cmocka_unit_test(the_same_size_is_a_copy),
        cmocka_unit_test(sizes_lose_the_channels_that_are_cut),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
