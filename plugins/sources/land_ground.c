/* land_ground.c - what the country is made of: leaves, rock, grass, sand, snow; waves. */
#include "land.h"
#include "trees.h"

static struct ground leaves(const struct scene *s, struct f3 p, float floor_y, float least)
{
    const int wood = s->kind == SCENE_FOREST;
    const struct tree t = land_tree(s, p.x, p.z);
    const float pick = (float)(t.id & 255) / 255, other = (float)(t.id >> 8 & 255) / 255;
    const float up = sw_unit((p.y - floor_y) / sw_max(t.high, 1));
    struct f3 c = wood ? f3_mix(f3(0.050f, 0.072f, 0.022f), f3(0.105f, 0.112f, 0.035f), pick)
                       : f3_mix(f3(0.020f, 0.036f, 0.016f), f3(0.040f, 0.058f, 0.022f), pick);
    if (wood && other > 0.96f - 0.5f * s->chance[2] * s->chance[2]) /* autumn comes tree by tree */
        c = f3_mix(f3(0.165f, 0.100f, 0.030f), f3(0.12f, 0.055f, 0.022f), pick);
    float clump = 0, high = 1, size = wood ? 1.9f : 2.5f;
    for (uint32_t k = 0; k < 5 && size > 1.5f * least; k++, size *= 0.47f, high *= 0.90f)
        clump += high * sw_noise3(p.x / size, p.y / size, p.z / size, s->seed + 66 + k);
    float dark = (0.30f + 0.70f * up) * (1 + 0.55f * sw_clamp(clump, -1.4f, 1.4f));
    if (s->kind == SCENE_SNOW) {
        const float white = sw_step(-0.35f, 0.35f, clump + 0.9f * up - 0.55f);
        c = f3_mix(f3_scale(c, 1.5f), f3(0.60f, 0.63f, 0.68f), 0.72f * white);
        dark = sw_mix(dark, 0.75f + 0.25f * up, white);
    }
    const float k = wood ? 1.1f : 1.6f,
                bx = sw_perlin(p.x * k + p.y, p.z * k + p.y * 0.7f, s->seed + 67);
    const float by = sw_perlin(p.x * k - p.y * k, p.z * k + 5, s->seed + 68);
    const struct f3 n = f3_unit(f3(t.dx + 0.9f * bx, (wood ? 0.15f + 0.9f * up : 0.45f) + 0.5f * by,
                                   t.dz + 0.5f * bx - 0.15f));
    return (struct ground){.colour = f3_scale(c, sw_max(dark, 0.10f)), .trees = 1, .normal = n};
}

static struct ground rocks(const struct scene *s, struct f3 p, struct f3 n, float least)
{
    const float grain = land_bumps(p.x, p.z + 1.3f * p.y, s->seed + 90, 40, 1, 0.75f, least);
    const float patch = sw_octaves(p.x * 0.004f, p.z * 0.004f, s->seed + 91, 3, 0.5f);
    const float bands = sw_sine(p.y * 0.013f + 0.6f * patch + 0.05f * grain);
    const struct f3 rock = f3_scale(f3_mix(f3(0.145f, 0.132f, 0.122f), f3(0.24f, 0.215f, 0.185f),
                                           sw_unit(0.5f + patch + 0.25f * bands)),
                                    1 + 0.22f * sw_clamp(grain, -1.6f, 1.6f));
    const struct f3 grass = f3_scale(f3_mix(f3(0.055f, 0.075f, 0.020f), f3(0.125f, 0.115f, 0.040f),
                                            sw_unit(0.45f + 0.8f * patch)),
                                     1 + 0.25f * sw_clamp(grain, -1.6f, 1.6f));
    const float green =
        sw_step(0.72f, 0.90f, n.y + 0.05f * grain) * sw_step(900, 560, p.y + 60 * grain);
    struct f3 c = f3_mix(rock, grass, green);
    const float line = 620 + 500 * s->chance[0];
    float snow = sw_step(line, line + 260, p.y + 80 * grain + 120 * patch) *
                 sw_step(0.46f, 0.66f, n.y + 0.05f * grain);
    if (s->kind == SCENE_SNOW)
        snow = sw_max(snow, sw_step(0.58f, 0.78f, n.y + 0.05f * grain));
    c = f3_mix(c, f3(0.80f, 0.82f, 0.86f), snow);
    if (s->kind == SCENE_MOUNTAINS || s->kind == SCENE_NIGHT) { /* pebbles at the water */
        const float stones = land_bumps(p.x, p.z, s->seed + 92, 0.5f, 1, 0.7f, least);
        const float wet = sw_step(0.45f, 0.1f, p.y);
        const struct f3 shore = f3_scale(
            f3_mix(f3(0.13f, 0.125f, 0.11f), f3(0.23f, 0.215f, 0.19f), sw_unit(0.5f + stones)),
            (1 + 0.4f * sw_clamp(stones, -1.5f, 1.5f)) * (1 - 0.5f * wet));
        c = f3_mix(c, shore, sw_step(2.6f, 0.9f, p.y + 0.5f * grain) * sw_step(240, 60, p.z));
    }
    c = f3_mix(c, f3(0.060f, 0.062f, 0.042f),
               0.85f * sw_step(5, 1.5f, p.y) * sw_step(90, 240, p.z) * (s->kind != SCENE_SNOW));
    return (struct ground){.colour = c};
}

static struct ground sand(const struct scene *s, struct f3 p, float least)
{
    const float fine = land_bumps(p.x, p.z, s->seed + 95, 1.4f, 1, 0.8f, least) +
                       0.7f * land_bumps(p.x * 0.25f, p.z, s->seed + 94, 22, 1, 0.75f, least);
    const float patch = sw_octaves(p.x * 0.006f, p.z * 0.006f, s->seed + 96, 3, 0.5f);
    const struct f3 c = f3_mix(f3(0.46f, 0.29f, 0.155f), f3(0.54f, 0.38f, 0.23f),
                               sw_unit(0.5f + 0.6f * patch + 0.8f * (s->chance[5] - 0.5f)));
    return (struct ground){.colour = f3_scale(c, 1 + 0.085f * sw_clamp(fine, -2, 2))};
}

static struct ground shore(const struct scene *s, struct f3 p, struct f3 n, float least)
{
    const float grain =
        land_bumps(p.x + 0.6f * p.y, p.z + 1.5f * p.y, s->seed + 97, 9, 1, 0.8f, least);
    const float wet = sw_step(0.9f, 0.25f, p.y + 0.25f * grain);
    struct f3 beach = f3_scale(f3(0.42f, 0.34f, 0.24f),
                               (1 - 0.5f * wet) * (1 + 0.07f * sw_clamp(grain, -1.5f, 1.5f)));
    const struct f3 rock =
        f3_scale(f3_mix(f3(0.17f, 0.145f, 0.12f), f3(0.30f, 0.25f, 0.19f),
                        sw_unit(0.5f + 0.4f * sw_sine(p.y * 0.16f + 0.2f * grain))),
                 1 + 0.3f * sw_clamp(grain, -1.6f, 1.6f));
    const struct f3 grass = f3_scale(
        f3_mix(f3(0.065f, 0.085f, 0.024f), f3(0.12f, 0.115f, 0.045f), sw_unit(0.5f + grain * 0.4f)),
        1 + 0.15f * grain);
    const float high = sw_step(4, 8, p.y + 0.9f * grain);
    struct f3 c =
        f3_mix(rock, grass, sw_step(0.78f, 0.92f, n.y + 0.04f * grain) * sw_step(5, 11, p.y));
    c = f3_mix(beach, c, high);
    return (struct ground){.colour = c, .shine = wet * (1 - high)};
}

static struct ground grassland(const struct scene *s, struct f3 p, float least)
{
    const float blade = land_bumps(p.x * 2.2f, p.z * 0.6f, s->seed + 98, 0.35f, 1, 0.85f, least);
    const float tuft = land_bumps(p.x, p.z, s->seed + 99, 2.5f, 1, 0.6f, least);
    const float patch = sw_octaves(p.x * 0.05f, p.z * 0.03f, s->seed + 100, 3, 0.5f);
    struct f3 c =
        f3_mix(f3(0.066f, 0.086f, 0.032f), f3(0.165f, 0.150f, 0.078f),
               sw_unit(0.40f + 0.5f * patch + 0.22f * tuft + 0.5f * (s->chance[3] - 0.5f)));
    c = f3_scale(c, sw_max(1 + 0.40f * blade + 0.22f * tuft, 0.25f));
    if (least < 0.05f && least > 0.012f &&
        sw_random((uint32_t)sw_floor(p.x * 9), (uint32_t)sw_floor(p.z * 5), s->seed + 101) >
            1.0f - 0.012f * sw_unit(patch * 2))
        c = s->chance[4] < 0.5f ? f3(0.62f, 0.52f, 0.05f) : f3(0.68f, 0.66f, 0.70f);
    return (struct ground){.colour = c, .trees = 0.6f};
}

struct ground land_ground(const struct scene *s, struct f3 p, struct f3 n, float least)
{
    least = sw_max(least, 0.004f);
    if (s->kind == SCENE_DUNES)
        return sand(s, p, least);
    if (s->kind == SCENE_COAST)
        return shore(s, p, n, least);
    const float foot = p.y < 24 ? land_bare(s, p.x, p.z, sw_max(least, 4)) : p.y - 6;
    const float there = trees_near(s, p.z) ? 0 : land_woods(s, p.x, p.z, foot, 0.3f);
    if (there > 0.02f) {
        const float floor_y = land_bare(s, p.x, p.z, sw_max(least, 4));
        const struct tree t = land_tree(s, p.x, p.z);
        if (least > 4 || p.y > floor_y + 0.5f || land_tree_stands(&t, there))
            return leaves(s, p, floor_y, least);
    }
    const struct ground g =
        s->kind == SCENE_FOREST ? grassland(s, p, least) : rocks(s, p, n, least);
    if (there <= 0.05f)
        return g;
    return (struct ground){.colour = f3_mix(g.colour, f3(0.03f, 0.035f, 0.02f), 0.8f * there),
                           .trees = 0.6f};
}

struct f3 land_wave(const struct scene *s, float x, float z, float least)
{
    const int sea = s->kind == SCENE_COAST;
    float dx = 0, dz = 0, wave = sea ? 26.0f : 2.2f, high = sea ? 0.040f : 0.0042f;
    const float rough = sw_step(-0.2f, 0.7f, sw_perlin(x * 0.006f, z * 0.003f, s->seed + 300));
    high *= sea ? 1 : 0.5f + 1.2f * rough; /* of slope */
    for (int k = 0; k < 7; k++) {
        const float fade = sw_unit(wave / (3 * least) - 0.4f), f = 1 / wave, e = 0.06f;
        if (fade <= 0)
            break;
        const float u = x * f * 0.6f + (float)k * 3.7f, v = z * f;
        const float a = sw_perlin(u, v, s->seed + 310 + (uint32_t)k);
        dx += fade * high * (sw_perlin(u + e, v, s->seed + 310 + (uint32_t)k) - a) / e * 0.6f;
        dz += fade * high * (sw_perlin(u, v + e, s->seed + 310 + (uint32_t)k) - a) / e;
        wave *= 0.52f, high *= 0.92f;
    }
    return f3_unit(f3(-dx, 1, -dz));
}
