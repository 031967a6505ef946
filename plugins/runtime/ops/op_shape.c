/* op_shape.c - what exported networks compute about shapes, and planning computes once: shape,
 * constant_of_shape, cast. */
#include "strided.h"

#include <math.h>

extern const struct rt_op rt_op_shape, rt_op_constant_of_shape, rt_op_cast;

static const struct rt_slot one_slot[] = {{.name = "x"}};

/* ---- shape: the sizes of the axes [start, end) ---- */

enum { START, END };
static const struct rt_attr_def shape_attrs[] = {
    [START] = {.key = "start", .onnx = "start", .type = RT_INT},
    [END] = {.key = "end", .onnx = "end", .type = RT_INT},
};

static int64_t place(int64_t v, int64_t n)
{
    v = v < 0 ? v + n : v;
    return v < 0 ? 0 : v > n ? n : v;
}

static imp_status infer_shape(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[0]->shape;
    const int64_t from = place(rt_int(in->node, START), x->ndim);
    const int64_t to = in->node->attrs[END].given ? place(rt_int(in->node, END), x->ndim) : x->ndim;
    in->out.dtype = IMP_I64;
    in->out.shape.ndim = 1;
    in->out.shape.dim[0] = to > from ? to - from : 0;
    const imp_status st = rt_known_new(IMP_I64, &in->out.shape, &in->known, err);
    for (int64_t i = from; st == IMP_OK && i < to; i++)
        rt_integers(in->known)[i - from] = x->dim[i];
    return st;
}

/* Sizes of axes follow the network: nothing of the input is held. */
static void couple_nothing(struct rt_ties *t, const struct rt_call *c)
{
    (void)t, (void)c;
}

/* Never run: its value is known once shapes are. */
static imp_status forward_known(const struct rt_call *c)
{
    (void)c;
    return IMP_OK;
}

const struct rt_op rt_op_shape = {
    .name = "shape",
    .onnx = "Shape",
    .limits = "computed while planning",
    .attrs = shape_attrs,
    .attr_count = RT_COUNT(shape_attrs),
    .slots = one_slot,
    .slot_count = RT_COUNT(one_slot),
    .infer = infer_shape,
    .forward = forward_known,
    .couple = couple_nothing,
};

/* ---- constant_of_shape: one value everywhere ---- */

enum { SHAPE, VALUE, TYPE };
enum { TYPE_F32, TYPE_I64 };
static const struct rt_attr_def constant_attrs[] = {
    [SHAPE] = {.key = "shape", .type = RT_INTS},
    [VALUE] = {.key = "value", .type = RT_FLOAT},
    [TYPE] = {.key = "type", .type = RT_CHOICE, .choices = "f32|i64"},
};
static const struct rt_slot constant_slots[] = {
    {.name = "shape", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
};

static void fill(const struct rt_node *node, struct rt_tensor *t)
{
    const double v = rt_float(node, VALUE);
    for (int64_t i = 0; t && i < t->count; i++)
        if (t->dtype == IMP_I64)
            rt_integers(t)[i] = (int64_t)v;
        else
            rt_floats(t)[i] = (float)v;
}

static imp_status infer_constant(struct rt_infer *in, imp_error *err)
{
    uint32_t count;
    const int64_t *want = rt_static_ints(in->node, in->in, in->input_count, SHAPE, 0, &count);
    const double v = rt_float(in->node, VALUE);
    char text[128];
    imp_status st = rt_static_check(in, err);
    if (st != IMP_OK)
        return st;
    if (!want || count > RT_RANK)
        return imp_fail(err, IMP_E_INPUT, "it needs a shape of %d axes at most", RT_RANK);
    in->out.dtype = rt_int(in->node, TYPE) == TYPE_I64 ? IMP_I64 : IMP_F32;
    in->out.shape = rt_shape_of(count, want);
    if (rt_count(&in->out.shape) < 0)
        return imp_fail(err, IMP_E_INPUT, "%s is not the shape of a tensor",
                        rt_shape_text(&in->out.shape, text, sizeof text));
    if (in->out.dtype == IMP_I64 && !(v >= -9e15 && v <= 9e15))
        return imp_fail(err, IMP_E_INPUT, "%g is not an integer to fill with", v);
    st = rt_known_new(in->out.dtype, &in->out.shape, &in->known, err);
    fill(in->node, in->known);
    return st;
}

static imp_status forward_constant(const struct rt_call *c)
{
    const float v = (float)rt_float(c->node, VALUE);
    const int64_t count = rt_count(&c->out_info->shape);
    for (int64_t i = 0; i < count; i++)
        c->out[i] = v;
    return IMP_OK;
}

const struct rt_op rt_op_constant_of_shape = {
    .name = "constant_of_shape",
    .onnx = "ConstantOfShape",
    .limits = "the shape must be known while planning",
    .attrs = constant_attrs,
    .attr_count = RT_COUNT(constant_attrs),
    .slots = constant_slots,
    .slot_count = RT_COUNT(constant_slots),
    .infer = infer_constant,
    .forward = forward_constant,
};

/* ---- cast: floats stay float32 while running; what is known becomes what is asked for ---- */

enum { TO };
static const struct rt_attr_def cast_attrs[] = {
    [TO] = {.key = "to", .onnx = "to", .type = RT_INT, .def = 1},
};

/* The first float that is too large for 64 bits. */
#define BEYOND 9223372036854775808.0

/* ONNX's numbers of types: which integers they hold; floats of any width are float32 here. */
static const struct target {
    double low, high; /* both 0: floats */
    bool known, boolean;
} targets[] = {
    [1] = {.known = true},
    [2] = {0, 255, true, false},
    [3] = {-128, 127, true, false},
    [4] = {0, 65535, true, false},
    [5] = {-32768, 32767, true, false},
    [6] = {-2147483648.0, 2147483647.0, true, false},
    [7] = {-BEYOND, BEYOND, true, false},
    [9] = {0, 1, true, true},
    [10] = {.known = true},
    [11] = {.known = true},
    [12] = {0, 4294967295.0, true, false},
    [13] = {0, BEYOND, true, false},
    [16] = {.known = true},
};

static imp_status to_integer(double v, const struct target *t, int64_t *out, imp_error *err)
{
    const double whole = t->boolean ? v != 0 : trunc(v);
    if (!(whole >= t->low && whole <= t->high && whole < BEYOND))
        return imp_fail(err, IMP_E_INPUT, "%g does not fit into integers from %.0f to %.0f", v,
                        t->low, t->high);
    *out = (int64_t)whole;
    return IMP_OK;
}

static imp_status cast_known(const struct rt_tensor *from, const struct target *t,
                             struct rt_tensor *to, imp_error *err)
{
    imp_status st = IMP_OK;
    for (int64_t i = 0; i < from->count && st == IMP_OK; i++) {
        const bool whole = from->dtype == IMP_I64;
        const double v = whole ? (double)rt_integers(from)[i] : (double)rt_floats(from)[i];
        if (to->dtype != IMP_I64)
            rt_floats(to)[i] = (float)v;
        else if (whole && !t->boolean && v >= t->low && v <= t->high)
            rt_integers(to)[i] = rt_integers(from)[i]; /* exact beyond 2^53, too */
        else
            st = to_integer(v, t, &rt_integers(to)[i], err);
    }
    return st;
}

static imp_status infer_cast(struct rt_infer *in, imp_error *err)
{
    const int64_t to = rt_int(in->node, TO);
    const struct rt_info *x = in->in[0];
    if (to < 0 || to >= (int64_t)RT_COUNT(targets) || !targets[to].known)
        return imp_fail(err, IMP_E_UNSUPPORTED,
                        "cast to ONNX's type %lld: floats and integers are what there is",
                        (long long)to);
    const struct target *t = &targets[to];
    in->out.shape = x->shape;
    in->out.dtype = t->high > 0 ? IMP_I64 : IMP_F32;
    if (!x->known && (in->out.dtype == IMP_I64 || x->dtype == IMP_I64))
        return imp_fail(err, IMP_E_INPUT,
                        "integers of what the network computes: only values that follow from "
                        "constants and shapes can be cast to them or from them");
    if (!x->known)
        return IMP_OK;
    const uint32_t kept = in->out.dtype == x->dtype ? x->dtype : IMP_I64; /* never left out */
    imp_status st = rt_known_new(kept, &x->shape, &in->known, err);
    if (st != IMP_OK || !in->known)
        return st;
    in->known->dtype = in->out.dtype;
    st = cast_known(x->known, t, in->known, err);
    if (st != IMP_OK) {
        rt_tensor_release(in->known);
        in->known = NULL;
    }
    return st;
}

static void couple_cast(struct rt_ties *t, const struct rt_call *c)
{
    if (!rt_tie_of_param(t, c))
        rt_tie_all(t, 0, RT_OUT);
}

const struct rt_op rt_op_cast = {
    .name = "cast",
    .onnx = "Cast",
    .limits = "integers must be known while planning; floats of any width are float32",
    .attrs = cast_attrs,
    .attr_count = RT_COUNT(cast_attrs),
    .slots = one_slot,
    .slot_count = RT_COUNT(one_slot),
    .flags = RT_VIEW,
    .infer = infer_cast,
    .forward = rt_view_forward,
    .backward = rt_view_backward,
    .couple = couple_cast,
};
