/* op_resize.c - another size by interpolation, axis by axis: y = W_0 x W_1 ... with a small table of
 * neighbours and weights for each axis that changes (resize_table.h). Backward is the transpose. */
#include "resize_table.h"
#include "strided.h"

#include <impasto/kit.h>
#include <math.h>
#include <string.h>

extern const struct rt_op rt_op_resize;

enum { MODE, COORDINATES, ROUNDING, SCALES, SIZES, AXES, ROI, CUBIC_A, EXCLUDE_OUTSIDE, EXTRAPOLATION,
       ANTIALIAS, KEEP_ASPECT };
enum { X, SLOT_ROI, SLOT_SCALES, SLOT_SIZES };
enum { STRETCH, NOT_LARGER, NOT_SMALLER };
static const struct rt_attr_def attrs[] = {
    [MODE] = {.key = "mode", .onnx = "mode", .type = RT_CHOICE, .choices = "nearest|linear|cubic"},
    [COORDINATES] = {.key = "coordinates",
                     .onnx = "coordinate_transformation_mode",
                     .type = RT_CHOICE,
                     .choices = RT_COORDINATES},
    [ROUNDING] = {.key = "rounding",
                  .onnx = "nearest_mode",
                  .type = RT_CHOICE,
                  .choices = RT_ROUNDINGS},
    [SCALES] = {.key = "scales", .onnx = "scales", .type = RT_FLOATS},
    [SIZES] = {.key = "sizes", .type = RT_INTS},
    [AXES] = {.key = "axes", .onnx = "axes", .type = RT_INTS},
    [ROI] = {.key = "roi", .type = RT_FLOATS},
    [CUBIC_A] = {.key = "cubic_a", .onnx = "cubic_coeff_a", .type = RT_FLOAT, .def = -0.75},
    [EXCLUDE_OUTSIDE] = {.key = "exclude_outside", .onnx = "exclude_outside", .type = RT_BOOL},
    [EXTRAPOLATION] = {.key = "extrapolation", .onnx = "extrapolation_value", .type = RT_FLOAT},
    [ANTIALIAS] = {.key = "antialias", .onnx = "antialias", .type = RT_BOOL},
    [KEEP_ASPECT] = {.key = "keep_aspect",
                     .onnx = "keep_aspect_ratio_policy",
                     .type = RT_CHOICE,
                     .choices = "stretch|not_larger|not_smaller"},
};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [SLOT_ROI] = {.name = "roi", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
    [SLOT_SCALES] = {.name = "scales", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
    [SLOT_SIZES] = {.name = "sizes", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
};

/* ---- what is asked for, axis by axis ---- */

struct plan {
    struct rt_resize axis[RT_RANK];
    uint32_t axes[RT_RANK], count; /* those that scales, sizes and roi speak of */
};

/* Which axes the lists of `count` numbers speak of: those named, all, or the spatial ones. */
static imp_status named_axes(const struct rt_node *node, uint32_t ndim, uint32_t count,
                             struct plan *p, imp_error *err)
{
    uint32_t n, seen = 0;
    const int64_t *axes = rt_ints(node, AXES, &n);
    const bool spatial = !axes && ndim > 2 && count == ndim - 2;
    p->count = axes ? n : spatial ? ndim - 2 : ndim;
    if (p->count != count || count > ndim)
        return imp_fail(err, IMP_E_INPUT, "%u scales or sizes for %u axes", count, p->count);
    for (uint32_t i = 0; i < count; i++) {
        const int axis = rt_axis(axes ? axes[i] : spatial ? i + 2 : i, ndim);
        if (axis < 0 || (seen >> axis & 1))
            return imp_fail(err, IMP_E_INPUT, "axis %lld of an input of %u axes%s",
                            axes ? (long long)axes[i] : (long long)i, ndim,
                            axis < 0 ? "" : " is named twice");
        seen |= 1u << axis;
        p->axes[i] = (uint32_t)axis;
    }
    return IMP_OK;
}

static imp_status by_scales(const double *scales, struct plan *p, imp_error *err)
{
    for (uint32_t i = 0; i < p->count; i++) {
        struct rt_resize *r = &p->axis[p->axes[i]];
        const float scale = (float)scales[i], size = floorf((float)r->in * scale);
        if (!(scale > 0) || !(size <= 1073741824.0f))
            return imp_fail(err, IMP_E_INPUT, "a scale of %g for axis %u of %lld", scales[i],
                            p->axes[i], (long long)r->in);
        r->scale = (double)scale;
        r->length = r->scale * (double)r->in;
        r->out = (int64_t)size;
    }
    return IMP_OK;
}

static imp_status by_sizes(const int64_t *sizes, int64_t policy, struct plan *p, imp_error *err)
{
    double one = policy == NOT_LARGER ? INFINITY : 0;
    for (uint32_t i = 0; i < p->count; i++) {
        struct rt_resize *r = &p->axis[p->axes[i]];
        if (sizes[i] < 0 || sizes[i] > INT32_MAX / 2 || (sizes[i] && !r->in))
            return imp_fail(err, IMP_E_INPUT, "a size of %lld for axis %u of %lld",
                            (long long)sizes[i], p->axes[i], (long long)r->in);
        r->out = sizes[i];
        r->length = (double)sizes[i];
        r->scale = r->in ? (double)sizes[i] / (double)r->in : 1;
        one = policy == NOT_LARGER ? fmin(one, r->scale) : fmax(one, r->scale);
    }
    for (uint32_t i = 0; policy != STRETCH && i < p->count; i++) {
        struct rt_resize *r = &p->axis[p->axes[i]];
        r->scale = one;
        r->length = one * (double)r->in;
        if (!(r->length < INT32_MAX / 2))
            return imp_fail(err, IMP_E_LIMIT, "axis %u would get %g places", p->axes[i], r->length);
        r->out = (int64_t)floor(r->length + 0.5);
    }
    return IMP_OK;
}

static void set_up(const struct rt_node *node, const struct rt_shape *x, struct plan *p)
{
    for (uint32_t i = 0; i < x->ndim; i++)
        p->axis[i] = (struct rt_resize){
            .in = x->dim[i],
            .out = x->dim[i],
            .scale = 1,
            .length = (double)x->dim[i],
            .to = 1,
            .cubic_a = rt_float(node, CUBIC_A),
            .mode = (enum rt_resize_mode)rt_int(node, MODE),
            .coordinates = (enum rt_coordinates)rt_int(node, COORDINATES),
            .rounding = (enum rt_rounding)rt_int(node, ROUNDING),
            .exclude_outside = rt_int(node, EXCLUDE_OUTSIDE),
            .antialias = rt_int(node, ANTIALIAS),
        };
}

static imp_status read_roi(const struct rt_node *node, const struct rt_info *const *in,
                           uint32_t input_count, struct plan *p, imp_error *err)
{
    double roi[2 * RT_RANK + 1];
    if (rt_int(node, COORDINATES) != RT_CROP_AND_RESIZE)
        return IMP_OK;
    const uint32_t n =
        rt_static_floats(node, in, input_count, ROI, SLOT_ROI, roi, 2 * RT_RANK + 1);
    if (n != 2 * p->count)
        return imp_fail(err, IMP_E_INPUT,
                        "tf_crop_and_resize wants a roi of %u numbers (all begins, then all ends, "
                        "in 0..1), not %u", 2 * p->count, n);
    for (uint32_t i = 0; i < p->count; i++) {
        p->axis[p->axes[i]].from = roi[i];
        p->axis[p->axes[i]].to = roi[i + p->count];
    }
    return IMP_OK;
}

static imp_status read_plan(const struct rt_node *node, const struct rt_info *const *in,
                            uint32_t input_count, struct plan *p, imp_error *err)
{
    const struct rt_shape *x = &in[X]->shape;
    double scales[RT_RANK + 1];
    uint32_t size_count;
    const uint32_t scale_count =
        rt_static_floats(node, in, input_count, SCALES, SLOT_SCALES, scales, RT_RANK + 1);
    const int64_t *sizes = rt_static_ints(node, in, input_count, SIZES, SLOT_SIZES, &size_count);
    set_up(node, x, p);
    if (!scale_count == !size_count && x->ndim)
        return imp_fail(err, IMP_E_INPUT, "give scales or sizes, one of them");
    imp_status st = named_axes(node, x->ndim, scale_count ? scale_count : size_count, p, err);
    if (st == IMP_OK)
        st = scale_count ? by_scales(scales, p, err)
                         : by_sizes(sizes, rt_int(node, KEEP_ASPECT), p, err);
    return st == IMP_OK ? read_roi(node, in, input_count, p, err) : st;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape;
    struct plan p;
    imp_status st = rt_static_check(in, err);
    if (st == IMP_OK)
        st = read_plan(in->node, in->in, in->input_count, &p, err);
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
    bool outside;           /* some places take the extrapolation value */
    int64_t largest;        /* elements of the largest value between two passes */
    uint64_t bytes;         /* of tables and of those values */
};

static bool changes(const struct rt_resize *r)
{
    return r->in != r->out || r->scale != 1 ||
           (r->coordinates == RT_CROP_AND_RESIZE && (r->from != 0 || r->to != 1));
}

static uint64_t padded(uint64_t bytes)
{
    return (bytes + 63) & ~(uint64_t)63;
}

static struct passes passes_of(const struct rt_call *c)
{
    struct passes s = {.outside = rt_int(c->node, COORDINATES) == RT_CROP_AND_RESIZE};
    struct rt_shape at = c->in_info[X]->shape;
    struct plan p;
    (void)read_plan(c->node, c->in_info, c->input_count, &p, NULL); /* infer has passed it */
    for (uint32_t i = at.ndim; i-- > 0;) {
        if (!changes(&p.axis[i]))
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
    const float value = (float)rt_float(c->node, EXTRAPOLATION);
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
        return rt_walk_copy(&all, c->in[X], c->out, c->job);
    char *between = make_tables(&s, c->scratch);
    const uint64_t each = padded((uint64_t)s.largest * sizeof(float));
    const float *from = c->in[X];
    for (uint32_t i = 0; i < s.count && st == IMP_OK; i++) {
        s.pass[i].from = from;
        s.pass[i].to =
            i + 1 == s.count ? c->out : (float *)(void *)(between + (i % 2 ? each : 0));
        from = s.pass[i].to;
        st = run_forward(&s.pass[i], c->job);
    }
    if (st == IMP_OK && s.outside)
        fill_outside(c, &s);
    return st;
}

/* ---- backward: each pass transposed, in reverse order; adds ---- */

enum { STRIP = 512 };

KIT_CLONES static void add_row(const float *restrict dy, float weight, float *restrict dx, int64_t n)
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
    if (!c->in_grad[X] || !rt_count(&c->out_info->shape))
        return IMP_OK;
    if (!s.count)
        return rt_walk_add(&all, c->out_grad, c->in_grad[X], c->job);
    char *between = make_tables(&s, c->scratch);
    const uint64_t each = padded((uint64_t)s.largest * sizeof(float));
    const float *from = c->out_grad;
    for (uint32_t i = s.count; i-- > 0 && st == IMP_OK;) {
        struct pass *q = &s.pass[i];
        q->from = from;
        q->to = i == 0 ? c->in_grad[X] : (float *)(void *)(between + (i % 2 ? 0 : each));
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
    struct plan p;
    (void)read_plan(c->node, c->in_info, c->input_count, &p, NULL);
    if (rt_tie_of_param(t, c))
        return;
    if (c->in_info[X]->shape.ndim < 2 || !changes(&p.axis[1])) {
        rt_tie_all(t, X, RT_OUT);
        return;
    }
    rt_tie_lock(t, X, -1, "a resize interpolates channels");
    rt_tie_lock(t, RT_OUT, -1, "a resize interpolates channels");
}

/* Sizes that name the channels lose those that went. */
static bool adjust(struct rt_node *copy, const struct rt_call *before,
                   const uint8_t *const *keep_in, const uint8_t *keep_out)
{
    const struct rt_shape *y = &before->out_info->shape;
    uint32_t count;
    const int64_t *sizes = rt_static_ints(before->node, before->in_info, before->input_count, SIZES,
                                          SLOT_SIZES, &count);
    int64_t want[RT_RANK];
    struct plan p;
    (void)keep_in;
    (void)read_plan(before->node, before->in_info, before->input_count, &p, NULL);
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
