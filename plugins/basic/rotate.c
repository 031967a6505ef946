/* rotate.c - turns a picture: exactly by quarter turns, by interpolation between them. */
#include "basic.h"
#include <math.h>
#include <string.h>

enum { ANGLE, SIZE, METHOD, BORDER, COLOUR };
enum { GROW, SAME, CROP };
enum { CUBIC, TENT, NEAREST };
enum { FLAT, EDGE, MIRROR };
enum { PART = 64, BLOCK = 16, MAX_SIDE = 100000 };

/* ---- quarter turns ---- */

struct quarter {
    int turns;
};

/* Clockwise by one or three quarters: columns become rows. A block is copied to a small table
 * first, as rows of a large picture fall on the same lines of the cache. */
static void turn_block(const imp_image *src, imp_image *dst, uint32_t c, int turns, uint32_t x0,
                       uint32_t x1, uint32_t y0, uint32_t y1)
{
    const uint32_t w = src->width, h = src->height, nx = x1 - x0, ny = y1 - y0;
    float table[BLOCK][BLOCK + 1];
    for (uint32_t j = 0; j < nx; j++) { /* source row j becomes column j of the block */
        const float *s = imp_row(src, c, turns == 1 ? h - 1 - (x0 + j) : x0 + j);
        const float *from = s + (turns == 1 ? y0 : w - y1);
        for (uint32_t i = 0; i < ny; i++)
            table[j][i] = from[i];
    }
    for (uint32_t i = 0; i < ny; i++) {
        float *d = imp_row_out(dst, c, y0 + i) + x0;
        const uint32_t k = turns == 1 ? i : ny - 1 - i;
        for (uint32_t j = 0; j < nx; j++)
            d[j] = table[j][k];
    }
}

static void quarter_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                         uint32_t to)
{
    const int turns = ((const struct quarter *)user)->turns;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y += BLOCK)
            for (uint32_t x = 0; x < dst->width; x += BLOCK)
                turn_block(src, dst, c, turns, x, x + BLOCK < dst->width ? x + BLOCK : dst->width,
                           y, y + BLOCK < to ? y + BLOCK : to);
}

static void half_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                      uint32_t to)
{
    const uint32_t w = dst->width;
    (void)user;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++) {
            const float *s = imp_row(src, c, src->height - 1 - y);
            float *d = imp_row_out(dst, c, y);
            for (uint32_t x = 0; x < w; x++)
                d[x] = s[w - 1 - x];
        }
}

static imp_status quarters(imp_job *job, const imp_image *src, int turns)
{
    const struct quarter q = {turns};
    if (!turns)
        return basic_pass(job);
    imp_image *dst =
        job->new_image(job, turns == 2 ? src->width : src->height,
                       turns == 2 ? src->height : src->width, src->channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const imp_status st = basic_each(job, turns == 2 ? half_rows : quarter_rows, &q, src, dst);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

/* ---- any angle ---- */

struct turn {
    double cosine, sine;
    int64_t method, border;
    float colour[4];
};

/* Where a run of output pixels comes from: the sample up and left of it, and the way to the next.
 */
struct places {
    int32_t x[PART], y[PART];
    float fx[PART], fy[PART];
    int32_t bx, by;
    int32_t offset[PART]; /* of that sample from (bx, by), in floats */
    uint32_t from, to;    /* all taps of these are in the picture */
};

/* Pixel i is at (rx, ry) + i (cosine, -sine) from (bx, by). BIAS keeps what is cast positive. */
KIT_CLONES
static void walk(struct places *restrict p, uint32_t n, int32_t bx, int32_t by, float rx, float ry,
                 float cosine, float sine, int32_t row)
{
    enum { BIAS = 4 * PART };
    for (uint32_t i = 0; i < n; i++) {
        const float px = rx + cosine * (float)(int32_t)i + BIAS,
                    py = ry - sine * (float)(int32_t)i + BIAS;
        const int32_t ix = (int32_t)px, iy = (int32_t)py;
        p->fx[i] = px - (float)ix;
        p->fy[i] = py - (float)iy;
        p->x[i] = bx + ix - BIAS;
        p->y[i] = by + iy - BIAS;
        p->offset[i] = (iy - BIAS) * row + ix - BIAS;
    }
}

static int is_inside(const struct places *p, uint32_t i, const imp_image *src)
{
    return p->x[i] >= 1 && p->x[i] < (int64_t)src->width - 2 && p->y[i] >= 1 &&
           p->y[i] < (int64_t)src->height - 2;
}

/* The picture's centre stays the centre; clockwise as seen, y pointing down. */
static void find(const struct turn *t, const imp_image *src, const imp_image *dst, uint32_t x,
                 uint32_t y, uint32_t n, struct places *p)
{
    const double ox = x + 0.5 - dst->width / 2.0, oy = y + 0.5 - dst->height / 2.0;
    const double sx = t->cosine * ox + t->sine * oy + src->width / 2.0 - 0.5;
    const double sy = -t->sine * ox + t->cosine * oy + src->height / 2.0 - 0.5;
    const int32_t bx = (int32_t)floor(sx),
                  by = (int32_t)floor(sy); /* apart: floats are fine then */
    walk(p, n, bx, by, (float)(sx - bx), (float)(sy - by), (float)t->cosine, (float)t->sine,
         (int32_t)src->row);
    p->bx = bx, p->by = by;
    for (p->from = 0; p->from < n && !is_inside(p, p->from, src);)
        p->from++;
    for (p->to = n; p->to > p->from && !is_inside(p, p->to - 1, src);)
        p->to--;
}

/* Catmull-Rom weights of the four samples around fraction f. */
static inline void cubic_weights(float f, float w[4])
{
    w[0] = f * (-0.5f + f * (1 - 0.5f * f));
    w[1] = 1 + f * f * (-2.5f + 1.5f * f);
    w[2] = f * (0.5f + f * (2 - 1.5f * f));
    w[3] = f * f * (-0.5f + 0.5f * f);
}

static inline float cubic_of(const float *s, int64_t row, const float wx[4], const float wy[4])
{
    float sum = 0;
    for (int j = 0; j < 4; j++) {
        const float *r = s + (j - 1) * row - 1;
        sum += wy[j] * (wx[0] * r[0] + wx[1] * r[1] + wx[2] * r[2] + wx[3] * r[3]);
    }
    return sum;
}

/* first: the sample that offsets are from. */
KIT_CLONES
static void cubic_inside(const float *first, int64_t row, const struct places *p, uint32_t from,
                         uint32_t to, float *restrict out)
{
    for (uint32_t i = from; i < to; i++) {
        float wx[4], wy[4];
        cubic_weights(p->fx[i], wx);
        cubic_weights(p->fy[i], wy);
        out[i] = cubic_of(first + p->offset[i], row, wx, wy);
    }
}

KIT_CLONES
static void linear_inside(const float *first, int64_t row, const struct places *p, uint32_t from,
                          uint32_t to, float *restrict out)
{
    for (uint32_t i = from; i < to; i++) {
        const float *s = first + p->offset[i], fx = p->fx[i], fy = p->fy[i];
        const float a = s[0] + fx * (s[1] - s[0]);
        const float b = s[row] + fx * (s[row + 1] - s[row]);
        out[i] = a + fy * (b - a);
    }
}

/* A sample beyond the border. */
static float sample(const struct turn *t, const imp_image *m, uint32_t c, int64_t x, int64_t y)
{
    const int64_t w = m->width, h = m->height;
    if (t->border == FLAT && (x < 0 || x >= w || y < 0 || y >= h))
        return t->colour[c];
    if (t->border == MIRROR)
        x = kit_mirror(x, w), y = kit_mirror(y, h);
    else
        x = x < 0 ? 0 : x >= w ? w - 1 : x, y = y < 0 ? 0 : y >= h ? h - 1 : y;
    return imp_row(m, c, (uint32_t)y)[x];
}

/* One pixel near or beyond the border: by the same formulas, from samples fetched one by one. */
static float at_border(const struct turn *t, const imp_image *m, uint32_t c, const struct places *p,
                       uint32_t i)
{
    float s[4][4], wx[4], wy[4];
    const int64_t x = p->x[i], y = p->y[i];
    if (t->method == NEAREST)
        return sample(t, m, c, x + (p->fx[i] >= 0.5f), y + (p->fy[i] >= 0.5f));
    if (t->border == FLAT && (x < -2 || x > (int64_t)m->width || y < -2 || y > (int64_t)m->height))
        return t->colour[c];
    for (int j = 0; j < 4; j++)
        for (int k = 0; k < 4; k++)
            s[j][k] = sample(t, m, c, x + k - 1, y + j - 1);
    if (t->method == CUBIC) {
        cubic_weights(p->fx[i], wx);
        cubic_weights(p->fy[i], wy);
        return cubic_of(&s[1][1], 4, wx, wy);
    }
    const float a = s[1][1] + p->fx[i] * (s[1][2] - s[1][1]);
    const float b = s[2][1] + p->fx[i] * (s[2][2] - s[2][1]);
    return a + p->fy[i] * (b - a);
}

/* A run is straight, so the pixels whose taps are all in the picture follow each other. */
static void run(const struct turn *t, const imp_image *src, uint32_t c, const struct places *p,
                uint32_t n, float *out)
{
    const float *first = p->from < p->to ? imp_row(src, c, 0) + p->by * src->row + p->bx : NULL;
    const uint32_t from = t->method == NEAREST ? n : p->from, to = t->method == NEAREST ? n : p->to;
    for (uint32_t i = 0; i < from; i++)
        out[i] = at_border(t, src, c, p, i);
    if (t->method == CUBIC)
        cubic_inside(first, src->row, p, from, to, out);
    else
        linear_inside(first, src->row, p, from, to, out);
    for (uint32_t i = to; i < n; i++)
        out[i] = at_border(t, src, c, p, i);
}

static void turn_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                      uint32_t to)
{
    struct places p;
    for (uint32_t y = from; y < to; y++)
        for (uint32_t x = 0; x < dst->width; x += PART) {
            const uint32_t n = dst->width - x < PART ? dst->width - x : PART;
            find(user, src, dst, x, y, n, &p);
            for (uint32_t c = 0; c < dst->channels; c++)
                run(user, src, c, &p, n, imp_row_out(dst, c, y) + x);
        }
}

/* ---- sizes ---- */

struct size {
    uint32_t width, height;
};

/* Quarter turns of an angle that is one (within a ten-thousandth of a degree), else -1. */
static int turns_of(double degrees)
{
    const double quarter = floor(degrees / 90 + 0.5);
    if (fabs(degrees - 90 * quarter) > 1e-4)
        return -1;
    return (int)(quarter - 4 * floor(quarter / 4));
}

static uint32_t side(double px)
{
    return px < 1 ? 1 : px > MAX_SIDE ? MAX_SIDE + 1 : (uint32_t)px;
}

/* The largest upright rectangle within the turned picture: its corners touch the longer sides (a
 * picture longer than that is wide across), or all four sides. */
static struct size largest_within(double w, double h, double sine, double cosine)
{
    const double longer = fmax(w, h), shorter = fmin(w, h);
    if (shorter <= 2 * sine * cosine * longer || fabs(sine - cosine) < 1e-10) {
        const double half = shorter / 2;
        const double a = half / sine, b = half / cosine;
        return w >= h ? (struct size){side(a), side(b)} : (struct size){side(b), side(a)};
    }
    const double k = cosine * cosine - sine * sine;
    return (struct size){side((w * cosine - h * sine) / k), side((h * cosine - w * sine) / k)};
}

static struct size size_of(const imp_cell *p, uint32_t width, uint32_t height)
{
    const double a = p[ANGLE].f * (3.14159265358979323846 / 180);
    const double s = fabs(sin(a)), c = fabs(cos(a));
    const int turns = turns_of(p[ANGLE].f);
    if (turns >= 0)
        return turns % 2 ? (struct size){height, width} : (struct size){width, height};
    if (p[SIZE].i == SAME)
        return (struct size){width, height};
    if (p[SIZE].i == CROP)
        return largest_within(width, height, s, c);
    return (struct size){side(ceil(width * c + height * s - 1e-6)),
                         side(ceil(width * s + height * c - 1e-6))};
}

/* ---- the filter ---- */

/* A copy with alpha, premultiplied; grey becomes RGB. */
static void with_alpha_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                            uint32_t to)
{
    (void)user;
    for (uint32_t y = from; y < to; y++)
        for (uint32_t c = 0; c < 4; c++) {
            const uint32_t k = src->channels == 1 ? 0 : c;
            float *d = imp_row_out(dst, c, y);
            if (c == 3 && src->channels < 4)
                for (uint32_t x = 0; x < dst->width; x++)
                    d[x] = 1;
            else
                memcpy(d, imp_row(src, k, y), dst->width * sizeof *d);
        }
}

static imp_status turn_alpha(imp_job *job, struct turn *t, const imp_image *src, imp_image *dst)
{
    imp_image *m = kit_image_new(src->width, src->height, 4, src->colour);
    imp_status st = m ? basic_each(job, with_alpha_rows, NULL, src, m) : IMP_E_MEMORY;
    for (int c = 0; c < 3; c++)
        t->colour[c] *= t->colour[3];
    if (st == IMP_OK)
        st = basic_premultiply(job, m);
    if (st == IMP_OK)
        st = basic_each(job, turn_rows, t, m, dst);
    kit_image_free(m);
    return st == IMP_OK ? basic_unpremultiply(job, dst) : st;
}

static uint32_t channels_of(const imp_cell *p, uint32_t channels)
{
    const int flat = p[BORDER].i == FLAT && p[SIZE].i != CROP;
    return flat && turns_of(p[ANGLE].f) < 0 ? basic_channels_for(&p[COLOUR], channels) : channels;
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    const imp_image *src = imp_image_in(job, 0);
    const int turns = turns_of(p[ANGLE].f);
    const struct size s = size_of(p, src->width, src->height);
    const double a = p[ANGLE].f * (3.14159265358979323846 / 180);
    struct turn t = {cos(a), sin(a), p[METHOD].i, p[SIZE].i == CROP ? EDGE : p[BORDER].i, {0}};
    (void)instance;
    if (turns >= 0)
        return quarters(job, src, turns);
    if (s.width > MAX_SIDE || s.height > MAX_SIDE)
        return imp_fail(err, IMP_E_LIMIT, "a side would be longer than %d px", MAX_SIDE);
    const uint32_t channels = channels_of(p, src->channels);
    basic_colour_of(&p[COLOUR], channels, t.colour);
    imp_image *dst = job->new_image(job, s.width, s.height, channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const imp_status st =
        channels == 4 ? turn_alpha(job, &t, src, dst) : basic_each(job, turn_rows, &t, src, dst);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    const imp_shape *in = pl->inputs[0];
    (void)err;
    if (!in || !in->width || !in->height)
        return IMP_OK;
    const struct size s = size_of(p, in->width, in->height);
    const uint32_t channels = in->channels ? channels_of(p, in->channels) : 0;
    if (s.width > MAX_SIDE || s.height > MAX_SIDE)
        pl->mistake(pl, ANGLE, 0, NULL, "a side would be longer than 100000 px: resize first",
                    NULL);
    else
        basic_plan_out(pl, s.width, s.height, channels);
    if (channels == 4)
        pl->bytes = (uint64_t)in->width * in->height * 4 * sizeof(float);
    pl->least_bytes = pl->bytes;
    return IMP_OK;
}

static const imp_param params[] = {
    [ANGLE] = {.key = "angle",
               .unit = "degrees",
               .type = IMP_FLOAT,
               .def = 90,
               .min = -3600,
               .max = 3600,
               .help = "Clockwise. Multiples of 90 are exact."},
    [SIZE] =
        {.key = "size",
         .type = IMP_CHOICE,
         .choices = "grow|same|crop",
         .def_text = "grow",
         .help =
             "grow shows all of the picture, same keeps its size, crop is the largest rectangle "
             "without a border (straightening a horizon). Quarter turns take all."},
    [METHOD] = {.key = "method",
                .type = IMP_CHOICE,
                .choices = "cubic|linear|nearest",
                .def_text = "cubic",
                .help = "cubic is sharpest, linear quicker, nearest keeps values."},
    [BORDER] = {.key = "border",
                .type = IMP_CHOICE,
                .choices = "color|edge|mirror",
                .def_text = "color",
                .help =
                    "What fills the corners: a colour, the edge drawn out, the picture mirrored."},
    [COLOUR] = {.key = "color",
                .type = IMP_COLOUR,
                .def_text = "#ffffff",
                .help = "Of the corners. A fourth number below 1 makes them transparent."},
};

const imp_filter filter_rotate = {
    BASIC_FILTER,
    .id = "rotate",
    .summary = "Turn a picture by any angle.",
    .help = "angle = 90 turns it to the right. Small angles with size = crop straighten a horizon.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_any_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
