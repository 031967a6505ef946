/* tree_grass.c - blades and flowers of a meadow, tuft by tuft from far to near; a row of tufts lies
 * across the picture. Beyond a few metres the ground's own texture goes on. */
#include "trees.h"

struct tuft {
    float x, y, z, k, px, py;
    uint32_t seed;
};

/* A blade as rows of a bent, tapering stroke; colour darker at its root. */
static void blade(const struct strip *t, const struct tuft *g, float root, float tall, float lean,
                  float half, struct f3 colour)
{
    const int32_t steps = (int32_t)sw_clamp(tall * 1.1f + fabsf(lean), 2, 400);
    const int32_t h = (int32_t)t->out->height;
    for (int32_t i = 0; i < steps; i++) {
        const float u = (float)i / (float)steps, y = g->py - tall * u * (1 - 0.22f * u);
        const float x = root + lean * u * u, w = sw_max(half * (1 - u * u), 0.22f);
        const int32_t row = sw_floor(sw_clamp(y, -4, (float)h + 4));
        if (row < 0 || row >= h)
            continue;
        const struct f3 c = f3_scale(colour, 0.30f + 0.70f * sw_unit(u * 1.6f));
        for (int32_t j = sw_floor(x - w); j <= sw_floor(x + w); j++) {
            if (j < t->x0 || j >= t->x1)
                continue;
            const float cover = sw_min(x + w, (float)j + 1) - sw_max(x - w, (float)j);
            for (uint32_t p = 0; p < 3; p++) {
                float *to = imp_row_out(t->out, p, (uint32_t)row) + j;
                *to += sw_unit(cover) * ((p == 0 ? c.x : p == 1 ? c.y : c.z) - *to);
            }
        }
    }
}

static struct f3 blade_colour(const struct scene *s, const struct tuft *g, uint32_t i, float patch)
{
    const float dry = sw_unit(0.30f + 0.55f * patch + 0.9f * (s->chance[3] - 0.5f) +
                              0.9f * (sw_random(i, 1, g->seed) - 0.5f));
    const struct f3 albedo = f3_mix(f3(0.056f, 0.078f, 0.024f), f3(0.190f, 0.165f, 0.085f), dry);
    const float light = 0.55f + 0.9f * sw_random(i, 2, g->seed);
    const float glow = 0.5f + 0.7f * sw_max(s->sun.z, 0) + 0.3f * sw_unit(s->sun.y);
    const struct f3 all = f3_add(f3_scale(s->sun_light, 0.62f * glow), f3_scale(s->ambient, 0.62f));
    return f3_scale(f3_mul(albedo, all), light);
}

static void flower(const struct strip *t, const struct tuft *g, float patch)
{
    static const struct f3 petals[4] = {
        {0.70f, 0.55f, 0.03f}, {0.66f, 0.64f, 0.62f}, {0.52f, 0.05f, 0.04f}, {0.20f, 0.16f, 0.55f}};
    const struct scene *s = t->s;
    const uint32_t kind = (uint32_t)(3.99f * sw_random(g->seed & 7, 4, s->seed));
    if (sw_random(0, 5, g->seed) > 0.16f * sw_unit(patch + 0.1f) * (0.3f + s->chance[4]))
        return;
    const float size = (0.007f + 0.007f * sw_random(0, 6, g->seed)) * g->k;
    const struct f3 light = f3_add(f3_scale(s->sun_light, 0.55f), f3_scale(s->ambient, 0.6f));
    struct stamp m = {.x = g->px,
                      .y = g->py - g->k * (0.10f + 0.16f * sw_random(0, 7, g->seed)),
                      .a = size * 1.5f,
                      .b = size,
                      .c = 1,
                      .s = 0,
                      .alpha = 1};
    const int32_t low = (int32_t)t->out->height;
    stamp_leaf(t, &m, low, f3_mul(petals[kind], light));
    m.a *= 0.35f, m.b *= 0.35f;
    stamp_leaf(t, &m, low, f3_mul(f3(0.35f, 0.22f, 0.03f), light));
}

static void draw_tuft(const struct strip *t, const struct tuft *g, float patch, float fade)
{
    const uint32_t count = (uint32_t)(2 + 9 * fade * (0.5f + 0.5f * sw_unit(0.6f + patch)));
    for (uint32_t i = 0; i < count; i++) {
        const float tall = g->k * (0.07f + 0.22f * sw_random(i, 8, g->seed)) *
                           (0.75f + 0.5f * sw_unit(0.5f + patch));
        const float root = g->px + g->k * 0.16f * (sw_random(i, 9, g->seed) - 0.5f);
        const float lean = tall * (1.1f * (sw_random(i, 10, g->seed) - 0.45f));
        blade(t, g, root, tall, lean, 0.0032f * g->k, blade_colour(t->s, g, i, patch));
    }
    flower(t, g, patch);
}

void grass_draw(const struct strip *t)
{
    const struct scene *s = t->s;
    const float bottom = (-1 + s->shift) / s->zoom; /* slope of the lowest row */
    const float near = bottom < -0.02f ? sw_max(1.2f, 0.75f * 1.5f / -bottom) : 40, far = 26;
    const float wide = 0.5f * (float)t->out->width;
    for (float z = far; z > near; z -= sw_max(0.05f, 0.014f * z)) {
        const uint32_t line = (uint32_t)(z * 1024);
        const float step = sw_max(0.13f, 0.013f * z), reach = 0.4f;
        const float left = sw_max(((float)t->x0 - wide) / t->focus, -4) * z - reach,
                    right = sw_min(((float)t->x1 - wide) / t->focus, 4) * z + reach;
        for (int32_t i = sw_floor(left / step); i <= sw_floor(right / step); i++) {
            const uint32_t seed = sw_hash((uint32_t)i, line, s->seed + 200);
            const float x = ((float)i + sw_random(1, 0, seed)) * step;
            const float patch = sw_perlin(x * 0.21f, z * 0.15f, s->seed + 100) +
                                0.5f * sw_perlin(x * 0.9f, z * 0.6f, s->seed + 102);
            if (sw_random(2, 0, seed) > 0.75f + 0.5f * patch)
                continue;
            struct tuft g = {.x = x, .z = z, .k = t->focus / z, .seed = seed};
            g.y = land_bare_at(s, x, z, 0.6f);
            g.px = strip_column(t, x, z), g.py = strip_row(t, (g.y - s->eye) / z) + 0.02f * g.k;
            draw_tuft(t, &g, patch, sw_step(far, 9, z));
        }
    }
}

/* A tuft of straw, its blades bent to all sides and by the wind. */
static void dry_tuft(const struct strip *t, const struct tuft *g, float tall)
{
    const struct scene *s = t->s;
    const uint32_t count = (uint32_t)sw_min((float)(16 + g->seed % 40), 3 + 0.35f * tall * g->k);
    const struct f3 light = f3_add(f3_scale(s->sun_light, 0.55f), f3_scale(s->ambient, 0.7f));
    const struct stamp foot = {.x = g->px,
                               .y = g->py,
                               .a = 0.45f * tall * g->k,
                               .b = 0.10f * tall * g->k + 0.5f,
                               .alpha = 0.22f};
    stamp_shadow(t, &foot, 0);
    for (uint32_t i = 0; i < count; i++) {
        const float high = g->k * tall * (0.4f + 0.6f * sw_random(i, 8, g->seed));
        const float root = g->px + g->k * 0.55f * tall *
                                       (sw_random(i, 9, g->seed) + sw_random(i, 11, g->seed) - 1);
        const float lean = high * (1.1f * (sw_random(i, 10, g->seed) - 0.42f));
        const struct f3 straw =
            f3_mix(f3(0.105f, 0.078f, 0.042f), f3(0.29f, 0.225f, 0.13f), sw_random(i, 12, g->seed));
        blade(t, g, root, high, lean, 0.0028f * g->k,
              f3_mul(straw, f3_scale(light, 0.55f + 0.7f * sw_random(i, 2, g->seed))));
    }
}

void grass_sparse(const struct strip *t)
{
    const struct scene *s = t->s;
    const int snow = s->kind == SCENE_SNOW;
    const float cell = 0.8f, wide = 0.5f * (float)t->out->width, reach = 1, most = 2.4f;
    const float left = sw_max(((float)t->x0 - wide) / t->focus, -most),
                right = sw_min(((float)t->x1 - wide) / t->focus, most), much = snow ? 0.22f : 0.30f;
    for (int32_t j = 75; j >= 4; j--) {
        const float z0 = (float)j * cell;
        const int32_t i0 = sw_floor((sw_min(left * z0, left * (z0 + cell)) - reach) / cell),
                      i1 = sw_floor((sw_max(right * z0, right * (z0 + cell)) + reach) / cell);
        for (int32_t i = i0; i <= i1; i++) {
            struct tuft g = {.seed = sw_hash((uint32_t)i, (uint32_t)j, s->seed + 214)};
            g.x = ((float)i + sw_random(1, 0, g.seed)) * cell,
            g.z = z0 + cell * sw_random(2, 0, g.seed);
            const float patch = sw_octaves(g.x * 0.05f, g.z * 0.05f, s->seed + 215, 3, 0.6f);
            if (sw_random(3, 0, g.seed) >
                much * sw_step(0.08f, 0.75f, patch + 0.4f * (s->chance[4] - 0.5f)))
                continue;
            g.y = land_bare_at(s, g.x, g.z, 0.3f);
            if (trees_hidden(s, g.x, g.z) > (g.y + 0.1f - s->eye) / g.z)
                continue;
            g.k = t->focus / g.z;
            g.px = strip_column(t, g.x, g.z),
            g.py = strip_row(t, (g.y - s->eye) / g.z) + 0.03f * g.k;
            dry_tuft(t, &g,
                     (snow ? 0.28f : 0.35f) +
                         0.55f * sw_random(4, 0, g.seed) * sw_random(5, 0, g.seed));
        }
    }
}
