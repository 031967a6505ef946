/* Convolution: shapes, forward and gradients against obvious loops in double. */
#include "conv_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct sum {
    const double *const *in;
    double *out;
};

static void add(void *user, int64_t x, int64_t y, int64_t w)
{
    const struct sum *s = user;
    s->out[y] += s->in[1][w] * s->in[0][x];
}

/* SAME pads so that ceil(in / stride) outputs fit, the odd one at the end (UPPER) or begin (LOWER). */
static void same_pads(struct conv_walk *w, int upper)
{
    for (uint32_t i = 0; i < 3; i++) {
        const int64_t reach = (w->kernel.size[i] - 1) * w->dilation.size[i] + 1;
        const int64_t total = (w->narrow.size[i] - 1) * w->stride.size[i] + reach - w->wide.size[i];
        w->pad.size[i] = total <= 0 ? 0 : upper ? total / 2 : (total + 1) / 2;
    }
}

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_shape *x = &c->in_shape[0], *k = &c->in_shape[1];
    struct conv_walk w = {.n = x->dim[0], .groups = conv_int(c, "groups", 1), .c = k->dim[1]};
    struct sum s = {in, out};
    w.m = k->dim[0] / w.groups;
    w.wide = conv_spatial(x);
    w.narrow = conv_spatial(c->out_shape);
    w.kernel = conv_spatial(k);
    w.stride = conv_list(c, "stride", 1);
    w.dilation = conv_list(c, "dilation", 1);
    w.pad = conv_list(c, "pad", 0);
    const int64_t how = conv_int(c, "auto_pad", 0);
    if (how == 3)
        w.pad = (struct conv_axes){{0, 0, 0}};
    else if (how)
        same_pads(&w, how == 1);
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = in[2] ? in[2][i / conv_planes(&w.narrow) % k->dim[0]] : 0;
    conv_walk(&w, add, &s);
}

#define CONV .op = "conv", .oracle = oracle
static const struct op_case cases[] = {
    {CONV, .name = "one pixel", .shapes = "1 3 1 1 | 2 3 1 1 | 2", .out = "1 2 1 1"},
    {CONV, .name = "1x1 on pictures large enough for products in place", .shapes = "2 3 9 8 | 4 3 1 1 | 4",
     .out = "2 4 9 8"},
    {CONV, .name = "1x1 on many small pictures", .shapes = "5 3 2 3 | 4 3 1 1 | 4", .out = "5 4 2 3"},
    {CONV, .name = "1x1, stride 2", .attrs = "stride=2 2", .shapes = "2 3 7 6 | 2 3 1 1 | -",
     .out = "2 2 4 3"},
    {CONV, .name = "3x3, pad 1", .attrs = "kernel=3 3;pad=1 1 1 1", .shapes = "2 3 7 5 | 4 3 3 3 | 4",
     .out = "2 4 7 5"},
    {CONV, .name = "3x3, stride 2, not square", .attrs = "stride=2 2;pad=1 1 1 1",
     .shapes = "2 3 7 5 | 4 3 3 3 | 4", .out = "2 4 4 3"},
    {CONV, .name = "5x3, pads differ and exceed half the kernel", .attrs = "pad=4 0 1 3",
     .shapes = "1 2 4 6 | 3 2 5 3 | -", .out = "1 3 5 7"},
    {CONV, .name = "dilation 2 and 3", .attrs = "dilation=2 3;pad=2 3 2 3;stride=1 2",
     .shapes = "2 2 6 8 | 2 2 3 3 | 2", .out = "2 2 6 4"},
    {CONV, .name = "two groups", .attrs = "groups=2;pad=1", .shapes = "2 4 4 5 | 6 2 3 3 | 6",
     .out = "2 6 4 5"},
    {CONV, .name = "one channel in one group of filters", .attrs = "pad=1",
     .shapes = "1 1 6 5 | 2 1 3 3 | 2", .out = "1 2 6 5"},
    {CONV, .name = "depthwise 3x3", .attrs = "groups=3;pad=1", .shapes = "2 3 6 7 | 3 1 3 3 | 3",
     .out = "2 3 6 7"},
    {CONV, .name = "depthwise 3x3, three vectors wide", .attrs = "groups=2;pad=1", .shapes = "1 2 5 37 | 4 1 3 3 | 4",
     .out = "1 4 5 37"},
    {CONV, .name = "depthwise 3x3, stride 2, odd", .attrs = "groups=2;pad=1;stride=2", .shapes = "1 2 7 67 | 2 1 3 3 | 2",
     .out = "1 2 4 34"},
    {CONV, .name = "depthwise 3x3, stride 2, even", .attrs = "groups=2;pad=1;stride=2", .shapes = "1 2 6 32 | 2 1 3 3 | -",
     .out = "1 2 3 16"},
    {CONV, .name = "depthwise 3x3 on a map narrower than the kernel", .attrs = "groups=3;pad=1",
     .shapes = "2 3 2 2 | 3 1 3 3 | 3", .out = "2 3 2 2"},
    {CONV, .name = "depthwise with pads beyond its kernel", .attrs = "groups=2;pad=4",
     .shapes = "1 2 2 3 | 2 1 3 3 | -", .out = "1 2 8 9"},
    {CONV, .name = "depthwise, dilated, three taps", .attrs = "groups=2;dilation=2;pad=2",
     .shapes = "1 2 7 9 | 2 1 3 3 | -", .out = "1 2 7 9"},
    {CONV, .name = "depthwise 5x4, stride 2, two filters a channel", .attrs = "groups=2;pad=2;stride=2",
     .shapes = "2 2 6 7 | 4 1 5 4 | -", .out = "2 4 3 4"},
    {CONV, .name = "depthwise, stride 3", .attrs = "groups=2;pad=1;stride=3",
     .shapes = "2 2 8 7 | 2 1 3 3 | 2", .out = "2 2 3 3"},
    {CONV, .name = "same_upper, odd pad", .attrs = "auto_pad=same_upper;stride=2 2",
     .shapes = "1 2 6 5 | 2 2 3 4 | 2", .out = "1 2 3 3"},
    {CONV, .name = "same_lower, odd pad", .attrs = "auto_pad=same_lower;stride=2 2",
     .shapes = "1 2 6 5 | 2 2 3 4 | 2", .out = "1 2 3 3"},
    {CONV, .name = "valid forgets pads", .attrs = "auto_pad=valid;pad=2", .shapes = "1 2 5 4 | 2 2 2 3 | -",
     .out = "1 2 4 2"},
    {CONV, .name = "one axis", .attrs = "pad=2 1;stride=2;dilation=2", .shapes = "3 2 11 | 3 2 4 | 3",
     .out = "3 3 4"},
    {CONV, .name = "one axis, depthwise", .attrs = "pad=1 1;groups=2", .shapes = "2 2 8 | 2 1 3 | 2",
     .out = "2 2 8"},
    {CONV, .name = "three axes", .attrs = "pad=1 0 1 0 1 1;stride=2 1 1;dilation=1 2 1",
     .shapes = "2 2 4 5 3 | 3 2 3 2 2 | 3", .out = "2 3 2 4 4"},
    {CONV, .name = "three axes, depthwise", .attrs = "pad=1;groups=2", .shapes = "1 2 3 4 3 | 2 1 3 3 3 | -",
     .out = "1 2 3 4 3"},
    {CONV, .name = "stride beyond the kernel leaves pixels out", .attrs = "stride=3 4",
     .shapes = "1 2 8 10 | 2 2 2 2 | 2", .out = "1 2 3 3"},
};

static void every_shape_agrees_with_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(cases); i++)
        op_check(&cases[i]);
}

/* Large enough to be cut into strips, bands, blocks of channels, parts and filters; too large for
 * differences of every input, so a gradient is checked where it is cheap: by the weight, or by x. */
static const struct op_case large[] = {
    {CONV, .name = "bands and parts", .attrs = "pad=1", .shapes = "1 1 70 40 | 2 1 3 3 | 2",
     .out = "1 2 70 40", .no_gradient = 1},
    {CONV, .name = "rows longer than a strip", .attrs = "pad=1", .shapes = "1 1 2 1300 | 1 1 3 3 | 1",
     .out = "1 1 2 1300", .no_gradient = 1},
    {CONV, .name = "a long axis", .attrs = "pad=1", .shapes = "1 1 2000 | 2 1 3 | 2", .out = "1 2 2000",
     .no_gradient = 1},
};

static void work_that_is_cut_gives_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(large); i++)
        op_check(&large[i]);
}

static const struct {
    struct op_case c;
    const char *word;
} refused[] = {
    {{CONV, .name = "no spatial axis", .shapes = "1 2 | 3 2 | -"}, "3 or more"},
    {{CONV, .name = "ranks differ", .shapes = "1 2 4 4 | 3 2 3 | -"}, "as many axes"},
    {{CONV, .name = "channels differ", .shapes = "1 3 4 4 | 3 2 3 3 | -"}, "3 channels"},
    {{CONV, .name = "groups do not divide", .attrs = "groups=2", .shapes = "1 4 4 4 | 3 2 3 3 | -"},
     "2 groups"},
    {{CONV, .name = "no groups", .attrs = "groups=0", .shapes = "1 4 4 4 | 3 4 3 3 | -"}, "0 groups"},
    {{CONV, .name = "kernel attribute differs", .attrs = "kernel=5 5", .shapes = "1 2 8 8 | 3 2 3 3 | -"},
     "kernel"},
    {{CONV, .name = "filters differ", .attrs = "filters=4", .shapes = "1 2 8 8 | 3 2 3 3 | -"},
     "filters is 4"},
    {{CONV, .name = "kernel too large", .shapes = "1 2 2 8 | 3 2 3 3 | -"}, "does not fit"},
    {{CONV, .name = "bias of another length", .shapes = "1 2 8 8 | 3 2 3 3 | 2"}, "bias"},
    {{CONV, .name = "stride 0", .attrs = "stride=0", .shapes = "1 2 8 8 | 3 2 3 3 | -"}, "stride 0"},
    {{CONV, .name = "negative pad", .attrs = "pad=-1", .shapes = "1 2 8 8 | 3 2 3 3 | -"}, "0 or more"},
    {{CONV, .name = "three pads for two axes", .attrs = "pad=1 1 1", .shapes = "1 2 8 8 | 3 2 3 3 | -"},
     "3 numbers"},
    {{CONV, .name = "an empty axis", .attrs = "auto_pad=same_upper", .shapes = "1 2 0 8 | 3 2 3 3 | -"},
     "does not fit"},
};

static void what_does_not_fit_is_refused_with_both_sides(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(refused); i++)
        op_check_refusal(&refused[i].c, refused[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_agrees_with_the_oracle),
        cmocka_unit_test(work_that_is_cut_gives_the_same),
        cmocka_unit_test(what_does_not_fit_is_refused_with_both_sides),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
