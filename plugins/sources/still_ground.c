/* still_ground.c - a still life's wall and table: plaster, tiles, boards, wallpaper; wood and
 * linen. */
#include "still.h"
#include "swift_rows.h"

static void add_octaves(struct bumps *b, const struct lanes *l, const float *high,
                        const float *wave, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        b->h += 1.25f * high[k] * l->h[k];
        b->dx += 1.25f * (high[k] / wave[k]) * l->dx[k];
        b->dy += 1.25f * (high[k] / wave[k]) * l->dy[k];
    }
}

struct bumps still_bumps(float x, float y, uint32_t seed, float wave, float gain, float least)
{
    struct bumps b = {0, 0, 0};
    struct lanes l;
    float high = 1, share[LANES], waves[LANES];
    uint32_t n = 0;
    for (uint32_t k = 0; k < 9; k++, wave *= 0.5f, high *= gain) {
        const float seen = sw_unit(wave / (2 * least) - 0.5f);
        if (seen <= 0)
            break;
        if (n == LANES)
            lanes_slopes(&l), add_octaves(&b, &l, share, waves, n), n = 0;
        l.x[n] = x / wave + 7.3f * (float)k, l.y[n] = y / wave - 3.1f * (float)k;
        l.seed[n] = seed + 3 * k, share[n] = high * seen, waves[n++] = wave;
    }
    for (uint32_t k = n; k < LANES; k++)
        l.x[k] = l.y[k] = 0, l.seed[k] = 0;
    lanes_slopes(&l), add_octaves(&b, &l, share, waves, n);
    return b;
}

/* Normal of a wall with such bumps. */
static struct f3 rough(struct bumps b, float high)
{
    return f3_unit(f3(-high * b.dx, -high * b.dy, -1));
}

/* ---- walls ---- */

static struct f3 paint_of(const struct scene *s)
{
    static const struct f3 paint[6] = {{0.20f, 0.21f, 0.18f},   {0.30f, 0.22f, 0.13f},
                                       {0.14f, 0.165f, 0.195f}, {0.34f, 0.33f, 0.31f},
                                       {0.24f, 0.12f, 0.08f},   {0.15f, 0.20f, 0.16f}};
    return paint[(uint32_t)(s->chance[7] * 5.99f)];
}

/* Put on with a trowel; where the paint has come off, an older coat. */
static struct finish plaster(const struct scene *s, struct f3 p, float least)
{
    const struct bumps fine = still_bumps(p.x, p.y, s->seed + 216, 0.16f, 0.66f, least);
    const float broad = lanes_octaves(p.x * 0.45f, p.y * 0.45f, s->seed + 215, 4, 0.55f);
    const float stroke = sw_perlin(p.x * 1.3f + 1.5f * broad, p.y * 5 + 3 * broad, s->seed + 218);
    const float off = lanes_octaves(p.x * 0.7f, p.y * 0.9f, s->seed + 219, 5, 0.6f) +
                      0.04f * fine.h + 0.35f * (sw_random(31, 0, s->seed) - 1.1f);
    struct f3 c = f3_scale(paint_of(s), 1 + 0.16f * broad + 0.06f * stroke + 0.13f * fine.h);
    const float bare = sw_step(0.10f, 0.13f, off), edge = sw_step(0.05f, 0.10f, off) * (1 - bare);
    c = f3_mix(c, f3_scale(f3(0.36f, 0.33f, 0.28f), 0.92f + 0.25f * broad + 0.16f * fine.h), bare);
    return (struct finish){.colour = f3_scale(c, 1 - 0.35f * edge),
                           .n = rough(fine, 0.0085f + 0.007f * bare)};
}

/* A leaf-like figure in a square of -1..1, turned in steps of an eighth: 1 inside. */
static float rosette(float x, float y, float petals)
{
    const float r = sqrtf(x * x + y * y) + 1e-6f, c = x / r, c2 = 2 * c * c - 1,
                c4 = 2 * c2 * c2 - 1;
    const float petal = petals > 0.5f ? 0.5f + 0.5f * c4 : c2 * c2;
    return sw_step(0.05f, 0, r - 0.30f - 0.42f * petal) -
           sw_step(0.05f, 0, r - 0.16f - 0.26f * petal) + sw_step(0.03f, 0, r - 0.09f) +
           sw_step(0.04f, 0, fabsf(fabsf(x) + fabsf(y) - 1.62f) - 0.05f);
}

static struct finish tiles(const struct scene *s, struct f3 p, float least)
{
    const float size = 0.62f, u = p.x / size + 0.3f, v = p.y / size;
    const int32_t i = sw_floor(u), j = sw_floor(v);
    const float x = 2 * (u - (float)i) - 1, y = 2 * (v - (float)j) - 1,
                rim = sw_max(fabsf(x), fabsf(y));
    const uint32_t id = sw_hash((uint32_t)i, (uint32_t)j, s->seed + 220);
    const float own = (float)(id & 255) / 255, joint = sw_step(0.955f - least, 0.975f, rim);
    const struct bumps fine = still_bumps(p.x, p.y, s->seed + 221, 0.22f, 0.55f, least);
    const struct f3 ink =
        f3_mix(f3(0.05f, 0.09f, 0.22f), f3(0.20f, 0.09f, 0.05f), sw_step(0.6f, 0.7f, s->chance[6]));
    struct f3 c = f3_scale(f3(0.42f, 0.41f, 0.37f), 0.84f + 0.24f * own + 0.06f * fine.h);
    if (sw_random(32, 0, s->seed) < 0.7f)
        c = f3_mix(c, ink, (0.60f + 0.3f * fine.h) * sw_unit(rosette(x, y, s->chance[2])));
    else
        c = f3_mul(c, f3_scale(paint_of(s), 3));
    const float speck =
        sw_step(0.55f, 0.75f, fine.h + 0.2f * sw_perlin(p.x * 40, p.y * 40, s->seed + 222));
    c = f3_mix(f3_scale(c, 1 - 0.3f * speck), f3_scale(f3(0.20f, 0.19f, 0.17f), 1 + 0.4f * fine.h),
               joint);
    const float tip = 0.03f * (float)(id >> 8 & 255) / 255 - 0.015f,
                pillow = 0.25f * sw_step(0.86f, 0.97f, rim);
    const struct f3 n =
        f3(tip + (fabsf(x) > fabsf(y) ? pillow * x : 0) - 0.004f * fine.dx,
           0.03f * own - 0.015f + (fabsf(y) > fabsf(x) ? pillow * y : 0) - 0.004f * fine.dy, -1);
    return (struct finish){.colour = c, .n = f3_unit(n), .gloss = 0.45f * (1 - joint)};
}

/* Upright and painted long ago. */
static struct finish boards(const struct scene *s, struct f3 p, float least)
{
    const float wide = 0.42f, u = p.x / wide + 0.2f;
    const int32_t i = sw_floor(u);
    const float x = 2 * (u - (float)i) - 1, own = sw_random((uint32_t)i, 3, s->seed + 223);
    const float groove = sw_step(0.93f - 2 * least, 0.99f, fabsf(x)),
                slope = sw_step(0.80f, 0.95f, fabsf(x));
    struct bumps brush =
        still_bumps(p.x * 3 + 9 * own, p.y * 0.22f, s->seed + 224, 0.22f, 0.74f, 2 * least);
    const float worn =
        lanes_octaves(p.x * 1.1f + 5 * own, p.y * 0.35f, s->seed + 225, 4, 0.6f) + 0.45f * brush.h;
    struct f3 c =
        f3_scale(paint_of(s), 1.05f + 0.25f * (own - 0.5f) + 0.14f * brush.h + 0.10f * worn);
    const struct f3 bare = f3_scale(f3(0.195f, 0.15f, 0.105f), 1 + 0.45f * brush.h);
    c = f3_mix(c, bare, sw_step(0.42f, 0.50f, worn + 0.5f * (sw_random(33, 0, s->seed) - 0.45f)));
    brush.dx *= 3, brush.dy *= 0.22f;
    struct f3 n = rough(brush, 0.0022f);
    n = f3_unit(f3(n.x + 0.5f * slope * (x > 0 ? 1.0f : -1.0f), n.y, n.z));
    return (struct finish){.colour = f3_scale(c, 1 - 0.75f * groove), .n = n};
}

/* Stripes with sprigs between. */
static struct finish wallpaper(const struct scene *s, struct f3 p, float least)
{
    const float u = p.x * 1.7f, v = p.y * 1.7f + 0.5f * (float)(sw_floor(u) & 1);
    const float x = 2 * (u - (float)sw_floor(u)) - 1, y = 2 * (v - (float)sw_floor(v)) - 1;
    const struct bumps fine = still_bumps(p.x, p.y, s->seed + 226, 0.10f, 0.7f, least);
    const float age = lanes_octaves(p.x * 0.6f, p.y * 0.5f, s->seed + 227, 4, 0.6f);
    const float stem = sw_step(0.03f, 0.015f, fabsf(x - 0.16f * sw_sine(0.35f * y))) *
                       sw_step(0.72f, 0.66f, fabsf(y));
    float leaf = 0;
    for (int k = -2; k <= 2; k++) { /* in pairs up the stem */
        const float dx = fabsf(x - 0.16f * sw_sine(0.35f * y)) - 0.17f,
                    dy = y - 0.25f * (float)k - 0.5f * dx;
        leaf = sw_max(leaf, sw_step(1, 0.8f, (dx * dx) / 0.022f + (dy * dy) / 0.0042f));
    }
    const float band = sw_step(0.90f, 0.91f, fabsf(x)) - sw_step(0.94f, 0.95f, fabsf(x));
    const struct f3 a = f3_scale(paint_of(s), 1.15f),
                    b = f3_mix(f3_scale(a, 0.42f), f3(0.40f, 0.36f, 0.26f), s->chance[2]);
    const struct f3 c = f3_mix(a, b, 0.85f * sw_unit(stem + leaf + band));
    return (struct finish){.colour = f3_scale(c, 1 + 0.14f * age + 0.18f * fine.h),
                           .n = rough(fine, 0.0065f)};
}

struct finish still_wall(const struct scene *s, struct f3 p, float least)
{
    const float pick = sw_random(30, 0, s->seed);
    return pick < 0.46f   ? plaster(s, p, least)
           : pick < 0.64f ? tiles(s, p, least)
           : pick < 0.84f ? boards(s, p, least)
                          : wallpaper(s, p, least);
}

/* ---- tables ---- */

/* Places in a plank are moved about its knots; answers how dark the knot is. */
static float knots(const struct scene *s, struct f3 p, uint32_t board, float *z)
{
    float dark = 0;
    const int32_t cell = sw_floor(p.x / 1.3f);
    for (int32_t i = cell - 1; i <= cell + 1; i++) {
        const uint32_t id = sw_hash((uint32_t)i, board, s->seed + 228);
        if (id % 100 > 38)
            continue;
        const float x = p.x - 1.3f * ((float)i + sw_random(id, 1, 1)),
                    y = *z - 0.15f - 0.5f * sw_random(id, 2, 1);
        const float r = 0.03f + 0.05f * sw_random(id, 3, 1),
                    far = (x * x * 0.16f + y * y) / (r * r);
        *z += (y > 0 ? 1.3f : -1.3f) * r * sw_exp(-0.35f * far);
        dark = sw_max(dark, sw_step(1.2f, 0.3f, (x * x * 0.45f + y * y) / (r * r)));
    }
    return dark;
}

static struct finish wood(const struct scene *s, struct f3 p, float least)
{
    const float wide = 0.8f, board = (float)sw_floor(p.z / wide), across = p.z / wide - board;
    const uint32_t id = (uint32_t)(int)board;
    const float off = board * 7.7f, own = sw_random(id, 9, s->seed);
    float z = across * wide;
    const float knot = knots(s, p, id, &z);
    const float ring =
        z * 5 + 1.5f * lanes_octaves(p.x * 0.35f + off, z * 1.3f, s->seed + 210, 4, 0.5f);
    const float line = 0.5f + 0.5f * sw_sine(ring * 1.2f);
    const struct bumps fibre =
        still_bumps(p.x * 0.11f + off, z, s->seed + 211, 0.12f, 0.76f, 1.4f * least);
    const float pores = sw_step(0.35f, 0.75f, sw_perlin(p.x * 5 + off, z * 90, s->seed + 217)) *
                        sw_unit(0.011f / least - 0.4f);
    const float joint = sw_step(0, 0.010f + 0.5f * least, sw_min(across, 1 - across)),
                stain = lanes_octaves(p.x * 0.9f, p.z * 1.4f, s->seed + 229, 4, 0.6f);
    const struct f3 a = f3_mix(f3(0.16f, 0.075f, 0.035f), f3(0.30f, 0.20f, 0.12f), s->chance[5]);
    struct f3 c = f3_mix(f3_scale(a, 0.58f), f3_scale(a, 1.40f),
                         sw_unit(0.36f * line + 0.30f + 0.42f * fibre.h));
    c = f3_scale(c, (1 - 0.6f * knot) * (1 - 0.35f * pores) * (0.78f + 0.44f * own) *
                        (1 + 0.16f * stain));
    const float worn = sw_step(0.25f, 0.6f, stain + 0.3f * fibre.h);
    return (struct finish){.colour = f3_scale(c, 0.3f + 0.7f * joint),
                           .n = f3_unit(f3(-0.0006f * fibre.dx, 1, -0.004f * fibre.dy)),
                           .gloss = 0.20f - 0.12f * worn};
}

/* Where stripes and checks are dyed: 0..2 threads of colour. */
static float dyed(const struct scene *s, float u, float v)
{
    u -= (float)sw_floor(u), v -= (float)sw_floor(v);
    if (s->chance[6] < 0.35f) /* checks */
        return 0.5f * ((u < 0.5f) + (v < 0.5f));
    if (s->chance[6] < 0.65f) /* a stripe between two lines */
        return (u < 0.16f) + ((u > 0.20f && u < 0.225f) || (u > 0.935f && u < 0.96f));
    return 0;
}

/* Linen with slow folds, and the creases of its time in the drawer. */
static struct finish cloth(const struct scene *s, struct f3 p, float least)
{
    const struct bumps fold = still_bumps(p.x * 0.8f + 0.35f * p.z, p.z * 1.1f, s->seed + 212, 1.1f,
                                          0.42f, sw_max(least, 0.04f)),
                       weave = still_bumps(p.x, p.z, s->seed + 213, 0.05f, 0.8f, least);
    const float thread =
        sw_perlin(p.x * 110, p.z * 9, s->seed + 230) * sw_unit(0.009f / least - 0.3f) +
        sw_perlin(p.x * 9, p.z * 110, s->seed + 214) * sw_unit(0.006f / least - 0.3f);
    const float u = (p.x + 0.03f * fold.h) * 2.4f, v = (p.z + 0.03f * fold.h) * 2.4f;
    const struct f3 flax = f3_mix(f3(0.56f, 0.54f, 0.49f), f3(0.28f, 0.33f, 0.38f),
                                  sw_step(0.75f, 0.9f, s->chance[6])),
                    dye = s->chance[2] < 0.5f ? f3(0.62f, 0.22f, 0.20f) : f3(0.26f, 0.36f, 0.55f);
    const float much = dyed(s, u, v);
    struct f3 c = f3_mul(flax, f3_mix(f3(1, 1, 1), dye, 0.75f * sw_min(much, 1)));
    const float crease_x = p.x - 0.4f - 1.5f * (float)sw_floor((p.x + 0.35f) / 1.5f),
                crease_z = p.z - 0.5f - 1.2f * (float)sw_floor((p.z + 0.1f) / 1.2f);
    const float tip_x = 0.22f * crease_x / 0.05f * sw_exp(-crease_x * crease_x / 0.0025f),
                tip_z = 0.30f * crease_z / 0.06f * sw_exp(-crease_z * crease_z / 0.0036f);
    c = f3_scale(c, 1 + 0.12f * thread + 0.09f * weave.h);
    return (struct finish){.colour = c,
                           .n = f3_unit(f3(-0.10f * fold.dx - 0.002f * weave.dx + tip_x, 1,
                                           -0.13f * fold.dy - 0.002f * weave.dy + tip_z))};
}

struct finish still_table(const struct scene *s, struct f3 p, float least)
{
    return s->chance[4] < 0.6f ? wood(s, p, least) : cloth(s, p, least);
}
