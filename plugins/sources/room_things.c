/* room_things.c - what stands in the room, and its wood, cloth, books and pictures. */
#include "room.h"

enum stuff { WOOD, CUSHION, SHELF, PICTURE, POT, CURTAIN, WHITE };

static void table(const struct scene *s, struct things *w, float x, float z)
{
    const float hx = 0.62f + 0.2f * s->chance[2], hz = 0.42f;
    things_add(w, THING_BOX, WOOD, f3(x, 0.73f, z), f3(hx, 0.02f, hz));
    for (int i = 0; i < 4; i++)
        things_add(w, THING_BOX, WOOD,
                   f3(x + (i & 1 ? hx - 0.06f : 0.06f - hx), 0.355f,
                      z + (i & 2 ? hz - 0.06f : 0.06f - hz)),
                   f3(0.03f, 0.355f, 0.03f));
    static const uint32_t forms[] = {0, 3, 1};
    struct thing *v =
        things_add(w, THING_VESSEL, POT, f3(x - 0.25f + 0.4f * s->chance[3], 0.75f, z + 0.05f),
                   f3(0.11f, 0.30f, 0.11f));
    v->form = forms[(uint32_t)(s->chance[4] * 2.99f)];
    v = things_add(w, THING_VESSEL, POT, f3(x + 0.32f, 0.75f, z - 0.12f), f3(0.15f, 0.10f, 0.15f));
    v->form = 2;
    for (uint32_t i = 0; i < 3; i++)
        things_add(w, THING_FRUIT, POT,
                   f3(x + 0.27f + 0.09f * (float)(i % 2), 0.84f, z - 0.15f + 0.07f * (float)i),
                   f3(0.042f, 0.042f, 0.042f));
}

static void chair(struct things *w, float x, float z, float face)
{
    things_add(w, THING_BOX, CUSHION, f3(x, 0.45f, z), f3(0.21f, 0.025f, 0.20f));
    for (int i = 0; i < 4; i++)
        things_add(w, THING_BOX, WOOD,
                   f3(x + (i & 1 ? 0.18f : -0.18f), i & 2 ? 0.47f : 0.22f,
                      z + ((i & 2) ? 0.18f : -0.18f) * face),
                   f3(0.02f, i & 2 ? 0.47f : 0.22f, 0.02f));
    for (int i = 0; i < 3; i++)
        things_add(w, THING_BOX, WOOD, f3(x, 0.60f + 0.14f * (float)i, z + 0.18f * face),
                   f3(0.18f, 0.025f, 0.012f));
}

int room_has_plant(const struct scene *s)
{
    return s->chance[7] <= 0.4f || s->chance[4] > 0.5f;
}

/* A low cupboard at the right wall with a vase and a bowl, a paper lamp over the table. */
static void cupboard(const struct scene *s, struct things *w, float x, float z)
{
    if (s->chance[1] > 0.3f) {
        things_add(w, THING_BOX, WOOD, f3(right_x - 0.24f, 0.40f, 3.5f), f3(0.22f, 0.40f, 0.75f));
        things_add(w, THING_VESSEL, POT, f3(right_x - 0.25f, 0.80f, 3.1f), f3(0.10f, 0.34f, 0.10f));
        struct thing *bowl = things_add(w, THING_VESSEL, POT, f3(right_x - 0.26f, 0.80f, 3.75f),
                                        f3(0.13f, 0.09f, 0.13f));
        bowl->form = 2;
        for (uint32_t i = 0; i < 4; i++)
            things_add(
                w, THING_BOX, CUSHION,
                f3(right_x - 0.25f + 0.02f * (float)(i & 1), 0.815f + 0.03f * (float)i, 3.42f),
                f3(0.13f, 0.014f, 0.09f));
    }
    if (s->chance[0] > 0.35f) {
        things_add(w, THING_FRUIT, WHITE, f3(x, 1.98f, z), f3(0.21f, 0.21f, 0.21f));
        things_add(w, THING_BOX, SHELF, f3(x, 2.46f, z), f3(0.006f, 0.29f, 0.006f));
    }
    if (room_has_plant(s))
        things_add(w, THING_VESSEL, POT, f3(room_plant_x, 0, room_plant_z), f3(0.19f, 0.42f, 0.19f))
            ->form = 4;
}

void room_init(struct scene *s, struct things *w)
{
    s->eye = 1.25f + 0.2f * s->chance[1];
    s->sun = f3_unit(f3(-0.75f, 0.30f + 0.45f * (1 - s->low), -0.35f + 0.5f * s->chance[0]));
    const float x = -0.35f + 0.7f * s->chance[5], z = 3.0f + 0.5f * s->chance[6];
    table(s, w, x, z);
    cupboard(s, w, x, z);
    chair(w, x - 0.25f, z + 0.62f, 1);
    if (s->chance[7] > 0.4f)
        chair(w, x + 1.05f, z + 0.1f, 1);
    const float shelf = s->chance[3] < 0.5f ? 1.55f : -1.15f;
    things_add(w, THING_BOX, SHELF, f3(shelf, 1.02f, back_z - 0.16f), f3(0.62f, 1.02f, 0.16f));
    const float hang = shelf > 0 ? -0.45f : 1.05f;
    things_add(w, THING_BOX, PICTURE, f3(hang, 1.65f, back_z - 0.02f), f3(0.42f, 0.32f, 0.02f));
    if (s->chance[2] > 0.5f)
        things_add(w, THING_BOX, PICTURE, f3(hang + 0.85f, 1.62f, back_z - 0.02f),
                   f3(0.20f, 0.26f, 0.02f));
    things_add(w, THING_BOX, CURTAIN, f3(left_x + 0.09f, 1.28f, win_z0 - 0.20f),
               f3(0.05f, 1.22f, 0.22f));
    things_add(w, THING_BOX, CURTAIN, f3(left_x + 0.09f, 1.28f, win_z1 + 0.20f),
               f3(0.05f, 1.22f, 0.22f));
    things_add(w, THING_BOX, WHITE, f3(left_x + 0.08f, win_y0 - 0.02f, 0.5f * (win_z0 + win_z1)),
               f3(0.09f, 0.02f, 0.5f * (win_z1 - win_z0) + 0.04f));
}

/* ---- surfaces ---- */

static struct f3 planks(const struct scene *s, struct f3 p)
{
    const float k = p.x / 0.14f, board = (float)sw_floor(k), across = k - board;
    const float shift = 3.7f * sw_random((uint32_t)(int)board, 1, s->seed),
                end = (p.z + shift) / 1.8f, run = end - (float)sw_floor(end);
    const uint32_t id = sw_hash((uint32_t)(int)board, (uint32_t)sw_floor(end), s->seed);
    const float off = (float)(id & 63),
                fibre = sw_octaves(p.x * 42 + off, p.z * 1.5f, s->seed + 520, 4, 0.6f);
    const float ring =
        0.5f + 0.5f * sw_sine(6 * sw_perlin(p.x * 7 + off, p.z * 0.35f + off, s->seed + 521));
    const float joint =
        sw_step(0, 0.035f, sw_min(across, 1 - across)) * sw_step(0, 0.003f, sw_min(run, 1 - run));
    const struct f3 a = f3_mix(f3(0.17f, 0.085f, 0.042f), f3(0.36f, 0.25f, 0.15f), s->chance[4]);
    return f3_scale(
        a, (0.72f + 0.3f * ring + 0.16f * fibre + 0.3f * ((float)(id >> 8 & 255) / 255 - 0.5f)) *
               (0.35f + 0.65f * joint));
}

static struct f3 rug(const struct scene *s, float u, float v)
{
    const struct f3 a = s->chance[5] < 0.5f ? f3(0.24f, 0.05f, 0.045f) : f3(0.05f, 0.09f, 0.16f),
                    b = f3(0.42f, 0.36f, 0.26f);
    const float edge = sw_max(fabsf(u), fabsf(v));
    const float wave =
        sw_sine(u * 5) * sw_sine(v * 4) + 0.5f * sw_sine(u * 11 + 0.25f) * sw_sine(v * 9);
    const float pattern =
        edge > 0.80f ? (edge < 0.86f || edge > 0.94f ? 1.0f : 0.15f) : sw_step(0.25f, 0.35f, wave);
    return f3_scale(f3_mix(a, b, 0.8f * pattern),
                    0.9f + 0.2f * sw_noise(u * 160, v * 120, s->seed + 522));
}

/* Rows of books between boards. */
static struct f3 books(const struct scene *s, const struct thing *g, struct f3 p, struct f3 *n)
{
    const float u = p.x - g->at.x, y = p.y / 0.34f, row = (float)sw_floor(y), v = y - row;
    const struct f3 board =
        f3_mix(f3(0.22f, 0.13f, 0.07f), f3(0.55f, 0.52f, 0.47f), sw_step(0.4f, 0.6f, s->chance[6]));
    if (v < 0.07f || fabsf(u) > g->half.x - 0.03f || p.y > 2 * g->half.y - 0.03f || row < 1)
        return f3_scale(board, row < 1 && v > 0.07f ? 0.92f : 1);
    const float k = u / 0.036f + 0.45f * sw_noise(u / 0.036f, row * 3, s->seed + 523),
                book = (float)sw_floor(k), w = k - book;
    const uint32_t id = sw_hash((uint32_t)(int)book, (uint32_t)row, s->seed + 524);
    const float tall = 0.60f + 0.28f * (float)(id & 255) / 255,
                gap = sw_octaves(u * 1.6f, row * 5.3f, s->seed + 525, 1, 0.5f);
    if (v > 0.07f + tall || gap > 0.42f)
        return f3_scale(board, 0.16f);
    static const struct f3 cloths[] = {
        {0.30f, 0.06f, 0.05f}, {0.06f, 0.10f, 0.20f}, {0.08f, 0.16f, 0.10f}, {0.45f, 0.38f, 0.26f},
        {0.10f, 0.09f, 0.09f}, {0.50f, 0.26f, 0.08f}, {0.56f, 0.53f, 0.48f}, {0.22f, 0.12f, 0.16f}};
    const float bow = 2 * w - 1, label = sw_step(0.05f, 0.03f, fabsf(v - 0.07f - 0.7f * tall));
    *n = f3_unit(f3(0.5f * bow, 0, n->z));
    return f3_mix(f3_scale(cloths[id >> 9 & 7], 0.55f + 0.45f * (1 - bow * bow)),
                  f3(0.5f, 0.42f, 0.25f), 0.5f * label);
}

/* A small landscape in a frame with a mat. */
static struct f3 framed(const struct scene *s, const struct thing *g, struct f3 p)
{
    const float u = (p.x - g->at.x) / g->half.x, v = (p.y - g->at.y) / g->half.y,
                edge = sw_max(fabsf(u), fabsf(v));
    if (edge > 0.92f)
        return f3_mix(f3(0.05f, 0.04f, 0.035f), f3(0.36f, 0.25f, 0.10f),
                      sw_step(0.4f, 0.6f, s->chance[7]));
    if (edge > 0.66f)
        return f3(0.62f, 0.60f, 0.55f);
    const float hill = 0.10f + 0.35f * sw_octaves(u * 1.3f, 2.5f, s->seed + g->seed, 4, 0.5f),
                near = -0.3f + 0.25f * sw_octaves(u * 2, 7, s->seed + g->seed, 3, 0.5f);
    const float brush = 1 + 0.12f * sw_octaves(u * 9, v * 14, s->seed + 526, 3, 0.6f);
    const struct f3 sky =
        f3_mix(f3(0.62f, 0.55f, 0.42f), f3(0.24f, 0.36f, 0.48f), sw_unit(v + 0.4f));
    const struct f3 c = v < near   ? f3(0.12f, 0.14f, 0.05f)
                        : v < hill ? f3(0.18f, 0.22f, 0.24f)
                                   : sky;
    return f3_scale(c, brush);
}

struct surface room_thing(const struct scene *s, const struct thing_hit *h)
{
    const struct thing *g = &s->things->all[h->which];
    const float turn = sw_random(g->seed, 3, s->seed);
    struct surface f = {f3(0.5f, 0.5f, 0.5f), h->n, 0};
    switch (g->stuff) {
    case WOOD:
        f.colour = f3_scale(
            f3_mix(f3(0.20f, 0.10f, 0.05f), f3(0.38f, 0.26f, 0.15f), s->chance[1]),
            1 + 0.2f * sw_octaves(h->p.x * 3, h->p.z * 45 + h->p.y * 30, s->seed + 527, 3, 0.6f));
        f.gloss = 0.15f;
        break;
    case CUSHION:
        f.colour = f3_scale(f3_mix(f3(0.10f, 0.15f, 0.22f), f3(0.32f, 0.12f, 0.08f), s->chance[0]),
                            1 + 0.1f * sw_noise(h->p.x * 200, h->p.z * 200, 3));
        break;
    case SHELF:
        if (h->n.z < -0.5f)
            f.colour = books(s, g, h->p, &f.n);
        else
            f.colour = f3_mix(f3(0.22f, 0.13f, 0.07f), f3(0.55f, 0.52f, 0.47f),
                              sw_step(0.4f, 0.6f, s->chance[6]));
        break;
    case PICTURE:
        f.colour = framed(s, g, h->p);
        f.gloss = 0.2f;
        break;
    case CURTAIN: {
        const float fold = h->p.z * 9 + 0.4f * sw_perlin(h->p.z * 5, h->p.y * 0.8f, s->seed + 528);
        f.n = f3_unit(f3(h->n.x, 0, h->n.z + 0.9f * sw_cosine(fold)));
        f.colour = f3_scale(f3_mix(f3(0.60f, 0.57f, 0.50f), f3(0.25f, 0.30f, 0.30f),
                                   sw_step(0.55f, 0.75f, s->chance[2])),
                            0.85f + 0.15f * sw_sine(fold));
        break;
    }
    case POT:
        f.colour = g->shape == THING_FRUIT
                       ? f3(0.72f, 0.26f, 0.03f)
                       : f3_mix(f3(0.12f, 0.20f, 0.30f), f3(0.60f, 0.56f, 0.48f),
                                sw_step(0.4f, 0.6f, turn));
        f.gloss = 0.6f;
        break;
    default:
        f.colour = f3(0.66f, 0.65f, 0.62f);
    }
    return f;
}

/* In the opening: 0 outside, 1 glass, < 1 frame. */

struct surface room_floor(const struct scene *s, struct f3 p)
{
    const float u = (p.x + 0.1f) / 1.5f, v = (p.z - 3.4f) / 1.15f;
    const int on = s->chance[6] > 0.35f && fabsf(u) < 1 && fabsf(v) < 1;
    return (struct surface){on ? rug(s, u, v) : planks(s, p), f3(0, 1, 0), on ? 0 : 0.35f};
}
