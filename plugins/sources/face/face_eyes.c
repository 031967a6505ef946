/* face_eyes.c - eyes between their lids, and brows. */
#include "face.h"

struct lid {
    float a, side; /* |u|, which eye */
    float t, wide; /* -1 inner corner .. 1 outer; 1 - t^2 */
    float up, low; /* heights of the lids' edges here */
    float crease;
};

static struct lid lid_at(const struct face *f, float u)
{
    struct lid l = {.a = fabsf(u), .side = u < 0 ? -1.0f : 1.0f};
    l.t = (l.a - f->eye_x) / f->eye_half;
    l.wide = most(1 - l.t * l.t, 0);
    const float tilt = (0.012f + 0.050f * (f->a[EYE_TILT] - 0.5f) - 0.014f * f->old) * l.t;
    const float arch = l.wide * (1 + 0.22f * l.t * l.t);
    l.up = tilt + f->eye_up * arch * (1 - 0.16f * l.t) - 0.010f * most(-l.t - 0.6f, 0);
    l.low = tilt - f->eye_low * arch * (1 + 0.22f * l.t);
    const float hood = 0.020f + 0.018f * (float)kit_uniform(f->seed, 79, 0);
    l.crease = l.up + hood * (0.35f + 0.65f * root(l.wide)) - 0.012f * f->old * (0.5f + l.t);
    return l;
}

static struct f3 iris(const struct face *f, const struct sample *s, float dx, float dy, float d)
{
    const float r = d / f->iris, inv = 1 / most(d, 1e-4f);
    const float fibre = (0.7f * noise_of(f->seed + 70, dx * inv * 9 + r, dy * inv * 9) +
                         0.6f * noise_of(f->seed + 74, dx * inv * 19, dy * inv * 19 + 2 * r)) *
                        kept(0.008f, s->px);
    const float ring = noise_of(f->seed + 71, dx * inv * 3, r * 5);
    struct f3 c = f3_scale(f->iris_colour, 1.0f + 0.50f * fibre + 0.18f * ring);
    c = f3_mix(f3_mul(c, f3(1.25f, 1.0f, 0.7f)), c,
               ramp(0.40f, 0.68f, r)); /* warmer around the pupil */
    const float grey = 0.3f * c.x + 0.6f * c.y + 0.1f * c.z;
    c = f3_mix(c, f3(grey, grey, grey), 0.20f);
    c = f3_scale(c, 1 - 0.72f * ramp(0.72f, 1.0f, r));
    c = f3_mix(c, f3(0.004f, 0.004f, 0.005f), cover_of(s, 0.36f * f->iris - d));
    return c;
}

/* The ball: white, iris, the shade of the lid, a reflected light. */
static struct f3 ball(const struct face *f, const struct sample *s, const struct lid *l)
{
    const float gaze = 0.034f * f->a[LOOK] / 12, gx = (f->eye_x - 0.004f) * l->side + gaze,
                gy = 0.0065f;
    const float dx = s->u - gx, dy = s->v - gy, d = sqrtf(dx * dx + dy * dy);
    const float bx = (s->u - f->eye_x * l->side) / 0.125f, by = s->v / 0.125f;
    const struct f3 n = f3_unit(f3(s->normal.x * 0.5f + bx, s->normal.y * 0.3f + by, 1));
    const float rim = ramp(0.45f, 1.05f, fabsf(l->t));
    struct f3 c = f3_mix(f3(0.40f, 0.37f, 0.345f), f3(0.38f, 0.22f, 0.19f), 0.75f * rim);
    c = f3_mix(c, f3(0.55f, 0.22f, 0.19f),
               0.8f * bump((l->t + 0.97f) / 0.10f, 0)); /* inner corner */
    c = f3_mix(c, iris(f, s, dx, dy, d), limit(0.5f + (f->iris - d) / (s->px + 0.011f), 0, 1));
    const float shade = mixf(0.28f, 1, ramp(-0.004f, 0.042f, l->up - s->v)) *
                        mixf(0.75f, 1, ramp(0, 0.012f, s->v - l->low));
    c = f3_scale(face_lit(f, n, c, 0.45f + 0.55f * s->form.lit, 1), shade);
    const float hx = dx - 0.40f * f->iris * limit(1.6f * f->light.x, -0.8f, 0.8f);
    const float hy = dy - 0.40f * f->iris * limit(0.3f + f->light.y, -0.5f, 0.9f);
    const float spark = limit(0.5f + (0.0068f - sqrtf(hx * hx + hy * hy)) / (s->px + 0.006f), 0, 1);
    c = f3_add(c, f3_scale(f->key, 0.9f * spark * (0.3f + 0.7f * s->form.lit)));
    return f3_add(c, f3_scale(f->sky, 0.10f * bump((dx + 0.01f) / 0.02f, (dy - 0.012f) / 0.014f)));
}

/* Hairs that fan out from the upper lid's edge, thinner and fewer towards their tips; high: 0 at
 * the edge, 1 at the longest one's tip. */
static float lashes(const struct face *f, const struct sample *s, const struct lid *l, float high)
{
    high /= 0.55f + 0.45f * ramp(-0.6f, 0.7f, l->t);
    if (high <= 0 || high >= 1)
        return 0;
    const float fan = s->u - 0.022f * high * l->side * (l->t + 0.25f);
    const float hair = 0.6f * noise_of(f->seed + 72, fan * 210, 0.5f) * kept(0.010f, s->px) +
                       0.6f * noise_of(f->seed + 73, fan * 390, 0.5f) * kept(0.006f, s->px);
    return limit(0.95f - 1.25f * high + hair, 0, 1) * (1 - high * high);
}

static void lids(const struct face *f, struct sample *s, const struct lid *l, float on)
{
    const float outside = most(fabsf(l->t) - 1, 0) * f->eye_half;
    const float fade = bell(sq(outside / 0.016f));
    const float near = s->v - l->crease;
    const float fold = 0.36f * bell(sq(near / 0.0105f)) * ramp(1.15f, 0.75f, fabsf(l->t + 0.05f)) *
                       (1 - 0.25f * f->child);
    s->colour =
        f3_mul(s->colour, f3(1 - 0.70f * fold * on, 1 - 0.85f * fold * on, 1 - 0.85f * fold * on));
    /* lashes: a band along the upper edge, thicker outwards; hairs beyond it; the lower lid's wet
     * rim */
    const float paint = f->a[MAKEUP] * (1 - 0.6f * f->a[MASCULINE]) + 0.25f * (1 - f->a[MASCULINE]);
    const float thick = (0.0058f + 0.0050f * paint) * (0.7f + 0.45f * most(l->t + 0.3f, 0));
    const float over = s->v - l->up;
    const float line = limit(0.5f + (thick - fabsf(over - 0.3f * thick)) / (s->px + 0.005f), 0, 1);
    const float lash = lashes(f, s, l, over / (thick * (1.6f + 2.0f * paint)));
    const float up = most(line, lash * limit(0.25f + paint, 0, 1));
    const float low = (0.26f + 0.30f * paint) * bell(sq((s->v - l->low + 0.004f) / 0.0055f)) *
                      ramp(-0.9f, -0.1f, l->t);
    const struct f3 dark = f3(0.014f, 0.010f, 0.009f);
    s->colour = f3_mix(s->colour, dark, (0.72f + 0.2f * paint) * up * fade * on);
    s->colour = f3_mix(s->colour, dark, low * fade * on);
    const float rim =
        0.30f * bell(sq((s->v - l->low - 0.001f) / 0.0045f)) * fade * (1 - outside * 50);
    s->colour = f3_mix(s->colour, f3_mul(f->skin, f3_add(f->sky, f3_scale(f->key, 0.5f))),
                       most(rim, 0) * on * 0.6f);
}

void face_eyes(const struct face *f, struct sample *s)
{
    if (s->head < -s->px || fabsf(s->v) > 0.13f ||
        fabsf(fabsf(s->u) - f->eye_x) > f->eye_half + 0.05f)
        return;
    const struct lid l = lid_at(f, s->u);
    const float on = cover_of(s, s->head), edge = (1 - fabsf(l.t)) * f->eye_half;
    const float open = cover_of(s, least(least(l.up - s->v, s->v - l.low), edge));
    if (open > 0)
        face_put(s, ball(f, s, &l), open * on, IN_EYES);
    lids(f, s, &l, on);
    const float gx = s->u - (f->eye_x - 0.004f) * l.side - 0.034f * f->a[LOOK] / 12,
                gy = s->v - 0.0065f;
    const float d = sqrtf(gx * gx + gy * gy);
    if (open > 0.5f) {
        face_stroke(s, d - f->iris, 1, STROKE_FEATURE);
        face_stroke(s, most(d - 0.3f * f->iris, 0), 1, STROKE_FEATURE);
    }
    if (edge > 0) {
        face_stroke(s, (s->v - l.up) * 0.6f, 1, STROKE_FEATURE);
        face_stroke(s, s->v - l.low, 1, STROKE_FEATURE);
    }
}

void face_brows(const struct face *f, struct sample *s)
{
    if (s->head < 0 || s->v < 0.04f || s->v > 0.28f)
        return;
    const float a = fabsf(s->u), inner = 0.085f, outer = 0.375f, t = (a - inner) / (outer - inner);
    const float arch = 0.022f + 0.020f * (1 - f->a[MASCULINE]);
    const float middle = f->brow - 0.012f + arch * bell(sq((t - 0.62f) / 0.42f)) -
                         0.045f * sq(most(t - 0.62f, 0) / 0.38f);
    const float thick = (0.009f + 0.013f * f->a[BROWS] + 0.006f * f->a[MASCULINE]) *
                        ramp(-0.06f, 0.16f, t) * mixf(1, 0.30f, ramp(0.45f, 1.0f, t)) *
                        (1 - 0.2f * f->child);
    /* hairs stand at the nose, lie outwards beyond */
    const float lean = mixf(0.5f, 2.4f, ramp(0, 0.6f, t)), up = s->v - middle;
    const float along = (a - lean * up) / sqrtf(1 + lean * lean);
    const float hair =
        0.35f * noise_of(f->seed + 80, along * 150, up * 16 + a * 9) * kept(0.012f, s->px) +
        0.75f * noise_of(f->seed + 81, along * 330, up * 28 + a * 17) * kept(0.007f, s->px);
    const float in = thick * (1 + 0.35f * hair) - fabsf(s->v - middle);
    const float ends = ramp(-0.02f, 0.05f, t) * ramp(1.05f, 0.86f, t);
    const float cover = ramp(-0.020f, 0.015f, in) * ends *
                        (0.56f + 0.26f * f->a[BROWS] + 0.24f * hair) * cover_of(s, s->head);
    const struct f3 stuff =
        f3_scale(f3_mix(f->hair, f3(0.045f, 0.030f, 0.022f), 0.45f), 0.75f + 0.3f * hair);
    if (cover > 0.01f)
        face_put(s, face_lit(f, s->normal, stuff, s->form.lit, 0.8f), limit(cover, 0, 0.95f),
                 IN_BROWS);
    if (t > 0 && t < 1)
        face_stroke(s, (s->v - middle) * 0.5f, 1, STROKE_FEATURE);
}
