/* face_mouth.c - lips, what is between them when they part, and the line where they meet. */
#include "face.h"

struct lips {
    float t, wide;                         /* place along the mouth -1..1; 1 - t^2 */
    float line, upper, lower, top, bottom; /* heights here: where lips meet, their edges */
};

static struct lips lips_at(const struct face *f, float u)
{
    const float a = fabsf(u), t = u / f->mouth_half, wide = most(1 - t * t, 0), arch = root(wide);
    const float bow = 1 - 0.26f * bell(sq(u / 0.024f)) + 0.10f * bell(sq((a - 0.045f) / 0.035f));
    struct lips l = {.t = t, .wide = wide};
    l.line = f->mouth + 0.047f * f->a[SMILE] * t * t - 0.010f * f->old * t * t -
             0.005f * bell(sq(u / 0.05f)) + 0.004f * bell(sq((a - 0.07f) / 0.04f));
    l.upper = l.line + 0.10f * f->gap * arch;
    l.lower = f->mouth + 0.047f * f->a[SMILE] * t * t - 0.010f * f->old * t * t -
              0.90f * f->gap * (0.45f * arch + 0.55f * wide);
    l.top = l.upper + f->lip_up * (0.35f * wide + 0.65f * wide * arch) * bow;
    l.bottom = l.lower - f->lip_low * (0.4f * arch + 0.6f * wide);
    return l;
}

static struct f3 inside(const struct face *f, const struct sample *s, const struct lips *l)
{
    const float a = fabsf(s->u);
    const float deep = limit((l->upper - s->v) / most(f->gap, 0.01f), 0, 1);
    struct f3 c = f3(0.045f, 0.010f, 0.010f);
    const float tongue =
        bump(s->u / (0.6f * f->mouth_half), (s->v - l->lower) / (0.45f * f->gap + 0.001f));
    c = f3_mix(c, f3(0.30f, 0.075f, 0.07f), 0.75f * tongue * ramp(0.02f, 0.08f, f->gap));
    const float high =
        most(l->upper, l->line) - 0.052f - 0.004f * bell(sq(a / 0.05f)) + 0.030f * l->t * l->t;
    /* each tooth is round: across, and at its lower corners */
    const float w = a < 0.042f ? a / 0.042f : (a - 0.042f) / 0.031f;
    const float gap = w - (float)floor_of(w), seam = least(gap, 1 - gap), turn = sq(2 * gap - 1);
    const float tooth = high + 0.011f * turn * turn + 0.004f * (float)(floor_of(w) == 1);
    const float teeth = cover_of(s, least(s->v - tooth, 0.86f * f->mouth_half - a));
    if (teeth > 0) {
        const float bright = (0.98f - 0.80f * l->t * l->t) * (1 - 0.14f * turn) *
                             (1 - 0.30f * bell(sq(seam / 0.07f)) * kept(0.03f, s->px)) *
                             ramp(-0.15f, 0.30f, deep + 0.25f) *
                             mixf(0.86f, 1, ramp(0, 0.03f, s->v - tooth));
        c = f3_mix(c,
                   face_lit(f, f3(0, 0.1f, 0.99f),
                            f3(0.74f * bright, 0.70f * bright, 0.62f * bright), 0.9f, 0.8f),
                   teeth);
    }
    return c;
}

void face_mouth(const struct face *f, struct sample *s)
{
    if (s->head < 0 || fabsf(s->u) > f->mouth_half + 0.06f || fabsf(s->v - f->mouth) > 0.27f)
        return;
    const struct lips l = lips_at(f, s->u);
    const float beyond = f->mouth_half - fabsf(s->u);
    const float within = least(least(l.top - s->v, s->v - l.bottom), 0.5f * beyond);
    const float on = cover_of(s, s->head);
    const float rim = 0.006f * noise_of(f->seed + 62, s->u * 34, s->v * 20);
    const float soft = ramp(-0.012f - 0.5f * s->px, 0.016f + 0.5f * s->px, within + rim);
    const float crack = noise_of(f->seed + 60, s->u * 62, s->v * 6) * kept(0.03f, s->px) +
                        0.8f * noise_of(f->seed + 61, s->u * 150, s->v * 13) * kept(0.012f, s->px);
    const float lower = mixf(1, 0.74f, ramp(-0.008f, 0.008f, s->v - l.line));
    const struct f3 albedo = f3_scale(f->lip, lower * (1 + 0.11f * crack));
    struct f3 c = face_lit_skin(f, s->normal, albedo, s->form.lit, s->form.open);
    const float wet = (0.05f + 0.09f * f->a[MAKEUP]) * face_gloss(f, s->normal, 4) *
                      (1 + 0.8f * crack) * s->form.lit;
    c = f3_add(c,
               f3_scale(f->key, wet + 0.03f * bump(s->u / 0.07f,
                                                   (s->v - l.lower + 0.5f * f->lip_low) / 0.014f)));
    face_put(s, c, soft * on, IN_LIPS);
    const float open = cover_of(s, least(least(l.upper - s->v, s->v - l.lower), beyond));
    if (f->gap > 0.004f && open > 0)
        face_put(s, inside(f, s, &l), open * on, IN_LIPS);
    const float line =
        f->gap > 0.004f
            ? most(fabsf(s->v - 0.5f * (l.upper + l.lower)) - 0.5f * (l.upper - l.lower), 0)
            : fabsf(s->v - l.line);
    const float dark =
        0.80f * bell(sq(line / (0.0075f + 0.3f * s->px))) * ramp(-0.025f, 0.012f, beyond);
    const float corner =
        0.5f * bump((fabsf(s->u) - f->mouth_half + 0.004f) / 0.022f, (s->v - l.line) / 0.014f);
    const float shade = limit(dark + corner, 0, 0.9f) * (f->gap > 0.004f ? 0.55f : 1);
    s->colour = f3_mix(s->colour, f3_mul(s->colour, f3(0.26f, 0.15f, 0.15f)), shade * on);
    if (beyond > 0) {
        face_stroke(s, s->v - l.upper, 1, STROKE_FEATURE);
        face_stroke(s, s->v - l.lower, 1, STROKE_FEATURE);
        face_stroke(s, s->v - l.top, 1, STROKE_FEATURE);
        face_stroke(s, s->v - l.bottom, ramp(0.9f, 0.7f, fabsf(l.t)), STROKE_FEATURE);
    }
}
