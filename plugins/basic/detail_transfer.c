/* detail_transfer.c - what was done to a small copy of a picture, at full size.
 *
 * affine (fast guided filter, He and Sun 2015, with a Gaussian window): at the small size, in each
 * window, the changed copy is a linear function of the shrunk original's colours I,
 *     A = G + (cov(changed, I) - G cov(I, I)) (cov(I, I) + epsilon E)^-1
 *     b = mean(changed) - A mean(I)
 * G is the same fit over the whole picture (with the identity in place of G), so that flat windows
 * do to fine detail what is done to the picture as a whole. A and b are averaged over the windows,
 * enlarged, and applied to the full picture, whose edges they follow. What the windows do not
 * explain (strokes, texture) is enlarged and added.
 * difference: changed - I, enlarged and added. */
#include <math.h>
#include <stdbool.h>
#include "basic.h"

enum { METHOD, RADIUS, EPSILON, REST, STRENGTH };
enum { AFFINE, DIFFERENCE };
enum { MEANS = 6, CROSS = 9, SQUARES = 6, STATISTICS = MEANS + CROSS + SQUARES, COEFFICIENTS = 12 };

static const imp_param params[] = {
    {.key = "method", .type = IMP_CHOICE, .choices = "affine|difference", .def_text = "affine",
     .help = "affine: the change follows the picture's edges. difference: the change is enlarged "
             "as it is."},
    {.key = "radius", .unit = "px", .type = IMP_FLOAT, .def = 3, .min = 0.5, .max = 200,
     .help = "affine: deviation of the windows, in pixels of the small copy."},
    {.key = "epsilon", .type = IMP_FLOAT, .def = 0.001, .min = 1e-6, .max = 1,
     .help = "affine: contrast (as a variance) below which a window counts as flat; more is "
             "smoother."},
    {.key = "rest", .type = IMP_FLOAT, .def = 1, .min = 0, .max = 1,
     .help = "affine: how much of what the windows do not explain (new texture) is added."},
    {.key = "strength", .type = IMP_FLOAT, .def = 1, .min = 0, .max = 2,
     .help = "How much of the change is carried over; above 1 exaggerates it."},
};
static const imp_port inputs[] = {
    {.name = "in", .kind = IMP_IMAGE, .help = "The picture at full size.", .channels = 1u << 3,
     .colours = 1u << IMP_SRGB},
    {.name = "small", .kind = IMP_IMAGE, .help = "A smaller copy of it that was changed.",
     .channels = 1u << 3, .colours = 1u << IMP_SRGB},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "As large as in."},
};

struct small {              /* everything at the small size */
    imp_image *shrunk;      /* I, three channels; later the rest */
    imp_image *statistics;  /* products, then their means */
    imp_image *model;       /* A (3 x 3, row by row), b */
    double *row_sums;       /* STATISTICS of each row */
    double epsilon, keep;
    double prior[3][3];     /* G */
    const imp_image *changed;
};

/* ---- at the small size ---- */

/* Means of I and of changed, changed x I, I x I: all about 1/2. */
static void products(const void *user, const imp_image *src, imp_image *out, uint32_t from,
                     uint32_t to)
{
    const struct small *s = user;
    (void)src;
    for (uint32_t y = from; y < to; y++) {
        const float *v[6];
        for (uint32_t c = 0; c < 3; c++)
            v[c] = imp_row(s->shrunk, c, y), v[3 + c] = imp_row(s->changed, c, y);
        for (uint32_t k = 0; k < STATISTICS; k++) {
            static const uint8_t first[] = {0, 1, 2, 3, 4, 5, 3, 3, 3, 4, 4,
                                            4, 5, 5, 5, 0, 0, 0, 1, 1, 2};
            static const uint8_t second[] = {6, 6, 6, 6, 6, 6, 0, 1, 2, 0, 1,
                                             2, 0, 1, 2, 0, 1, 2, 1, 2, 2};
            const float *p = v[first[k]], *q = second[k] < 6 ? v[second[k]] : NULL;
            float *d = imp_row_out(out, k, y);
            double sum = 0;
            for (uint32_t x = 0; x < out->width; x++) {
                d[x] = (p[x] - 0.5f) * (q ? q[x] - 0.5f : 1);
                sum += (double)d[x];
            }
            s->row_sums[(size_t)y * STATISTICS + k] = sum;
        }
    }
}

/* The inverse of a symmetric matrix that is positive definite by its epsilon. s: xx xy xz yy yz
 * zz. */
static void invert(const double s[6], double inverse[6])
{
    const double a = s[3] * s[5] - s[4] * s[4], b = s[2] * s[4] - s[1] * s[5],
                 c = s[1] * s[4] - s[2] * s[3];
    const double det = s[0] * a + s[1] * b + s[2] * c;
    inverse[0] = a / det, inverse[1] = b / det, inverse[2] = c / det;
    inverse[3] = (s[0] * s[5] - s[2] * s[2]) / det;
    inverse[4] = (s[1] * s[2] - s[0] * s[4]) / det;
    inverse[5] = (s[0] * s[3] - s[1] * s[1]) / det;
}

/* A (row by row) and b from the means of a window. */
static void fit(const double v[STATISTICS], double epsilon, const double prior[3][3],
                double model[COEFFICIENTS])
{
    static const uint8_t at[3][3] = {{0, 1, 2}, {1, 3, 4}, {2, 4, 5}};
    double s[6], regular[6], inverse[6];
    for (int i = 0; i < 3; i++)
        for (int j = i; j < 3; j++)
            regular[at[i][j]] = s[at[i][j]] = v[MEANS + CROSS + at[i][j]] - v[i] * v[j];
    for (int i = 0; i < 3; i++)
        regular[at[i][i]] = fmax(s[at[i][i]], 0) + epsilon;
    invert(regular, inverse);
    for (int c = 0; c < 3; c++) {
        double left[3], b = v[3 + c]; /* what the prior leaves to explain */
        for (int i = 0; i < 3; i++)
            left[i] = v[MEANS + 3 * c + i] - v[3 + c] * v[i] - prior[c][0] * s[at[0][i]]
                    - prior[c][1] * s[at[1][i]] - prior[c][2] * s[at[2][i]];
        for (int j = 0; j < 3; j++) {
            model[3 * c + j] = prior[c][j] + left[0] * inverse[at[0][j]]
                               + left[1] * inverse[at[1][j]] + left[2] * inverse[at[2][j]];
            b -= model[3 * c + j] * v[j];
        }
        model[9 + c] = b;
    }
}

/* The fit over the whole picture. */
static void fit_whole(struct small *s)
{
    static const double same[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    const uint32_t w = s->changed->width, h = s->changed->height;
    double v[STATISTICS] = {0}, model[COEFFICIENTS];
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t k = 0; k < STATISTICS; k++)
            v[k] += s->row_sums[(size_t)y * STATISTICS + k];
    for (uint32_t k = 0; k < STATISTICS; k++)
        v[k] /= (double)w * h;
    fit(v, 1e-5, same, model);
    for (int c = 0; c < 3; c++)
        for (int j = 0; j < 3; j++)
            s->prior[c][j] = model[3 * c + j];
}

static void solve(const void *user, const imp_image *statistics, imp_image *model, uint32_t from,
                  uint32_t to)
{
    const struct small *s = user;
    for (uint32_t y = from; y < to; y++)
        for (uint32_t x = 0; x < model->width; x++) {
            double v[STATISTICS], m[COEFFICIENTS];
            for (uint32_t k = 0; k < STATISTICS; k++)
                v[k] = imp_row(statistics, k, y)[x];
            fit(v, s->epsilon, s->prior, m);
            for (uint32_t k = 0; k < COEFFICIENTS; k++)
                imp_row_out(model, k, y)[x] = (float)m[k];
        }
}

/* In place of the shrunk original: keep * (changed - what the model makes of the original). */
static void leave_rest(const void *user, const imp_image *src, imp_image *out, uint32_t from,
                       uint32_t to)
{
    const struct small *s = user;
    (void)src;
    for (uint32_t y = from; y < to; y++)
        for (uint32_t x = 0; x < out->width; x++) {
            float v[3], made[3];
            for (uint32_t c = 0; c < 3; c++)
                v[c] = imp_row(s->shrunk, c, y)[x] - 0.5f;
            for (uint32_t c = 0; c < 3; c++) {
                made[c] = s->model ? imp_row(s->model, 9 + c, y)[x] : v[c];
                for (uint32_t j = 0; j < 3 && s->model; j++)
                    made[c] += imp_row(s->model, 3 * c + j, y)[x] * v[j];
            }
            for (uint32_t c = 0; c < 3; c++)
                imp_row_out(out, c, y)[x] =
                    (float)s->keep * (imp_row(s->changed, c, y)[x] - 0.5f - made[c]);
        }
}

static imp_status fit_model(struct small *s, double radius, imp_job *job)
{
    const uint32_t w = s->changed->width, h = s->changed->height;
    s->statistics = kit_image_new(w, h, STATISTICS, IMP_DATA);
    s->model = kit_image_new(w, h, COEFFICIENTS, IMP_DATA);
    s->row_sums = job->scratch(job, (uint64_t)h * STATISTICS * sizeof *s->row_sums);
    if (!s->statistics || !s->model || !s->row_sums)
        return IMP_E_MEMORY;
    imp_status st = basic_each(job, products, s, s->shrunk, s->statistics);
    if (st == IMP_OK)
        fit_whole(s), st = kit_blur(s->statistics, s->statistics, radius, job);
    if (st == IMP_OK)
        st = basic_each(job, solve, s, s->statistics, s->model);
    return st == IMP_OK ? kit_blur(s->model, s->model, radius, job) : st;
}

/* ---- at full size ---- */

struct apply { const imp_image *in, *model; float strength; };

/* Between two samples of the small size, pixel centres on pixel centres. */
struct between { uint32_t low, high; float part; };

static struct between place(uint32_t i, uint32_t full, uint32_t small)
{
    const double at = (i + 0.5) * small / full - 0.5, low = floor(at);
    struct between b = {0, 0, (float)(at - low)};
    b.low = low < 0 ? 0 : (uint32_t)low;
    b.high = low + 1 < small ? (uint32_t)(low + 1) : small - 1;
    return b;
}

enum { SPAN = 256 };

/* The model's planes along a span of a full-size row. */
static void enlarge(const struct apply *a, uint32_t y, uint32_t x0, uint32_t n,
                    float out[COEFFICIENTS][SPAN])
{
    const struct between v = place(y, a->in->height, a->model->height);
    struct between u[SPAN];
    for (uint32_t i = 0; i < n; i++)
        u[i] = place(x0 + i, a->in->width, a->model->width);
    for (uint32_t k = 0; k < COEFFICIENTS; k++) {
        const float *top = imp_row(a->model, k, v.low), *end = imp_row(a->model, k, v.high);
        for (uint32_t i = 0; i < n; i++) {
            const float p = top[u[i].low] + v.part * (end[u[i].low] - top[u[i].low]);
            const float q = top[u[i].high] + v.part * (end[u[i].high] - top[u[i].high]);
            out[k][i] = p + u[i].part * (q - p);
        }
    }
}

/* out holds the enlarged rest; the model's picture is added, then mixed with the original. */
static void apply_rows(const void *user, const imp_image *src, imp_image *out, uint32_t from,
                       uint32_t to)
{
    const struct apply *a = user;
    float m[COEFFICIENTS][SPAN];
    for (uint32_t y = from; y < to; y++)
        for (uint32_t x0 = 0; x0 < out->width; x0 += SPAN) {
            const uint32_t n = out->width - x0 < SPAN ? out->width - x0 : SPAN;
            const float *r = imp_row(src, 0, y) + x0, *g = imp_row(src, 1, y) + x0,
                        *b = imp_row(src, 2, y) + x0;
            if (a->model)
                enlarge(a, y, x0, n, m);
            for (uint32_t c = 0; c < 3; c++) {
                const float *in = c == 0 ? r : c == 1 ? g : b;
                float *d = imp_row_out(out, c, y) + x0;
                for (uint32_t i = 0; i < n; i++) {
                    const float made = !a->model ? in[i]
                        : m[3 * c][i] * (r[i] - 0.5f) + m[3 * c + 1][i] * (g[i] - 0.5f)
                        + m[3 * c + 2][i] * (b[i] - 0.5f) + m[9 + c][i] + 0.5f;
                    d[i] = in[i] + a->strength * (made + d[i] - in[i]);
                }
            }
        }
}

static imp_status transfer(struct small *s, imp_image *out, imp_job *job)
{
    const imp_image *in = imp_image_in(job, 0);
    const imp_cell *p = job->params;
    if (!(s->shrunk = kit_image_new(s->changed->width, s->changed->height, 3, IMP_DATA)))
        return IMP_E_MEMORY;
    imp_status st = kit_resize(in, s->shrunk, KIT_AREA, job);
    if (st == IMP_OK && p[METHOD].i == AFFINE)
        st = fit_model(s, p[RADIUS].f, job);
    if (st == IMP_OK)
        st = basic_each(job, leave_rest, s, s->shrunk, s->shrunk);
    if (st == IMP_OK)
        st = kit_resize(s->shrunk, out, KIT_LANCZOS, job);
    const struct apply a = {in, s->model, (float)p[STRENGTH].f};
    return st == IMP_OK ? basic_each(job, apply_rows, &a, in, out) : st;
}

/* Too wide apart in shape to be a copy: by more than 3 %, and by more than a pixel's rounding. */
static bool other_shape(uint32_t w, uint32_t h, uint32_t sw, uint32_t sh)
{
    const double expect = (double)h * sw / w;
    return fabs(expect - sh) > 0.03 * expect && fabs(expect - sh) > 1.5
           && fabs((double)w * sh / h - sw) > 1.5;
}

static bool fits(uint32_t w, uint32_t h, uint32_t sw, uint32_t sh, char *text, size_t size)
{
    const char *why = sw > w || sh > h ? "small must not be larger than in"
                    : other_shape(w, h, sw, sh) ? "small must have the shape of in" : NULL;
    if (why)
        snprintf(text, size, "small is %u x %u, in is %u x %u: %s", sw, sh, w, h, why);
    return !why;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0), *changed = imp_image_in(job, 1);
    struct small s = {.changed = changed, .epsilon = job->params[EPSILON].f,
                      .keep = job->params[METHOD].i == AFFINE ? job->params[REST].f : 1};
    char text[160];
    (void)instance;
    if (!fits(in->width, in->height, changed->width, changed->height, text, sizeof text)) {
        if (err)
            err->port = 1;
        return imp_fail(err, IMP_E_INPUT, "%s", text);
    }
    imp_image *out = job->new_image(job, in->width, in->height, 3, in->colour);
    if (!out)
        return IMP_E_MEMORY;
    const imp_status st = transfer(&s, out, job);
    kit_image_free(s.model);
    kit_image_free(s.statistics);
    kit_image_free(s.shrunk);
    return st == IMP_OK ? job->set_output(job, 0, &out->head) : st;
}

static imp_status plan(void *instance, imp_plan *p, imp_error *err) IMP_NX
{
    const imp_shape *in = p->inputs[0], *small = p->inputs[1];
    char text[160];
    (void)instance, (void)err;
    if (in->width && small->width
        && !fits(in->width, in->height, small->width, small->height, text, sizeof text))
        p->mistake(p, -1, 1, NULL, text, NULL);
    basic_plan_out(p, in->width, in->height, 3);
    p->bytes = (uint64_t)small->width * small->height * 4 * (2 * STATISTICS + COEFFICIENTS + 3);
    p->macs = (double)in->width * in->height * 60 + (double)small->width * small->height * 400;
    return IMP_OK;
}

const imp_filter filter_detail_transfer = {
    BASIC_FILTER, .id = "detail.transfer",
    .summary = "Carry the change of a small copy to the picture at full size.",
    .help = "Shrink a picture, change the copy by whatever is slow, and let this filter do the "
            "same to the picture: it finds the change as local linear maps of colour and applies "
            "them along the edges.",
    .params = IMP_LIST(params), .inputs = IMP_LIST(inputs), .outputs = IMP_LIST(outputs),
    .process = process, .plan = plan,
};
