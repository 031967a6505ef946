/* rotate_any.c - turns a picture by any angle: a run of output pixels at a time is followed back
 * into the picture, where samples are fetched directly as long as all of them are inside. */
#include "rotate_any.h"
#include "basic.h"
#include <math.h>
#include <string.h>

enum { PART = 64 };

/* What every strip needs; colour is premultiplied where the pictures are. */
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
    if (t->border == ROTATE_FLAT && (x < 0 || x >= w || y < 0 || y >= h))
        return t->colour[c];
    if (t->border == ROTATE_MIRROR)
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
    if (t->method == ROTATE_NEAREST)
        return sample(t, m, c, x + (p->fx[i] >= 0.5f), y + (p->fy[i] >= 0.5f));
    if (t->border == ROTATE_FLAT &&
        (x < -2 || x > (int64_t)m->width || y < -2 || y > (int64_t)m->height))
        return t->colour[c];
    for (int j = 0; j < 4; j++)
        for (int k = 0; k < 4; k++)
            s[j][k] = sample(t, m, c, x + k - 1, y + j - 1);
    if (t->method == ROTATE_CUBIC) {
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
    const uint32_t from = t->method == ROTATE_NEAREST ? n : p->from,
                   to = t->method == ROTATE_NEAREST ? n : p->to;
    for (uint32_t i = 0; i < from; i++)
        out[i] = at_border(t, src, c, p, i);
    if (t->method == ROTATE_CUBIC)
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

/* ---- alpha ---- */

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

imp_status rotate_any(imp_job *job, const struct rotate_any *how, const imp_image *src,
                      imp_image *dst)
{
    const double angle = how->degrees * (3.14159265358979323846 / 180);
    struct turn t = {kit_cos(angle), kit_sin(angle), how->method, how->border, {0}};
    memcpy(t.colour, how->colour, sizeof t.colour);
    if (dst->channels == 4)
        return turn_alpha(job, &t, src, dst);
    return basic_each(job, turn_rows, &t, src, dst);
}
