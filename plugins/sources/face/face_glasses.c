/* face_glasses.c - a frame before the eyes, its lenses and its shadow. */
#include "face.h"

struct frame {
    float half_x, half_y, corner, thick; /* of a lens; how square; of the rim */
    float at_x, at_y;
};

static struct frame frame_of(const struct face *f)
{
    const float which = (float)kit_uniform(f->seed, 80, 0),
                size = 1 + 0.1f * (float)kit_uniform(f->seed, 80, 1);
    struct frame g = {.at_x = f->eye_x + 0.014f, .at_y = -0.018f};
    const int kind = (int)f->a[GLASSES];
    g.half_x = (kind == ROUND_GLASSES ? 0.150f : 0.172f) * size;
    g.half_y = (kind == ROUND_GLASSES  ? 0.142f
                : kind == DARK_GLASSES ? 0.118f
                                       : 0.098f + 0.03f * which) *
               size;
    g.corner = kind == ROUND_GLASSES ? 0 : kind == DARK_GLASSES ? 0.55f : 0.75f;
    g.thick = (which < 0.5f ? 0.0085f : 0.0165f) + (kind == DARK_GLASSES) * 0.004f;
    return g;
}

/* Distance within a lens: between an ellipse and a rounded box. */
static float lens(const struct frame *g, float x, float y)
{
    const float qx = x / g->half_x, qy = y / g->half_y;
    const float round = (qx * qx + qy * qy),
                box = qx * qx * qx * qx * qx * qx + qy * qy * qy * qy * qy * qy;
    return (1 - sqrtf(mixf(round, box, g->corner))) * 0.5f * (g->half_x + g->half_y) *
           mixf(1, 0.62f, g->corner);
}

void face_glasses(const struct face *f, struct sample *s)
{
    if (f->a[GLASSES] < 1)
        return;
    const struct frame g = frame_of(f);
    const float x = s->hx - 0.60f * f->sin_yaw, y = s->hy - 0.60f * f->sin_pitch, a = fabsf(x),
                side = x < 0 ? -1.0f : 1.0f;
    if (fabsf(y) > 0.3f || a > 0.62f)
        return;
    const float dx = a - g.at_x, dy = y - g.at_y, in = lens(&g, dx, dy - 0.05f * dx);
    const float rim = g.thick - fabsf(in);
    /* hair that falls beside the face hides the temples */
    const int covered = f->hair_end < 0 && f->a[HAIR_LENGTH] > 0.02f;
    const float bridge = 0.8f * g.thick - fabsf(dy - 0.022f - 0.10f * (0.07f - a));
    const float temple = least(0.9f * g.thick - fabsf(dy - 0.030f),
                               least(a - g.at_x - 0.8f * g.half_x, f->ear_x - a + 0.01f)) -
                         (covered || s->head < -0.02f ? 1 : 0);
    const float metal = most(most(rim, a < g.at_x - 0.9f * g.half_x ? bridge : -1), temple);
    /* shadow on the skin, below and away from the light */
    const float sx = a - 0.035f * f->light.x * -side, sy = y + 0.030f * most(f->light.y, 0);
    const float cast = bell(sq(lens(&g, sx - g.at_x, sy - g.at_y) / (g.thick + 0.006f)));
    if (s->head > 0)
        s->colour = f3_scale(s->colour, 1 - 0.28f * cast);
    const float glass = cover_of(s, in);
    const int dark = f->a[GLASSES] == DARK_GLASSES;
    const float streak =
        ramp(0.45f, 0.75f, 0.5f + 0.5f * noise_of(f->seed + 141, (x + 0.8f * y) * 4.5f, 0.3f)) *
        ramp(-0.05f, 0.09f, dy);
    if (glass > 0 && dark) {
        const struct f3 tint =
            f3_mix(f3(0.010f, 0.010f, 0.012f), f3(0.045f, 0.030f, 0.022f), ramp(0.05f, -0.10f, dy));
        face_put(s,
                 f3_add(f3_scale(s->colour, 0.045f),
                        f3_add(f3_scale(tint, 0.8f), f3_scale(f->sky, 0.10f * streak + 0.012f))),
                 glass, IN_GLASSES);
    } else if (glass > 0) { /* clear: what is behind stays what it is */
        s->colour = f3_add(f3_scale(s->colour, 1 - 0.06f * glass),
                           f3_scale(f->sky, glass * (0.012f + 0.085f * streak)));
    }
    const float tone = (float)kit_uniform(f->seed, 80, 2);
    const struct f3 stuff = dark || tone < 0.5f ? f3(0.012f, 0.012f, 0.014f)
                            : tone < 0.75f      ? f3(0.13f, 0.052f, 0.022f)
                                                : f3(0.42f, 0.38f, 0.32f);
    const float bulge = limit(in / g.thick, -1, 1);
    const struct f3 n =
        f3_unit(f3(side * bulge * dx / g.half_x, bulge * dy / g.half_y + 0.3f, 0.7f));
    struct f3 c = face_lit(f, n, stuff, 0.8f, 0.9f);
    c = f3_add(c, f3_scale(f->key, 0.16f * face_gloss(f, n, 4)));
    face_put(s, c, cover_of(s, metal), IN_GLASSES);
    face_stroke(s, most(fabsf(rim), -rim), 1, STROKE_REST);
    if (metal == temple || a < g.at_x - 0.9f * g.half_x)
        face_stroke(s, most(-metal, 0), 1, STROKE_REST);
}
