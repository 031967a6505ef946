/* Transposed convolution: shapes, forward and gradients against obvious loops in double. */
#include "conv_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct sum {
    const double *const *in;
    double *out;
};

static void add(void *user, int64_t y, int64_t x, int64_t w)
{
    const struct sum *s = user;
    s->out[y] += s->in[1][w] * s->in[0][x];
}

/* Pads that make the output what auto_pad or output_shape say: (in - 1) * stride + output_padding +
 * reach - out in all, never below 0; the larger half at the end for SAME_UPPER, else at the begin. */
static void ruled_pads(const struct op_case *c, struct conv_walk *w, int upper)
{
    const struct conv_axes more = conv_list(c, "output_padding", 0);
    for (uint32_t i = 0; i < 3; i++) {
        const int64_t reach = (w->kernel.size[i] - 1) * w->dilation.size[i] + 1;
        const int64_t total = (w->narrow.size[i] - 1) * w->stride.size[i] + more.size[i] + reach -
                              w->wide.size[i];
        w->pad.size[i] = total <= 0 ? 0 : upper ? total / 2 : (total + 1) / 2;
    }
}

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_shape *x = &c->in_shape[0], *k = &c->in_shape[1];
    struct conv_walk w = {.n = x->dim[0], .groups = conv_int(c, "groups", 1), .c = k->dim[1]};
    struct sum s = {in, out};
    w.m = k->dim[0] / w.groups;
    w.narrow = conv_spatial(x);
    w.wide = conv_spatial(c->out_shape);
    w.kernel = conv_spatial(k);
    w.stride = conv_list(c, "stride", 1);
    w.dilation = conv_list(c, "dilation", 1);
    w.pad = conv_list(c, "pad", 0);
    const int64_t how = conv_int(c, "auto_pad", 0);
    if (how == 3)
        w.pad = (struct conv_axes){{0, 0, 0}};
    else if (how || conv_list(c, "output_shape", 0).size[2])
        ruled_pads(c, &w, how == 1);
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = in[2] ? in[2][i / conv_planes(&w.wide) % (w.groups * w.c)] : 0;
    conv_walk(&w, add, &s);
}

#define CONV .op = "conv_transpose", .oracle = oracle
static const struct op_case cases[] = {
    {CONV, .name = "one pixel", .shapes = "1 3 1 1 | 3 2 1 1 | 2", .out = "1 2 1 1"},
    {CONV, .name = "1x1 in place", .shapes = "2 3 9 8 | 3 4 1 1 | 4", .out = "2 4 9 8"},
    {CONV, .name = "1x1 on many small pictures", .shapes = "5 3 2 3 | 3 4 1 1 | 4", .out = "5 4 2 3"},
    {CONV, .name = "3x3, pad 1", .attrs = "kernel=3 3;pad=1 1 1 1", .shapes = "2 3 6 5 | 3 4 3 3 | 4",
     .out = "2 4 6 5"},
    {CONV, .name = "4x4, stride 2: twice the size", .attrs = "stride=2 2;pad=1", .shapes = "2 3 3 4 | 3 2 4 4 | 2",
     .out = "2 2 6 8"},
    {CONV, .name = "stride beyond the kernel leaves the bias alone", .attrs = "stride=3 4",
     .shapes = "1 2 3 2 | 2 2 2 2 | 2", .out = "1 2 8 6"},
    {CONV, .name = "output_padding, pads differ", .attrs = "stride=2 3;pad=1 0 0 1;output_padding=1 2",
     .shapes = "1 2 4 3 | 2 3 3 3 | 3", .out = "1 3 9 10"},
    {CONV, .name = "pads beyond half the kernel", .attrs = "pad=2 3 2 1", .shapes = "1 2 6 7 | 2 2 3 3 | -",
     .out = "1 2 4 5"},
    {CONV, .name = "dilation", .attrs = "dilation=2 1;stride=1 2", .shapes = "1 2 4 3 | 2 2 3 2 | -",
     .out = "1 2 8 6"},
    {CONV, .name = "two groups", .attrs = "groups=2;stride=2", .shapes = "2 4 3 2 | 4 3 2 3 | 6",
     .out = "2 6 6 5"},
    {CONV, .name = "depthwise", .attrs = "groups=3;stride=2;pad=1", .shapes = "2 3 3 4 | 3 1 4 4 | 3",
     .out = "2 3 6 8"},
    {CONV, .name = "two channels to one filter of a group", .attrs = "groups=2;pad=1",
     .shapes = "1 4 3 4 | 4 1 3 3 | -", .out = "1 2 3 4"},
    {CONV, .name = "same_upper", .attrs = "auto_pad=same_upper;stride=2 2", .shapes = "1 1 3 3 | 1 2 3 3 | -",
     .out = "1 2 6 6"},
    {CONV, .name = "same_lower", .attrs = "auto_pad=same_lower;stride=2 2", .shapes = "1 1 3 3 | 1 2 3 3 | -",
     .out = "1 2 6 6"},
    {CONV, .name = "valid", .attrs = "auto_pad=valid;stride=2;pad=1", .shapes = "1 1 3 2 | 1 2 3 3 | -",
     .out = "1 2 7 5"},
    {CONV, .name = "output_shape beyond what the kernel reaches", .attrs = "output_shape=10 8;stride=3 2",
     .shapes = "1 1 3 3 | 1 2 3 3 | -", .out = "1 2 10 8"},
    {CONV, .name = "output_shape with an odd number to cut", .attrs = "output_shape=6 4;stride=2 2;output_padding=1 1",
     .shapes = "1 1 3 2 | 1 2 4 4 | 2", .out = "1 2 6 4"},
    {CONV, .name = "one axis", .attrs = "stride=2;pad=1 0", .shapes = "3 2 5 | 2 3 4 | 3", .out = "3 3 11"},
    {CONV, .name = "three axes", .attrs = "stride=2 1 2;pad=0 1 1 1 0 0", .shapes = "2 2 2 3 2 | 2 2 2 3 3 | 2",
     .out = "2 2 3 4 4"},
};

static void every_shape_agrees_with_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(cases); i++)
        op_check(&cases[i]);
}

/* Large enough to be cut into bands of the output; without the gradient by x. */
static const struct op_case large[] = {
    {CONV, .name = "bands", .attrs = "stride=2;pad=1", .shapes = "1 1 40 30 | 1 2 4 4 | 2",
     .out = "1 2 80 60", .no_gradient = 1},
    {CONV, .name = "rows longer than a strip", .attrs = "stride=1 2", .shapes = "1 1 2 700 | 1 1 3 3 | -",
     .out = "1 1 4 1401", .no_gradient = 1},
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
    {{CONV, .name = "no spatial axis", .shapes = "1 2 | 2 3 | -"}, "3 or more"},
    {{CONV, .name = "channels differ", .shapes = "1 3 4 4 | 2 3 3 3 | -"}, "3 channels"},
    {{CONV, .name = "groups do not divide", .attrs = "groups=2", .shapes = "1 3 4 4 | 3 2 3 3 | -"},
     "2 groups"},
    {{CONV, .name = "kernel attribute differs", .attrs = "kernel=5", .shapes = "1 2 8 8 | 2 3 3 3 | -"},
     "kernel"},
    {{CONV, .name = "filters differ", .attrs = "filters=4", .shapes = "1 2 8 8 | 2 3 3 3 | -"},
     "filters is 4"},
    {{CONV, .name = "everything is padding", .attrs = "pad=4", .shapes = "1 2 4 4 | 2 3 3 3 | -"},
     "would have"},
    {{CONV, .name = "bias of another length", .shapes = "1 2 8 8 | 2 3 3 3 | 2"}, "bias"},
    {{CONV, .name = "stride 0", .attrs = "stride=0", .shapes = "1 2 8 8 | 2 3 3 3 | -"}, "stride"},
    {{CONV, .name = "a plane without end", .attrs = "stride=2147483647", .shapes = "1 2 2 2 | 2 3 3 3 | -"},
     "values"},
    {{CONV, .name = "three output pads", .attrs = "output_padding=1 1 1", .shapes = "1 2 8 8 | 2 3 3 3 | -"},
     "3 numbers"},
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
