/* face_light.c - how stuffs answer the light, and what it is to put one layer over another. */
#include "face.h"

static struct f3 around(const struct face *f, struct f3 n, float open)
{
    return f3_scale(f3_mix(f->ground, f->sky, 0.5f + 0.5f * n.y), open * (0.80f + 0.20f * n.z));
}

struct f3 face_lit(const struct face *f, struct f3 n, struct f3 albedo, float lit, float open)
{
    const float d = most((f3_dot(n, f->light) + 0.15f) / 1.15f, 0) * lit;
    return f3_mul(albedo, f3_add(f3_scale(f->key, d), around(f, n, open)));
}

/* Light wanders in skin, red the furthest: it turns around edges and reddens them. */
struct f3 face_lit_skin(const struct face *f, struct f3 n, struct f3 albedo, float lit, float open)
{
    const float d = f3_dot(n, f->light), soft = lit * (2 - lit);
    const struct f3 key = f3(mixf(lit, soft, 0.40f) * most((d + 0.30f) / 1.30f, 0),
                             mixf(lit, soft, 0.18f) * most((d + 0.20f) / 1.20f, 0),
                             mixf(lit, soft, 0.10f) * most((d + 0.16f) / 1.16f, 0));
    const struct f3 shut = f3(0.10f + 0.90f * open, 0.04f + 0.96f * open, 0.03f + 0.97f * open);
    return f3_mul(albedo, f3_add(f3_mul(f->key, key), f3_mul(around(f, n, 1), shut)));
}

/* (n . h) to the power 2 to the sharpness. */
float face_gloss(const struct face *f, struct f3 n, int sharpness)
{
    float g = most(f3_dot(n, f->half_way), 0);
    for (int i = 0; i < sharpness; i++)
        g *= g;
    return g;
}

void face_put(struct sample *s, struct f3 colour, float cover, enum face_region region)
{
    if (cover <= 0)
        return;
    s->colour = f3_mix(s->colour, colour, cover);
    s->ink *= 1 - cover;
    if (!s->want_regions)
        return;
    for (int i = 0; i < FACE_REGIONS; i++)
        s->region[i] *= 1 - cover;
    s->region[region] += cover;
}

void face_stroke(struct sample *s, float distance, float strength, enum face_strokes kind)
{
    if (s->strokes & kind)
        s->ink = most(s->ink, strength * limit(0.5f + (s->line - fabsf(distance)) / s->px, 0, 1));
}

static const float MIDDLE = 0.37f; /* luminance of a middling complexion */

static float exposure_for(const struct face *f, float skin)
{
    const float light = 0.62f * f->key.y + 0.75f * f->sky.y;
    return 1.14f * (float)kit_pow(0.36f / (most(skin, 0.02f) * light + 0.06f), 0.42f);
}

float face_exposure(const struct face *f)
{
    return exposure_for(f, MIDDLE);
}

float face_lift(const struct face *f)
{
    const float skin = 0.30f * f->skin.x + 0.59f * f->skin.y + 0.11f * f->skin.z;
    return exposure_for(f, skin) / exposure_for(f, MIDDLE);
}
