/* face_beard.c - beard and moustache: from stubble, where the skin shows, to full. */
#include "face.h"

static float beard_field(const struct face *f, float u, float v)
{
    const float a = fabsf(u), at = f->mouth - 0.012f;
    /* from the ears along the jaw; its upper border sinks from the ear to the mouth's corner */
    const float border = mixf(at - 0.02f, 0.02f, sq(limit((a - 0.14f) / 0.33f, 0, 1)));
    const float jaw =
        ramp(0.035f, -0.035f, v - border) *
        ramp(0.02f, 0.11f, sqrtf(sq(a / 1.4f) + sq(v - at + f->lip_low + f->gap)) - 0.035f);
    const float mouth =
        sqrtf(sq(a / (f->mouth_half + 0.025f)) + sq((v - at + 0.5f * f->gap) / (0.082f + f->gap)));
    return jaw * ramp(0.85f, 1.10f, mouth);
}

static float moustache_field(const struct face *f, float u, float v)
{
    const float a = fabsf(u),
                line = f->mouth + f->lip_up + 0.012f - 0.30f * sq(most(a - 0.03f, 0)) * 3.0f;
    const float high = mixf(f->nose_base - 0.016f, line - 0.02f,
                            limit((a - 0.06f) / (f->mouth_half + 0.02f - 0.06f), 0, 1));
    const float low = line - 0.012f - 0.05f * ramp(0.10f, 0.22f, a);
    return ramp(-0.006f, 0.014f, high + 0.018f - v) * ramp(-0.006f, 0.016f, v - low) *
           ramp(f->mouth_half + 0.045f, f->mouth_half - 0.02f, a) *
           (0.75f + 0.25f * ramp(0.004f, 0.020f, a));
}

void face_beard(const struct face *f, struct sample *s)
{
    const float *a = f->a;
    const float grown = ramp(13, 19, a[AGE]);
    if ((a[BEARD] <= 0 && a[MOUSTACHE] <= 0) || grown <= 0 || s->v > 0.05f || s->head < -0.12f)
        return;
    const float side = s->u < 0 ? -1.0f : 1.0f;
    const float x = s->hx, y = s->hy, lean = x + 0.25f * side * (y - f->mouth);
    const float hair = noise_of(f->seed + 130, lean * 105, y * 26) * kept(0.02f, s->px);
    const float clump = noise_of(f->seed + 131, lean * 60, y * 20),
                speck = 0.55f * noise_of(f->seed + 132, x * 140, y * 90) * kept(0.014f, s->px),
                bristle = noise_of(f->seed + 133, lean * 330, y * 120) * kept(0.006f, s->px);
    /* a full beard stands away from the jaw */
    const float beyond = 0.085f * ramp(0.35f, 1.0f, a[BEARD]) * ramp(-0.25f, -0.7f, s->v);
    const float within = s->head + beyond + 0.018f * clump + 0.012f * hair;
    const float inside = limit(0.5f + within / (s->px + 0.012f), 0, 1);
    const float full = ramp(0.12f, 0.75f, a[BEARD]), long_lip = ramp(0.12f, 0.75f, a[MOUSTACHE]);
    const float field = beard_field(f, s->u, s->v), lip = moustache_field(f, s->u, s->v);
    const float chin =
        a[BEARD] > 0 ? field * mixf(0.16f + 0.32f * a[BEARD] + 0.30f * speck + 0.26f * bristle,
                                    1.20f + 0.30f * clump * field, full)
                     : 0;
    const float upper =
        a[MOUSTACHE] > 0
            ? lip * mixf(0.18f + 0.34f * a[MOUSTACHE] + 0.30f * speck + 0.26f * bristle,
                         1.2f + 0.3f * clump, long_lip)
            : 0;
    const float cover = limit(most(chin, upper), 0, 0.97f) * grown *
                        (s->head < 0 ? inside * (field > 0.05f) * full : 1);
    if (cover <= 0.01f)
        return;
    const float rough = 0.50f * hair + 0.40f * clump + 0.25f * speck + 0.30f * bristle;
    struct f3 c = f3_mix(f->hair, f->hair_tip, limit(0.35f + 0.5f * rough, 0, 1));
    c = f3_scale(f3_mul(c, f3(1.04f, 0.96f, 0.92f)), 0.80f + 0.50f * rough);
    struct f3 n = s->normal;
    n.x += 0.5f * clump, n.y += 0.25f * rough;
    n = f3_unit(n);
    const float open = s->head < 0 ? 0.55f : s->form.open * 0.85f,
                lit = s->head < 0 ? 0.5f : s->form.lit;
    struct f3 light = face_lit(f, n, c, lit, open * (0.75f + 0.35f * rough));
    light = f3_add(light, f3_scale(f->key, 0.02f * most(rough, 0) * face_gloss(f, n, 2) * lit));
    face_put(s, light, cover, IN_BEARD);
    face_stroke(s, s->head, 1, STROKE_CONTOUR); /* the face's own contour, not the beard's */
}
