/* test_rt_pad.c - borders of every kind, place by place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "op_attr.h"

/* Walks out of the axis a step at a time: back at the ends, held at the end, or around. -1:
 * constant. */
static int64_t source(int64_t i, int64_t n, int64_t mode)
{
    int64_t at = 0, by = 1;
    if (i >= 0 && i < n)
        return i;
    if (mode == 0)
        return -1;
    if (mode == 2)
        return i < 0 ? 0 : n - 1;
    if (mode == 3)
        return ((i % n) + n) % n;
    for (int64_t k = 0; n > 1 && k < (i < 0 ? -i : i); k++) {
        if (at + by < 0 || at + by >= n)
            by = -by;
        at += by;
    }
    return at;
}

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_attr *pads = op_attr(c, "pads"), *axes = op_attr(c, "axes");
    const uint32_t ndim = c->in_shape->ndim, n = axes->count ? axes->count : ndim;
    int64_t before[RT_RANK] = {0}, after[RT_RANK] = {0}, o[RT_RANK] = {0}, at[RT_RANK];
    for (uint32_t i = 0; i < n; i++) {
        const int axis = rt_axis(axes->count ? axes->ints[i] : i, ndim);
        before[axis] = pads->ints[i];
        after[axis] = pads->ints[i + n];
    }
    do {
        bool inside = true;
        for (uint32_t i = 0; i < ndim; i++) {
            const int64_t cut = before[i] < 0 ? -before[i] : 0,
                          lead = before[i] > 0 ? before[i] : 0;
            const int64_t left = c->in_shape->dim[i] - cut + (after[i] < 0 ? after[i] : 0);
            at[i] = source(o[i] - lead, left, op_integer(c, "mode", 0, 0));
            inside = inside && at[i] >= 0;
            at[i] += cut;
        }
        *out++ = inside ? in[0][op_at(c->in_shape, at)] : op_number(c, "value", 0, 0);
    } while (op_next(c->out_shape, o));
}

static void every_border_agrees(void **state)
{
    static const struct op_case cases[] = {
        {.name = "constant",
         .attrs = "pads=0 0 1 2 0 0 3 4;value=2.5",
         .shapes = "2 2 3 4",
         .out = "2 2 7 10"},
        {.name = "reflect",
         .attrs = "mode=reflect;pads=0 0 1 2 0 0 2 3",
         .shapes = "2 2 3 4",
         .out = "2 2 6 9"},
        {.name = "edge",
         .attrs = "mode=edge;pads=0 0 1 2 0 0 3 4",
         .shapes = "1 2 3 4",
         .out = "1 2 7 10"},
        {.name = "wrap",
         .attrs = "mode=wrap;pads=0 0 1 2 0 0 3 4",
         .shapes = "1 2 3 4",
         .out = "1 2 7 10"},
        {.name = "reflect far out",
         .attrs = "mode=reflect;pads=0 7 0 9",
         .shapes = "2 3",
         .out = "2 19"},
        {.name = "reflect one",
         .attrs = "mode=reflect;pads=0 2 0 1",
         .shapes = "2 1",
         .out = "2 4"},
        {.name = "crop", .attrs = "pads=0 0 -1 -1 0 0 0 -2", .shapes = "1 2 4 5", .out = "1 2 3 2"},
        {.name = "crop and add",
         .attrs = "mode=reflect;pads=0 -1 2 0 2 -1",
         .shapes = "2 4 5",
         .out = "2 5 6"},
        {.name = "crop and add a constant",
         .attrs = "pads=-1 -2 3 1;value=-1",
         .shapes = "3 4",
         .out = "5 3"},
        {.name = "crop all, then add", .attrs = "pads=-3 2;value=4", .shapes = "3", .out = "2"},
        {.name = "every axis",
         .attrs = "mode=edge;pads=1 1 1 2 0 1",
         .shapes = "1 2 3",
         .out = "4 3 5"},
        {.name = "axes", .attrs = "axes=-1 1;pads=1 2 0 3", .shapes = "2 2 3", .out = "2 7 4"},
        {.name = "nothing", .attrs = "pads=0 0 0 0;mode=reflect", .shapes = "5 3", .out = "5 3"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct op_case c = cases[i];
        c.op = "pad";
        c.oracle = oracle;
        op_check(&c);
    }
}

static void slots_oracle(const struct op_case *c, const double *const *in, double *out)
{
    (void)c;
    for (int i = 0; i < 5; i++)
        out[i] = i < 1 || i > 3 ? 7 : in[0][i - 1];
}

static void pads_value_and_axes_come_from_slots_too(void **state)
{
    (void)state;
    op_check(&(struct op_case){.name = "slots",
                               .op = "pad",
                               .shapes = "1 3 | i:1 1 | i:7 | i:1",
                               .out = "1 5",
                               .oracle = slots_oracle});
}

static void what_does_not_fit_is_refused(void **state)
{
    static const struct {
        struct op_case c;
        const char *word;
    } refusals[] = {
        {{.op = "pad", .name = "none", .shapes = "2 3", .out = ""}, "0 pads for 2"},
        {{.op = "pad", .name = "count", .attrs = "pads=1 1 1", .shapes = "2 3", .out = ""},
         "3 pads"},
        {{.op = "pad", .name = "axis", .attrs = "pads=1 1;axes=2", .shapes = "2 3", .out = ""},
         "axis 2"},
        {{.op = "pad", .name = "crop", .attrs = "pads=-2 0 -1 0", .shapes = "2 3", .out = ""},
         "nothing of 2"},
        {{.op = "pad",
          .name = "of nothing",
          .attrs = "pads=-2 0 1 0;mode=edge",
          .shapes = "2 3",
          .out = ""},
         "leave nothing"},
        {{.op = "pad",
          .name = "huge",
          .attrs = "pads=9000000000 0 0 0",
          .shapes = "2 3",
          .out = ""},
         "9000000000"},
        {{.op = "pad", .name = "integers", .attrs = "pads=1 1", .shapes = "i:2 3", .out = ""},
         "integers"},
        {{.op = "pad", .name = "not known", .shapes = "2 3 | 4", .out = ""}, "must be a constant"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        op_check_refusal(&refusals[i].c, refusals[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_border_agrees),
        cmocka_unit_test(pads_value_and_axes_come_from_slots_too),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
