/* op_resize.c - another size by interpolation, axis by axis: y = W_0 x W_1 ... with a small table
 * of neighbours and weights for each axis that changes (resize_table.h). Backward is the transpose.
 */
#include "resize_plan.h"
#include "strided.h"

#include <impasto/kit.h>
#include <string.h>

extern const struct rt_op rt_op_resize;

static const struct rt_attr_def attrs[] = {
    [RT_RESIZE_MODE] = {.key = "mode",
                        .onnx = "mode",
                        .type = RT_CHOICE,
                        .choices = "nearest|linear|cubic"},
    [RT_RESIZE_COORDINATES] = {.key = "coordinates",
                               .onnx = "coordinate_transformation_mode",
                               .type = RT_CHOICE,
                               .choices = RT_COORDINATES},
    [RT_RESIZE_ROUNDING] = {.key = "rounding",
                            .onnx = "nearest_mode",
                            .type = RT_CHOICE,
                            .choices = RT_ROUNDINGS},
    [RT_RESIZE_SCALES] = {.key = "scales", .onnx = "scales", .type = RT_FLOATS},
    [RT_RESIZE_SIZES] = {.key = "sizes", .type = RT_INTS},
    [RT_RESIZE_AXES] = {.key = "axes", .onnx = "axes", .type = RT_INTS},
    [RT_RESIZE_ROI] = {.key = "roi", .type = RT_FLOATS},
    [RT_RESIZE_CUBIC_A] = {.key = "cubic_a",
                           .onnx = "cubic_coeff_a",
                           .type = RT_FLOAT,
                           .def = -0.75},
    [RT_RESIZE_EXCLUDE_OUTSIDE] = {.key = "exclude_outside",
                                   .onnx = "exclude_outside",
                                   .type = RT_BOOL},
    [RT_RESIZE_EXTRAPOLATION] = {.key = "extrapolation",
                                 .onnx = "extrapolation_value",
                                 .type = RT_FLOAT},
    [RT_RESIZE_ANTIALIAS] = {.key = "antialias", .onnx = "antialias", .type = RT_BOOL},
    [RT_RESIZE_KEEP_ASPECT] = {.key = "keep_aspect",
                               .onnx = "keep_aspect_ratio_policy",
                               .type = RT_CHOICE,
                               .choices = RT_KEEP_ASPECT},
};
static const struct rt_slot slots[] = {
    [RT_RESIZE_X] = {.name = "x"},
    [RT_RESIZE_SLOT_ROI] = {.name = "roi", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
    [RT_RESIZE_SLOT_SCALES] = {.name = "scales", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
    [RT_RESIZE_SLOT_SIZES] = {.name = "sizes", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
};

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[RT_RESIZE_X]->shape;
    struct rt_resize_plan p;
    imp_status st = rt_static_check(in, err);
    if (st == IMP_OK)
        st = rt_resize_read(in->node, in->in, in->input_count, &p, err);
    if (st != IMP_OK)
        return st;
    if (in->out.dtype != IMP_F32)
        return imp_fail(err, IMP_E_UNSUPPORTED, "integers are not resized: cast them to floats");
    in->out.shape.ndim = x->ndim;
    for (uint32_t i = 0; i < x->ndim; i++) {
        if (p.axis[i].in > INT32_MAX / 2)
            return imp_fail(err, IMP_E_LIMIT, "axis %u has %lld places", i,
                            (long long)p.axis[i].in);
        in->out.shape.dim[i] = p.axis[i].out;
    }
    return rt_count(&in->out.shape) >= 0 ? IMP_OK
                                         : imp_fail(err, IMP_E_LIMIT, "its result has no size");
}

/* ---- passes: one for each axis that changes, the last axis first ---- */

struct pass {
    struct rt_resize how;
    int64_t outer, inner, taps; /* [outer][in][inner] to [outer][out][inner] */
    int32_t *index;             /* [out][taps] */
    float *weight;
    uint32_t axis, pieces;
    const float *from;
    float *to;
};

struct passes {
    struct pass pass[RT_RANK];
    uint32_t count;
    bool outside;    /* some places take the extrapolation value */
    int64_t largest; /* elements of the largest value between two passes */
    uint64_t bytes;  /* of tables and of those values */
};

static uint64_t padded(uint64_t bytes)
{
    return (bytes + 63) & ~(uint64_t)63;
}

static struct passes passes_of(const struct rt_call *c)
{
    struct passes s = {.outside = rt_int(c->node, RT_RESIZE_COORDINATES) == RT_CROP_AND_RESIZE};
    struct rt_shape at = c->in_info[RT_RESIZE_X]->shape;
    struct rt_resize_plan p;
    (void)rt_resize_read(c->node, c->in_info, c->input_count, &p, NULL); /* infer has passed it */
    for (uint32_t i = at.ndim; i-- > 0;) {
        if (!rt_resize_changes(&p.axis[i]))
            continue;
        if (s.count && rt_count(&at) > s.largest)
            s.largest = rt_count(&at);
        struct pass *q = &s.pass[s.count++];
        q->how = p.axis[i];
        q->axis = i;
        q->taps = rt_resize_taps(&q->how);
        q->outer = rt_product(&at, 0, i);
        q->inner = rt_product(&at, i + 1, at.ndim);
        s.bytes += 2 * padded((uint64_t)q->how.out * (uint64_t)q->taps * sizeof(float));
        at.dim[i] = q->how.out;
    }
    const uint32_t between = s.count < 2 ? 0 : s.count == 2 ? 1 : 2;
    s.bytes += between * padded((uint64_t)s.largest * sizeof(float));
    return s;
}

static void need(const struct rt_call *c, struct rt_need *n)
{
    const struct passes s = passes_of(c);
    n->scratch = n->scratch_backward = s.bytes;
    for (uint32_t i = 0; i < s.count; i++)
        n->macs += (double)s.pass[i].outer * (double)s.pass[i].how.out * (double)s.pass[i].inner *
                   (double)s.pass[i].taps;
}

/* Lays the tables into scratch and fills them; answers where the values between begin. */
static char *make_tables(struct passes *s, void *scratch)
{
    char *at = scratch;
    for (uint32_t i = 0; i < s->count; i++) {
        struct pass *q = &s->pass[i];
        const uint64_t bytes = padded((uint64_t)q->how.out * (uint64_t)q->taps * sizeof(float));
        q->index = (int32_t *)(void *)at;
        q->weight = (float *)(void *)(at + bytes);
        at += 2 * bytes;
        for (int64_t o = 0; o < q->how.out; o++)
            rt_resize_place(&q->how, o, q->taps, q->index + o * q->taps, q->weight + o * q->taps);
    }
    return at;
}

/* ---- forward ---- */

KIT_CLONES static void mix_row(const float *restrict x, float weight, float *restrict y, int64_t n,
                               bool first)
{
    if (first)
        for (int64_t i = 0; i < n; i++)
            y[i] = weight * x[i];
    else
        for (int64_t i = 0; i < n; i++)
            y[i] += weight * x[i];
}

KIT_CLONES static void mix_two(const float *restrict a, float wa, const float *restrict b, float wb,
                               float *restrict y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = wa * a[i] + wb * b[i];
}

/* Row o of one plane [in][inner]: a sum of its neighbours. */
static void mix(const struct pass *q, const float *x, int64_t o, float *y)
{
    const int32_t *index = q->index + o * q->taps;
    const float *w = q->weight + o * q->taps;
    int64_t taps = q->taps;
    while (taps > 1 && w[taps - 1] == 0)
        taps--;
    if (index[0] < 0)
        memset(y, 0, (size_t)q->inner * sizeof *y);
    else if (taps == 1 && w[0] == 1)
        memcpy(y, x + index[0] * q->inner, (size_t)q->inner * sizeof *y);
    else if (taps == 2)
        mix_two(x + index[0] * q->inner, w[0], x + index[1] * q->inner, w[1], y, q->inner);
    else
        for (int64_t k = 0; k < taps; k++)
            mix_row(x + index[k] * q->inner, w[k], y, q->inner, k == 0);
}

/* The last axis: rows of single elements. */
KIT_CLONES static void gather_one(const float *restrict x, const int32_t *restrict index,
                                  float *restrict y, int64_t n)
{
    for (int64_t o = 0; o < n; o++)
        y[o] = index[o] < 0 ? 0.0f : x[index[o]];
}

KIT_CLONES static void gather_two(const float *restrict x, const int32_t *restrict index,
                                  const float *restrict w, float *restrict y, int64_t n)
{
    for (int64_t o = 0; o < n; o++)
        y[o] = w[2 * o] * x[index[2 * o]] + w[2 * o + 1] * x[index[2 * o + 1]];
}

static void gather_row(const struct pass *q, const float *x, float *y)
{
    const int32_t *index = q->index;
    const float *w = q->weight;
    if (q->taps == 1) {
        gather_one(x, index, y, q->how.out);
        return;
    }
    if (q->taps == 2 && q->how.coordinates != RT_CROP_AND_RESIZE) {
        gather_two(x, index, w, y, q->how.out);
        return;
    }
    for (int64_t o = 0; o < q->how.out; o++, index += q->taps, w += q->taps) {
        double sum = 0;
        for (int64_t k = 0; k < q->taps && index[0] >= 0; k++)
            sum += (double)w[k] * (double)x[index[k]];
        y[o] = (float)sum;
    }
}

static void forward_piece(void *user, uint32_t i)
{
    const struct pass *q = user;
    const int64_t out = q->how.out, in = q->how.in;
    int64_t from, to;
    if (q->inner == 1) {
        rt_piece(q->outer, q->pieces, i, &from, &to);
        for (; from < to; from++)
            gather_row(q, q->from + from * in, q->to + from * out);
        return;
    }
    rt_piece(q->outer * out, q->pieces, i, &from, &to);
    for (; from < to; from++)
        mix(q, q->from + from / out * in * q->inner, from % out, q->to + from * q->inner);
}

static imp_status run_forward(struct pass *q, imp_job *job)
{
    const int64_t items = q->inner == 1 ? q->outer : q->outer * q->how.out;
    q->pieces = rt_pieces(items, (double)(q->outer * q->how.out) / (double)items *
                                     (double)(q->inner * q->taps));
    return rt_parallel(job, q->pieces, forward_piece, q);
}

/* What lies outside of the part that tf_crop_and_resize takes. */
static void fill_outside(const struct rt_call *c, const struct passes *s)
{
    const struct rt_shape *y = &c->out_info->shape;
    const float value = (float)rt_float(c->node, RT_RESIZE_EXTRAPOLATION);
    for (uint32_t i = 0; i < s->count; i++) {
        const struct pass *q = &s->pass[i];
        const int64_t inner = rt_product(y, q->axis + 1, y->ndim);
        const int64_t rows = rt_product(y, 0, q->axis + 1);
        for (int64_t r = 0; r < rows; r++)
            for (int64_t j = 0; q->index[r % q->how.out * q->taps] < 0 && j < inner; j++)
                c->out[r * inner + j] = value;
    }
}

static imp_status forward(const struct rt_call *c)
{
    struct passes s = passes_of(c);
    const struct rt_walk all = rt_walk_over(&c->out_info->shape);
    imp_status st = IMP_OK;
    if (!rt_count(&c->out_info->shape))
        return IMP_OK;
    if (!s.count)
        return rt_walk_copy(&all, c->in[RT_RESIZE_X], c->out, c->job);
    char *between = make_tables(&s, c->scratch);
    const uint64_t each = padded((uint64_t)s.largest * sizeof(float));
    const float *from = c->in[RT_RESIZE_X];
    for (uint32_t i = 0; i < s.count && st == IMP_OK; i++) {
        s.pass[i].from = from;
        s.pass[i].to = i + 1 == s.count ? c->out : (float *)(void *)(between + (i % 2 ? each : 0));
        from = s.pass[i].to;
        st = run_forward(&s.pass[i], c->job);
    }
    if (st == IMP_OK && s.outside)
        fill_outside(c, &s);
    return st;
}

/* ---- backward: each pass transposed, in reverse order; adds ---- */

enum { STRIP = 512 };

KIT_CLONES static void add_row(const float *restrict dy, float weight, float *restrict dx,
                               int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] += weight * dy[i];
}

static void scatter_row(const struct pass *q, const float *dy, float *dx)
{
    const int32_t *index = q->index;
    const float *weight = q->weight;
    for (int64_t o = 0; o < q->how.out; o++, index += q->taps, weight += q->taps)
        for (int64_t k = 0; k < q->taps && index[0] >= 0; k++)
            dx[index[k]] += weight[k] * dy[o];
}

/* Strip `at` of every row of one plane. */
static void scatter_strip(const struct pass *q, const float *dy, float *dx, int64_t at)
{
    const int64_t n = q->inner - at < STRIP ? q->inner - at : STRIP;
    for (int64_t o = 0; o < q->how.out; o++) {
        const int32_t *index = q->index + o * q->taps;
        const float *weight = q->weight + o * q->taps;
        for (int64_t k = 0; k < q->taps && index[0] >= 0; k++)
            if (weight[k] != 0)
                add_row(dy + o * q->inner + at, weight[k], dx + index[k] * q->inner + at, n);
    }
}

static void backward_piece(void *user, uint32_t i)
{
    const struct pass *q = user;
    const int64_t out = q->how.out * q->inner, in = q->how.in * q->inner;
    const int64_t strips = (q->inner + STRIP - 1) / STRIP;
    int64_t from, to;
    rt_piece(q->outer * strips, q->pieces, i, &from, &to);
    for (; from < to; from++) {
        const int64_t plane = from / strips;
        if (q->inner == 1)
            scatter_row(q, q->from + plane * out, q->to + plane * in);
        else
            scatter_strip(q, q->from + plane * out, q->to + plane * in, from % strips * STRIP);
    }
}

static imp_status run_backward(struct pass *q, imp_job *job)
{
    const int64_t items = q->outer * ((q->inner + STRIP - 1) / STRIP);
    q->pieces = rt_pieces(items, (double)(q->outer * q->how.out) * (double)(q->inner * q->taps) /
                                     (double)items);
    return rt_parallel(job, q->pieces, backward_piece, q);
}

static imp_status backward(const struct rt_call *c)
{
    struct passes s = passes_of(c);
    const struct rt_walk all = rt_walk_over(&c->out_info->shape);
    imp_status st = IMP_OK;
    if (!c->in_grad[RT_RESIZE_X] || !rt_count(&c->out_info->shape))
        return IMP_OK;
    if (!s.count)
        return rt_walk_add(&all, c->out_grad, c->in_grad[RT_RESIZE_X], c->job);
    char *between = make_tables(&s, c->scratch);
    const uint64_t each = padded((uint64_t)s.largest * sizeof(float));
    const float *from = c->out_grad;
    for (uint32_t i = s.count; i-- > 0 && st == IMP_OK;) {
        struct pass *q = &s.pass[i];
        q->from = from;
        q->to = i == 0 ? c->in_grad[RT_RESIZE_X] : (float *)(void *)(between + (i % 2 ? 0 : each));
        if (i > 0)
            memset(q->to, 0, (size_t)(q->outer * q->how.in * q->inner) * sizeof(float));
        from = q->to;
        st = run_backward(q, c->job);
    }
    return st;
}

/* ---- channels ---- */

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    struct rt_resize_plan p;
    (void)rt_resize_read(c->node, c->in_info, c->input_count, &p, NULL);
    if (rt_tie_of_param(t, c))
        return;
    if (c->in_info[RT_RESIZE_X]->shape.ndim < 2 || !rt_resize_changes(&p.axis[1])) {
        rt_tie_all(t, RT_RESIZE_X, RT_OUT);
        return;
    }
    rt_tie_lock(t, RT_RESIZE_X, -1, "a resize interpolates channels");
    rt_tie_lock(t, RT_OUT, -1, "a resize interpolates channels");
}

/* Sizes that name the channels lose those that went. */
static bool adjust(struct rt_node *copy, const struct rt_call *before,
                   const uint8_t *const *keep_in, const uint8_t *keep_out)
{
    const struct rt_shape *y = &before->out_info->shape;
    uint32_t count;
    const int64_t *sizes = rt_static_ints(before->node, before->in_info, before->input_count,
                                          RT_RESIZE_SIZES, RT_RESIZE_SLOT_SIZES, &count);
    int64_t want[RT_RANK];
    struct rt_resize_plan p;
    (void)keep_in;
    (void)rt_resize_read(before->node, before->in_info, before->input_count, &p, NULL);
    if (!keep_out || !count)
        return true;
    memcpy(want, sizes, p.count * sizeof want[0]);
    for (uint32_t i = 0; i < p.count; i++)
        if (p.axes[i] == 1) {
            want[i] = 0;
            for (int64_t c = 0; c < y->dim[1]; c++)
                want[i] += keep_out[c];
        }
    return rt_set_ints(copy, "sizes", p.count, want);
}

const struct rt_op rt_op_resize = {
    .name = "resize",
    .onnx = "Resize",
    .limits = "scales or sizes must be known while planning; floats only",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .infer = infer,
    .need = need,
    .forward = forward,
    .backward = backward,
    .couple = couple,
    .adjust = adjust,
};
