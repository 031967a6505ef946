/* face_skin.c - the skin of the face: complexion, its blotches, pores, wrinkles, freckles,
 * nostrils. */
#include "face.h"

/* Where blood shows: cheeks, nose, chin. */
static float flush(const struct face *f, float a, float u, float v)
{
    return 0.9f * bump((a - 0.26f) / 0.14f, (v + 0.20f) / 0.12f) +
           0.8f * bump(u / 0.09f, (v - f->nose_base - 0.05f) / 0.08f) +
           0.4f * bump(u / 0.13f, (v - f->chin - 0.08f) / 0.08f) -
           0.3f * bump(u / 0.4f, (v - 0.35f) / 0.2f);
}

static float spots(const struct face *f, float u, float v, float a, float fine)
{
    const float x = u * fine, y = v * fine;
    const int32_t i = floor_of(x), j = floor_of(y);
    const uint32_t seed = f->seed + 31u + (uint32_t)fine;
    const float where = bump((a - 0.20f) / 0.22f, (v + 0.16f) / 0.15f) +
                        0.25f * bump(u / 0.45f, (v + 0.05f) / 0.5f);
    if (cell_of(seed, i, j) > f->a[FRECKLES] * where * 1.3f)
        return 0;
    const float dx = x - (float)i - 0.2f - 0.6f * cell_of(seed + 1, i, j);
    const float dy = y - (float)j - 0.2f - 0.6f * cell_of(seed + 2, i, j);
    return bell((dx * dx + dy * dy) * (22 + 60 * cell_of(seed + 3, i, j))) *
           (0.5f + 0.5f * cell_of(seed + 4, i, j));
}

/* Lines of the forehead, beside the eyes and below them: 0..1. */
static float wrinkles(const struct face *f, float u, float v)
{
    if (f->old <= 0)
        return 0;
    const float a = fabsf(u);
    const float y = (v - 0.26f + 0.014f * noise_of(f->seed + 40, u * 5, v * 3)) / 0.060f;
    const float line = y - (float)floor_of(y) - 0.5f;
    float sum = bell(sq(line / 0.13f)) * bump(u / 0.27f, (v - 0.36f) / 0.14f) *
                (0.55f + 0.6f * noise_of(f->seed + 41, u * 6, y));
    const float dx = a - f->eye_x - f->eye_half - 0.01f, dy = v - 0.005f;
    if (dx > 0) {
        const float fan = (dy / (dx + 0.05f)) * 3.2f, ray = fan - (float)floor_of(fan) - 0.5f;
        sum += (0.5f + 0.5f * f->a[SMILE]) * bell(sq(ray / 0.16f)) *
               bump((dx - 0.05f) / 0.05f, dy / 0.07f);
    }
    const float bag = v + 0.078f + 0.35f * sq(a - f->eye_x);
    sum += 0.8f * bell(sq(bag / 0.007f)) * bell(sq((a - f->eye_x) / 0.09f));
    return f->old * limit(sum, 0, 1);
}

/* Where a beard would grow: cooler and darker, a dot for each hair. */
static struct f3 stubble(const struct face *f, float u, float v, float px)
{
    const float grown = f->a[MASCULINE] * (1 - f->child) * ramp(0.3f, 0.8f, f->a[MASCULINE]);
    const float jaw = ramp(f->nose_base + 0.02f, f->mouth - 0.02f, v - 0.30f * sq(u) + 0.05f) *
                          ramp(0.02f, 0.10f, fabsf(u) + most(f->mouth - 0.09f - v, 0)) +
                      0.9f * bump(u / 0.15f, (v - f->mouth - 0.085f) / 0.045f);
    const float dots = noise_of(f->seed + 28, u * 190, v * 190) * kept(0.0055f, px);
    const float k = grown * limit(jaw, 0, 1) * (1 + 0.9f * dots);
    return f3(1 - 0.20f * k, 1 - 0.16f * k, 1 - 0.12f * k);
}

static struct f3 complexion(const struct face *f, const struct sample *s, float a)
{
    const float u = s->u, v = s->v, pale = 1 - f->a[COMPLEXION];
    const float red = flush(f, a, u, v) * (0.35f + 0.9f * f->a[ROSY]) * (0.45f + 0.55f * pale);
    const float patch = fbm_of(f->seed + 20, u * 6, v * 6, 3),
                fine = fbm_of(f->seed + 24, u * 34, v * 34, 2);
    const float grain = noise_of(f->seed + 26, u * 120, v * 120) * kept(0.008f, s->px) +
                        0.7f * noise_of(f->seed + 27, u * 62, v * 62) * kept(0.016f, s->px);
    struct f3 c =
        f3_scale(f->skin, 1 + 0.045f * patch + 0.030f * fine * kept(0.03f, s->px) + 0.030f * grain);
    c = f3_mul(c, f3(1 + 0.04f * red, 1 - 0.13f * red, 1 - 0.10f * red));
    const float veins = fine + 0.7f * grain + 0.45f * patch;
    c = f3_mul(c, f3(1, 1 - 0.030f * veins, 1 - 0.034f * veins));
    c = f3_mul(c, stubble(f, u, v, s->px));
    const float rings =
        bump((a - f->eye_x + 0.02f) / 0.10f, (v + 0.045f) / 0.035f) * (0.5f + 0.8f * f->old) +
        0.8f * bump((a - 0.125f) / 0.05f, (v - 0.005f) / 0.05f);
    c = f3_mul(c, f3(1 - 0.07f * rings, 1 - 0.12f * rings, 1 - 0.09f * rings));
    const float paint = f->a[MAKEUP] * bump((a - f->eye_x) / 0.11f, (v - 0.055f) / 0.035f);
    c = f3_mul(c, f3(1 - 0.16f * paint, 1 - 0.25f * paint, 1 - 0.22f * paint));
    if (f->a[FRECKLES] > 0) {
        const float spot =
            limit(spots(f, u, v, a, 46) + 0.8f * spots(f, u, v, a, 29), 0, 1) * 0.66f;
        c = f3_mul(c, f3(1 - 0.42f * spot, 1 - 0.60f * spot, 1 - 0.68f * spot));
    }
    return c;
}

/* Dark openings under the nose, and the crease around its wings. */
static float nostrils(const struct face *f, float a, float v)
{
    const float h = f->nose_half;
    const float hole = bump((a - 0.43f * h) / (0.23f * h),
                            (v - f->nose_base - 0.006f - 0.22f * (a - 0.43f * h)) / 0.0115f);
    const float wing =
        bell(sq((sqrtf(sq(a - 0.66f * h) + sq(v - f->nose_base - 0.036f)) - 0.36f * h) / 0.012f)) *
        ramp(0.66f * h, 0.95f * h, a);
    return limit(0.72f * hole + 0.20f * wing, 0, 0.8f);
}

/* Shade of what grows or sits above: hair at its border, a hat, glasses. */
static float shaded_above(const struct face *f, const struct sample *s)
{
    float open = 1;
    if (f->a[HAIR_LENGTH] > 0.08f) {
        const struct face_row r = face_row_at(f, s->v);
        const float in = r.opening - fabsf(s->u - f->hair_shift * ramp(0.05f, 0.5f, s->v));
        const float edge = in + (s->v > 0.05f ? -0.35f * (s->v - 0.05f) : 0);
        open *= mixf(0.70f, 1, ramp(-0.02f, 0.11f, edge));
    }
    if (f->a[HAT] > 0)
        open *= mixf(1, f->a[HAT] == BEANIE ? 0.75f : 0.42f,
                     ramp(f->a[HAT] == BEANIE ? 0.2f : 0.0f, 0.36f, s->v));
    return open;
}

static void strokes(const struct face *f, struct sample *s, float a)
{
    const float h = f->nose_half, dx = a - 0.66f * h, dy = s->v - f->nose_base - 0.036f;
    if (dx > -0.2f * h && dy < 0.05f)
        face_stroke(s, sqrtf(dx * dx + dy * dy) - 0.40f * h, dx > 0 ? 1 : ramp(-0.2f * h, 0, dx),
                    STROKE_FEATURE);
    if (a < 0.62f * h)
        face_stroke(s, s->v - f->nose_base + 0.002f - 0.028f * sq(a / (0.62f * h)) + 0.010f, 1,
                    STROKE_FEATURE);
}

/* Oil on the skin mirrors the light: most on the forehead, the nose and the cheekbones. */
static float gloss(const struct face *f, const struct sample *s, struct f3 n, float a)
{
    const float oil = 0.65f + 0.45f * bump(s->u / 0.20f, (s->v - 0.30f) / 0.22f) +
                      0.65f * bump(s->u / 0.09f, (s->v - f->nose_base - 0.10f) / 0.16f) +
                      0.50f * bump((a - 0.29f) / 0.12f, (s->v + 0.13f) / 0.09f) +
                      0.20f * noise_of(f->seed + 54, s->u * 25, s->v * 25);
    const float dull = 1 - 0.55f * bump(s->u / 0.20f, (s->v - f->mouth - 0.07f) / 0.07f);
    const float chin = mixf(0.55f, 1, ramp(f->chin, f->mouth, s->v));
    return dull * chin * (0.060f * face_gloss(f, n, 3) + 0.170f * face_gloss(f, n, 5)) * oil;
}

void face_skin(const struct face *f, struct sample *s)
{
    const float cover = cover_of(s, s->head), a = fabsf(s->u);
    if (cover > 0) {
        struct f3 n = s->normal, c = complexion(f, s, a);
        const float pore = kept(0.006f, s->px), rough = kept(0.035f, s->px),
                    fold = wrinkles(f, s->u, s->v);
        n.x += 0.045f * rough * noise_of(f->seed + 50, s->u * 55, s->v * 55) +
               0.15f * pore * noise_of(f->seed + 51, s->u * 150, s->v * 150);
        n.y += 0.045f * rough * noise_of(f->seed + 52, s->u * 55, s->v * 55) +
               0.15f * pore * noise_of(f->seed + 53, s->u * 150, s->v * 150) - 0.12f * fold;
        n = f3_unit(n);
        c = f3_scale(c, (1 - 0.28f * fold) * (1 - nostrils(f, a, s->v)));
        const float above = shaded_above(f, s);
        /* the lip throws light back up under the nose */
        const float under = bump(s->u / 0.13f, (s->v - f->nose_base - 0.014f) / 0.055f);
        const float lit = most(0.18f + 0.82f * s->form.lit, 0.42f * under) * above;
        n.y = mixf(n.y, 0.35f * n.y, 0.75f * under);
        const float open = mixf(s->form.open, 0.9f, 0.6f * under) * (0.4f + 0.6f * above);
        struct f3 light = face_lit_skin(f, n, c, lit, open);
        const float shine = gloss(f, s, n, a) * lit * (1 - 0.85f * under);
        const float rim = sq(sq(1 - limit(n.z, 0, 1))) * 0.10f * s->form.open * (0.5f + 0.5f * n.y);
        light = f3_add(light, f3_add(f3_scale(f->key, shine), f3_scale(f->sky, rim)));
        face_put(s, light, cover, IN_SKIN);
    }
    face_stroke(s, s->head, 1, STROKE_CONTOUR);
    if (cover > 0)
        strokes(f, s, a);
}
