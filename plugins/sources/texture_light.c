/* texture_light.c - light on a height field: slopes, soft shadows by comparing heights towards the
 * light, open sky by comparing them all around, gloss (Blinn and Phong) and a little sky in it. */
#include "texture.h"
#include <math.h>
#include <impasto/kit.h>

enum { SHADOWS = 10, AROUND = 8 };

struct row_of { /* the middle of the canvas' row, and what lies a row up and down */
    const float *h;
    size_t n, pitch;
};

KIT_CLONES
static void slopes(struct row_of w, float k, float *restrict nx, float *restrict ny,
                   float *restrict nz)
{
    const float *restrict h = w.h, *up = w.h - w.pitch, *down = w.h + w.pitch;
    for (size_t i = 0; i < w.n; i++) {
        const float sx = k * (h[i - 1] - h[i + 1]), sy = k * (up[i] - down[i]);
        const float one = 1 / sqrtf(1 + sx * sx + sy * sy);
        nx[i] = sx * one, ny[i] = sy * one, nz[i] = one;
    }
}

/* What rises above the ray to the light from a point `far` away, over the ray's width there. */
KIT_CLONES
static void shadow(struct row_of w, const float *restrict there, float k, float ray, float soft,
                   float *restrict dark)
{
    for (size_t i = 0; i < w.n; i++) {
        const float over = (k * (there[i] - w.h[i]) - ray) * soft;
        dark[i] = over > dark[i] ? over : dark[i];
    }
}

KIT_CLONES
static void around(struct row_of w, const float *restrict there, float k, float *restrict closed)
{
    for (size_t i = 0; i < w.n; i++) {
        float rise = k * (there[i] - w.h[i]);
        rise = rise < -0.3F ? -0.3F : rise;
        closed[i] += rise > 1.5F ? 1.5F : rise;
    }
}

struct lit {
    float *dark, *closed, *nx, *ny, *nz;
};

/* Highlights: power about 8 .. 60 by repeated squares, mixed by gloss. */
KIT_CLONES
static void add_light(const struct tx_light *l, const struct lit *s, const float *restrict albedo,
                      const float *restrict gloss, float shine, float sun, float sky,
                      float tint_sun, float tint_sky, float *restrict out, size_t n)
{
    const float hx = l->x, hy = l->y, hz = l->z + 1, one = 1 / sqrtf(hx * hx + hy * hy + hz * hz);
    for (size_t i = 0; i < n; i++) {
        const float facing = s->nx[i] * l->x + s->ny[i] * l->y + s->nz[i] * l->z;
        const float clear = 1 - nz_clamp(s->dark[i]);
        const float direct = sun * tint_sun * nz_max(facing, 0) * clear;
        const float open = nz_clamp(1 - 0.75F * s->closed[i] / (2 * AROUND));
        const float ambient = sky * tint_sky * open * (0.85F - 0.15F * s->ny[i]);
        const float half = nz_max(one * (s->nx[i] * hx + s->ny[i] * hy + s->nz[i] * hz), 0);
        const float p4 = half * half * half * half, p16 = p4 * p4 * p4 * p4, p48 = p16 * p16 * p16;
        const float spot = nz_lerp(0.12F * p16, 0.5F * p48 + 0.35F * p48 * p48 * p48, gloss[i]);
        const float mirror = 0.10F * open * nz_clamp(0.4F - 0.8F * s->ny[i] * s->nz[i]);
        out[i] = albedo[i] * (direct + ambient) +
                 shine * gloss[i] * (spot * clear * tint_sun * sun + mirror * tint_sky);
    }
}

/* Above 0.8 on a shoulder that ends at 1. */
KIT_CLONES
static void soften(float *restrict v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float over = nz_max(v[i] - 0.8F, 0);
        v[i] = nz_max(nz_min(v[i], 0.8F) + over / (1 + 5 * over), 0);
    }
}

static const float *at_offset(struct row_of w, const struct tx_canvas *c, float dx, float dy)
{
    int x = (int)nz_floor(dx + 0.5F), y = (int)nz_floor(dy + 0.5F);
    x = x > c->margin ? c->margin : x < -c->margin ? -c->margin : x;
    y = y > c->margin ? c->margin : y < -c->margin ? -c->margin : y;
    return w.h + (ptrdiff_t)y * (ptrdiff_t)w.pitch + x;
}

static void lighten(const struct tx *t, const struct tx_light *l, const struct tx_canvas *c,
                    struct row_of w, struct lit *s)
{
    const float flat = sqrtf(l->x * l->x + l->y * l->y) + 1e-6F, rise = l->z / flat;
    const float reach = (float)(c->margin - 1);
    for (size_t i = 0; i < w.n; i++)
        s->dark[i] = s->closed[i] = 0;
    slopes(w, 0.5F * t->pixels * l->relief, s->nx, s->ny, s->nz);
    float far = reach;
    for (int k = 0; k < SHADOWS && far >= 0.7F; k++, far *= 0.68F) {
        const float *there = at_offset(w, c, l->x / flat * far, l->y / flat * far);
        shadow(w, there, l->relief, far * t->px * rise, 2.2F / (far * t->px), s->dark);
    }
    for (int ring = 0; ring < 2; ring++)
        for (int k = 0; k < AROUND; k++) {
            const float radius = ring ? nz_max(reach * 0.5F, 1) : nz_max(reach * 0.14F, 1);
            const float turn = ((float)k + 0.5F * (float)ring) / AROUND;
            around(w, at_offset(w, c, radius * nz_cosine(turn), radius * nz_sine(turn)),
                   l->relief / (radius * t->px), s->closed);
        }
}

void tx_light_row(const struct tx *t, const struct tx_light *l, const struct tx_canvas *c, int y,
                  float *r, float *g, float *b)
{
    float buffer[5][TX_SPAN];
    struct lit s = {buffer[0], buffer[1], buffer[2], buffer[3], buffer[4]};
    const float sky = 0.40F, sun = (1 - 0.85F * sky) / nz_max(l->z, 0.3F);
    for (size_t x = 0; x < (size_t)c->width; x += TX_SPAN) {
        const size_t n = (size_t)c->width - x < TX_SPAN ? (size_t)c->width - x : TX_SPAN;
        const size_t at = (size_t)(y + c->margin) * c->pitch + (size_t)c->margin + x;
        const struct row_of w = {c->height + at, n, c->pitch};
        const float shine = t->kind->gloss * t->gloss;
        lighten(t, l, c, w, &s);
        add_light(l, &s, c->r + at, c->gloss + at, shine, sun, sky, 1.03F, 0.95F, r + x, n);
        add_light(l, &s, c->g + at, c->gloss + at, shine, sun, sky, 1.0F, 1.0F, g + x, n);
        add_light(l, &s, c->b + at, c->gloss + at, shine, sun, sky, 0.95F, 1.09F, b + x, n);
    }
    soften(r, (size_t)c->width);
    soften(g, (size_t)c->width);
    soften(b, (size_t)c->width);
}
