/* face_backdrop.c - what is behind the head, out of focus. */
#include "face.h"

static uint32_t seed_of(const struct face *f, uint32_t what)
{
    return f->seed * 7919u + what;
}

/* Discs of light on a lattice, as a lens makes points far away. */
static struct f3 discs(uint32_t seed, float x, float y, float fine, float share, struct f3 warm,
                       struct f3 cool)
{
    struct f3 sum = f3(0, 0, 0);
    x *= fine, y *= fine;
    const int32_t i0 = floor_of(x), j0 = floor_of(y);
    for (int32_t j = j0 - 1; j <= j0 + 1; j++)
        for (int32_t i = i0 - 1; i <= i0 + 1; i++) {
            if (cell_of(seed, i, j) > share)
                continue;
            const float dx = x - (float)i - cell_of(seed + 1, i, j),
                        dy = y - (float)j - cell_of(seed + 2, i, j);
            const float r = 0.28f + 0.45f * cell_of(seed + 3, i, j),
                        d = sqrtf(dx * dx + dy * dy) / r;
            const float glow =
                ramp(1.10f, 0.70f, d) * (0.85f + 0.2f * ramp(0.4f, 1, d)) * cell_of(seed + 4, i, j);
            sum = f3_add(sum, f3_scale(f3_mix(warm, cool, cell_of(seed + 5, i, j)), glow));
        }
    return sum;
}

static struct f3 studio(const struct face *f, float x, float y)
{
    const float glow = bump((x + 0.5f * f->light.x) / 1.5f, (y - 0.1f) / 1.4f);
    const float cloth = fbm_of(seed_of(f, 1), x * 1.3f, y * 1.3f, 4);
    const struct f3 c = f3_mul(f->back, f3_add(f->sky, f3_scale(f->key, 0.35f)));
    return f3_scale(c, (0.38f + 0.75f * glow) * (1 + 0.10f * cloth));
}

static struct f3 foliage(const struct face *f, float x, float y)
{
    const uint32_t seed = seed_of(f, 2);
    const float broad = fbm_of(seed, x * 1.4f, y * 1.4f, 3),
                leaf = fbm_of(seed + 3, x * 4.0f, y * 4.0f, 2);
    const float light = limit(0.40f + 0.8f * broad + 0.5f * leaf, 0, 1);
    struct f3 c = f3_mix(f3(0.012f, 0.028f, 0.010f), f3(0.20f, 0.32f, 0.065f), light * light);
    c = f3_mix(c, f3(0.45f, 0.50f, 0.30f), 0.6f * ramp(0.62f, 1.0f, light));
    c = f3_add(c, f3_scale(discs(seed + 9, x, y, 4.2f, 0.30f, f3(0.24f, 0.30f, 0.09f),
                                 f3(0.34f, 0.38f, 0.26f)),
                           0.6f));
    return f3_mul(c, f3_add(f->sky, f3_scale(f->key, 0.6f)));
}

static struct f3 wall(const struct face *f, float x, float y, float px)
{
    const uint32_t seed = seed_of(f, 3);
    const float stain = fbm_of(seed, x * 1.5f, y * 1.5f, 5),
                grain = fbm_of(seed + 9, x * 22, y * 22, 3) * kept(0.04f, px);
    struct f3 c = f3_scale(f3_mix(f->back, f->back_more, limit(0.3f + 0.6f * stain, 0, 1)),
                           0.85f + 0.25f * grain);
    if (cell_of(seed, 5, 5) < 0.3f) { /* bricks */
        const float row = y * 5.2f, j = (float)floor_of(row),
                    column = x * 2.3f + 0.5f * (float)(floor_of(row) & 1);
        const int32_t i = floor_of(column);
        const float fx = fabsf(column - (float)i - 0.5f), fy = fabsf(row - j - 0.5f);
        const float joint = most(ramp(0.42f, 0.53f, fx), ramp(0.32f, 0.55f, fy));
        const float tone = cell_of(seed + 7, i, floor_of(row));
        const struct f3 brick =
            f3_scale(f3_mix(f3(0.26f, 0.095f, 0.060f), f3(0.38f, 0.18f, 0.115f), tone),
                     0.85f + 0.4f * grain + 0.3f * stain);
        c = f3_mix(brick, f3(0.32f, 0.29f, 0.26f), 0.8f * joint);
    }
    const float fall = 0.85f + 0.30f * x * f->light.x + 0.12f * y;
    return f3_scale(f3_mul(c, f3_add(f->sky, f3_scale(f->key, 0.55f))), fall);
}

static struct f3 sky(const struct face *f, float x, float y)
{
    const uint32_t seed = seed_of(f, 4);
    const float cloud = limit(0.2f + 1.5f * fbm_of(seed, x * 0.9f, y * 1.9f, 4), 0, 1);
    const struct f3 high = f3(0.22f, 0.42f, 0.80f), low = f3(0.66f, 0.78f, 0.92f);
    struct f3 c =
        f3_mix(f3_mix(low, high, ramp(-0.3f, 1.1f, y)), f3(0.90f, 0.90f, 0.90f), 0.8f * cloud);
    const float horizon =
        -0.25f + 0.5f * (cell_of(seed, 1, 1) - 0.5f) + 0.14f * fbm_of(seed + 5, x * 1.3f, 0.5f, 3);
    const float hill = ramp(horizon + 0.07f, horizon - 0.07f, y);
    const float field = fbm_of(seed + 7, x * 2, y * 5, 3);
    const struct f3 land =
        f3_mix(f3_mix(f3(0.10f, 0.17f, 0.07f), f3(0.30f, 0.26f, 0.13f), cell_of(seed, 2, 2)),
               f3(0.34f, 0.40f, 0.20f), limit(0.4f + field, 0, 1));
    c = f3_mix(c, land, hill);
    return f3_mul(c, f3_scale(f->key, 0.85f));
}

static struct f3 room(const struct face *f, float x, float y)
{
    const uint32_t seed = seed_of(f, 5);
    struct f3 c = f3_scale(f->back, 0.45f + 0.12f * y);
    for (int32_t i = 0; i < 6; i++) { /* a window, shelves, frames, a lamp's wall */
        const float cx = 2.4f * cell_of(seed, i, 0) - 1.2f, cy = 1.9f * cell_of(seed, i, 1) - 0.8f;
        const float w = 0.12f + 0.5f * cell_of(seed, i, 2), h = 0.2f + 0.8f * cell_of(seed, i, 3);
        const float soft = 0.06f + 0.10f * cell_of(seed, i, 6);
        const float in =
            ramp(w + soft, w - soft, fabsf(x - cx)) * ramp(h + soft, h - soft, fabsf(y - cy));
        const float kind = cell_of(seed, i, 4), tone = cell_of(seed, i, 5);
        const struct f3 thing = kind < 0.25f   ? f3(0.95f, 0.97f, 1.0f)
                                : kind < 0.5f  ? f3_scale(f3(0.30f, 0.16f, 0.08f), 0.4f + tone)
                                : kind < 0.75f ? f3_scale(f->back_more, 0.3f + 0.6f * tone)
                                               : f3_scale(f3(0.09f, 0.10f, 0.12f), 0.4f + tone);
        c = f3_mix(c, thing, 0.85f * in);
    }
    c = f3_add(c, discs(seed + 9, x, y, 1.7f, 0.10f, f3(0.6f, 0.42f, 0.22f), f3(0.5f, 0.5f, 0.5f)));
    return f3_mul(f3_scale(c, 1 + 0.10f * fbm_of(seed + 20, x * 2, y * 2, 3)),
                  f3_add(f->sky, f3_scale(f->key, 0.35f)));
}

static struct f3 lights(const struct face *f, float x, float y)
{
    const uint32_t seed = seed_of(f, 6);
    struct f3 c = f3_scale(
        f3_mix(f3(0.030f, 0.034f, 0.055f), f3(0.075f, 0.050f, 0.035f), cell_of(seed, 3, 3)),
        1 + 0.8f * fbm_of(seed, x * 1.2f, y * 1.2f, 3));
    c = f3_add(c, f3_scale(discs(seed + 1, x, y, 1.9f, 0.42f, f3(0.85f, 0.45f, 0.12f),
                                 f3(0.30f, 0.38f, 0.75f)),
                           0.55f));
    return f3_add(c, f3_scale(discs(seed + 30, x, y, 3.1f, 0.22f, f3(0.9f, 0.62f, 0.30f),
                                    f3(0.85f, 0.20f, 0.14f)),
                              0.5f));
}

void face_backdrop(const struct face *f, struct sample *s)
{
    struct f3 c;
    switch ((int)f->a[BACKGROUND]) {
    case STUDIO:
        c = studio(f, s->x, s->y);
        break;
    case FOLIAGE:
        c = foliage(f, s->x, s->y);
        break;
    case WALL:
        c = wall(f, s->x, s->y, s->px);
        break;
    case SKY:
        c = sky(f, s->x, s->y);
        break;
    case ROOM:
        c = room(f, s->x, s->y);
        break;
    default:
        c = lights(f, s->x, s->y);
    }
    face_put(s, f3(most(c.x, 0), most(c.y, 0), most(c.z, 0)), 1, IN_BACKGROUND);
}
