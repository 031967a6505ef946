/* face_hat.c - a knitted cap, a cap with a peak, a hat with a brim. */
#include "face.h"

static struct f3 felt(const struct face *f, const struct sample *s, float x, float y)
{
    const float grain = noise_of(f->seed + 150, x * 120, y * 120) * kept(0.016f, s->px);
    return f3_scale(f->cloth_more,
                    0.9f + 0.10f * grain + 0.10f * fbm_of(f->seed + 151, x * 4, y * 4, 2));
}

static void put_hat(const struct face *f, struct sample *s, struct f3 n, struct f3 c, float in,
                    float open)
{
    face_put(s, face_lit(f, f3_unit(n), c, 0.95f * open, open), cover_of(s, in), IN_HAT);
    face_stroke(s, in, 1, STROKE_REST);
}

/* The lesser of two distances, with a corner of that radius. */
static float rounded(float a, float b, float r)
{
    return a < r && b < r ? r - sqrtf(sq(r - a) + sq(r - b)) : least(a, b);
}

static void beanie(const struct face *f, struct sample *s, float x, float y)
{
    const float half = f->ear_x + 0.055f, edge = 0.30f - 0.15f * sq(x / half), top = f->top + 0.13f;
    const float q = limit((y - 0.05f) / (top - 0.05f), 0, 1);
    const float wide = half * root(1 - q * q * (0.55f + 0.45f * q)),
                band = edge + 0.15f - 0.02f * sq(x / half);
    const int in_band = y < band;
    const float in =
        rounded(wide + (in_band ? 0.010f : 0) - fabsf(x), least(y - edge, top - y), 0.05f);
    const float bend = x / most(wide, 0.1f);
    const float rib = 17 * bend * (1 + 0.25f * bend * bend),
                wave = rib - (float)floor_of(rib) - 0.5f;
    const float row = y * 42 - (float)floor_of(y * 42) - 0.5f;
    struct f3 c =
        f3_scale(felt(f, s, x, y), 1 + 0.5f * kept(0.05f, s->px) * (0.25f - 2 * wave * wave) +
                                       0.15f * kept(0.024f, s->px) * (0.5f - fabsf(row) * 2));
    c = f3_scale(c, 1 - 0.45f * bell(sq((y - band) / 0.014f)) * (y > band));
    put_hat(f, s,
            f3(bend + 0.4f * wave,
               0.55f * q + 0.12f + 0.3f * in_band * bell(sq((y - band) / 0.03f)),
               root(1.02f - bend * bend * 0.9f)),
            c, in, 0.55f + 0.45f * ramp(-0.02f, 0.08f, y - edge));
}

static void crown(const struct face *f, struct sample *s, float x, float y, float low, float high,
                  float half, float dent)
{
    const float q = limit((y - low) / (high - low), 0, 1),
                wide = half * (1 - 0.16f * q) * root(1 - sq(sq(q)) * 0.9f);
    const float in =
        least(wide - fabsf(x), least(y - low + 0.03f, high - dent * bell(sq(x / 0.2f)) - y));
    const float bend = x / most(wide, 0.1f);
    struct f3 c = felt(f, s, x, y);
    if (dent > 0) /* a ribbon */
        c = f3_mix(c, f3_scale(f->cloth, 0.5f), ramp(0.115f, 0.10f, y - low));
    else
        c = f3_scale(c, 1 - 0.3f *
                                (bell(sq(x / 0.006f)) + bell(sq((fabsf(bend) - 0.62f) / 0.012f))) *
                                kept(0.02f, s->px));
    put_hat(f, s, f3(bend, 0.35f * q + 0.45f * q * q * q + 0.1f, root(1.02f - bend * bend * 0.95f)),
            c, in, 0.7f + 0.3f * ramp(0, 0.1f, y - low));
}

void face_hat(const struct face *f, struct sample *s)
{
    const int kind = (int)f->a[HAT];
    const float x = s->hx - 0.25f * f->sin_yaw, y = s->hy - 0.25f * f->sin_pitch;
    if (kind == NO_HAT || y < -0.2f)
        return;
    if (kind == BEANIE) {
        beanie(f, s, x, y);
        return;
    }
    const float fx = x - 0.3f * f->sin_yaw;
    if (kind == CAP) {
        const float low = 0.36f - 0.12f * sq(x / 0.6f);
        crown(f, s, x, y, low, f->top + 0.12f, f->ear_x + 0.05f, 0);
        /* the peak: below the crown's edge, within an ellipse */
        const float r = sqrtf(sq(fx / 0.47f) + sq((y - 0.37f) / 0.135f)),
                    edge = 0.40f - 0.16f * sq(fx / 0.47f);
        const float in = least((1 - r) * 0.135f, edge - y), back = ramp(0.0f, 0.05f, edge - y);
        const struct f3 n = f3(0.6f * fx, 0.30f + 0.6f * back, 0.65f);
        put_hat(f, s, n, f3_scale(felt(f, s, x, y), 0.55f + 0.45f * back), in,
                0.55f + 0.45f * back);
        return;
    }
    crown(f, s, x, y, 0.42f, f->top + 0.26f, f->ear_x + 0.02f, 0.05f);
    const float sag = 0.10f * sq(x / 0.9f),
                r = sqrtf(sq(fx / 1.0f) +
                          sq((y - 0.40f + sag) / (y > 0.40f - sag ? 0.055f : 0.125f)));
    const float under = ramp(0.36f, 0.33f, y + sag);
    const struct f3 n = f3(0.3f * x, 0.8f - 0.6f * under, 0.6f);
    if (y < 0.47f)
        put_hat(f, s, n, f3_scale(felt(f, s, x, y), 1 - 0.55f * under), (1 - r) * 0.125f,
                1 - 0.5f * under);
}
