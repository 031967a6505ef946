/* drawing.c - drawings made ready. Work is done at twice the network's side, so that strokes have
 * width. */
#include "drawing.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- tones ---- */

/* The level below which a share of n values of 0..1 lie, by a histogram. */
static double level_of(const float *v, size_t n, double share)
{
    enum { BINS = 1024 };
    uint64_t count[BINS] = {0}, run = 0;
    for (size_t i = 0; i < n; i++) {
        const float at = v[i] < 0 ? 0 : v[i] > 1 ? 1 : v[i];
        count[(uint32_t)(at * (BINS - 1) + 0.5f)]++;
    }
    for (uint32_t i = 0; i < BINS; i++)
        if ((double)(run += count[i]) >= share * (double)n)
            return i / (BINS - 1.0);
    return 1;
}

/* Paper, the most frequent half of it, to 0 and ink to 1. */
static imp_status tones(float *v, size_t n, uint32_t *what, imp_error *err)
{
    const double low = level_of(v, n, 0.002), high = level_of(v, n, 0.998),
                 middle = level_of(v, n, 0.5);
    const bool dark = middle - low < high - middle;
    const double paper = middle, ink = dark ? high : low;
    uint64_t between = 0, near = 0; /* tones that are neither; those that are paper for certain */
    if (fabs(paper - ink) < 0.08)
        return imp_fail(
            err, IMP_E_INPUT,
            "the drawing is %s: dark lines on light paper are wanted, or light ones on dark",
            high - low >= 0.08 || middle > 0.5 ? "blank" : "nothing but ink");
    for (size_t i = 0; i < n; i++) {
        const double t = (v[i] - paper) / (ink - paper);
        v[i] = (float)(t < 0.1 ? 0 : t > 0.9 ? 1 : (t - 0.1) / 0.8);
        between += t > 0.2 && t < 0.8;
        near += t > -0.08 && t < 0.08;
    }
    *what |= dark ? AV_TURNED : 0;
    if ((double)between > 0.2 * (double)n || (double)near < 0.6 * (double)n)
        *what |= AV_PHOTO;
    return IMP_OK;
}

/* ---- strokes ---- */

/* The eight neighbours of a place, clockwise from above; outside is paper. */
static uint32_t around(const uint8_t *b, int64_t side, int64_t x, int64_t y, uint8_t p[8])
{
    static const int8_t dx[] = {0, 1, 1, 1, 0, -1, -1, -1}, dy[] = {-1, -1, 0, 1, 1, 1, 0, -1};
    uint32_t n = 0;
    for (int k = 0; k < 8; k++) {
        const int64_t u = x + dx[k], v = y + dy[k];
        p[k] = u >= 0 && v >= 0 && u < side && v < side ? b[v * side + u] & 1 : 0;
        n += p[k];
    }
    return n;
}

/* Thinning of Zhang and Suen (1984): strokes of a picture of 0 and 1 become one pixel wide. */
static void thin(uint8_t *b, uint32_t side)
{
    uint8_t p[8];
    for (bool changed = true; changed;) {
        changed = false;
        for (int half = 0; half < 2; half++) {
            for (uint32_t y = 0; y < side; y++)
                for (uint32_t x = 0; x < side; x++) {
                    uint8_t *at = &b[(size_t)y * side + x];
                    const uint32_t n = *at ? around(b, side, x, y, p) : 0;
                    uint32_t rises = 0;
                    for (int k = 0; k < 8 && n; k++)
                        rises += !p[k] && p[(k + 1) % 8];
                    if (n >= 2 && n <= 6 && rises == 1 &&
                        !(half ? p[0] & p[2] & p[6] : p[0] & p[2] & p[4]) &&
                        !(half ? p[0] & p[4] & p[6] : p[2] & p[4] & p[6]))
                        *at |= 2; /* goes, once all of this half are seen */
                }
            for (size_t i = 0; i < (size_t)side * side; i++)
                if (b[i] & 2)
                    b[i] = 0, changed = true;
        }
    }
}

/* Strokes drawn again with a round pen of that many pixels. */
static void redraw(float *v, uint32_t side, double width, uint8_t *b)
{
    const double r = 0.5 * width;
    const int64_t reach = (int64_t)ceil(r) + 1, n = side;
    for (size_t i = 0; i < (size_t)side * side; i++)
        b[i] = v[i] > 0.4f;
    thin(b, side);
    memset(v, 0, (size_t)side * side * sizeof *v);
    for (int64_t y = 0; y < n; y++)
        for (int64_t x = 0; x < n; x++)
            for (int64_t j = b[y * n + x] ? y - reach : y + 1; j <= y + reach && b[y * n + x]; j++)
                for (int64_t i = x - reach; i <= x + reach; i++) {
                    const double d =
                        r + 0.5 - sqrt((double)((i - x) * (i - x) + (j - y) * (j - y)));
                    if (i >= 0 && j >= 0 && i < n && j < n && d > v[j * n + i])
                        v[j * n + i] = (float)(d < 1 ? d : 1);
                }
}

/* ---- places ---- */

/* Into a square of `side`, by area; what lies outside of the picture is paper. The box (0..1 of the
 * square around the picture) becomes the whole. */
static imp_status place(const imp_image *in, double x0, double y0, double size, uint32_t side,
                        float *out, imp_job *job)
{
    const uint32_t longest = in->width > in->height ? in->width : in->height;
    imp_image *small =
        kit_image_new((uint32_t)fmax(1, in->width * (side / (size * longest)) + 0.5),
                      (uint32_t)fmax(1, in->height * (side / (size * longest)) + 0.5), 1, IMP_DATA);
    imp_status st =
        small ? kit_resize(in, small, in->width > small->width ? KIT_AREA : KIT_LINEAR, job)
              : IMP_E_MEMORY;
    const double left = 0.5 * (longest - in->width) / longest,
                 top = 0.5 * (longest - in->height) / longest;
    const int64_t dx = (int64_t)floor((left - x0) / size * side + 0.5),
                  dy = (int64_t)floor((top - y0) / size * side + 0.5);
    for (int64_t y = 0; y < side && st == IMP_OK; y++)
        for (int64_t x = 0; x < side; x++) {
            const int64_t u = x - dx, v = y - dy;
            out[y * side + x] = u >= 0 && v >= 0 && u < small->width && v < small->height
                                    ? imp_row(small, 0, (uint32_t)v)[u]
                                    : 0;
        }
    kit_image_free(small);
    return st;
}

/* The part of the drawing's square that brings its ink to the usual box: equal middles, equal
 * heights. */
static bool far_off(const av_ink *ink, const av_ink *usual, double box[3])
{
    const double scale = (ink->bottom - ink->top) / (usual->bottom - usual->top),
                 dx = 0.5 * (ink->left + ink->right) - 0.5 * scale * (usual->left + usual->right),
                 dy = 0.5 * (ink->top + ink->bottom) - 0.5 * scale * (usual->top + usual->bottom);
    box[0] = dx, box[1] = dy, box[2] = scale;
    return scale < 0.8 || scale > 1.25 || fabs(dx + 0.5 * scale - 0.5) > 0.12 ||
           fabs(dy + 0.5 * scale - 0.5) > 0.12;
}

/* An outline whose chin lies where a kind's does and that is as wide is in its place: with ears, or
 * with hair over them, it is of another height. */
static bool in_place(const av_kind *seen, const av_kinds *kinds)
{
    const av_ink *a = &seen->ink;
    bool in = false;
    for (uint32_t i = 0; i < kinds->count && av_is_outline(seen); i++) {
        const av_ink *b = &kinds->all[i].ink;
        const double wide = (a->right - a->left) / (b->right - b->left);
        in = in || (av_is_outline(&kinds->all[i]) && wide > 0.8 && wide < 1.25 &&
                    fabs(a->bottom - b->bottom) < 0.12 &&
                    fabs(a->left + a->right - b->left - b->right) < 2 * 0.12);
    }
    return in;
}

/* ---- all of it ---- */

static imp_status ink_of(const imp_image *in, imp_image **ink, uint32_t *what, imp_error *err)
{
    imp_image *m = kit_image_new(in->width, in->height, 1, IMP_DATA);
    if (!m)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a drawing of %u x %u", in->width,
                        in->height);
    float *packed = malloc((size_t)in->width * in->height * sizeof *packed);
    for (uint32_t y = 0; y < in->height; y++)
        if (in->channels >= 3)
            kit_luma(imp_row(in, 0, y), imp_row(in, 1, y), imp_row(in, 2, y), imp_row_out(m, 0, y),
                     in->width);
        else
            memcpy(imp_row_out(m, 0, y), imp_row(in, 0, y), in->width * sizeof(float));
    for (uint32_t y = 0; packed && y < in->height; y++)
        memcpy(packed + (size_t)y * in->width, imp_row(m, 0, y), in->width * sizeof *packed);
    imp_status st =
        packed ? tones(packed, (size_t)in->width * in->height, what, err) : IMP_E_MEMORY;
    for (uint32_t y = 0; st == IMP_OK && y < in->height; y++)
        memcpy(imp_row_out(m, 0, y), packed + (size_t)y * in->width, in->width * sizeof *packed);
    free(packed);
    if (st != IMP_OK)
        kit_image_free(m), m = NULL;
    *ink = m;
    return st;
}

imp_status av_drawing(const imp_image *in, uint32_t side, const av_kinds *kinds, enum av_place how,
                      float *out, uint32_t *what, const av_kind **kind, imp_job *job,
                      imp_error *err)
{
    const uint32_t large = 2 * side;
    imp_image *ink = NULL;
    float *v = malloc((size_t)large * large * sizeof *v);
    uint8_t *b = malloc((size_t)large * large);
    double box[3];
    *what = 0;
    imp_status st = v && b ? ink_of(in, &ink, what, err)
                           : imp_fail(err, IMP_E_MEMORY, "no memory for a drawing");
    if (st == IMP_OK)
        st = place(ink, 0, 0, 1, large, v, job);
    const av_kind seen = st == IMP_OK ? av_kind_of(v, large) : (av_kind){.map = {0}};
    *kind = av_kinds_like(kinds, &seen);
    const av_ink *usual = &(*kind)->ink;
    av_ink now = seen.ink;
    const bool off = far_off(&now, usual, box) && !in_place(&seen, kinds);
    if (st == IMP_OK && (off ? how != AV_AS_IS : how == AV_CENTRE)) {
        *what |= AV_MOVED;
        st = place(ink, box[0], box[1], box[2], large, v, job);
        now = av_ink_of(v, large);
    }
    if (st == IMP_OK && (now.width < 0.7 * usual->width || now.width > 1.5 * usual->width)) {
        *what |= AV_REDRAWN;
        redraw(v, large, usual->width * large, b);
    }
    for (uint32_t y = 0; st == IMP_OK && y < side; y++)
        for (uint32_t x = 0; x < side; x++) {
            const float *at = v + (size_t)2 * y * large + 2 * x;
            out[(size_t)y * side + x] = 0.25f * (at[0] + at[1] + at[large] + at[large + 1]);
        }
    if (st == IMP_OK && av_ink_of(out, side).share > 2.5 * usual->share)
        *what |= AV_BUSY;
    free(v), free(b);
    kit_image_free(ink);
    return st;
}
