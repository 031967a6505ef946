/* tree_stamps.c - ellipses, shadows and pieces of branches onto a strip. What is thinner than a px
 * is drawn a px wide and thinner in colour. */
#include "trees.h"

struct bounds {
    int32_t x0, x1, y0, y1;
};

static struct bounds bounds_of(const struct strip *t, float x0, float y0, float x1, float y1,
                               int32_t low)
{
    const float w = (float)t->x1, h = (float)t->out->height;
    const struct bounds b = {sw_floor(sw_clamp(x0, (float)t->x0, w)),
                             sw_floor(sw_clamp(x1 + 1, (float)t->x0, w)),
                             sw_floor(sw_clamp(y0, 0, h)), sw_floor(sw_clamp(y1 + 1, 0, h))};
    return (struct bounds){b.x0, b.x1, b.y0, b.y1 < low ? b.y1 : low};
}

static void put(const struct strip *t, int32_t x, int32_t y, float a, struct f3 c)
{
    float *r = imp_row_out(t->out, 0, (uint32_t)y) + x,
          *g = imp_row_out(t->out, 1, (uint32_t)y) + x,
          *b = imp_row_out(t->out, 2, (uint32_t)y) + x;
    *r += a * (c.x - *r), *g += a * (c.y - *g), *b += a * (c.z - *b);
}

/* On snow the sky's blue stays. */
static void put_shade(const struct strip *t, int32_t x, int32_t y, float a)
{
    static const float part[2][3] = {{1, 1, 1}, {1, 0.93f, 0.80f}};
    for (uint32_t i = 0; i < 3; i++) {
        float *to = imp_row_out(t->out, i, (uint32_t)y) + x;
        *to -= a * part[t->s->kind == SCENE_SNOW][i] * *to;
    }
}

void stamp_leaf(const struct strip *t, const struct stamp *m, int32_t low, struct f3 colour)
{
    const float least = 0.6f, a = sw_max(m->a, least), b = sw_max(m->b, least);
    const float alpha = sw_min(m->alpha * (m->a / a) * (m->b / b) * 1.3f, m->alpha);
    const float wide = sqrtf(a * a * m->c * m->c + b * b * m->s * m->s) + 0.5f,
                tall = sqrtf(a * a * m->s * m->s + b * b * m->c * m->c) + 0.5f;
    const struct bounds w = bounds_of(t, m->x - wide, m->y - tall, m->x + wide, m->y + tall, low);
    const float ia = 1 / a, ib = 1 / b;
    for (int32_t y = w.y0; y < w.y1; y++)
        for (int32_t x = w.x0; x < w.x1; x++) {
            const float dx = (float)x + 0.5f - m->x, dy = (float)y + 0.5f - m->y;
            const float u = (dx * m->c + dy * m->s) * ia, v = (dy * m->c - dx * m->s) * ib;
            const float in = sw_unit((1 - sqrtf(u * u + v * v)) * b + 0.5f);
            if (in > 0)
                put(t, x, y, in * alpha, colour);
        }
}

void stamp_shadow(const struct strip *t, const struct stamp *m, float above)
{
    const struct bounds w = bounds_of(t, m->x - m->a, sw_max(m->y - m->b, above), m->x + m->a,
                                      m->y + m->b, (int32_t)t->out->height);
    const float ia = 1 / sw_max(m->a, 0.5f), ib = 1 / sw_max(m->b, 0.5f);
    for (int32_t y = w.y0; y < w.y1; y++)
        for (int32_t x = w.x0; x < w.x1; x++) {
            const float u = ((float)x + 0.5f - m->x) * ia, v = ((float)y + 0.5f - m->y) * ib;
            const float in = sw_step(1, 0.35f, u * u + v * v);
            put_shade(t, x, y, in * m->alpha);
        }
}

void stamp_limb(const struct strip *t, const struct limb *m, int32_t low, struct f3 bright,
                struct f3 dark)
{
    const float least = 0.5f, wide = sw_max(sw_max(m->a, m->b), least) + 1;
    const struct bounds w =
        bounds_of(t, sw_min(m->x0, m->x1) - wide, sw_min(m->y0, m->y1) - wide,
                  sw_max(m->x0, m->x1) + wide, sw_max(m->y0, m->y1) + wide, low);
    const float dx = m->x1 - m->x0, dy = m->y1 - m->y0, size = sqrtf(dx * dx + dy * dy) + 1e-6f;
    const float ux = dx / size, uy = dy / size;
    for (int32_t y = w.y0; y < w.y1; y++)
        for (int32_t x = w.x0; x < w.x1; x++) {
            const float rx = (float)x + 0.5f - m->x0, ry = (float)y + 0.5f - m->y0;
            const float along = sw_clamp(rx * ux + ry * uy, 0, size), u = along / size;
            const float thin = sw_mix(m->a, m->b, u), half = sw_max(thin, least);
            const float ex = rx - along * ux, ey = ry - along * uy, d = sqrtf(ex * ex + ey * ey);
            const float in = sw_unit(half - d + 0.5f) * sw_min(thin / half, 1);
            if (in <= 0)
                continue;
            const float side = sw_clamp((rx * uy - ry * ux) / half, -1, 1) * (uy < 0 ? -1 : 1);
            put(t, x, y, in, f3_mix(dark, bright, sw_unit(0.45f + 0.55f * m->lit * side)));
        }
}
