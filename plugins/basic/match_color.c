/* match_color.c - gives a picture the colours of another.
 *
 * covariance: the linear map of least change between two Gaussians (Pitie and Kokaram 2007, after
 * Monge and Kantorovich), S and T being the covariances of picture and reference:
 *     y = mt + A (x - ms),    A = S^-1/2 (S^1/2 T S^1/2)^1/2 S^-1/2
 * mean: the same along three fixed axes, brightness and two of colour (after Reinhard et al. 2001).
 * histogram, luma: the monotone map between two distributions, of each channel or of brightness. */
#include <math.h>
#include <string.h>
#include "basic.h"
#include "symmetric3.h"

enum { METHOD, STRENGTH };
enum { COVARIANCE, MEAN, HISTOGRAM, LUMA };
enum { BINS = 2048, PIECES = 64 };
#define NOISE 1e-5 /* added to variances: 0.8 of 255 steps, what a flat picture may have */
#define MOST_GAIN 12.0

static const imp_param params[] = {
    {.key = "method", .type = IMP_CHOICE, .choices = "covariance|mean|histogram|luma",
     .def_text = "covariance",
     .help = "covariance: mean and covariance, the least change that does it. mean: mean and "
             "spread of brightness and of two colour axes. histogram: the distribution of each "
             "channel. luma: the distribution of brightness; colours stay."},
    {.key = "strength", .type = IMP_FLOAT, .def = 1, .max = 1,
     .help = "0 leaves the picture as it is."},
};
static const imp_port inputs[] = {
    {.name = "in", .kind = IMP_IMAGE, .help = "The picture to change.", .channels = 1u << 3,
     .colours = 1u << IMP_SRGB},
    {.name = "reference", .kind = IMP_IMAGE,
     .help = "The picture whose colours are wanted; any size.",
     .channels = 1u << 3, .colours = 1u << IMP_SRGB},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "As large as in."},
};

/* ---- statistics of a picture, in up to 64 pieces cut by its shape ---- */

struct sums { double n, mean[3], square[6]; /* rr rg rb gg gb bb, about 1/2 */ };

struct measure {
    const imp_image *image;
    struct sums *sums;      /* a piece each, or NULL */
    uint32_t (*bins)[BINS]; /* 4 a piece: r g b luma, or NULL */
    uint32_t pieces;
};

static void sum_piece(void *user, uint32_t i)
{
    const struct measure *m = user;
    struct sums s = {0};
    uint32_t y, end;
    for (kit_strip(m->image->height, m->pieces, i, &y, &end); y < end; y++) {
        const float *r = imp_row(m->image, 0, y), *g = imp_row(m->image, 1, y),
                    *b = imp_row(m->image, 2, y);
        for (uint32_t x = 0; x < m->image->width; x++) {
            const double p = r[x] - 0.5, q = g[x] - 0.5, o = b[x] - 0.5;
            s.mean[0] += p, s.mean[1] += q, s.mean[2] += o;
            s.square[0] += p * p, s.square[1] += p * q, s.square[2] += p * o;
            s.square[3] += q * q, s.square[4] += q * o, s.square[5] += o * o;
        }
        s.n += m->image->width;
    }
    m->sums[i] = s;
}

static uint32_t bin_of(float v)
{
    return (uint32_t)((v > 0 ? v < 1 ? v : 1 : 0) * (BINS - 1) + 0.5f);
}

static void count_piece(void *user, uint32_t i)
{
    const struct measure *m = user;
    uint32_t(*bins)[BINS] = m->bins + 4 * i;
    uint32_t y, end;
    memset(bins, 0, 4 * sizeof *bins);
    for (kit_strip(m->image->height, m->pieces, i, &y, &end); y < end; y++) {
        const float *r = imp_row(m->image, 0, y), *g = imp_row(m->image, 1, y),
                    *b = imp_row(m->image, 2, y);
        for (uint32_t x = 0; x < m->image->width; x++) {
            bins[0][bin_of(r[x])]++, bins[1][bin_of(g[x])]++, bins[2][bin_of(b[x])]++;
            bins[3][bin_of(0.2126f * r[x] + 0.7152f * g[x] + 0.0722f * b[x])]++;
        }
    }
}

static uint32_t pieces_of(const imp_image *m)
{
    const uint32_t n = kit_strips(m->width, m->height);
    return n < PIECES ? n : PIECES;
}

struct colours { double mean[3], covariance[6]; };

static imp_status measure_colours(imp_job *job, const imp_image *image, struct colours *out)
{
    struct measure m = {.image = image, .pieces = pieces_of(image)};
    struct sums all = {0};
    if (!(m.sums = job->scratch(job, m.pieces * sizeof *m.sums)))
        return IMP_E_MEMORY;
    const imp_status st = kit_parallel(job, m.pieces, sum_piece, &m);
    for (uint32_t i = 0; i < m.pieces && st == IMP_OK; i++) {
        all.n += m.sums[i].n;
        for (int k = 0; k < 3; k++)
            all.mean[k] += m.sums[i].mean[k];
        for (int k = 0; k < 6; k++)
            all.square[k] += m.sums[i].square[k];
    }
    if (st != IMP_OK)
        return st;
    for (int i = 0, k = 0; i < 3; i++)
        for (int j = i; j < 3; j++, k++)
            out->covariance[k] = all.square[k] / all.n - all.mean[i] / all.n * (all.mean[j] / all.n)
                               + (i == j ? NOISE : 0);
    for (int k = 0; k < 3; k++)
        out->mean[k] = all.mean[k] / all.n + 0.5;
    return IMP_OK;
}

/* ---- the linear methods ---- */

struct affine { float a[3][3], from[3], to[3]; }; /* y = to + a (x - from) */

static double limit_gain(double v)
{
    return v < MOST_GAIN ? v : MOST_GAIN;
}

static void least_change(const double s[6], const double t[6], double a[6])
{
    double root[6], inverse[6], middle[6];
    symmetric3_map(s, sqrt, root);
    symmetric3_map(root, symmetric3_inverse, inverse);
    symmetric3_around(root, t, middle);
    symmetric3_map(middle, symmetric3_root, middle);
    symmetric3_around(inverse, middle, a);
    symmetric3_map(a, limit_gain, a);
}

/* Spread along brightness, red against blue, and green against both. */
static void along_axes(const double s[6], const double t[6], double a[6])
{
    static const double axes[3][3] = {
        {0.57735026918962576, 0.57735026918962576, 0.57735026918962576},
        {0.70710678118654752, 0, -0.70710678118654752},
        {0.40824829046386302, -0.81649658092772603, 0.40824829046386302},
    };
    memset(a, 0, 6 * sizeof *a);
    for (int e = 0; e < 3; e++) {
        const double gain =
            limit_gain(sqrt(symmetric3_form(t, axes[e]) / symmetric3_form(s, axes[e])));
        for (int i = 0, k = 0; i < 3; i++)
            for (int j = i; j < 3; j++, k++)
                a[k] += gain * axes[e][i] * axes[e][j];
    }
}

static imp_status linear_map(imp_job *job, int64_t method, double strength, struct affine *out)
{
    struct colours source, wanted;
    double a[6];
    imp_status st = measure_colours(job, imp_image_in(job, 0), &source);
    if (st == IMP_OK)
        st = measure_colours(job, imp_image_in(job, 1), &wanted);
    if (st != IMP_OK)
        return st;
    (method == COVARIANCE ? least_change : along_axes)(source.covariance, wanted.covariance, a);
    for (int i = 0; i < 3; i++) {
        out->from[i] = (float)source.mean[i];
        out->to[i] = (float)(source.mean[i] + strength * (wanted.mean[i] - source.mean[i]));
        for (int j = 0; j < 3; j++)
            out->a[i][j] = (float)(strength * a[symmetric3_at(i, j)] + (i == j ? 1 - strength : 0));
    }
    return IMP_OK;
}

/* ---- the monotone methods ---- */

struct curve { float at[BINS]; };

static imp_status measure_bins(imp_job *job, const imp_image *image, uint32_t (*bins)[BINS])
{
    struct measure m = {.image = image, .pieces = pieces_of(image), .bins = bins};
    const imp_status st = kit_parallel(job, m.pieces, count_piece, &m);
    for (uint32_t i = 1; i < m.pieces && st == IMP_OK; i++)
        for (uint32_t k = 0; k < 4 * BINS; k++)
            bins[k / BINS][k % BINS] += bins[4 * i + k / BINS][k % BINS];
    return st;
}

/* Each value goes to the value of equal rank: the middle of its bin's share of all pixels. Bins of
 * in without pixels follow the line between their neighbours. */
static void monotone(const uint32_t in[BINS], const uint32_t wanted[BINS], struct curve *out)
{
    double n = 0, m = 0, below = 0, passed = 0;
    uint32_t to = 0, last = BINS;
    for (uint32_t i = 0; i < BINS; i++)
        n += in[i], m += wanted[i];
    for (uint32_t i = 0; i < BINS; i++) {
        if (!in[i])
            continue;
        const double rank = (below + in[i] / 2.0) / n * m;
        below += in[i];
        while (to < BINS - 1 && passed + wanted[to] < rank)
            passed += wanted[to++];
        const float value =
            (float)((to + (wanted[to] ? (rank - passed) / wanted[to] - 0.5 : 0)) / (BINS - 1));
        for (uint32_t k = last < BINS ? last + 1 : 0; k < i; k++)
            out->at[k] = last < BINS ? out->at[last] + (value - out->at[last]) * (float)(k - last)
                                           / (float)(i - last) : value;
        out->at[i] = value;
        last = i;
    }
    for (uint32_t k = last + 1; k < BINS; k++)
        out->at[k] = out->at[last];
}

static float follow(const struct curve *c, float v)
{
    const float at = (v > 0 ? v < 1 ? v : 1 : 0) * (BINS - 1), low = fminf(floorf(at), BINS - 2);
    const float *p = &c->at[(uint32_t)low];
    return p[0] + (at - low) * (p[1] - p[0]);
}

static imp_status monotone_maps(imp_job *job, struct curve curves[4])
{
    const uint64_t bytes = sizeof(uint32_t[4][BINS]);
    const imp_image *in = imp_image_in(job, 0), *reference = imp_image_in(job, 1);
    uint32_t(*a)[BINS] = job->scratch(job, pieces_of(in) * bytes);
    uint32_t(*b)[BINS] = a ? job->scratch(job, pieces_of(reference) * bytes) : NULL;
    if (!b)
        return IMP_E_MEMORY;
    imp_status st = measure_bins(job, in, a);
    if (st == IMP_OK)
        st = measure_bins(job, reference, b);
    for (int c = 0; c < 4 && st == IMP_OK; c++)
        monotone(a[c], b[c], &curves[c]);
    return st;
}

/* ---- the picture ---- */

struct task {
    const imp_image *in;
    imp_image *out;
    struct affine affine;
    struct curve *curves; /* NULL: linear */
    float strength;
    int64_t method;
    uint32_t strips;
};

KIT_CLONES
static void linear_row(const struct affine *m, const float *const in[3], float *const out[3],
                       uint32_t n)
{
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t x = 0; x < n; x++)
            out[c][x] = m->to[c] + m->a[c][0] * (in[0][x] - m->from[0])
                        + m->a[c][1] * (in[1][x] - m->from[1])
                        + m->a[c][2] * (in[2][x] - m->from[2]);
}

static void curve_row(const struct task *t, const float *const in[3], float *const out[3],
                      uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        if (t->method == LUMA) {
            const float luma = 0.2126f * in[0][x] + 0.7152f * in[1][x] + 0.0722f * in[2][x];
            const float cut = luma > 0 ? luma < 1 ? luma : 1 : 0;
            const float change = t->strength * (follow(&t->curves[3], luma) - cut);
            for (uint32_t c = 0; c < 3; c++)
                out[c][x] = in[c][x] + change;
            continue;
        }
        for (uint32_t c = 0; c < 3; c++) {
            const float v = in[c][x], cut = v > 0 ? v < 1 ? v : 1 : 0;
            out[c][x] = v + t->strength * (follow(&t->curves[c], v) - cut);
        }
    }
}

static void map_strip(void *user, uint32_t i)
{
    const struct task *t = user;
    uint32_t y, end;
    for (kit_strip(t->out->height, t->strips, i, &y, &end); y < end; y++) {
        const float *const in[3] = {imp_row(t->in, 0, y), imp_row(t->in, 1, y),
                                    imp_row(t->in, 2, y)};
        float *const out[3] = {imp_row_out(t->out, 0, y), imp_row_out(t->out, 1, y),
                               imp_row_out(t->out, 2, y)};
        if (t->curves)
            curve_row(t, in, out, t->out->width);
        else
            linear_row(&t->affine, in, out, t->out->width);
    }
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_image *in = imp_image_in(job, 0);
    struct task t = {
        .in = in, .out = job->new_image(job, in->width, in->height, 3, in->colour),
        .strength = (float)job->params[STRENGTH].f, .method = job->params[METHOD].i,
        .strips = kit_strips(in->width, in->height),
    };
    imp_image *out = t.out;
    imp_status st;
    (void)instance, (void)err;
    if (!out)
        return IMP_E_MEMORY;
    if (t.method == COVARIANCE || t.method == MEAN) {
        st = linear_map(job, t.method, job->params[STRENGTH].f, &t.affine);
    } else {
        if (!(t.curves = job->scratch(job, 4 * sizeof *t.curves)))
            return IMP_E_MEMORY;
        st = monotone_maps(job, t.curves);
    }
    if (st == IMP_OK)
        st = kit_parallel(job, t.strips, map_strip, &t);
    return st == IMP_OK ? job->set_output(job, 0, &out->head) : st;
}

static imp_status plan(void *instance, imp_plan *p, imp_error *err)
{
    const imp_shape *in = p->inputs[0];
    (void)instance, (void)err;
    basic_plan_out(p, in->width, in->height, 3);
    p->outputs[0]->colour = IMP_SRGB;
    p->bytes = 2ull * PIECES * sizeof(uint32_t[4][BINS]);
    return IMP_OK;
}

const imp_filter filter_match_color = {
    BASIC_FILTER,
    .id = "match.color", .summary = "Give a picture the colours of another.",
    .help = "Maps the colours of `in` so that, as a whole, they are distributed like those of "
            "`reference`. Works on sRGB values, which are closer to what is seen than linear "
            "light.",
    .params = IMP_LIST(params), .inputs = IMP_LIST(inputs), .outputs = IMP_LIST(outputs),
    .process = process, .plan = plan,
};
