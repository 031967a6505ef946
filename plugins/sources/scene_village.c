/* scene_village.c - a few houses on a lake's far shore at night: dark walls, warm windows, their
 * light in the air and on the water. */
#include "trees.h"

enum { HOUSES = 12 };

struct house {
    float x, y, z, k, px, py; /* foot, m; px per m; the foot in px */
    uint32_t seed;
    int32_t low;
};

static void add_light(const struct strip *t, int32_t x, int32_t y, struct f3 c, float part)
{
    imp_row_out(t->out, 0, (uint32_t)y)[x] += c.x * part;
    imp_row_out(t->out, 1, (uint32_t)y)[x] += c.y * part;
    imp_row_out(t->out, 2, (uint32_t)y)[x] += c.z * part;
}

/* An upright rectangle, its rims as wide as they are; add: light on what is there. */
static void panel(const struct strip *t, float x0, float y0, float x1, float y1, int32_t low,
                  struct f3 c, int add)
{
    const float h = (float)(low < (int32_t)t->out->height ? low : (int32_t)t->out->height);
    const int32_t from = sw_floor(sw_clamp(x0, (float)t->x0, (float)t->x1)),
                  to = sw_floor(sw_clamp(x1 + 1, (float)t->x0, (float)t->x1)),
                  top = sw_floor(sw_clamp(y0, 0, h)), end = sw_floor(sw_clamp(y1 + 1, 0, h));
    for (int32_t y = top; y < end; y++)
        for (int32_t x = from; x < to; x++) {
            const float in = sw_unit(sw_min(x1, (float)x + 1) - sw_max(x0, (float)x)) *
                             sw_unit(sw_min(y1, (float)y + 1) - sw_max(y0, (float)y));
            for (uint32_t p = 0; p < 3 && !add; p++)
                imp_row_out(t->out, p, (uint32_t)y)[x] *= 1 - in;
            add_light(t, x, y, c, in);
        }
}

/* Light about a lamp. */
static void halo(const struct strip *t, float px, float py, float r, int32_t low, struct f3 c)
{
    const float h = (float)(low < (int32_t)t->out->height ? low : (int32_t)t->out->height);
    const int32_t from = sw_floor(sw_clamp(px - 3 * r, (float)t->x0, (float)t->x1)),
                  to = sw_floor(sw_clamp(px + 3 * r + 1, (float)t->x0, (float)t->x1)),
                  top = sw_floor(sw_clamp(py - 3 * r, 0, h)),
                  end = sw_floor(sw_clamp(py + 3 * r + 1, 0, h));
    for (int32_t y = top; y < end; y++)
        for (int32_t x = from; x < to; x++) {
            const float dx = (float)x + 0.5f - px, dy = (float)y + 0.5f - py,
                        q = (dx * dx + dy * dy) / (r * r);
            add_light(t, x, y, c, sw_exp(-q) * sw_step(9, 4, q));
        }
}

/* A window's light on the water: pieces that waves throw aside, down to the near bank. */
static void on_water(const struct strip *t, const struct house *g, float x, float y, float wide,
                     struct f3 c)
{
    const struct scene *s = t->s;
    const float eye = s->eye - land_sea(s), first = strip_row(t, -(y + eye) / g->z),
                reach = 0.10f * (float)t->out->height;
    for (int32_t row = sw_floor(first - 0.3f * reach);
         row < sw_floor(first + reach) && row < (int32_t)t->out->height; row++) {
        const float slope = (1 + s->shift - (2 * (float)row + 1) / (float)t->out->height) / s->zoom,
                    z = eye / sw_max(-slope, 1e-4f);
        const float lx = g->x / g->z * z;
        if (row < 0 || z > 0.97f * g->z || land_bare_at(s, lx, z, 0.5f + 0.02f * z) > land_sea(s))
            continue;
        const float off = ((float)row - first) / reach,
                    pick = sw_random((uint32_t)row, g->seed, s->seed + 221);
        const float aside = (pick - 0.5f) * 3 * (0.4f + sw_max(off, 0)),
                    strong = sw_exp(-4 * off * off) *
                             (0.25f + 1.2f * sw_random((uint32_t)row / 2, g->seed, s->seed + 222));
        panel(t, x + aside - 0.5f * wide, (float)row, x + aside + 0.5f * wide, (float)row + 1,
              (int32_t)t->out->height, f3_scale(c, 0.45f * strong), 1);
    }
}

/* Walls of wood, a roof that the moon lights, and windows, most of them lit. */
static void house_draw(const struct strip *t, const struct house *g)
{
    const struct scene *s = t->s;
    const float wide = 4.2f + 2.5f * sw_random(1, 0, g->seed),
                tall = 4.0f + 1.6f * sw_random(2, 0, g->seed), k = g->k;
    const struct f3 all = f3_add(f3_scale(s->sun_light, 0.35f), f3_scale(s->ambient, 0.6f)),
                    wall = f3_mul(f3(0.13f, 0.10f, 0.08f), all),
                    roof = f3_mul(f3(0.20f, 0.20f, 0.21f),
                                  f3_add(f3_scale(s->sun_light, 0.7f), s->ambient));
    panel(t, g->px - wide * k, g->py - tall * k, g->px + wide * k, g->py + 0.5f * k, g->low, wall,
          0);
    for (uint32_t i = 0; i < 6; i++) {
        const float u = (float)i / 6, y = g->py - (tall + 2.6f * u) * k;
        panel(t, g->px - (1.08f * wide - 2.2f * u) * k, y - 0.44f * k,
              g->px + (1.08f * wide - 2.2f * u) * k, y, g->low, roof, 0);
    }
    const struct f3 warm =
        f3_mix(f3(1, 0.50f, 0.17f), f3(1, 0.72f, 0.42f), sw_random(3, 0, g->seed));
    const float bright = 0.13f + 0.16f * sw_random(4, 0, g->seed), pane = sw_max(0.55f, 0.45f / k);
    for (uint32_t i = 0; i < 4; i++) {
        const float x = g->px + ((float)(i % 4) - 1.5f) * 0.48f * wide * k, y = g->py - 1.9f * k;
        if (sw_random(5 + i, 0, g->seed) < 0.35f)
            continue;
        const struct f3 c = f3_scale(warm, bright * sw_min(0.55f * k / 0.6f, 1));
        panel(t, x - pane * k, y - 1.1f * pane * k, x + pane * k, y + 1.1f * pane * k, g->low, c,
              0);
        halo(t, x, y, 2.6f * k + 1.5f, g->low, f3_scale(warm, 0.008f));
        on_water(t, g, x, g->y + 1.9f, sw_max(2 * pane * k, 1.2f), c);
    }
}

/* Where the lake ends in that direction: a house stands behind its shore; 0: there is none. */
static int find_shore(const struct strip *t, float slope, struct house *g)
{
    const struct scene *s = t->s;
    int wet = 0;
    for (float z = 50; z < 3500; z *= 1.04f) {
        const float y = land_bare_at(s, slope * z, z, 1 + 0.004f * z) - land_sea(s);
        if (wet && y > 1.5f) {
            g->z = z + 10 + 25 * sw_random(20, 0, g->seed), g->x = slope * g->z;
            g->y = land_bare_at(s, g->x, g->z, 3);
            return g->y < 45 && g->y > land_sea(s) + 1;
        }
        wet |= y < -0.5f;
    }
    return 0;
}

void village_draw(const struct strip *t)
{
    const struct scene *s = t->s;
    const float wide = 0.66f / s->zoom,
                middle = wide * (1.4f * sw_random(1, 1, s->seed + 220) - 0.7f);
    const uint32_t count = 3 + (uint32_t)(8.9f * sw_random(2, 1, s->seed + 220));
    for (uint32_t i = 0; i < count && i < HOUSES; i++) {
        struct house g = {.seed = sw_hash(i, 2, s->seed + 220)};
        const float spread = i % 4 == 3 ? 2.2f * wide : 0.35f * wide,
                    slope = middle + spread * (sw_random(3, 1, g.seed) - 0.5f);
        const float reach = 0.15f * t->focus + 12;
        g.px = strip_column(t, slope, 1);
        if (g.px + reach < (float)t->x0 || g.px - reach > (float)t->x1 || !find_shore(t, slope, &g))
            continue;
        g.k = t->focus / g.z, g.py = strip_row(t, (g.y - s->eye) / g.z);
        g.low = (int32_t)sw_clamp(strip_row(t, trees_hidden(s, g.x, g.z)) + 1, 0,
                                  (float)t->out->height);
        house_draw(t, &g);
    }
}
