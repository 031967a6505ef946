/* median.c - the middle value of a square neighbourhood. Radius 1 and 2 here: exact, by exchanges
 * of minimum and maximum on whole rows. Larger ones: median_large.c. */
#include "basic.h"
#include "median_large.h"
#include <string.h>

enum { RADIUS };
enum { PART = 256, MAX_RADIUS = 50 };

/* ---- radius 1 and 2 ---- */

static inline void order(float *a, float *b)
{
    const float low = *a < *b ? *a : *b, high = *a < *b ? *b : *a;
    *a = low;
    *b = high;
}

static inline float low_of(float a, float b)
{
    return a < b ? a : b;
}

static inline float high_of(float a, float b)
{
    return a < b ? b : a;
}

static inline float middle_of(float a, float b, float c)
{
    order(&a, &b);
    return high_of(a, low_of(b, c));
}

/* Sorts each column of three rows of n samples, in place. */
KIT_CLONES
static void sort_columns3(float *restrict a, float *restrict b, float *restrict c, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        float p = a[x], q = b[x], r = c[x];
        order(&p, &q);
        order(&q, &r);
        order(&p, &q);
        a[x] = p, b[x] = q, c[x] = r;
    }
}

/* Of nine in sorted columns: the middle of the largest low, the middle middle, the least high. */
KIT_CLONES
static void middle9(const float *restrict a, const float *restrict b, const float *restrict c,
                    float *restrict out, uint32_t n)
{
    for (size_t x = 0; x < n; x++) {
        const float low = high_of(high_of(a[x], a[x + 1]), a[x + 2]);
        const float middle = middle_of(b[x], b[x + 1], b[x + 2]);
        const float high = low_of(low_of(c[x], c[x + 1]), c[x + 2]);
        out[x] = middle_of(low, middle, high);
    }
}

static inline void sort5(float *a, float *b, float *c, float *d, float *e)
{
    order(a, b), order(d, e), order(c, e), order(c, d), order(b, e);
    order(a, d), order(a, c), order(b, d), order(b, c);
}

KIT_CLONES
static void sort_columns5(float *restrict a, float *restrict b, float *restrict c,
                          float *restrict d, float *restrict e, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        float p = a[x], q = b[x], r = c[x], s = d[x], t = e[x];
        sort5(&p, &q, &r, &s, &t);
        a[x] = p, b[x] = q, c[x] = r, d[x] = s, e[x] = t;
    }
}

/* The least of a.. goes to a, the largest to the last one; the others lie between, in any order. */
static inline void ends3(float *a, float *b, float *c)
{
    order(a, b), order(b, c), order(a, b);
}

static inline void ends4(float *a, float *b, float *c, float *d)
{
    order(a, b), order(c, d), order(a, c), order(b, d);
}

static inline void ends5(float *a, float *b, float *c, float *d, float *e)
{
    order(a, b), order(d, e), order(a, d), order(b, e), order(a, c), order(c, e);
}

static inline void ends6(float *a, float *b, float *c, float *d, float *e, float *f)
{
    order(a, b), order(c, d), order(e, f), order(a, c), order(d, f), order(a, e), order(b, f);
}

static inline void ends7(float *a, float *b, float *c, float *d, float *e, float *f, float *g)
{
    order(a, b), order(c, d), order(f, g), order(a, c), order(d, g), order(a, f), order(b, g);
    order(a, e), order(e, g);
}

static inline void ends8(float *a, float *b, float *c, float *d, float *e, float *f, float *g,
                         float *h)
{
    order(a, b), order(c, d), order(e, f), order(g, h), order(a, c), order(e, g), order(a, e);
    order(b, d), order(f, h), order(d, h);
}

/* Of 25 in sorted columns (r[row][x]): the rows are sorted too; then whatever has more than twelve
 * not above it or not below it for certain is out, and the middle of the thirteen left is it. They
 * lose their least and largest one pair at a time, while the next one comes in. */
KIT_CLONES
static void middle25(const float *restrict r0, const float *restrict r1, const float *restrict r2,
                     const float *restrict r3, const float *restrict r4, float *restrict out,
                     uint32_t n)
{
    for (size_t x = 0; x < n; x++) {
        float a0 = r0[x], a1 = r0[x + 1], a2 = r0[x + 2], a3 = r0[x + 3], a4 = r0[x + 4];
        float b0 = r1[x], b1 = r1[x + 1], b2 = r1[x + 2], b3 = r1[x + 3], b4 = r1[x + 4];
        float c0 = r2[x], c1 = r2[x + 1], c2 = r2[x + 2], c3 = r2[x + 3], c4 = r2[x + 4];
        float d0 = r3[x], d1 = r3[x + 1], d2 = r3[x + 2], d3 = r3[x + 3], d4 = r3[x + 4];
        float e0 = r4[x], e1 = r4[x + 1], e2 = r4[x + 2], e3 = r4[x + 3], e4 = r4[x + 4];
        sort5(&a0, &a1, &a2, &a3, &a4);
        sort5(&b0, &b1, &b2, &b3, &b4);
        sort5(&c0, &c1, &c2, &c3, &c4);
        sort5(&d0, &d1, &d2, &d3, &d4);
        sort5(&e0, &e1, &e2, &e3, &e4);
        ends8(&a3, &b2, &c1, &d0, &e1, &d2, &c3, &b4);
        ends7(&b2, &c1, &d0, &e1, &d2, &c3, &a4);
        ends6(&c1, &d0, &e1, &d2, &c3, &b3);
        ends5(&d0, &e1, &d2, &c3, &c2);
        ends4(&e1, &d2, &c3, &d1);
        ends3(&d2, &c3, &e0);
        out[x] = c3;
    }
}

/* Samples x - r .. x + n + r - 1 of row y, mirrored at the borders. */
static void take(const imp_image *m, uint32_t c, int64_t y, uint32_t x, uint32_t n, int64_t r,
                 float *out)
{
    const float *row = imp_row(m, c, (uint32_t)kit_mirror(y, m->height));
    memcpy(out + r, row + x, n * sizeof *out);
    for (int64_t k = 1; k <= r; k++) {
        out[r - k] = row[kit_mirror((int64_t)x - k, m->width)];
        out[n + r - 1 + k] = row[kit_mirror((int64_t)x + n - 1 + k, m->width)];
    }
}

static void small_part(const imp_image *src, imp_image *dst, uint32_t c, uint32_t y, uint32_t x,
                       uint32_t n, uint32_t r)
{
    float rows[5][PART + 4], *out = imp_row_out(dst, c, y) + x;
    for (uint32_t k = 0; k <= 2 * r; k++)
        take(src, c, (int64_t)y + k - r, x, n, r, rows[k]);
    if (r == 1) {
        sort_columns3(rows[0], rows[1], rows[2], n + 2);
        middle9(rows[0], rows[1], rows[2], out, n);
        return;
    }
    sort_columns5(rows[0], rows[1], rows[2], rows[3], rows[4], n + 4);
    middle25(rows[0], rows[1], rows[2], rows[3], rows[4], out, n);
}

static void small_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                       uint32_t to)
{
    const uint32_t r = *(const uint32_t *)user;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++)
            for (uint32_t x = 0; x < dst->width; x += PART)
                small_part(src, dst, c, y, x, dst->width - x < PART ? dst->width - x : PART, r);
}

/* ---- the filter ---- */

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_image *src = imp_image_in(job, 0);
    const uint32_t radius = (uint32_t)job->params[RADIUS].i;
    (void)instance, (void)err;
    if (!radius)
        return basic_pass(job);
    if (radius <= 2)
        return basic_map(job, small_rows, &radius, 0);
    imp_image *dst = job->new_image(job, src->width, src->height, src->channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const imp_status st = median_large(job, src, dst, radius);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    const imp_shape *in = pl->inputs[0];
    if (in && p[RADIUS].i > 2)
        pl->bytes =
            (uint64_t)in->width * in->height * (in->channels ? in->channels : 3) * 2 + (8u << 20);
    pl->least_bytes = pl->bytes;
    return basic_plan_same(instance, pl, err);
}

static const imp_param params[] = {
    [RADIUS] = {.key = "radius",
                .unit = "px",
                .type = IMP_INT,
                .def = 1,
                .max = MAX_RADIUS,
                .help =
                    "Half the side of the square: 1 is 3 x 3, 2 is 5 x 5; 0 leaves the picture."},
};

const imp_filter filter_median = {
    BASIC_FILTER,
    .id = "median",
    .summary = "Take the middle value of a neighbourhood.",
    .help =
        "Removes specks and noise, keeps edges; large radii paint flat patches. Each channel by "
        "itself, borders mirror. Exact up to radius 2 and for 8-bit pictures, else in 4096 steps "
        "between the least and the largest sample; the time does not grow with the radius.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
