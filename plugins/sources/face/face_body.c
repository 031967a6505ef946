/* face_body.c - neck, shoulders and what is worn; ears. */
#include "face.h"

/* Where clothes end at the neck: distance inside them, from a height profile around the neck. */
static float neckline(const struct face *f, float x, float y)
{
    const float a = fabsf(x), deep = 0.05f * f->child;
    switch ((int)f->a[CLOTHES]) {
    case SHIRT: /* a narrow V between two collars */
        return (a - 0.05f - 0.85f * most(y + 1.05f, 0)) * 0.75f;
    case SWEATER: /* a high collar */
        return -y - 0.855f + 0.30f * sq(a) + deep;
    case JACKET:
        return (a - 0.10f - 0.62f * (y + 1.10f)) * 0.8f;
    default: { /* a round neck */
        const float r = sqrtf(sq(x / 0.43f) + sq((y + 0.70f - deep) / 0.27f));
        return (r - 1) * 0.25f;
    }
    }
}

static float shoulders(const struct face *f, float x)
{
    const float a = fabsf(x) / (1 - 0.16f * f->child + 0.06f * (f->a[MASCULINE] - 0.5f));
    return -0.735f - 0.09f * ramp(0.34f, 0.62f, a) - 0.30f * most(a - 0.36f, 0) -
           0.6f * sq(most(a - 0.85f, 0));
}

static struct f3 weave(const struct face *f, const struct sample *s, float x, float y, struct f3 *n)
{
    const int kind = (int)f->a[CLOTHES];
    const float fold = fbm_of(f->seed + 90, x * 2.6f + 0.7f * y, y * 2.2f - x, 3);
    n->x += 0.55f * noise_of(f->seed + 91, x * 4 + y * 2, y * 3 - 2 * x) + 0.3f * fold;
    n->y += 0.45f * noise_of(f->seed + 92, x * 3, y * 4 + x);
    struct f3 c = f3_scale(f->cloth, 1 + 0.18f * fold);
    if (kind == SWEATER) {
        const float row = y * 55 - 0.3f * noise_of(f->seed + 93, x * 6, y * 6), rib = x * 44;
        const float stitch =
            fabsf(row - (float)floor_of(row) - 0.5f) + fabsf(rib - (float)floor_of(rib) - 0.5f);
        c = f3_scale(c, 1 + kept(0.02f, s->px) * (0.13f - 0.26f * stitch));
    } else if (kind == SHIRT && f->a[CLOTHES_COLOR] > 0.55f) {
        const float stripe = x * 22 - (float)floor_of(x * 22);
        c = f3_mix(c, f->cloth_more,
                   0.55f * bell(sq((stripe - 0.5f) / 0.16f)) * kept(0.04f, s->px));
    }
    return f3_scale(c, 1 + 0.05f * noise_of(f->seed + 94, x * 140, y * 140) * kept(0.014f, s->px));
}

/* Distance below the jaw, taken as an ellipse: what its shadow goes by. */
static float below_jaw(const struct face *f, const struct sample *s)
{
    const float chin = f->chin + 0.12f * f->sin_pitch;
    return (sqrtf(sq((s->hx - 0.3f * f->sin_yaw) / 0.46f) + sq((s->hy + 0.2f) / (chin + 0.2f))) -
            1) *
           0.5f;
}

static void neck(const struct face *f, struct sample *s, float x, float y)
{
    const float low = most(-0.70f - y, 0),
                half = f->neck_half * 0.97f + 1.6f * low * low + 0.10f * low;
    const float in = half - fabsf(x), cover = cover_of(s, in);
    if (cover <= 0 || y > -0.1f)
        return;
    const float t = limit(x / half, -1, 1), below = below_jaw(f, s);
    struct f3 n = f3_unit(f3(t * 0.95f, 0.12f + 1.2f * low, root(1 - 0.95f * t * t) + 0.05f));
    const float cord = bell(sq((fabsf(x) - 0.20f + 0.55f * (-0.80f - y) * 0.6f) / 0.035f)) *
                       ramp(-0.75f, -0.95f, y);
    n.x += 0.25f * cord * (x < 0 ? 1.0f : -1.0f);
    const float away =
        below + 0.35f * f->light.x * x; /* out of the chin's shadow sooner on the light's side */
    const float lit = 0.05f + 0.95f * ramp(-0.02f, 0.08f + 0.34f * most(f->light.y, 0.05f), away);
    const float open = 0.30f + 0.62f * ramp(-0.03f, 0.22f, below);
    const float patch = 1 + 0.06f * fbm_of(f->seed + 95, x * 7, y * 7, 3);
    struct f3 c = f3_scale(f->skin, patch * (0.95f + 0.05f * cord));
    const float ring =
        bell(sq((y + 0.93f - 0.12f * x * x + 0.01f * noise_of(f->seed + 96, x * 5, 1)) / 0.008f)) *
        (0.25f + f->old);
    c = f3_scale(c, 1 - 0.22f * limit(ring, 0, 1));
    face_put(s, face_lit_skin(f, f3_unit(n), c, lit, open), cover, IN_NECK);
    face_stroke(s, in, 1, STROKE_REST);
}

static void clothes(const struct face *f, struct sample *s, float x, float y)
{
    const float top = shoulders(f, x) - y +
                      (f->a[CLOTHES] == SWEATER ? 0.050f * ramp(0.50f, 0.40f, fabsf(x)) : 0);
    const float hole = neckline(f, x, y), in = least(top, hole);
    const float cover = cover_of(s, in);
    if (cover > 0 || f->a[CLOTHES] == JACKET) {
        struct f3 n = f3(x * 0.75f, 0.34f + 0.5f * bell(sq(top / 0.12f)), 0.85f);
        struct f3 c = weave(f, s, x, y, &n);
        const int kind = (int)f->a[CLOTHES];
        const float edge = kind == TSHIRT ? 0.035f : kind == SWEATER ? 0.05f : 0.11f;
        if (kind != JACKET && hole < edge && hole > 0) { /* a hem, a collar that stands away */
            n.y += 0.35f, c = f3_scale(c, 0.86f + 0.20f * ramp(0, edge, hole));
            c = f3_scale(c, 1 - 0.45f * bell(sq((hole - edge) / 0.008f)));
        }
        float open = 0.70f + 0.3f * ramp(0.0f, 0.10f, top);
        if (kind == JACKET && top > -0.05f) { /* the shirt below the lapels, and a tie */
            const float inner =
                cover_of(s, least(least(least(top + 0.010f, 0.33f - fabsf(x)), -0.76f - y),
                                  (fabsf(x) - 0.03f - 0.95f * most(y + 1.0f, 0)) * 0.7f));
            const struct f3 white =
                face_lit(f, f3_unit(f3(x, 0.3f, 0.9f)),
                         f3_mix(f->cloth_more, f3(0.8f, 0.8f, 0.8f), 0.7f), 0.85f, 0.8f);
            face_put(s, white, inner, IN_CLOTHES);
            c = f3_scale(c, 1 - 0.5f * bell(sq((hole - 0.20f + 0.3f * (y + 1.1f)) / 0.008f)));
            open = 0.85f;
        }
        const float shade = ramp(0.02f, 0.30f, below_jaw(f, s));
        face_put(s, face_lit(f, f3_unit(n), c, 0.45f + 0.55f * shade, open * (0.6f + 0.4f * shade)),
                 cover, IN_CLOTHES);
    }
    face_stroke(s, in, 1, STROKE_REST);
}

void face_body(const struct face *f, struct sample *s)
{
    const float x = s->x * f->scale, y = (s->y - f->centre_y) * f->scale;
    neck(f, s, x, y);
    if (y < -0.5f)
        clothes(f, s, x, y);
}

void face_ears(const struct face *f, struct sample *s)
{
    for (int i = 0; i < 2; i++) {
        const float side = i ? 1.0f : -1.0f, at = side * f->ear_x * f->cos_yaw + 0.02f * f->sin_yaw;
        const float x = (s->hx - at) * side, y = s->hy + 0.115f;
        const float lean = x - 0.10f * y; /* the upper part stands out more */
        const float r = sqrtf(sq(lean / (0.060f - 0.014f * ramp(0, -0.14f, y))) + sq(y / 0.145f));
        const float in = (1 - r) * 0.065f, cover = cover_of(s, in);
        if (cover <= 0)
            continue;
        const float inner = bump((lean - 0.008f) / 0.026f, (y - 0.01f) / 0.075f);
        const float rim = bell(sq((r - 0.80f) / 0.16f));
        struct f3 n = f3_unit(f3(side * (lean * 9 + 0.35f), 0.5f * y / 0.145f, 0.75f));
        const float groove = bell(sq((r - 0.58f) / 0.13f)) * ramp(-0.02f, 0.02f, lean + 0.3f * y);
        struct f3 c = f3_mul(f->skin, f3(1.01f, 0.88f, 0.86f));
        c = f3_scale(c, 1 - 0.50f * inner + 0.10f * rim - 0.22f * groove);
        const float far = ramp(0.9f, 0.2f, side * f->light.x * -1);
        face_put(
            s,
            face_lit_skin(f, n, c, 0.35f + 0.65f * far * (1 - 0.5f * inner), 0.75f - 0.25f * inner),
            cover, IN_SKIN);
        face_stroke(s, in, 1, STROKE_CONTOUR);
    }
}
